/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rm: the table, and the search in it.
 */
#include "launcher/rm/rm.h"

#include "common/xalloc.h"
#include "launcher/rm/parsers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An inner one stands before what it may run in: Flux in a job of Slurm, Cobalt's and PALS' nodes beside PBS' file. */
const struct rm rm_table[] = {
    {"flux", "Flux", "FLUX_URI", rm_flux_read},
    {"slurm", "Slurm", "SLURM_JOB_NODELIST", rm_slurm_read},
    {"cobalt", "Cobalt", "COBALT_NODEFILE", rm_cobalt_read},
    {"pbs torque pals", "PBS", "PBS_NODEFILE", rm_pbs_read},
    {"lsf", "LSF", "LSB_MCPU_HOSTS", rm_lsf_read},
    {"sge gridengine", "Grid Engine", "PE_HOSTFILE", rm_sge_read},
    {"loadleveler ll", "LoadLeveler", "LOADL_HOSTFILE", rm_loadleveler_read},
};
const unsigned rm_count = sizeof rm_table / sizeof *rm_table;

static bool has_name(const struct rm *rm, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = rm->names; *at; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        if (n == len && memcmp(at, name, n) == 0)
            return true;
        at += n;
    }
    return false;
}

const struct rm *rm_find(const char *name)
{
    for (unsigned i = 0; i < rm_count; i++)
        if (has_name(&rm_table[i], name))
            return &rm_table[i];
    return NULL;
}

static int unknown(const char *name, struct err *e)
{
    char known[256];
    int n = 0;
    for (unsigned i = 0; i < rm_count; i++)
        n += snprintf(known + n, sizeof known - (size_t)n, "%.*s, ", (int)strcspn(rm_table[i].names, " "),
                      rm_table[i].names);
    return err_set(e, "--rmk: %snone is expected, not \"%.80s\"", known, name);
}

static enum rm_found read_one(const struct rm *rm, const struct rm_source *s, struct allocation *a, struct err *e)
{
    struct err why = {""};
    enum rm_found found = rm->read(s, a, &why);
    if (found == RM_FOUND && a->hosts.n == 0) {
        err_set(&why, "%s names no host", a->from);
        found = RM_ERROR;
    }
    if (found == RM_FOUND)
        a->rm = rm;
    if (found == RM_ABSENT)
        allocation_fini(a);
    if (found == RM_ERROR)
        err_set(e, "unable to read what %s has allocated (--rmk none goes without it): %s", rm->title, why.text);
    return found;
}

int rm_detect(const struct rm_source *s, const char *name, struct allocation *a, struct err *e)
{
    const struct rm *only = name ? rm_find(name) : NULL;
    if (name && (strcmp(name, "none") == 0 || strcmp(name, "user") == 0))
        return 0;
    if (name && !only)
        return unknown(name, e);
    for (unsigned i = 0; i < rm_count; i++) {
        if (only && only != &rm_table[i])
            continue;
        enum rm_found found = read_one(&rm_table[i], s, a, e);
        if (found != RM_ABSENT)
            return found == RM_FOUND ? 0 : -1;
    }
    return only ? err_set(e, "--rmk %s: this is not a job of %s (%s is not set)", name, only->title, only->mark) : 0;
}

void allocation_fini(struct allocation *a)
{
    free(a->job);
    free(a->from);
    hostlist_fini(&a->hosts);
    *a = (struct allocation){0};
}
