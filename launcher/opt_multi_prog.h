/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_multi_prog: the file of srun's --multi-prog, in which ranks are given to programs.
 */
#ifndef LAUNCHER_OPT_MULTI_PROG_H
#define LAUNCHER_OPT_MULTI_PROG_H

#include "common/err.h"
#include "launcher/options.h"

/* o has one application, whose program is the file: it becomes as many as neighbouring ranks run different things, with
 * all else that was said of it. 0, or -1 with e set. */
int opt_multi_prog(struct options *o, struct err *e);

#endif
