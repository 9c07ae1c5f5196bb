/* SPDX-License-Identifier: BSD-3-Clause
 *
 * launch: the job of the command line, until its proxies have been told of it.
 */
#ifndef LAUNCHER_LAUNCH_H
#define LAUNCHER_LAUNCH_H

#include "common/err.h"
#include "launcher/run.h"

/* Once the tree is being started: asks the hosts what they are, as far as planning needs to know, then plans, shows
 * what --display asked for, and launches; all before the return where nobody need be asked. impossible: it cannot be.
 */
void launch_begin(struct run *run, void (*impossible)(struct run *run, const struct err *why));

/* The plan, shown as --display asks: a job for each world (worlds.h), the caller's to launch or to destroy. jobs has
 * room for WORLDS_MAX. Returns how many there are; 0 with e set. */
uint32_t launch_plan(struct run *run, struct job **jobs, struct err *e);

#endif
