/* SPDX-License-Identifier: BSD-3-Clause
 *
 * boot_ops: what each way to boot gives to boot.c. */
#ifndef LIB_BOOT_BOOT_OPS_H
#define LIB_BOOT_BOOT_OPS_H

#include "lib/boot/boot.h"
#include "lib/boot/kvs_ops.h"

enum { BOOT_ERROR = -1, BOOT_ABSENT, BOOT_DONE, BOOT_ALONE };

struct boot_ops {
    const char *name;
    /* Fills b. BOOT_ABSENT: this process was not started that way. BOOT_ERROR: it was, and `why` says what failed.
     * BOOT_ALONE: it belongs to a rank, but is not the one process that stands for it, and `why` may say more. */
    int (*init)(struct boot *b, char *why, size_t n);
    void (*fini)(void);
    /* Asks for the end of the job; may return. */
    void (*abort)(int code, const char *why);
    /* Makes ready for key-values; NULL with a note in why: it cannot. */
    struct kvs *(*kvs)(char *why, size_t n);
    /* Was this job spawned by another? NULL: the environment tells, as it does for all who have PMI_FD. */
    bool (*spawned)(void);
};

extern const struct boot_ops boot_inherited, boot_pmi, boot_pmix, boot_lent;

/* The client through which key-values go; NULL: none, and why says why, or is left alone in a job of one. */
struct kvs *boot_kvs(char *why, size_t n);
/* It is NULL, but will be there: the launcher of this process is just being started. */
bool boot_kvs_starting(void);
/* Is there one to ask, that need not be started? */
bool boot_kvs_begun(void);
/* One step of starting a launcher for a process that has none. BOOT_DONE: its connection is adopted. BOOT_ABSENT: not
 * yet. BOOT_ERROR: it cannot be had, and why says why; the next step begins anew. */
int lent_poll(char *why, size_t n);
void lent_close(void); /* the server is left; in a child of fork, too */

/* Has somebody started this process who can be asked? */
bool boot_launched(void);
bool boot_key_valid(const char *key);
/* A value as the wires of PMI carry it. */
void boot_value_text(const void *value, size_t n, char text[2 * BOOT_VALUE_MAX + 1]);
/* At the end of MPI. */
void boot_kvs_forget(void);

/* Processors that this process may use. */
int boot_cpus(void);

/* Nobody else tells the others when this process ends. */
void boot_segment_unwatched(struct boot *b);

/* Does the user want a job of one? */
bool boot_alone_asked(void);
/* Is it wrong to be a job of one, because others were started with this process? Then why says so, and why it was not
 * told of them: because of that, or "", then the environment tells. */
bool boot_alone_wrong(const char *because, char *why, size_t n);

/* A segment for ranks that have none: node[r] says where rank r of b->size lives. Makes the head in a file without a
 * name, and maps it; *nameable: it lies in /dev/shm, and can be given one there. 0, or -1 with errno. */
int boot_segment_make(struct boot *b, const uint32_t *node, uint32_t nodes, const char *job, bool *nameable);
/* Maps an existing one from its descriptor, which is kept; -1 with errno, EINVAL if it is none. */
int boot_segment_map(struct boot *b, int fd);

/* How the ranks of a node come by the file that one of them has made, b->segment_fd (boot/share.c). The maker's ticket
 * goes to the others, who open by it; then each calls share_done, in any order. False with errno: it cannot be had. */
enum { SHARE_TICKET = 128 };
void share_ticket(const struct boot *b, bool nameable, char ticket[SHARE_TICKET]);
bool share_open(struct boot *b, const char *ticket);
void share_done(struct boot *b, const char *ticket, bool maker);
/* For one that gives up. */
void share_drop(const char *ticket);

/* Does the environment tell of a PMIx server? */
bool pmix_offered(void);

/* Shares the segments of nodes in a job of several, of that name: map says who is where, as PMI_process_mapping does;
 * NULL: the launcher does not tell, and the ranks find out. False: it cannot, and why says why. */
bool boot_place(struct boot *b, struct kvs *k, const char *map, const char *job, char *why, size_t n);
/* For one that aborts. */
void boot_place_drop(void);

/* Is PMI_FD open here? */
bool pmi_offered(void);
/* Which file PMI_FD is: a program that closes what it has not opened may have another one there later. */
void pmi_remember(void);
/* The client for key-values of those who have PMI_FD but boot otherwise, opened now; NULL with a note in why. Then they
 * end with pmi_fini. */
struct kvs *pmi_kvs(char *why, size_t n);
void pmi_fini(void);
/* The same, but what MPI in this process needs when it begins once more, in a session, is still there. */
void pmi_rest(void);
/* A connection whose other end is a launcher's that takes us for rank 0 of 1. False: it speaks no PMI; it is closed. */
bool pmi_adopt(int fd, char *why, size_t n);
/* In a child of fork: the connection is its parent's. */
void pmi_forked(void);
/* A PMI client for those who have PMI_FD but boot otherwise: tells the launcher to end the job. */
void pmi_abort(int code, const char *why);

#endif
