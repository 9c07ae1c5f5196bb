/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hosts: the choice, and what the user is told about it.
 */
#include "launcher/hosts.h"

#include "common/cpulist.h"
#include "common/log.h"
#include "common/this_host.h"
#include "common/xalloc.h"
#include "launcher/start/start_remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 16u /* of the picture */

/* cpus=0-3,8: its ranks share these processors, and where nobody gave slots there are as many. */
static int settle_cpus(struct hostlist_host *h, struct err *e)
{
    struct cpulist l;
    if (!h->cpus)
        return 0;
    if (h->binding)
        return err_set(e, "host %s has both cpus= and binding=: give only one of them", h->name);
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

static int settle_all(struct hostlist *l, struct err *e)
{
    for (size_t i = 0; i < l->n; i++)
        if (settle_cpus(&l->hosts[i], e) < 0)
            return -1;
    return 0;
}

int hosts_join(struct hostlist *to, struct hostlist *from, struct err *e)
{
    if (settle_all(from, e) < 0)
        return -1;
    for (size_t i = 0; i < from->n; i++)
        if (hostlist_find(to, from->hosts[i].name) < 0 && hostlist_add(to, &from->hosts[i], e) < 0)
            return -1;
    return 0;
}

static int add_hosts(struct hostlist *to, const struct hostlist *from, struct err *e)
{
    for (size_t i = 0; i < from->n; i++)
        if (hostlist_add(to, &from->hosts[i], e) < 0)
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
    if (add_hosts(&c->hosts, &c->allocation.hosts, e) < 0)
        return -1;
    adopt_wishes(&c->allocation, o);
    return 0;
}

/* Is this machine among them, by whatever name? */
static bool has_this_host(const struct hostlist *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (this_host_is(l->hosts[i].name))
            return true;
    return false;
}

/* NULL: all are of the allocation, by the names that it has for them, or as this machine. */
static const char *find_stranger(const struct hostlist *l, const struct allocation *a)
{
    for (size_t i = 0; i < l->n; i++) {
        const char *name = l->hosts[i].name;
        if (hostlist_find(&a->hosts, name) < 0 && !(this_host_is(name) && has_this_host(&a->hosts)))
            return name;
    }
    return NULL;
}

/* Hosts that the user chose among those of the job: that they are its is all that it says of them. One that cannot be
 * read was not asked for. */
static void find_manager(struct cluster *c, const struct rm_source *s, const struct options *o)
{
    struct allocation a = {0};
    struct err e;
    if (rm_detect(s, o->rmk, &a, &e) < 0)
        log_debug("%s", e.text);
    const char *stranger = a.rm ? find_stranger(&c->hosts, &a) : NULL;
    if (stranger)
        log_warn(
            "the hosts of %s%s%s are not used: host %s, which was named, is none of them (--rmk none says that this "
            "is meant)",
            a.rm->title, a.job ? " job " : "", a.job ? a.job : "", stranger);
    else if (!o->launcher)
        c->manager = a.rm;
    for (size_t i = 0; c->manager && i < c->hosts.n; i++)
        if (hostlist_find(&a.hosts, c->hosts.hosts[i].name) < 0)
            c->manager = NULL;
    allocation_fini(&a);
}

static bool is_simulated(const struct options *o)
{
    return o->launcher && strcmp(o->launcher, "fork") == 0;
}

int hosts_choose(struct cluster *c, struct options *o, char **env, struct err *e)
{
    struct rm_source s = {.env = env, .file = rm_file, .output = rm_output};
    if (options_hosts(o, &c->hosts, e) < 0 || settle_all(&c->hosts, e) < 0)
        return -1;
    if (c->hosts.n) {
        if (!is_simulated(o))
            find_manager(c, &s, o);
        return 0;
    }
    if (rm_detect(&s, o->rmk, &c->allocation, e) < 0)
        return -1;
    c->manager = c->allocation.rm;
    return c->allocation.rm ? use_allocation(c, o, e) : 0;
}

const struct start_ops *hosts_way(const struct cluster *c, const struct options *o)
{
    char rmk[32] = "";
    const struct rm *rm = c->manager;
    if (rm)
        snprintf(rmk, sizeof rmk, "%.*s", (int)strcspn(rm->names, " "), rm->names);
    return start_remote_find(o->launcher, rm ? rmk : NULL);
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
        fprintf(out, ", of %s%s%s\n  from %s", a->rm->title, a->job ? " job " : "", a->job ? a->job : "", a->from);
    else if (l->n)
        draw_options(out, o);
    fputc('\n', out);
    draw_rows(out, l);
    if (fclose(out))
        log_fatal("out of memory");
    return text;
}
