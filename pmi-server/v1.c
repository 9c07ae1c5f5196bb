/* SPDX-License-Identifier: BSD-3-Clause
 *
 * PMI-1: {command, its answer, handler}. A command that is known and cannot be done is answered with rc=1 and a reason;
 * one that is not known has no answer that its sender could read, and fails the rank. Old clients end a value at a
 * blank whatever stands before it, and refuse a word without `=`: so reasons have underscores, and values that hold
 * blanks are escaped for those who can read them.
 */
#include "pmi-server/front.h"

#include <stdio.h>
#include <string.h>
#include "pmi-server/barrier.h"
#include "pmi-server/fetch.h"
#include "pmi-server/job.h"
#include "pmi-server/mem.h"
#include "pmi-server/remote.h"
#include "pmi-server/spawn_text.h"

struct command {
    const char *name;
    const char *reply;
    void (*handler)(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd);
    bool early; /* allowed before init */
};

static struct pmi_request *request_new(struct pmi_client *c, const struct command *cmd, enum pmi_verb verb)
{
    return pmi_request_new(c, &pmi_front_v1, verb, verb != PMI_VERB_BARRIER, (void *)cmd->reply);
}

static void refuse(struct pmi_client *c, const struct command *cmd, const char *why)
{
    pmi_answer_fail(request_new(c, cmd, PMI_VERB_PLAIN), PMI2_ERROR_INVALID_ARG, "%s", why);
}

/* rc -1: the answer has none. */
static struct pmi_out reply_begin(struct buf *b, const char *reply, int rc)
{
    buf_init(b);
    struct pmi_out o = pmi_out_begin(b, PMI_WIRE_1, reply);
    if (rc >= 0)
        pmi_out_int(&o, "rc", rc);
    return o;
}

static void accept_plain(struct pmi_client *c, const struct command *cmd)
{
    struct buf b;
    struct pmi_out o = reply_begin(&b, cmd->reply, 0);
    pmi_text_send(c, &o);
}

static void on_init(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    int64_t version = 0, sub = 0;
    bool known = !pmi_msg_int(m, "pmi_version", 1, 2, &version) && !pmi_msg_int(m, "pmi_subversion", 0, 99, &sub);
    if (c->inited) {
        refuse(c, cmd, "this rank has been initialized already");
        return;
    }
    struct buf b;
    struct pmi_out o = reply_begin(&b, cmd->reply, known ? 0 : 1);
    if (!known)
        pmi_out_str(&o, "msg", "pmi_version_is_none_of_1_and_2");
    pmi_out_int(&o, "pmi_version", version == 2 ? 2 : 1);
    pmi_out_int(&o, "pmi_subversion", version == 2 ? 0 : 2);
    pmi_text_send(c, &o);
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
        refuse(c, cmd, "pmiid is not this rank");
        return;
    }
    struct pmi_out o = reply_begin(&b, cmd->reply, 0);
    pmi_out_int(&o, "rank", c->rank);
    pmi_out_int(&o, "size", c->job->size);
    pmi_out_int(&o, "appnum", c->appnum);
    if (c->job->spawner)
        pmi_out_str(&o, "spawner-jobid", c->job->spawner);
    pmi_out_int(&o, "debug", 0);
    pmi_text_send(c, &o);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        o = reply_begin(&b, "set", -1);
        pmi_out_int(&o, names[i], values[i]);
        pmi_text_send(c, &o);
    }
}

static void on_maxes(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    struct buf b;
    struct pmi_out o = reply_begin(&b, cmd->reply, 0);
    pmi_out_int(&o, "kvsname_max", PMI_KVSNAME_MAX);
    pmi_out_int(&o, "keylen_max", PMI_KEY_MAX);
    pmi_out_int(&o, "vallen_max", PMI_VALUE_MAX);
    pmi_text_send(c, &o);
}

static void on_appnum(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    struct buf b;
    struct pmi_out o = reply_begin(&b, cmd->reply, 0);
    pmi_out_int(&o, "appnum", c->appnum);
    pmi_text_send(c, &o);
}

static void on_universe(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    struct buf b;
    struct pmi_out o = reply_begin(&b, cmd->reply, 0);
    pmi_out_int(&o, "size", c->job->universe);
    pmi_text_send(c, &o);
}

static void on_kvsname(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    struct buf b;
    struct pmi_out o = reply_begin(&b, cmd->reply, 0);
    pmi_out_str(&o, "kvsname", c->job->kvsname);
    pmi_text_send(c, &o);
}

static void on_put(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    const char *space = pmi_msg_get(m, "kvsname"), *key = pmi_msg_get(m, "key"), *value = pmi_msg_get(m, "value");
    const char *why = !space                           ? "kvsname is missing"
                      : strcmp(space, c->job->kvsname) ? "no such kvsname"
                      : !key                           ? "key is missing"
                      : !value                         ? "value is missing"
                                                       : NULL;
    if (why || pmi_text_put(c, key, value, &why))
        refuse(c, cmd, why);
    else
        accept_plain(c, cmd);
}

static void on_get(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    const char *why = NULL, *space = pmi_msg_get(m, "kvsname"), *key = pmi_msg_get(m, "key");
    if (!space || !key)
        why = space ? "key is missing" : "kvsname is missing";
    if (why || pmi_text_key(key, &why))
        refuse(c, cmd, why);
    else
        pmi_get(request_new(c, cmd, PMI_VERB_GET), space, PMI_RANK_UNKNOWN, key, pmi_text_flag(m, "wait"));
}

static void on_barrier(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    pmi_barrier(request_new(c, cmd, PMI_VERB_BARRIER), pmi_msg_get(m, "group"), (struct bytes){0});
}

static void on_publish(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    pmi_text_publish(request_new(c, cmd, PMI_VERB_PUBLISH), pmi_msg_get(m, "service"), pmi_msg_get(m, "port"));
}

/* "": refused as missing. */
static const char *service(const struct pmi_msg *m)
{
    const char *name = pmi_msg_get(m, "service");
    return name ? name : "";
}

static void on_lookup(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    pmi_name_lookup(request_new(c, cmd, PMI_VERB_LOOKUP), service(m), pmi_text_flag(m, "wait"), false);
}

static void on_unpublish(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    pmi_name_unpublish(request_new(c, cmd, PMI_VERB_UNPUBLISH), service(m), false);
}

static void ties(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd, bool left)
{
    int64_t count = 0;
    pmi_msg_int(m, "count", 1, UINT32_MAX, &count);
    pmi_ties(request_new(c, cmd, PMI_VERB_TIES), pmi_msg_get(m, "kvsname"), count, left);
}

static void on_connect(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    ties(c, m, cmd, false);
}

static void on_disconnect(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    ties(c, m, cmd, true);
}

static void on_abort(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    char text[1024];
    int64_t code = 1;
    pmi_msg_int(m, "exitcode", INT32_MIN, INT32_MAX, &code);
    pmi_msg_text(m, "message", text, sizeof text);
    pmi_client_abort(c, (int)code, text);
}

static void on_finalize(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    accept_plain(c, cmd);
    pmi_client_finalized(c);
}

static void on_unsupported(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    refuse(c, cmd, "not supported");
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
    {"job_connect", "job_connect_result", on_connect, false},
    {"job_disconnect", "job_disconnect_result", on_disconnect, false},
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

static void take_block(struct pmi_client *c, const struct pmi_msg *m)
{
    static const struct command spawn = {"spawn", "spawn_result", NULL, false};
    if (strcmp(m->cmd, spawn.name))
        unknown(c, m);
    else if (!c->inited)
        refuse(c, &spawn, "this rank has not said init");
    else if (pmi_spawn_block(c, m))
        pmi_spawn_request(request_new(c, &spawn, PMI_VERB_SPAWN), &c->spawn, c->spawn_bad);
}

static void take_line(struct pmi_client *c, const struct pmi_msg *m)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(m->cmd, commands[i].name))
            continue;
        if (!c->inited && !commands[i].early)
            refuse(c, &commands[i], "this rank has not said init");
        else
            commands[i].handler(c, m, &commands[i]);
        return;
    }
    unknown(c, m);
}

static void message(struct pmi_client *c, const struct pmi_msg *m)
{
    if (m->wire == PMI_WIRE_1_BLOCK)
        take_block(c, m);
    else
        take_line(c, m);
}

static void put_codes(struct pmi_out *o, const struct pmi_result *r)
{
    struct buf list;
    buf_init(&list);
    for (uint32_t i = 0; i < r->ncodes; i++) {
        char one[16];
        int n = snprintf(one, sizeof one, i ? ",%d" : "%d", r->codes[i]);
        buf_put(&list, one, (size_t)n);
    }
    buf_put_u8(&list, 0);
    pmi_mem_check(&list);
    if (r->ncodes)
        pmi_out_str(o, "errcodes", (const char *)list.data);
    buf_fini(&list);
}

static void put_failure(struct pmi_out *o, const char *why)
{
    char text[256];
    snprintf(text, sizeof text, "%s", why);
    for (char *p = text; (p = strpbrk(p, " \t\n\\=")); p++)
        *p = '_';
    pmi_out_str(o, "msg", text);
}

static void put_result(struct pmi_out *o, const struct pmi_request *q, const struct pmi_result *r)
{
    if (q->verb == PMI_VERB_SPAWN)
        put_codes(o, r);
    else if (q->verb == PMI_VERB_LOOKUP)
        pmi_out_str(o, "port", r->value.data);
    else if (q->verb == PMI_VERB_BARRIER)
        pmi_out_int(o, "tag", q->tag);
    else if (q->verb == PMI_VERB_GET)
        pmi_out_str(o, "value", r->value.data);
}

/* A barrier that is reached is told without rc. */
static void answer(const struct pmi_request *q, const struct pmi_result *r)
{
    struct buf b;
    const char *why = r->why;
    bool bad = r->rc || pmi_text_value(r->value, &why);
    struct pmi_out o = reply_begin(&b, q->opaque, bad ? 1 : q->verb == PMI_VERB_BARRIER ? -1 : 0);
    if (bad)
        put_failure(&o, why);
    else
        put_result(&o, q, r);
    pmi_text_send(q->client, &o);
}

/* MPICH's clients up to 4.0, with a line of 1024 bytes, take from that the longest names and keys, and die of a longer
 * value. */
const struct pmi_front pmi_front_v1 = {
    .name = "PMI-1",
    .message = message,
    .answer = answer,
    .mapping_max = 1024 - PMI_KVSNAME_MAX - PMI_KEY_MAX - 30 - 1,
};
