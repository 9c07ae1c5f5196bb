/* SPDX-License-Identifier: BSD-3-Clause
 *
 * report: --report FILE: the whole run as JSON.
 */
#ifndef LAUNCHER_REPORT_H
#define LAUNCHER_REPORT_H

#include "launcher/run.h"

/* Makes the file that --report names ("-": stdout), before anything is started. Returns 0, or -1 with e set. */
int report_open(struct run *run, struct err *e);
/* Writes and closes it. Returns 0, or -1 with e set. */
int report_write(const struct run *run, struct err *e);

#endif
