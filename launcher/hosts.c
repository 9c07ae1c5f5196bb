/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hosts: the choice, and what the user is told about it. As long as no launcher is named, hosts that the user names are
 * simulated here, and an allocation of others is not used.
 */
#include "launcher/hosts.h"

#include "common/cpulist.h"
#include "common/log.h"
#include "common/this_host.h"
#include "common/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES 3u /* of hosts in a line */
#define ROWS 16u /* of the picture */

/* Who names a launcher knows where ranks run, and is told nothing: by fork every host is this machine, by the others
 * each is reached. */
static bool is_meant(const struct options *o)
{
    return o->launcher != NULL;
}

static size_t count_others(const struct hostlist *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        n += !this_host_is(l->hosts[i].name);
    return n;
}

/* "a, b, c and 5 more": those of l that are not this machine, or all. The caller frees it. */
static char *list_names(const struct hostlist *l, bool others)
{
    char *text = xstrdup("");
    size_t n = others ? count_others(l) : l->n, shown = 0;
    for (size_t i = 0; i < l->n && shown < NAMES; i++) {
        if (others && this_host_is(l->hosts[i].name))
            continue;
        char *old = text;
        shown++;
        text = xasprintf("%s%s%.80s", old, shown == 1 ? "" : shown == n ? " and " : ", ", l->hosts[i].name);
        free(old);
    }
    if (n <= shown)
        return text;
    char *all = xasprintf("%s and %zu more", text, n - shown);
    free(text);
    return all;
}

static void warn_of_simulation(const struct cluster *c, const struct options *o)
{
    size_t n = count_others(&c->hosts);
    if (!n || is_meant(o))
        return;
    char *names = list_names(&c->hosts, true);
    log_warn("%s %s simulated on this machine: --launcher ssh reaches others, --launcher fork says that this is meant",
             names, n == 1 ? "is" : "are");
    free(names);
}

/* cpus=0-3,8: its ranks share these processors, and where nobody gave slots there are as many. */
static int settle_cpus(struct hostlist_host *h, struct err *e)
{
    struct cpulist l;
    if (!h->cpus)
        return 0;
    if (h->binding)
        return err_set(e, "host %s has both cpus= and binding=: one of them says where its ranks run", h->name);
    cpulist_init(&l);
    int rc = cpulist_parse(&l, h->cpus, e);
    if (rc == 0 && !h->slots)
        h->slots = cpulist_count(&l);
    cpulist_fini(&l);
    h->binding = xasprintf("user:%s", h->cpus);
    for (char *c = h->binding; (c = strchr(c, ','));)
        *c = '+';
    return rc;
}

static void warn_of_unused(const struct allocation *a, const char *here)
{
    char *names = list_names(&a->hosts, false);
    log_warn("the hosts of %s%s%s (%s) are not used without --launcher ssh; all ranks run on %s "
             "(--rmk none says that this is meant)",
             a->rm->title, a->job ? " job " : "", a->job ? a->job : "", names, here ? here : "this machine");
    free(names);
}

static int add_hosts(struct hostlist *to, const struct hostlist *from, bool here_only, struct err *e)
{
    for (size_t i = 0; i < from->n; i++)
        if ((!here_only || (to->n == 0 && this_host_is(from->hosts[i].name))) &&
            hostlist_add(to, &from->hosts[i], e) < 0)
            return -1;
    return 0;
}

/* Where neither the count nor the places of ranks were given, they are the job's. */
static void adopt_wishes(const struct allocation *a, struct options *o)
{
    if (!o->map_by && !o->cpus_per_rank)
        o->cpus_per_rank = a->cpus_per_rank;
    if (a->ranks && o->napps == 1 && o->apps[0].np < 0 && !o->ppn && !o->map_by && !o->rankmap && !o->rankfile)
        o->apps[0].np = a->ranks;
}

static int use_allocation(struct cluster *c, struct options *o, struct err *e)
{
    const struct allocation *a = &c->allocation;
    c->allocation_used = is_meant(o) || !count_others(&a->hosts);
    if (add_hosts(&c->hosts, &a->hosts, !c->allocation_used, e) < 0)
        return -1;
    if (c->allocation_used)
        adopt_wishes(a, o);
    else
        warn_of_unused(a, c->hosts.n ? c->hosts.hosts[0].name : NULL);
    return 0;
}

int hosts_choose(struct cluster *c, struct options *o, char **env, struct err *e)
{
    struct rm_source s = {.env = env, .file = rm_file, .output = rm_output};
    if (options_hosts(o, &c->hosts, e) < 0)
        return -1;
    if (c->hosts.n) {
        warn_of_simulation(c, o);
        for (size_t i = 0; i < c->hosts.n; i++)
            if (settle_cpus(&c->hosts.hosts[i], e) < 0)
                return -1;
        return 0;
    }
    if (rm_detect(&s, o->rmk, &c->allocation, e) < 0)
        return -1;
    return c->allocation.rm ? use_allocation(c, o, e) : 0;
}

/* ---- the picture ---- */

static void draw_rows(FILE *out, const struct hostlist *l)
{
    for (size_t i = 0, row = 0, n; i < l->n; i += n, row++) {
        uint32_t slots = l->hosts[i].slots;
        if (row == ROWS) {
            fprintf(out, "  ... and %zu more hosts\n", l->n - i);
            return;
        }
        for (n = 1; i + n < l->n && l->hosts[i + n].slots == slots; n++)
            ;
        fprintf(out, "  %s", l->hosts[i].name);
        if (n > 1)
            fprintf(out, "%s%s", n == 2 ? ", " : " to ", l->hosts[i + n - 1].name);
        if (n > 2)
            fprintf(out, " (%zu hosts)", n);
        if (slots)
            fprintf(out, "  %u slot%s%s\n", slots, slots == 1 ? "" : "s", n > 1 ? " each" : "");
        else
            fprintf(out, "  as many slots as processors\n");
    }
}

static void draw_head(FILE *out, const struct hostlist *l)
{
    uint64_t slots = 0;
    bool all = true;
    for (size_t i = 0; i < l->n; i++) {
        slots += l->hosts[i].slots;
        all &= l->hosts[i].slots > 0;
    }
    fprintf(out, "allocation: %zu host%s", l->n, l->n == 1 ? "" : "s");
    if (all)
        fprintf(out, " with %llu slot%s", (unsigned long long)slots, slots == 1 ? "" : "s");
}

/* Which options named hosts. */
static void draw_options(FILE *out, const struct options *o)
{
    if (o->hostfile)
        fprintf(out, ", from %s%s", o->hosts ? "--hosts among those of " : "", o->hostfile);
    else
        fprintf(out, ", from %s", o->hosts ? "--hosts" : "--host");
}

char *hosts_draw(const struct cluster *c, const struct options *o)
{
    const struct allocation *a = &c->allocation;
    const struct hostlist *l = a->rm ? &a->hosts : &c->hosts;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        log_fatal("out of memory");
    if (!l->n)
        fprintf(out, "allocation: none; ranks run on this machine");
    else
        draw_head(out, l);
    if (a->rm)
        fprintf(out, ", of %s%s%s%s\n  from %s", a->rm->title, a->job ? " job " : "", a->job ? a->job : "",
                c->allocation_used ? "" : " (not used)", a->from);
    else if (l->n)
        draw_options(out, o);
    fputc('\n', out);
    draw_rows(out, l);
    if (fclose(out))
        log_fatal("out of memory");
    return text;
}
