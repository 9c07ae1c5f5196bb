/* SPDX-License-Identifier: BSD-3-Clause
 *
 * porch: where processes of other jobs of this machine and user find this one: its doorbell, and a place to knock.
 *
 * A porch lies in memory that has a file: the node's segment, or, of a process that is alone in its job's node, a file
 * made when somebody is to be told of it. Others open that at /proc/PID/fd, which the kernel allows to those of the
 * same user, capabilities and namespaces: these are a realm. Who knocks leaves a letter, which says where a file of his
 * own lies in the same way. */
#ifndef LIB_NODEMEM_PORCH_H
#define LIB_NODEMEM_PORCH_H

#include "lib/nodemem/nodemem.h"

/* A letter: who has come, and a file that he has open. */
struct letter {
    int32_t pid, fd;
    uint64_t dev, ino;
    uint32_t job; /* as its own process index calls it (process/process.h): the tag, and the rank there */
    int32_t rank;
};

struct knock {
    _Atomic int32_t taken; /* the pid of who writes it; 0: it is free */
    _Atomic uint32_t ready;
    struct letter letter;
    char pad[NODEMEM_LINE - 8 - sizeof(struct letter)];
};

enum { PORCH_KNOCKS = 3 };
struct porch {
    struct doorbell bell;
    struct knock knocks[PORCH_KNOCKS];
};
static_assert(sizeof(struct porch) == 256, "porches do not cross pages");

/* How others find one. */
struct porch_address {
    uint64_t realm; /* 0: nobody can */
    uint64_t token; /* as in its doorbell */
    uint64_t dev, ino, at;
    int32_t pid, fd;
    uint32_t life, unused; /* of its doorbell: another one by now says that MPI is over there */
};

/* Others may come to the porch of this process from now on, until porch_close. Writes how they find it; realm is 0 if
 * they cannot. */
void porch_open(struct porch_address *a);
/* Those who have come see that MPI is over here. */
void porch_close(void);
/* Of this process; NULL: it was not opened. */
struct porch *porch_own(void);

/* Another process's porch, mapped. */
struct visit {
    struct porch *porch;
    int pidfd; /* readable when the process has ended */
    uint32_t life;
};
/* 0, or an errno value: ESRCH: the process has ended; ESHUTDOWN: it lives, and MPI is over there. */
int porch_visit(const struct porch_address *a, struct visit *v);
void porch_leave(struct visit *v);
/* Is MPI over there, in good order? */
bool porch_is_left(const struct visit *v);
/* Leaves a letter; false: not now, all places are taken. */
bool porch_knock(const struct visit *v, const struct letter *l);

/* The letters of those who have knocked here, i < PORCH_KNOCKS; false: none lies there. They stay until porch_answer.
 */
bool porch_letter(int i, struct letter *l);
void porch_answer(int i);
/* Frees what was taken by who has ended. */
void porch_sweep(void);
/* Who may not make a file of so many bytes is of no realm. */
enum { PORCH_FILE_LEAST = 1 << 17 };
/* Opens the file that a letter tells of, and checks that it is that; -1 with errno. *bytes: its length. */
int letter_open(const struct letter *l, size_t *bytes);

#endif
