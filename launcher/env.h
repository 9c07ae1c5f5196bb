/* SPDX-License-Identifier: BSD-3-Clause
 *
 * env: the environment of an application's ranks, from mpiexec's own and the user's rules. Pure.
 */
#ifndef LAUNCHER_ENV_H
#define LAUNCHER_ENV_H

#include "launcher/options.h"
#include "wire/launch_spec.h"

/* What another launcher, or an mpiexec around this one, told its own rank is never passed on. The application's
 * mode (-envnone ...) replaces the global one; its settings come after the global ones. to needs strings_fini. */
void env_build(struct strings *to, const struct env_rules *global, const struct env_rules *app,
               char *const *environment);

/* The value of one variable there; NULL: it is not there. Borrowed. Templates do not count. */
const char *env_find(const struct env_rules *global, const struct env_rules *app, char *const *environment,
                     const char *name);

#endif
