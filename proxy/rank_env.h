/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rank_env: the environment and arguments of one rank: those of its application, its templates filled in, and
 * what tells an MPI library who it is.
 */
#ifndef PROXY_RANK_ENV_H
#define PROXY_RANK_ENV_H

#include "proxy/proxy.h"

/* Descriptor numbers in the rank: none that scripts use (exec 3>file), where the limit allows that. */
int rank_pmi_fd(void);
int rank_segment_fd(void);
int rank_listener_fd(void);

struct rank_env {
    char **envp;
    char **argv;
    char **own; /* the strings made for this rank */
    size_t nown;
};

/* Are there shared libraries among the files that were copied into that folder? */
bool rank_env_libraries(const char *folder);

void rank_env_init(struct rank_env *e, const struct rank *r);
void rank_env_fini(struct rank_env *e);

const struct launch_app *rank_app(const struct rank *r);
uint32_t rank_appnum(const struct rank *r);
/* The value of a variable in envp; NULL: not there. */
const char *rank_env_get(char *const *envp, const char *name);

#endif
