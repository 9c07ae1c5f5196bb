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
    bool survive;   /* the job goes on when a rank dies */
    bool unwatched; /* no proxy of ours tells who is gone: the ranks find out by themselves */
};
extern struct boot boot;

int boot_init(void);  /* 0, or an error class with a note of why */
void boot_fini(void); /* the launcher learns that this rank ends well */
/* Tells the launcher to end the job, and ends this process. */
_Noreturn void boot_abort(int code, const char *why);
/* The process number that is a rank's place on this node, or -1 for a rank elsewhere; O(log local_size). */
int boot_local_of(int proc);
/* With unwatched: does the process of that local rank, which has been in MPI, still run? Each holds a lock on its byte
 * of the segment's file, which the kernel takes back when it ends, in whatever namespace it lives. */
bool boot_alive(int local);
/* The file of the segment made longer (all local ranks ask for the same) and mapped anew; false without memory. */
bool boot_segment_extend(size_t bytes);

#endif
