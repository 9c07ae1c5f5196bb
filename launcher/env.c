/* SPDX-License-Identifier: BSD-3-Clause
 *
 * env: which variables pass, and what is set on top.
 */
#include "launcher/env.h"

#include "common/xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* Ends with '*': a prefix. */
static const char *const never[] = {
    "PMI_FD",
    "PMI_RANK",
    "PMI_SIZE",
    "PMI_PORT",
    "PMI_ID",
    "PMI_SPAWNED",
    "PMI_HOSTNAME",
    "PMI_JOBID",
    "PMI2_*",
    "PMIX_*",
    "PRTE_*",
    "OMPI_COMM_WORLD_*",
    "OMPI_UNIVERSE_SIZE",
    "MPI_LOCALRANKID",
    "MPI_LOCALNRANKS",
    "MUSTER_NODE_FD",
    "MUSTER_LOCAL_RANK",
    "MUSTER_APPNUM",
    "HYDI_CONTROL_FD",
    "MUSTER_RANK",
    "MUSTER_SIZE",
    "MUSTER_LOCAL_SIZE",
    "MUSTER_NODE_RANK",
    "MUSTER_NODES",
    "MUSTER_RUN",
    "MUSTER_SINGLETON",
    "PMI_LOCAL_*",
    "PMI_UNIVERSE_SIZE",
    "MV2_COMM_WORLD_*",
    "PALS_RANKID",
    "PALS_LOCAL_RANKID",
    "PALS_NODEID",
    "MUSTER_PSETS",
    "MUSTER_MEMORY_ALLOC_KINDS",
    "MUSTER_APPSIZE",
};

static bool matches(const char *pattern, const char *variable)
{
    size_t n = strcspn(pattern, "*"), name = strcspn(variable, "=");
    return pattern[n] ? strncmp(pattern, variable, n) == 0 : n == name && strncmp(pattern, variable, n) == 0;
}

static bool any_matches(char *const *patterns, size_t n, const char *variable)
{
    for (size_t i = 0; i < n; i++)
        if (matches(patterns[i], variable))
            return true;
    return false;
}

static bool passes(const struct env_rules *mode, const char *variable)
{
    if (any_matches((char *const *)never, sizeof never / sizeof *never, variable))
        return false;
    if (mode->mode == ENV_LIST)
        return any_matches(mode->names, mode->nnames, variable);
    return mode->mode != ENV_NONE;
}

struct entry {
    size_t at; /* index in the result */
    UT_hash_handle hh;
};

/* Puts a variable, in the place of one of the same name if there is one. */
static void put(struct strings *to, struct entry **index, const char *variable)
{
    struct entry *e;
    size_t name = strcspn(variable, "=");
    char *copy = xstrdup(variable);
    HASH_FIND(hh, *index, variable, name, e);
    if (e) {
        HASH_DEL(*index, e);
        free(to->v[e->at]);
        to->v[e->at] = copy;
    } else {
        e = xmalloc(sizeof *e);
        e->at = to->n;
        to->v[to->n++] = copy;
    }
    HASH_ADD_KEYPTR(hh, *index, copy, name, e);
}

void env_build(struct strings *to, const struct env_rules *global, const struct env_rules *app,
               char *const *environment)
{
    const struct env_rules *mode = app->mode == ENV_UNSET ? global : app;
    size_t n = 0;
    while (environment[n])
        n++;
    *to = (struct strings){.v = xcalloc(n + global->nset + app->nset + 1, sizeof *to->v)};
    struct entry *index = NULL, *e, *next;
    for (size_t i = 0; i < n; i++)
        if (passes(mode, environment[i]))
            put(to, &index, environment[i]);
    for (size_t i = 0; i < global->nset; i++)
        put(to, &index, global->set[i]);
    for (size_t i = 0; i < app->nset; i++)
        put(to, &index, app->set[i]);
    HASH_ITER(hh, index, e, next)
    {
        HASH_DEL(index, e);
        free(e);
    }
}

/* The last of them wins. */
static const char *find_last(char *const *v, size_t n, const char *name)
{
    size_t len = strlen(name);
    while (n--)
        if (strncmp(v[n], name, len) == 0 && v[n][len] == '=')
            return v[n] + len + 1;
    return NULL;
}

const char *env_find(const struct env_rules *global, const struct env_rules *app, char *const *environment,
                     const char *name)
{
    const struct env_rules *mode = app->mode == ENV_UNSET ? global : app;
    const char *value = find_last(app->set, app->nset, name);
    value = value ? value : find_last(global->set, global->nset, name);
    for (size_t i = 0; !value && environment[i]; i++)
        if (find_last(&environment[i], 1, name))
            return passes(mode, environment[i]) ? find_last(&environment[i], 1, name) : NULL;
    return value;
}
