/* SPDX-License-Identifier: BSD-3-Clause
 *
 * access: one read or write, whatever function asked for it: so many bytes of the view's stream, and the memory that
 * they belong to. */
#ifndef LIB_IO_ACCESS_H
#define LIB_IO_ACCESS_H

#include "lib/io/view.h"
#include "lib/request/request.h"

/* What the user gave. */
struct access_memory {
    void *buf;
    MPI_Count count;
    const struct datatype *type;
};

struct access {
    struct file *file;
    bool write;
    MPI_Count at;    /* of the view's stream */
    MPI_Count bytes; /* of the stream */
    void *buf;       /* whose packed form they are */
    MPI_Count count;
    const struct datatype *type;
    MPI_Count done; /* bytes of the stream that were moved */
    int error;      /* 0, or the errno value with which it ended */
    bool sieves;    /* a write: whoever else writes meanwhile locks, so holes may be read and written again */
    bool locks;     /* a write: somebody else may do that */
    struct access_memory user;
    bool stages;     /* the file has another representation: */
    void *staged;    /* owned; buf above, which has the file's form */
    MPI_Count moved; /* when it has ended: bytes of the user's packed form */
    int converted;   /* what that came to */
};

/* Where an access begins. */
enum access_from { FROM_OFFSET, FROM_POSITION, FROM_SHARED, FROM_ORDERED };

/* Fills in an access of (buf, count, type), but for where it is; checks that the file may be used so. */
int access_make(struct access *a, struct file *f, bool write, enum access_from from, const void *buf, MPI_Count count,
                const struct datatype *type);
/* And where: in etypes. MPI_ERR_ARG: below 0, or too far. */
int access_place(struct access *a, MPI_Offset offset);
/* Both: at that offset, or where the pointer is, which moves on, past all of it. FROM_ORDERED: collective; an error on
 * one rank is one on all. */
int access_begin(struct access *a, struct file *f, bool write, enum access_from from, MPI_Offset offset,
                 const void *buf, MPI_Count count, const struct datatype *type);
/* Who has waited for it has the individual pointer moved back, if it has moved less. */
void access_settle(const struct access *a, enum access_from from);
/* Etypes that it is about, and that it has moved. */
MPI_Offset access_etypes(const struct access *a);
MPI_Offset access_etypes_done(const struct access *a);
/* Bytes of memory's packed form that have been moved. */
MPI_Count access_bytes(const struct access *a);
/* The error class of what it came to, with a note of file and rank; fills the status. */
int access_end(struct access *a, MPI_Status *status);

/* stage.c: an access that is made moves to a buffer in the file's representation, if that is another one, and back to
 * the user's memory. access_drop is for one that is not ended. */
int access_stage(struct access *a);
void access_unstage(struct access *a);
void access_drop(struct access *a);

/* The class of an errno value, with a note: what was done to which file. */
int access_error(const struct file *f, const char *what, int error);

/* transfer.c: moves the bytes of this process, without anybody else; fills done and error. Needs no lock, and knows no
 * MPI: any thread may call it. */
void transfer_run(struct access *a);
/* sieve.c: the same, by reading, or reading and writing, also what lies between short pieces. False, and nothing has
 * been done: that would not be faster, or is not possible. */
bool sieve_run(struct access *a);

/* atomic.c: locks the extent of an access that has bytes to move, which is not to be locked otherwise meanwhile (the
 * locks of a descriptor do not nest); unlocks it. 0 or an errno value. Any thread may call them. */
struct fs_lock;
int atomic_begin(const struct access *a, struct fs_lock *l);
int atomic_end(const struct access *a, const struct fs_lock *l);

#endif
