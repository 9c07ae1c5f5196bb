/* SPDX-License-Identifier: BSD-3-Clause
 *
 * signals: what mpiexec does on each signal, by a table.
 */
#ifndef LAUNCHER_SIGNALS_H
#define LAUNCHER_SIGNALS_H

#include "launcher/run.h"

void signals_init(struct run *run);
void signals_fini(void);
/* What would be done if that signal came. */
void signals_act(struct run *run, int sig);

#endif
