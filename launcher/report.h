/* SPDX-License-Identifier: BSD-3-Clause
 *
 * report: --report FILE: the whole run as JSON.
 */
#ifndef LAUNCHER_REPORT_H
#define LAUNCHER_REPORT_H

#include "launcher/mpiexec.h"

/* To m->opt.report ("-": stdout). Returns 0, or -1 with e set. */
int report_write(const struct mpiexec *m, struct err *e);

#endif
