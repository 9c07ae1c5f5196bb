/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi_service: names and spawning in the words of PMI-1 and PMI-2. PMI-1 sends a block of lines for each command, and
 * counts arguments from 1; PMI-2 sends one message. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/boot/boot_ops.h"
#include "lib/boot/pmi_talk.h"

enum { SPAWN_BYTES_MAX = 900000 }; /* a message of PMI-2 has 999,999, a block of PMI-1 a few more */

static const enum pmi_question questions[] = {
    [BOOT_PUBLISH] = PMI_ASK_PUBLISH, [BOOT_LOOKUP] = PMI_ASK_LOOKUP, [BOOT_UNPUBLISH] = PMI_ASK_UNPUBLISH,
    [BOOT_SPAWN] = PMI_ASK_SPAWN,     [BOOT_ENDED] = PMI_ASK_GET,     [BOOT_TIE] = PMI_ASK_TIE,
    [BOOT_PART] = PMI_ASK_PART};

static void put_name(struct pmi_client *c, const struct boot_ask *a)
{
    struct buf b;
    struct pmi_out o = pmi_talk_begin(c, &b, questions[a->what]);
    pmi_out_str(&o, c->version == 2 ? "name" : "service", a->name);
    if (a->what == BOOT_PUBLISH)
        pmi_out_str(&o, "port", a->port);
    pmi_talk_say(c, &o, questions[a->what]);
}

/* Any key that each job has, and its proxy answers by itself. */
static void put_job(struct pmi_client *c, const struct boot_ask *a)
{
    struct buf b;
    struct pmi_out o = pmi_talk_begin(c, &b, PMI_ASK_GET);
    pmi_out_str(&o, c->version == 2 ? "jobid" : "kvsname", a->name);
    pmi_out_str(&o, "key", "PMI_get_wait");
    pmi_talk_say(c, &o, PMI_ASK_GET);
}

static void put_ties(struct pmi_client *c, const struct boot_ask *a)
{
    struct buf b;
    struct pmi_out o = pmi_talk_begin(c, &b, questions[a->what]);
    pmi_out_str(&o, c->version == 2 ? "jobid" : "kvsname", a->name);
    pmi_out_int(&o, "count", a->count < UINT32_MAX ? a->count : UINT32_MAX);
    pmi_talk_say(c, &o, questions[a->what]);
}

static void put_nth(struct pmi_out *o, const char *key, int i, const char *value)
{
    char name[40];
    snprintf(name, sizeof name, "%s%d", key, i);
    pmi_out_str(o, name, value);
}

static void put_argv(struct pmi_out *o, const struct pmi_client *c, char *const *argv)
{
    int argc = 0, first = c->version == 1;
    while (argv && argv[argc])
        argc++;
    pmi_out_int(o, c->version == 2 ? "argc" : "argcnt", argc);
    for (int i = 0; i < argc; i++)
        put_nth(o, c->version == 2 ? "argv" : "arg", i + first, argv[i]);
}

static void put_info(struct pmi_out *o, const struct pmi_client *c, const struct boot_command *cmd)
{
    pmi_out_int(o, c->version == 2 ? "infokeycount" : "info_num", cmd->info_count);
    for (int i = 0; i < cmd->info_count; i++) {
        put_nth(o, c->version == 2 ? "infokey" : "info_key_", i, cmd->info[i].key);
        put_nth(o, c->version == 2 ? "infoval" : "info_val_", i, cmd->info[i].value);
    }
}

/* As boot_put has it. */
static void put_preput(struct pmi_out *o, const struct pmi_client *c, const struct boot_ask *a)
{
    char name[BOOT_KEY_MAX + 8], text[2 * BOOT_VALUE_MAX + 1];
    pmi_out_int(o, c->version == 2 ? "preputcount" : "preput_num", a->preput_count);
    for (int i = 0; i < a->preput_count; i++) {
        boot_value_text(a->preput[i].value, a->preput[i].n, text);
        snprintf(name, sizeof name, "muster-%s", a->preput[i].key);
        put_nth(o, c->version == 2 ? "ppkey" : "preput_key_", i, name);
        put_nth(o, c->version == 2 ? "ppval" : "preput_val_", i, text);
    }
}

static void put_command(struct pmi_out *o, const struct pmi_client *c, const struct boot_command *cmd)
{
    pmi_out_str(o, c->version == 2 ? "subcmd" : "execname", cmd->program);
    pmi_out_int(o, c->version == 2 ? "maxprocs" : "nprocs", cmd->maxprocs);
    put_argv(o, c, cmd->argv);
    put_info(o, c, cmd);
}

static struct pmi_out put_block(struct pmi_client *c, struct buf *b, const struct boot_ask *a, int i)
{
    struct pmi_out o = pmi_talk_begin(c, b, PMI_ASK_SPAWN);
    pmi_out_int(&o, "totspawns", a->command_count);
    pmi_out_int(&o, "spawnssofar", i + 1);
    put_preput(&o, c, a);
    put_command(&o, c, &a->commands[i]);
    return o;
}

static struct pmi_out put_whole(struct pmi_client *c, struct buf *b, const struct boot_ask *a)
{
    struct pmi_out o = pmi_talk_begin(c, b, PMI_ASK_SPAWN);
    pmi_out_int(&o, "ncmds", a->command_count);
    put_preput(&o, c, a);
    for (int i = 0; i < a->command_count; i++)
        put_command(&o, c, &a->commands[i]);
    return o;
}

static bool has_newline(const struct boot_command *cmd)
{
    bool any = strchr(cmd->program, '\n');
    for (int i = 0; !any && cmd->argv && cmd->argv[i]; i++)
        any = strchr(cmd->argv[i], '\n');
    for (int i = 0; !any && i < cmd->info_count; i++)
        any = strchr(cmd->info[i].key, '\n') || strchr(cmd->info[i].value, '\n');
    return any;
}

static const char *say_spawn(struct pmi_client *c, const struct boot_ask *a)
{
    struct buf b;
    for (int i = 0; c->version == 1 && i < a->command_count; i++)
        if (has_newline(&a->commands[i]))
            return "a newline in an argument cannot be said in PMI-1, which this launcher speaks";
    for (int i = 0; i < (c->version == 1 ? a->command_count : 1); i++) {
        struct pmi_out o = c->version == 1 ? put_block(c, &b, a, i) : put_whole(c, &b, a);
        if (b.len > SPAWN_BYTES_MAX) {
            buf_fini(&b);
            if (i > 0)
                pmi_talk_fail(c, "spawn", "a request too long for PMI was begun");
            return "the commands are too long for PMI";
        }
        pmi_talk_say(c, &o, PMI_ASK_SPAWN);
    }
    return NULL;
}

const char *pmi_service_begin(struct pmi_client *c, const struct boot_ask *a)
{
    const char *bad = NULL;
    if (a->what == BOOT_SPAWN)
        bad = say_spawn(c, a);
    else if (a->what == BOOT_ENDED)
        put_job(c, a);
    else if (a->what == BOOT_TIE || a->what == BOOT_PART)
        put_ties(c, a);
    else
        put_name(c, a);
    if (!bad && !c->kvs.why[0])
        c->kvs.asked = 1 + (int)questions[a->what];
    return bad;
}

/* Numbers of other launchers may mean something else: these are what starting a program comes to. */
static bool is_cause(int64_t code)
{
    return code == ENOENT || code == EACCES || code == ENOTDIR || code == ENOEXEC || code == ELOOP || code == ENOMEM;
}

static void take_codes(struct boot_ask *a, const struct pmi_msg *m)
{
    const char *list = pmi_msg_get(m, "errcodes");
    int count = 0;
    for (int i = 0; i < a->command_count; i++)
        count += a->commands[i].maxprocs;
    for (int i = 0; i < count; i++) {
        char key[24], *end;
        int64_t code = 0;
        snprintf(key, sizeof key, "err%d", i);
        if (list) {
            code = strtoll(list, &end, 10);
            list = *end == ',' ? end + 1 : NULL;
        } else if (pmi_msg_int(m, key, INT32_MIN, INT32_MAX, &code) != 0) {
            code = 0;
        }
        a->codes[i] = code ? MPI_ERR_SPAWN : MPI_SUCCESS;
        if (!a->why && is_cause(code)) {
            a->unstarted = i;
            a->why = (int)code;
        }
    }
}

static bool take_port(struct boot_ask *a, const struct pmi_msg *m)
{
    const char *port = pmi_msg_get(m, "port"), *found = pmi_msg_get(m, "found");
    if (!port)
        port = pmi_msg_get(m, "value");
    if (!port || strlen(port) > BOOT_PORT_MAX || (found && strcmp(found, "TRUE") != 0))
        return false;
    strcpy(a->found, port);
    return true;
}

bool pmi_service_end(struct pmi_client *c, struct boot_ask *a, bool block, bool *granted, char *why, size_t n)
{
    struct pmi_msg m;
    int64_t rc;
    if (!pmi_talk_take(c, questions[a->what], &m, &rc, block) && !c->kvs.why[0])
        return false;
    c->kvs.asked = 0;
    *granted = !c->kvs.why[0] && rc == 0 && (a->what != BOOT_LOOKUP || take_port(a, &m));
    if (!*granted) {
        snprintf(why, n, "%s", c->kvs.why[0] ? c->kvs.why : rc ? pmi_talk_reason(c, &m) : "it is not published");
    } else if (a->what == BOOT_SPAWN) {
        const char *job = pmi_msg_get(&m, "jobid");
        snprintf(a->job, sizeof a->job, "%s", job ? job : "");
        take_codes(a, &m);
    }
    return true;
}
