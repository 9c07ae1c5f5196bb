/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn_keys: the info keys of a spawn (MPI 5.0, 11.8.4), with those of MPICH and Open MPI, as plain values. A key that
 * is none of these means nothing, as the standard asks.
 */
#ifndef LAUNCHER_SPAWN_KEYS_H
#define LAUNCHER_SPAWN_KEYS_H

#include "launcher/options.h"
#include "wire/pmi_control.h"

/* Of one command. What was not given is NULL. */
struct spawn_keys {
    char *host, *hostfile;         /* where it shall run */
    char *add_host, *add_hostfile; /* hosts that it may run on as well */
    char *soft;                    /* well-formed (spawn_soft.h) */
};

/* Of the whole job; of several commands that say so, the last counts. */
struct spawn_policy {
    char *map_by, *rank_by, *bind_to; /* NULL: as on the command line */
    uint32_t ppn;                     /* 0: not given */
};

/* Fills a, which is empty, and the others from a command of the request. 0, or -1 with e saying which value is wrong.
 */
int spawn_command(const struct pmi_control_command *c, struct app *a, struct spawn_keys *k, struct spawn_policy *p,
                  struct err *e);
void spawn_keys_fini(struct spawn_keys *k);
void spawn_policy_fini(struct spawn_policy *p);

#endif
