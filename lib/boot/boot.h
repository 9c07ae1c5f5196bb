/* SPDX-License-Identifier: BSD-3-Clause
 *
 * boot: how a process learns which rank of what job it is, and how it talks with the launcher.
 *
 * Three ways, tried in this order: our own launcher's inherited segment, PMI-1 or PMI-2 over PMI_FD, none (a job of
 * one). */
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
/* Tells the launcher to end the job, and ends this process. */
_Noreturn void boot_abort(int code, const char *why);
/* Key-values that the ranks of the job share through the launcher: where they are reached, for who needs it. Keys have
 * at most BOOT_KEY_MAX letters, digits, '-', '_' and '.', and are put once; values are bytes, at most BOOT_VALUE_MAX.
 * Error classes, with a note. In a job of one: what the process has put itself. */
enum { BOOT_KEY_MAX = 50, BOOT_VALUE_MAX = 480 };
int boot_put(const char *key, const void *value, size_t n);
/* What all ranks have put before is there afterwards. Every rank calls it. */
int boot_fence(void);
/* The answer to boot_get_begin comes when the key is put, at any time; otherwise only what was put before a fence is
 * found. */
bool boot_get_waits(void);
/* Asks for a key. One at a time: MPI_ERR_PENDING while another one is under way. */
int boot_get_begin(const char *key);
/* The answer: MPI_ERR_PENDING as long as it has not come, unless `block`. On success *n bytes are in value, which has
 * room for BOOT_VALUE_MAX. Nobody has put it, and (with boot_get_waits) nobody is left who could: MPI_ERR_NAME. */
int boot_get_end(bool block, void *value, size_t *n);
/* Both, and waits. */
int boot_get(const char *key, void *value, size_t *n);
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
