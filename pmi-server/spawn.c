/* SPDX-License-Identifier: BSD-3-Clause */
#include "pmi-server/spawn.h"

#include <stdlib.h>
#include "pmi-server/mem.h"
#include "wire/pmi.h"

static char *take_str(struct rbuf *r)
{
    struct bytes b = rbuf_bytes(r, PMI_SPAWN_BYTES_MAX);
    if (b.len && memchr(b.data, 0, b.len))
        r->bad = true;
    return pmi_mem_bytes(b.data, b.len);
}

static struct pmi_info *take_infos(struct rbuf *r, uint32_t *n)
{
    *n = rbuf_count(r, 8);
    struct pmi_info *list = pmi_mem_zero(*n, sizeof *list);
    for (uint32_t i = 0; i < *n; i++) {
        list[i].key = take_str(r);
        list[i].value = take_str(r);
    }
    return list;
}

static void take_cmd(struct rbuf *r, struct pmi_spawn_cmd *c)
{
    c->exe = take_str(r);
    c->maxprocs = rbuf_u32(r);
    c->argc = rbuf_count(r, 4);
    char **argv = pmi_mem_zero(c->argc + (size_t)1, sizeof *argv);
    for (uint32_t i = 0; i < c->argc; i++)
        argv[i] = take_str(r);
    c->argv = (const char *const *)argv;
    c->info = take_infos(r, &c->ninfo);
    if (!*c->exe || !c->maxprocs || c->maxprocs > PMI_SPAWN_PROCS_MAX)
        r->bad = true;
}

struct pmi_spawn_text *pmi_spawn_decode(struct rbuf *r)
{
    struct pmi_spawn_text *t = pmi_mem_zero(1, sizeof *t);
    t->preput = take_infos(r, &t->npreput);
    uint32_t n = rbuf_count(r, 16);
    if (!n || n > PMI_SPAWN_CMDS_MAX)
        r->bad = true;
    struct pmi_spawn_cmd *cmds = pmi_mem_zero(n, sizeof *cmds);
    t->req.cmds = cmds;
    for (uint32_t i = 0; i < n && rbuf_ok(r); i++, t->req.ncmds++) {
        take_cmd(r, &cmds[i]);
        t->nprocs += cmds[i].maxprocs;
        if (t->nprocs > PMI_SPAWN_PROCS_MAX)
            r->bad = true;
    }
    if (rbuf_done(r))
        return t;
    pmi_spawn_free(t);
    return NULL;
}

static void free_infos(const struct pmi_info *list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        free((char *)list[i].key);
        free((char *)list[i].value);
    }
    free((struct pmi_info *)list);
}

void pmi_spawn_free(struct pmi_spawn_text *t)
{
    if (!t)
        return;
    for (uint32_t i = 0; i < t->req.ncmds; i++) {
        const struct pmi_spawn_cmd *c = &t->req.cmds[i];
        free((char *)c->exe);
        for (uint32_t k = 0; k < c->argc; k++)
            free((char *)c->argv[k]);
        free((char **)c->argv);
        free_infos(c->info, c->ninfo);
    }
    free((struct pmi_spawn_cmd *)t->req.cmds);
    free_infos(t->preput, t->npreput);
    free(t);
}
