/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The spawn commands of both wires, turned into the `spawn` of wire/pmi_control.def. PMI-1 sends a block for each
 * command, counts arguments from 1 and the rest from 0; PMI-2 sends one message, in which each command begins with
 * subcmd= and all is counted from 0. A request that cannot be is answered with the reason when it is complete.
 */
#include "pmi-server/spawn_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pmi-server/mem.h"
#include "pmi-server/remote.h"

#define V2_PROCS_MAX 45000 /* ";err12345=-2147483648" of each, in 999,999 bytes */

/* Items of one command, looked up in turn: clients write them in the order in which they are read here. */
struct items {
    const struct pmi_item *it;
    uint32_t n, at;
};

static const char *take(struct items *s, const char *key)
{
    for (uint32_t i = 0; i < s->n; i++) {
        const struct pmi_item *it = &s->it[(s->at + i) % s->n];
        if (strcmp(it->key, key))
            continue;
        s->at = (s->at + i + 1) % s->n;
        return it->value ? it->value : "";
    }
    return NULL;
}

static const char *take_nth(struct items *s, const char *key, uint32_t i)
{
    char name[32];
    snprintf(name, sizeof name, "%s%u", key, i);
    return take(s, name);
}

/* A count that may be absent (0). -1: it is none. */
static int64_t take_count(const struct items *s, const char *key)
{
    struct pmi_msg m = {.items = s->it, .nitems = s->n};
    int64_t n = 0;
    if (pmi_msg_get(&m, key) && pmi_msg_int(&m, key, 0, PMI_ITEMS_MAX, &n))
        return -1;
    return n;
}

struct words {
    const char *exe, *procs, *argc, *arg, *ninfo, *info_key, *info_value, *npreput, *preput_key, *preput_value;
    uint32_t first_arg;
};
static const struct words v1_words = {"execname",  "nprocs",     "argcnt",      "arg",         "info_num", "info_key_",
                                      "info_val_", "preput_num", "preput_key_", "preput_val_", 1};
static const struct words v2_words = {"subcmd",      "maxprocs", "argc",  "argv", "infokeycount", "infokey", "infoval",
                                      "preputcount", "ppkey",    "ppval", 0};

/* NULL, or why it is none. The strings stay the message's; the caller frees the list. */
static const char *take_infos(struct items *s, const char *count, const char *key, const char *value,
                              struct pmi_control_info **list, uint32_t *n)
{
    int64_t want = take_count(s, count);
    if (want < 0)
        return "a count of info or preput keys is not a number";
    *list = pmi_mem_zero((size_t)want, sizeof **list);
    for (*n = 0; *n < want; ++*n) {
        const char *k = take_nth(s, key, *n), *v = take_nth(s, value, *n);
        if (!k || !v || !*k)
            return "an info or preput key is missing";
        (*list)[*n] = (struct pmi_control_info){(char *)k, (char *)v};
    }
    return NULL;
}

/* They become values of the new job, and have to be such. */
static const char *put_preput(struct buf *b, struct items *s, const struct words *w)
{
    size_t keys = strlen(w->preput_key), values = strlen(w->preput_value);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct pmi_item *it = &s->it[i];
        size_t len = it->value ? strlen(it->value) : 0;
        if ((!strncmp(it->key, w->preput_key, keys) && len > PMI_KEY_MAX) ||
            (!strncmp(it->key, w->preput_value, values) && len > PMI_VALUE_MAX))
            return "a preput key is longer than 64 bytes, or its value than 1024";
    }
    struct pmi_control_info *list = NULL;
    uint32_t n;
    const char *bad = take_infos(s, w->npreput, w->preput_key, w->preput_value, &list, &n);
    buf_put_u32(b, bad ? 0 : n);
    for (uint32_t i = 0; !bad && i < n; i++)
        pmi_control_info_put(b, &list[i]);
    free(list);
    return bad;
}

/* NULL, or why it is none. A command at a time is what PMI-1 sends: the counts of the lists are put by the callers. */
static const char *put_cmd(struct buf *b, struct items *s, const struct words *w)
{
    struct pmi_msg m = {.items = s->it, .nitems = s->n};
    int64_t procs, argc = take_count(s, w->argc);
    const char *exe = pmi_msg_get(&m, w->exe);
    if (!exe || !*exe)
        return "the program is missing";
    if (pmi_msg_int(&m, w->procs, 1, PMI_CONTROL_PROCS_MAX, &procs))
        return "the number of processes is missing or invalid";
    if (argc < 0)
        return "the number of arguments is invalid";
    struct pmi_control_command c = {.exe = (char *)exe, .maxprocs = (uint32_t)procs};
    c.argv = pmi_mem_zero((size_t)argc, sizeof *c.argv);
    const char *bad = NULL;
    for (; !bad && c.argc < argc; c.argc++) {
        c.argv[c.argc] = (char *)take_nth(s, w->arg, c.argc + w->first_arg);
        bad = c.argv[c.argc] ? NULL : "an argument is missing";
    }
    bad = bad ? bad : take_infos(s, w->ninfo, w->info_key, w->info_value, &c.info, &c.ninfo);
    if (!bad)
        pmi_control_command_put(b, &c);
    free(c.argv);
    free(c.info);
    return bad;
}

void pmi_spawn_request(struct pmi_request *q, struct buf *body, const char *bad)
{
    if (!bad && body->len > PMI_CONTROL_SPAWN_MAX)
        bad = "the request is too long";
    if (bad) {
        buf_fini(body);
        pmi_answer_fail(q, PMI2_ERROR_INVALID_ARG, "%s", bad);
        return;
    }
    pmi_remote_send(q, PMI_REQUEST_SPAWN, body);
}

/* Keeps the counts of a row of blocks; false: they cannot belong together, and the stream has lost its sense. */
static bool count_block(struct pmi_client *c, const struct pmi_msg *m)
{
    int64_t total, seen;
    if (pmi_msg_int(m, "totspawns", 1, PMI_CONTROL_COMMANDS_MAX, &total) ||
        pmi_msg_int(m, "spawnssofar", 1, total, &seen) || seen != c->spawn_seen + 1 ||
        (c->spawn_seen && total != c->spawn_total))
        return false;
    c->spawn_seen = (uint32_t)seen;
    c->spawn_total = (uint32_t)total;
    return true;
}

bool pmi_spawn_block(struct pmi_client *c, const struct pmi_msg *m)
{
    struct items s = {m->items, m->nitems, 0};
    if (!count_block(c, m)) {
        pmi_client_fail(c, "sent a PMI spawn request whose totspawns and spawnssofar do not match");
        return false;
    }
    if (c->spawn_seen == 1) {
        c->spawn_bad = put_preput(&c->spawn, &s, &v1_words);
        buf_put_u32(&c->spawn, c->spawn_total);
    }
    if (!c->spawn_bad && c->spawn.len <= PMI_CONTROL_SPAWN_MAX)
        c->spawn_bad = put_cmd(&c->spawn, &s, &v1_words);
    if (c->spawn_seen < c->spawn_total)
        return false;
    c->spawn_seen = 0;
    return true;
}

const char *pmi_spawn_v2(struct buf *b, const struct pmi_msg *m)
{
    buf_init(b);
    uint32_t i = 0, ncmds = 0;
    int64_t count, all = 0;
    for (uint32_t k = 0; k < m->nitems; k++)
        ncmds += !strcmp(m->items[k].key, "subcmd");
    const char *bad = !ncmds || ncmds > PMI_CONTROL_COMMANDS_MAX      ? "there is no command, or too many"
                      : pmi_msg_int(m, "ncmds", ncmds, ncmds, &count) ? "ncmds is not the number of commands"
                                                                      : NULL;
    while (i < m->nitems && strcmp(m->items[i].key, "subcmd"))
        i++;
    struct items head = {m->items, i, 0};
    if (!bad)
        bad = put_preput(b, &head, &v2_words);
    buf_put_u32(b, ncmds);
    while (!bad && i < m->nitems) {
        struct items s = {m->items + i, 1, 0};
        for (i++; i < m->nitems && strcmp(m->items[i].key, "subcmd"); i++)
            s.n++;
        bad = put_cmd(b, &s, &v2_words);
        if (!bad && !pmi_msg_int(&(struct pmi_msg){.items = s.it, .nitems = s.n}, v2_words.procs, 1, INT32_MAX, &count))
            all += count;
    }
    if (!bad && all > V2_PROCS_MAX)
        bad = "more than 45000 processes, whose codes no PMI-2 answer can hold";
    return bad;
}
