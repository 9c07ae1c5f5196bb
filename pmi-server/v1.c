/* SPDX-License-Identifier: BSD-3-Clause
 *
 * PMI-1: {command, its answer, handler}. A command that is known and cannot be done is answered with rc=1 and a reason;
 * one that is not known has no answer that its sender could read, and fails the rank.
 */
#include "pmi-server/front.h"

#include <stdio.h>
#include <string.h>
#include "pmi-server/barrier.h"
#include "pmi-server/fetch.h"
#include "pmi-server/job.h"
#include "pmi-server/remote.h"
#include "pmi-server/spawn_text.h"

struct command {
    const char *name;
    const char *reply;
    void (*handler)(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd);
    bool early; /* allowed before init */
};

static void refuse(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd, const char *why)
{
    pmi_answer_fail(pmi_ask_new(c, m, PMI_ASK_PLAIN, cmd->reply), PMI2_ERROR_INVALID_ARG, "%s", why);
}

static void accept_plain(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    struct buf b;
    struct pmi_out o = pmi_reply_begin(&b, m, cmd->reply, 0);
    pmi_client_send(c, &o);
}

static void on_init(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    int64_t version = 0, sub = 0;
    bool known = !pmi_msg_int(m, "pmi_version", 1, 2, &version) && !pmi_msg_int(m, "pmi_subversion", 0, 99, &sub);
    if (c->inited) {
        refuse(c, m, cmd, "this rank has been initialized already");
        return;
    }
    struct buf b;
    struct pmi_out o = pmi_reply_begin(&b, m, cmd->reply, known ? 0 : 1);
    if (!known)
        pmi_out_str(&o, "msg", "pmi_version_is_none_of_1_and_2");
    pmi_out_int(&o, "pmi_version", version == 2 ? 2 : 1);
    pmi_out_int(&o, "pmi_subversion", version == 2 ? 0 : 2);
    pmi_client_send(c, &o);
    if (known && version == 1)
        pmi_client_initialized(c);
}

static void on_initack(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    static const char *const names[] = {"size", "rank", "debug"};
    const int64_t values[] = {c->job->size, c->rank, 0};
    struct buf b;
    int64_t id;
    if (pmi_msg_int(m, "pmiid", c->rank, c->rank, &id)) {
        refuse(c, m, cmd, "pmiid is not this rank");
        return;
    }
    struct pmi_out o = pmi_reply_begin(&b, m, cmd->reply, 0);
    pmi_out_int(&o, "rank", c->rank);
    pmi_out_int(&o, "size", c->job->size);
    pmi_out_int(&o, "appnum", c->appnum);
    if (c->job->spawner)
        pmi_out_str(&o, "spawner-jobid", c->job->spawner);
    pmi_out_int(&o, "debug", 0);
    pmi_client_send(c, &o);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        o = pmi_reply_begin(&b, m, "set", -1);
        pmi_out_int(&o, names[i], values[i]);
        pmi_client_send(c, &o);
    }
}

static void on_maxes(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    struct buf b;
    struct pmi_out o = pmi_reply_begin(&b, m, cmd->reply, 0);
    pmi_out_int(&o, "kvsname_max", PMI_KVSNAME_MAX);
    pmi_out_int(&o, "keylen_max", PMI_KEY_MAX);
    pmi_out_int(&o, "vallen_max", PMI_VALUE_MAX);
    pmi_client_send(c, &o);
}

static void on_appnum(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    struct buf b;
    struct pmi_out o = pmi_reply_begin(&b, m, cmd->reply, 0);
    pmi_out_int(&o, "appnum", c->appnum);
    pmi_client_send(c, &o);
}

static void on_universe(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    struct buf b;
    struct pmi_out o = pmi_reply_begin(&b, m, cmd->reply, 0);
    pmi_out_int(&o, "size", c->job->universe);
    pmi_client_send(c, &o);
}

static void on_kvsname(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    struct buf b;
    struct pmi_out o = pmi_reply_begin(&b, m, cmd->reply, 0);
    pmi_out_str(&o, "kvsname", c->job->kvsname);
    pmi_client_send(c, &o);
}

/* NULL if the message names the rank's own space. */
static const char *space_wrong(const struct pmi_client *c, const struct pmi_msg *m)
{
    const char *name = pmi_msg_get(m, "kvsname");
    if (!name)
        return "kvsname is missing";
    return strcmp(name, c->job->kvsname) ? "no such kvsname" : NULL;
}

static void on_put(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    const char *why = space_wrong(c, m), *key = pmi_msg_get(m, "key"), *value = pmi_msg_get(m, "value");
    if (!why && !key)
        why = "key is missing";
    if (!why && !value)
        why = "value is missing";
    if (why || pmi_put(c, key, value, &why))
        refuse(c, m, cmd, why);
    else
        accept_plain(c, m, cmd);
}

static void on_get(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    const char *why = space_wrong(c, m), *key = pmi_msg_get(m, "key");
    if (!why && !key)
        why = "key is missing";
    if (why) {
        refuse(c, m, cmd, why);
        return;
    }
    struct pmi_ask *a = pmi_ask_new(c, m, PMI_ASK_GET, cmd->reply);
    pmi_ask_detail(a, key);
    pmi_get(a);
}

static void on_barrier(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    pmi_barrier(pmi_ask_new(c, m, PMI_ASK_BARRIER, cmd->reply), pmi_msg_get(m, "group"));
}

static void name_request(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd, enum pmi_verb verb,
                         enum pmi_request kind, bool with_port)
{
    pmi_name_request(pmi_ask_new(c, m, verb, cmd->reply), kind, pmi_msg_get(m, "service"),
                     with_port ? pmi_msg_get(m, "port") : "");
}

static void on_publish(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    name_request(c, m, cmd, PMI_ASK_PUBLISH, PMI_REQUEST_PUBLISH, true);
}

static void on_lookup(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    name_request(c, m, cmd, PMI_ASK_LOOKUP, PMI_REQUEST_LOOKUP, false);
}

static void on_unpublish(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    name_request(c, m, cmd, PMI_ASK_UNPUBLISH, PMI_REQUEST_UNPUBLISH, false);
}

static void on_abort(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    char text[1024];
    int64_t code = 1;
    pmi_msg_int(m, "exitcode", INT32_MIN, INT32_MAX, &code);
    pmi_msg_text(m, "message", text, sizeof text);
    c->job->server->ops->abort(c->ctx, (int)code, text);
}

static void on_finalize(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    accept_plain(c, m, cmd);
    pmi_client_finalized(c);
}

static void on_unsupported(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    refuse(c, m, cmd, "not supported");
}

static const struct command commands[] = {
    {"init", "response_to_init", on_init, true},
    {"initack", "initack", on_initack, true},
    {"get_maxes", "maxes", on_maxes, true},
    {"get_appnum", "appnum", on_appnum, false},
    {"get_universe_size", "universe_size", on_universe, false},
    {"get_my_kvsname", "my_kvsname", on_kvsname, false},
    {"put", "put_result", on_put, false},
    {"get", "get_result", on_get, false},
    {"barrier_in", "barrier_out", on_barrier, false},
    {"publish_name", "publish_result", on_publish, false},
    {"lookup_name", "lookup_result", on_lookup, false},
    {"unpublish_name", "unpublish_result", on_unpublish, false},
    {"abort", NULL, on_abort, true},
    {"finalize", "finalize_ack", on_finalize, false},
    {"create_kvs", "newkvs", on_unsupported, false},
    {"destroy_kvs", "kvs_destroyed", on_unsupported, false},
    {"getbyidx", "getbyidx_results", on_unsupported, false},
};

static void unknown(struct pmi_client *c, const struct pmi_msg *m)
{
    char why[160];
    snprintf(why, sizeof why, "sent the PMI-1 command %.64s, which is unknown", m->cmd);
    for (char *p = why; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    pmi_client_fail(c, why);
}

void pmi_v1_message(struct pmi_client *c, const struct pmi_msg *m)
{
    static const struct command spawn = {"spawn", "spawn_result", NULL, false};
    if (m->wire == PMI_WIRE_1_BLOCK) {
        if (strcmp(m->cmd, "spawn"))
            unknown(c, m);
        else if (!c->inited)
            refuse(c, m, &spawn, "this rank has not said init");
        else
            pmi_spawn_block(c, m);
        return;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(m->cmd, commands[i].name))
            continue;
        if (!c->inited && !commands[i].early)
            refuse(c, m, &commands[i], "this rank has not said init");
        else
            commands[i].handler(c, m, &commands[i]);
        return;
    }
    unknown(c, m);
}
