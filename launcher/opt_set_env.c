/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_set_env: what options about the ranks' environment take.
 */
#include "common/pattern.h"
#include "common/xalloc.h"
#include "launcher/opt_set.h"

#include <stdlib.h>
#include <string.h>

static void append(char ***all, size_t *n, char *s)
{
    if ((*n & (*n - 1)) == 0)
        *all = xreallocarray(*all, *n ? 2 * *n : 1, sizeof **all);
    (*all)[(*n)++] = s;
}

/* The length of a variable's name at the start of s; 0 when there is none. */
static size_t name_length(const char *s)
{
    return s ? strcspn(s, "=") : 0;
}

int opt_set_env(struct opt_target *a)
{
    struct env_rules *r = a->field;
    char *const *v = a->s->values;
    size_t n = name_length(v[0]);
    if (n == 0 || (v[0][n] == '=') == (v[1] != NULL))
        return opt_expected(a, "NAME VALUE or NAME=VALUE");
    append(&r->set, &r->nset, v[1] ? xasprintf("%s=%s", v[0], v[1]) : xstrdup(v[0]));
    return 0;
}

/* The runtime in the ranks is told by a variable. */
static void tell_ranks(const struct opt_target *a, const char *variable, const char *value)
{
    struct env_rules *r = &a->o->genv;
    append(&r->set, &r->nset, xasprintf("%s=%s", variable, value));
}

static int set_runtime(struct opt_target *a, const char *variable, const char *const *words, const char *expected)
{
    const char *v = a->s->values[0] ? a->s->values[0] : "";
    for (size_t i = 0; words[i]; i++)
        if (strcmp(words[i], v) == 0) {
            tell_ranks(a, variable, v);
            return 0;
        }
    return opt_expected(a, "%s", expected);
}

int opt_set_deadlock(struct opt_target *a)
{
    static const char *const words[] = {"report", "abort", "off", NULL};
    return set_runtime(a, "MUSTER_DEADLOCK", words, "report, abort or off");
}

int opt_set_transport(struct opt_target *a)
{
    static const char *const words[] = {"auto", "tcp", "ofi", NULL};
    return set_runtime(a, "MUSTER_TRANSPORT", words, "auto, tcp or ofi");
}

/* "LOW:HIGH", "LOW-HIGH", or one port. */
int opt_set_ports(struct opt_target *a)
{
    const char *v = a->s->values[0] ? a->s->values[0] : "";
    unsigned low, high;
    int n = 0;
    bool one = sscanf(v, "%5u%n", &low, &n) == 1 && !v[n];
    if (one)
        high = low;
    else if (sscanf(v, "%5u%*1[-:]%5u%n", &low, &high, &n) != 2 || v[n])
        n = 0;
    if (n == 0 || strspn(v, "0123456789-:") != strlen(v) || low < 1 || high < low || high > 65535)
        return opt_expected(a, "two ports LOW:HIGH, of 1 to 65535");
    a->o->port_low = low;
    a->o->port_high = high;
    char range[32];
    snprintf(range, sizeof range, "%u:%u", low, high);
    tell_ranks(a, "MUSTER_PORT_RANGE", range); /* for ports that they open by themselves */
    return 0;
}

/* For the same. */
int opt_set_interface(struct opt_target *a)
{
    int rc = opt_set_text(a);
    if (rc == 0)
        tell_ranks(a, "MUSTER_INTERFACE", a->o->interface);
    return rc;
}

int opt_set_template(struct opt_target *a)
{
    struct env_rules *r = a->field;
    size_t n = name_length(a->s->values[0]);
    if (n == 0 || a->s->values[0][n] != '=')
        return opt_expected(a, "NAME=TEXT");
    if (opt_check_braces(a, a->s->values[0] + n, PATTERN_WORDS) < 0)
        return -1;
    append(&r->templates, &r->ntemplates, xstrdup(a->s->values[0]));
    return 0;
}

/* What scripts that were written for another launcher read. */
static const struct {
    const char *dialect;
    const char *templates[10];
} dialects[] = {
    {"ompi",
     {"OMPI_COMM_WORLD_RANK={rank}", "OMPI_COMM_WORLD_SIZE={size}", "OMPI_COMM_WORLD_LOCAL_RANK={local_rank}",
      "OMPI_COMM_WORLD_LOCAL_SIZE={local_size}", "OMPI_COMM_WORLD_NODE_RANK={local_rank}",
      "OMPI_UNIVERSE_SIZE={universe}"}},
    {"slurm",
     {"SLURM_PROCID={rank}", "SLURM_LOCALID={local_rank}", "SLURM_NODEID={node}", "SLURM_NTASKS={size}",
      "SLURM_NPROCS={size}", "SLURM_STEP_NUM_TASKS={size}", "SLURM_NNODES={nodes}", "SLURM_STEP_NUM_NODES={nodes}",
      "SLURMD_NODENAME={host}"}},
    {"pals",
     {"PALS_RANKID={rank}", "PALS_LOCAL_RANKID={local_rank}", "PALS_NODEID={node}", "PMI_LOCAL_RANK={local_rank}",
      "PMI_LOCAL_SIZE={local_size}", "PMI_UNIVERSE_SIZE={universe}"}},
    {"mvapich",
     {"MV2_COMM_WORLD_RANK={rank}", "MV2_COMM_WORLD_SIZE={size}", "MV2_COMM_WORLD_LOCAL_RANK={local_rank}",
      "MV2_COMM_WORLD_LOCAL_SIZE={local_size}"}},
};
#define NDIALECTS (sizeof dialects / sizeof *dialects)

int opt_set_dialect(struct opt_target *a)
{
    struct env_rules *r = a->field;
    const char *v = a->s->values[0] ? a->s->values[0] : "";
    for (;; v++) {
        size_t n = strcspn(v, ","), i = 0;
        while (i < NDIALECTS && (strlen(dialects[i].dialect) != n || strncmp(dialects[i].dialect, v, n) != 0))
            i++;
        if (i == NDIALECTS)
            return opt_expected(a, "a list of ompi, slurm, pals and mvapich");
        for (const char *const *t = dialects[i].templates; *t; t++)
            append(&r->templates, &r->ntemplates, xstrdup(*t));
        v += n;
        if (!*v)
            return 0;
    }
}

int opt_set_envlist(struct opt_target *a)
{
    struct env_rules *r = a->field;
    const char *v = a->s->values[0];
    if (!v || !*v || strchr(v, '='))
        return opt_expected(a, "a list of variables' names (A,B,C)");
    if (!a->again)
        while (r->nnames)
            free(r->names[--r->nnames]);
    r->mode = ENV_LIST;
    while (*v) {
        size_t n = strcspn(v, ", ");
        if (n)
            append(&r->names, &r->nnames, xstrndup(v, n));
        v += n + (v[n] != '\0');
    }
    return 0;
}

int opt_set_envmode(struct opt_target *a)
{
    struct opt_target flag = *a;
    bool yes = true;
    flag.field = &yes;
    if (opt_set_flag(&flag) < 0)
        return -1;
    if (yes)
        ((struct env_rules *)a->field)->mode = (enum env_mode)a->s->opt->min;
    return 0;
}

void opt_env_add(struct env_rules *r, char *assignment)
{
    append(&r->set, &r->nset, assignment);
}

void opt_env_name(struct env_rules *r, char *name)
{
    append(&r->names, &r->nnames, name);
}

/* -x NAME, -x NAME=VALUE, -x PREFIX*: always among what is set, so that -envnone does not undo it. */
int opt_set_export(struct opt_target *a)
{
    struct env_rules *r = a->field;
    const char *v = a->s->values[0];
    size_t n = name_length(v), found = 0;
    if (n == 0)
        return opt_expected(a, "NAME, NAME=VALUE or PREFIX*");
    if (v[n] == '=') {
        append(&r->set, &r->nset, xstrdup(v));
        return 0;
    }
    bool prefix = v[n - 1] == '*';
    for (char **x = a->env; x && *x; x++)
        if (!strncmp(*x, v, n - prefix) && (prefix || (*x)[n] == '=')) {
            append(&r->set, &r->nset, xstrdup(*x));
            found++;
        }
    if (!found)
        opt_remark(a, "%s: there is no variable %s to pass on", a->s->shown, v);
    return 0;
}
