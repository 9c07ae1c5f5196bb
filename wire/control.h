/* SPDX-License-Identifier: BSD-3-Clause
 *
 * control: the messages between mpiexec and its proxies. Structs and codecs are generated from the catalogue
 * control.def; here is what their fields may hold.
 */
#ifndef WIRE_CONTROL_H
#define WIRE_CONTROL_H

#include "wire/control_codec.h"

#define CONTROL_MAGIC 0x5254534du /* "MSTR" */
#define CONTROL_VERSION 21u
#define CONTROL_SILENCE_MAX 3600000u

/* mpiexec sends no more standard input than this beyond what a node has given credit for. */
#define CONTROL_STDIN_WINDOW (1u << 20)
#define CONTROL_STDIN_NO_MORE UINT32_MAX /* a credit: nobody on that node takes any more */

#define CONTROL_STATE_WHAT_MAX 512
#define CONTROL_NETWORKS_MAX 64

/* How far the start of a rank came when it failed. */
enum start_stage { START_OK, START_RESOURCES, START_CHDIR, START_FIND, START_EXEC, START_BIND, START_OUTPUT };

enum exit_flags {
    EXIT_OOM = 1,
    EXIT_CORE = 2,
    EXIT_KILLED_BY_US = 4,
    EXIT_IN_PMI = 8,  /* it had initialised and not finalized */
    EXIT_NO_PMI = 16, /* it never initialised */
    EXIT_DEAD = 32,   /* others of its job that are in MPI are not to wait for it */
    EXIT_NEVER = 64,  /* and it has never been in MPI */
    EXIT_PAST = 128,  /* it had left MPI for good: its end is nobody else's */
};

/* Our own greeting. */
struct control_greeting control_greet(void);
/* Can we work with the sender of this greeting? false: why not, in words that follow the name of its host. */
bool control_greeting_fits(const struct control_greeting *g, char *why, size_t size);

#endif
