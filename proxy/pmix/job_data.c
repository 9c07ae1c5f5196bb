/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Of the whole job, of its nodes and programs, and of each rank of this node. Where the others are is known from the
 * two maps; the library makes the keys of each of them out of these.
 */
#include "proxy/pmix/job_data.h"

#include "common/topo/topo.h"
#include "common/xalloc.h"
#include "pmi-server/mapping.h"
#include "proxy/pmix/locality.h"
#include "proxy/rank_env.h"
#include "proxy/ranks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANL_MAP_MAX 65536

/* "0-3,8": the ranks of a node. */
static void put_ranks(FILE *out, const struct rankmap *m, uint32_t node, const char *dash)
{
    struct rankmap_iter it;
    uint32_t rank, first = 0, last = 0;
    bool any = false, more = true;
    rankmap_iter_init(&it, m, node);
    for (bool start = true; more; start = false) {
        more = rankmap_iter_next(&it, &rank);
        if (more && !start && rank == last + 1 && dash) {
            last = rank;
            continue;
        }
        if (!start) {
            fprintf(out, last > first ? "%s%u%s%u" : "%s%u", any ? "," : "", first, dash ? dash : "", last);
            any = true;
        }
        first = last = rank;
    }
}

static char *local_peers(const struct rankmap *m, uint32_t node)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    if (!out)
        return xstrdup("");
    put_ranks(out, m, node, NULL);
    fclose(out);
    return text;
}

/* The nodes that have ranks, and the ranks of each. */
static void add_maps(struct infos *l, const struct job *j)
{
    char *nodes = NULL, *procs = NULL;
    size_t n;
    FILE *out = open_memstream(&nodes, &n), *ranks = open_memstream(&procs, &n);
    if (!out || !ranks)
        return;
    fputs("raw:", out);
    fputs("raw:", ranks);
    bool any = false;
    for (uint32_t i = 0; i < j->spec.map.nnodes; i++) {
        if (rankmap_local_size(&j->spec.map, i) == 0)
            continue;
        fprintf(out, "%s%s", any ? "," : "", j->spec.nodes.v[i]);
        fputs(any ? ";" : "", ranks);
        put_ranks(ranks, &j->spec.map, i, NULL);
        any = true;
    }
    fclose(out);
    fclose(ranks);
    infos_text(l, PMIX_NODE_MAP, nodes);
    infos_text(l, PMIX_PROC_MAP, procs);
    free(nodes);
    free(procs);
}

static uint32_t app_size(const struct launch_spec *s, uint32_t app, uint32_t *leader)
{
    uint32_t n = 0, rank = 0;
    *leader = 0;
    for (uint32_t i = 0; i < s->app_of_rank.n; i++) {
        const struct rank_run *run = &s->app_of_rank.v[i];
        for (uint32_t k = 0; k < run->count; k++, rank++)
            if (run->start + run->step * k == app && n++ == 0)
                *leader = rank;
    }
    return n;
}

static void add_apps(struct infos *l, const struct job *j)
{
    for (uint32_t i = 0; i < j->spec.napps; i++) {
        struct infos app = {NULL, 0, 0};
        uint32_t leader, size = app_size(&j->spec, i, &leader);
        infos_u32(&app, PMIX_APPNUM, i);
        infos_u32(&app, PMIX_APP_SIZE, size);
        infos_rank(&app, PMIX_APPLDR, leader);
        infos_text(&app, PMIX_WDIR, j->spec.apps[i].wdir);
        infos_array(l, PMIX_APP_INFO_ARRAY, &app);
    }
}

/* Nodes are numbered as in the two maps. */
static uint32_t nodes_before(const struct job *j, uint32_t node)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < node; i++)
        n += rankmap_local_size(&j->spec.map, i) > 0;
    return n;
}

static void add_node(struct infos *l, const struct job *j)
{
    struct infos node = {NULL, 0, 0};
    char *peers = local_peers(&j->spec.map, proxy_node(j->proxy));
    infos_text(&node, PMIX_HOSTNAME, proxy_name(j->proxy));
    infos_u32(&node, PMIX_NODEID, nodes_before(j, proxy_node(j->proxy)));
    infos_u32(&node, PMIX_LOCAL_SIZE, j->nranks);
    infos_u32(&node, PMIX_NODE_SIZE, j->nranks);
    infos_text(&node, PMIX_LOCAL_PEERS, peers);
    infos_rank(&node, PMIX_LOCALLDR, j->nranks ? j->ranks[0].rank : 0);
    infos_array(l, PMIX_NODE_INFO_ARRAY, &node);
    free(peers);
}

/* Of a bound rank: what it may run on. */
static void add_place(struct infos *l, const struct rank *r, const struct topo *t)
{
    const char *cpus = rank_binding(r);
    char *text = cpus && t ? locality_text(t, cpus) : NULL;
    if (text)
        infos_text(l, PMIX_LOCALITY_STRING, text);
    if (cpus)
        infos_text(l, PMIX_CPUSET, cpus);
    free(text);
}

static void add_rank(struct infos *l, const struct rank *r, uint32_t node, const struct topo *t)
{
    struct infos rank = {NULL, 0, 0};
    infos_rank(&rank, PMIX_RANK, r->rank); /* first: whose they are */
    infos_u32(&rank, PMIX_APPNUM, rank_appnum(r));
    infos_rank(&rank, PMIX_GLOBAL_RANK, r->rank);
    infos_u16(&rank, PMIX_LOCAL_RANK, (uint16_t)r->local);
    infos_u16(&rank, PMIX_NODE_RANK, (uint16_t)r->local);
    infos_u32(&rank, PMIX_NODEID, node);
    infos_text(&rank, PMIX_HOSTNAME, proxy_name(r->job->proxy));
    infos_u32(&rank, PMIX_REINCARNATION, 0);
    add_place(&rank, r, t);
    infos_array(l, PMIX_PROC_INFO_ARRAY, &rank);
}

static void add_job(struct infos *l, const struct job *j)
{
    const struct launch_spec *s = &j->spec;
    uint32_t universe =
        s->universe_size == UINT32_MAX || s->universe_size < s->map.nranks ? s->map.nranks : s->universe_size;
    infos_text(l, PMIX_JOBID, s->kvsname);
    infos_u32(l, PMIX_SESSION_ID, 0);
    infos_u32(l, PMIX_JOB_SIZE, s->map.nranks);
    infos_u32(l, PMIX_UNIV_SIZE, universe);
    infos_u32(l, PMIX_MAX_PROCS, universe);
    infos_u32(l, PMIX_JOB_NUM_APPS, s->napps);
    infos_u32(l, PMIX_NUM_NODES, nodes_before(j, j->spec.map.nnodes));
    infos_u32(l, PMIX_LOCAL_SIZE, j->nranks);
    infos_flag(l, PMIX_TDIR_RMCLEAN, true);
    if (s->flags & LAUNCH_SPAWNED) {
        infos_flag(l, PMIX_SPAWNED, true);
        infos_proc(l, PMIX_PARENT_ID, s->spawner, s->spawner_rank);
    }
    char *anl = pmi_mapping_text(&s->map, ANL_MAP_MAX);
    if (anl && *anl)
        infos_text(l, PMIX_ANL_MAP, anl);
    free(anl);
}

void job_data_fill(struct infos *l, const struct job *j)
{
    add_job(l, j);
    add_maps(l, j);
    if (j->nranks)
        add_node(l, j);
    add_apps(l, j);
    uint32_t node = nodes_before(j, proxy_node(j->proxy));
    struct topo *t = j->spec.bindings.n ? topo_load(TOPO_WANT_ALL, NULL) : NULL;
    for (uint32_t i = 0; i < j->nranks; i++)
        add_rank(l, &j->ranks[i], node, t);
    topo_destroy(t);
}
