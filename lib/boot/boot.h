/* SPDX-License-Identifier: BSD-3-Clause
 *
 * boot: how a process learns which rank of what job it is, and how it talks with the launcher.
 *
 * Four ways, tried in this order: our own launcher's inherited segment, PMI-1 or PMI-2 over PMI_FD, PMIx by OpenPMIx's
 * library, none (a job of one). */
#ifndef LIB_BOOT_BOOT_H
#define LIB_BOOT_BOOT_H

#include "lib/core/types.h"
#include "wire/node_segment.h"

struct boot {
    const char *name;
    int rank, size;
    int appnum;        /* -1: unknown */
    int universe_size; /* -1: unknown */
    int node_count;
    int local_rank, local_size, local_cpus;
    struct node_segment *segment; /* mapped whole; NULL only in a job of one */
    size_t segment_bytes;
    int segment_fd;
    uint64_t segment_file, segment_dev; /* what it should be */
    bool bounded;                       /* the segment lies in a file system that can be full */
    bool scarce;                        /* and that is small */
    bool survive;                       /* the job goes on when a rank dies */
    bool unwatched;                     /* no proxy of ours tells who is gone: the ranks find out by themselves */
};
extern struct boot boot;

int boot_init(void);  /* 0, or an error class with a note of why */
void boot_fini(void); /* the launcher learns that this rank ends well */
/* In a child of fork: it is no rank. */
void boot_forked(void);
/* Tells the launcher to end the job, and ends this process. why NULL: the program wants it. */
_Noreturn void boot_abort(int code, const char *why);
/* Key-values that the ranks of the job share through the launcher: where they are reached, for who needs it. Keys have
 * at most BOOT_KEY_MAX letters, digits, '-', '_' and '.', and are put once; values are bytes, at most BOOT_VALUE_MAX.
 * Error classes, with a note. In a job of one: what the process has put itself, and then what is found as above. */
enum { BOOT_KEY_MAX = 50, BOOT_VALUE_MAX = 480 };
int boot_put(const char *key, const void *value, size_t n);
/* What all ranks have put before is there afterwards. Every rank calls it. */
int boot_fence(void);
/* The answer to boot_get_begin comes when the key is put, at any time; otherwise only what was put before a fence is
 * found. */
bool boot_get_waits(void);
/* Asks for a key of that rank's. One at a time: MPI_ERR_PENDING while another one is under way. */
int boot_get_begin(int owner, const char *key);
/* The answer: MPI_ERR_PENDING as long as it has not come, unless `block`. On success *n bytes are in value, which has
 * room for BOOT_VALUE_MAX. Nobody has put it, and (with boot_get_waits) nobody is left who could: MPI_ERR_NAME. */
int boot_get_end(bool block, void *value, size_t *n);
/* Both, and waits. */
int boot_get(int owner, const char *key, void *value, size_t *n);
/* What only a launcher can do: names that others find, and new processes. Fill a boot_ask (the rest 0; what it points
 * to is borrowed until it is answered), and call boot_ask_test from progress until it is not MPI_ERR_PENDING any more:
 * the launcher is asked one question at a time, those of boot_get_begin among them, and each waits its turn. Meanwhile
 * boot_put and boot_fence are MPI_ERR_PENDING. A program that was started by itself gets a launcher of its own with the
 * first question. */
enum { BOOT_NAME_MAX = 1024, BOOT_PORT_MAX = 1024, BOOT_JOB_MAX = 256 };
struct boot_pair {
    const char *key, *value;
};
struct boot_command {
    const char *program;
    char *const *argv; /* without the program's name; ends with NULL; NULL: none */
    int maxprocs;
    const struct boot_pair *info;
    int info_count;
};
struct boot_preput { /* found by the new processes with boot_gift */
    const char *key;
    const void *value;
    size_t n;
};
struct boot_ask {
    enum { BOOT_PUBLISH, BOOT_LOOKUP, BOOT_UNPUBLISH, BOOT_SPAWN, BOOT_ENDED, BOOT_TIE, BOOT_PART } what;
    const char *name, *port; /* of the service, or (ended, tie, part) the job, at most BOOT_NAME_MAX bytes; of publish,
                                at most BOOT_PORT_MAX */
    double patience;         /* lookup: waits so many seconds for the name; 0: looks once; < 0: waits for ever */
    int64_t count;           /* tie, part: so many processes of this job; at least 1 */
    const struct boot_command *commands;
    int command_count;
    const struct boot_preput *preput;
    int preput_count;
    int *codes;                    /* spawn: room for one of each process; MPI_SUCCESS or MPI_ERR_SPAWN */
    int unstarted, why;            /* spawn: a process that could not be started, and the error number; 0: not told */
    char found[BOOT_PORT_MAX + 1]; /* lookup: the port */
    char job[BOOT_JOB_MAX];        /* spawn: the new job, as its launcher calls it; "": not told */
    struct boot_asking {           /* boot's own */
        bool sent;
        uint64_t until, again, pause; /* ns: when to give up, when to look again, and the pause before that */
    } asking;
};
/* Error classes, with a note. publish: MPI_ERR_SERVICE (the name is published already, or there is no launcher that
 * could); lookup: MPI_ERR_NAME (nobody has published it), MPI_ERR_SERVICE (there is no launcher that could tell);
 * unpublish: MPI_ERR_SERVICE; spawn: MPI_ERR_SPAWN where nothing was started, codes too; where some of them could not
 * be, MPI_SUCCESS and their codes; ended: MPI_SUCCESS as soon as all processes of the job have ended (seen within a
 * second), MPI_ERR_OTHER (the launcher itself has ended), MPI_ERR_SERVICE (it does not tell); tie, part:
 * MPI_ERR_SERVICE (the launcher does not care, or there is none: one is not started for this). `block`: until the
 * answer is there. */
int boot_ask_test(struct boot_ask *a, bool block);
/* For who does not want to know any more. False: an answer is under way, and others cannot ask until it has been taken.
 */
bool boot_ask_drop(struct boot_ask *a);
/* Was this job spawned by another? Then its values hold what that has put for it. */
bool boot_spawned(void);
/* That: MPI_ERR_NAME where there is none of that key. It does not wait for anybody. */
int boot_gift(const char *key, void *value, size_t *n);
/* The process number that is a rank's place on this node, or -1 for a rank elsewhere; O(log local_size). */
int boot_local_of(int proc);
/* With unwatched: does the process of that local rank, which has been in MPI, still run? Each holds a lock on its byte
 * of the segment's file, which the kernel takes back when it ends, in whatever namespace it lives. */
bool boot_alive(int local);
/* The runtime's part of the segment (from lib_at on) is made `least` bytes long, up to *most as far as the limits of
 * this process allow, and mapped anew. Its length, as this process has it, goes to *most. False: it cannot, by errno.
 */
bool boot_segment_extend(size_t least, size_t *most);
/* What may help where memory could not be shared because of that errno: " (...)", or "". */
const char *boot_segment_hint(int error);
/* Memory for n bytes at that place of the runtime's part: to be asked for before they are touched, since where the file
 * system can be full, a page that it does not have kills the process. False: it is full. */
bool boot_segment_reserve(const void *at, size_t n);
/* Has the file system that much free? A glance: others may take it the next moment. */
bool boot_segment_roomy(size_t n);
/* What of it there was goes back: for who has failed, and is the only one to use that place. */
void boot_segment_release(const void *at, size_t n);

#endif
