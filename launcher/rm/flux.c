/* SPDX-License-Identifier: BSD-3-Clause
 *
 * flux: the instance, or the job within it, is asked for its resource set (R, Flux's RFC 20): execution.nodelist names
 * the hosts in the order of their ranks, execution.R_lite says which cores each rank has. Its variables name no host.
 */
#include "common/cpulist.h"
#include "launcher/rm/parsers.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* Cores by rank of the instance, and which ranks there are. */
struct ranks {
    uint32_t cores[CPULIST_LIMIT];
    struct cpulist set;
};

static int malformed(struct err *e, const char *what)
{
    return err_set(e, "Flux's resource set has no readable %s", what);
}

static void slots_add(uint32_t *slots, uint32_t more)
{
    *slots = *slots + more < HOSTLIST_SLOTS_MAX ? *slots + more : HOSTLIST_SLOTS_MAX;
}

/* One {"rank": "0-3", "children": {"core": "0-7"}}. */
static int group_read(struct ranks *r, const cJSON *group, struct err *e)
{
    const char *ranks = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(group, "rank"));
    const cJSON *children = cJSON_GetObjectItemCaseSensitive(group, "children");
    const char *cores = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(children, "core"));
    struct cpulist which, of_each;
    cpulist_init(&which);
    cpulist_init(&of_each);
    int rc = !ranks || cpulist_parse(&which, ranks, NULL) < 0 ? malformed(e, "ranks in R_lite") : 0;
    if (rc == 0 && (!cores || cpulist_parse(&of_each, cores, NULL) < 0))
        rc = malformed(e, "cores in R_lite");
    for (uint32_t i = 0; rc == 0 && i < which.size * 8; i++)
        if (cpulist_has(&which, i)) {
            cpulist_add(&r->set, i);
            slots_add(&r->cores[i], cpulist_count(&of_each));
        }
    cpulist_fini(&which);
    cpulist_fini(&of_each);
    return rc;
}

static int hosts_read(struct allocation *a, const cJSON *execution, struct err *e)
{
    const cJSON *part, *list = cJSON_GetObjectItemCaseSensitive(execution, "nodelist");
    cJSON_ArrayForEach(part, list)
    {
        const char *text = cJSON_GetStringValue(part);
        if (!text)
            return malformed(e, "nodelist");
        if (hostlist_mention(&a->hosts, text, strlen(text), 0, "nodelist: ", e) < 0)
            return -1;
    }
    return a->hosts.n ? 0 : malformed(e, "nodelist");
}

/* The hosts in the order of the ranks' numbers; a test instance has several ranks on one host. */
static int slots_set(struct allocation *a, const struct ranks *r, struct err *e)
{
    size_t n = 0, nranks = cpulist_count(&r->set);
    for (size_t i = 0; i < a->hosts.n; i++)
        a->hosts.hosts[i].slots = 0;
    if (a->hosts.n != nranks && a->hosts.n != 1)
        return err_set(e, "Flux's resource set has %zu hosts, but %zu ranks: several on a host are not supported",
                       a->hosts.n, nranks);
    for (uint32_t i = 0; i < r->set.size * 8; i++)
        if (cpulist_has(&r->set, i))
            slots_add(&a->hosts.hosts[a->hosts.n == 1 ? 0 : n++].slots, r->cores[i]);
    return 0;
}

static int set_read(struct allocation *a, const char *text, struct err *e)
{
    cJSON *json = cJSON_Parse(text);
    const cJSON *execution = cJSON_GetObjectItemCaseSensitive(json, "execution"), *group;
    struct ranks *r = calloc(1, sizeof *r);
    int rc = !r ? err_set(e, "out of memory") : !json ? malformed(e, "JSON") : hosts_read(a, execution, e);
    if (r)
        cpulist_init(&r->set);
    const cJSON *groups = cJSON_GetObjectItemCaseSensitive(execution, "R_lite");
    cJSON_ArrayForEach(group, groups)
    {
        if (rc == 0)
            rc = group_read(r, group, e);
    }
    if (rc == 0)
        rc = slots_set(a, r, e);
    if (r)
        cpulist_fini(&r->set);
    free(r);
    cJSON_Delete(json);
    return rc;
}

enum rm_found rm_flux_read(const struct rm_source *s, struct allocation *a, struct err *e)
{
    const char *job = rm_variable(s, "FLUX_JOB_ID");
    const char *const of_job[] = {"flux", "job", "info", job, "R", NULL};
    const char *const of_instance[] = {"flux", "kvs", "get", "resource.R", NULL};
    if (!rm_variable(s, "FLUX_URI"))
        return RM_ABSENT;
    rm_note_job(a, job);
    rm_note_from(a, "FLUX_URI", rm_variable(s, "FLUX_URI"));
    char *text = s->output(s, job ? of_job : of_instance, e);
    int rc = text ? set_read(a, text, e) : -1;
    free(text);
    return rc < 0 ? RM_ERROR : RM_FOUND;
}
