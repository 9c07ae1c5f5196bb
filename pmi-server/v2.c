/* SPDX-License-Identifier: BSD-3-Clause
 *
 * PMI-2: {command, handler}; the answer to NAME is NAME-response, which is also how an unknown command is refused.
 */
#include "pmi-server/front.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pmi-server/attr.h"
#include "pmi-server/barrier.h"
#include "pmi-server/fetch.h"
#include "pmi-server/job.h"
#include "pmi-server/mem.h"
#include "pmi-server/remote.h"
#include "pmi-server/spawn_text.h"

#define THRID_MAX 256 /* bytes */
#define FENCES_MAX 8  /* of a rank that goes on without waiting for the others; the next one waits */

struct command {
    const char *name;
    const char *reply;
    void (*handler)(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd);
};

/* What an answer begins with: the opaque part of a request. */
struct head {
    const char *thrid;
    char reply[];
};

/* One that is too long to go back with an answer is none. */
static const char *thrid_of(const struct pmi_msg *m)
{
    const char *thrid = pmi_msg_get(m, "thrid");
    return thrid && strlen(thrid) <= THRID_MAX ? thrid : NULL;
}

/* Requests with a thrid are answered in any order. */
static struct pmi_request *request_new(struct pmi_client *c, const struct pmi_msg *m, enum pmi_verb verb,
                                       const char *reply)
{
    const char *thrid = thrid_of(m);
    size_t n = strlen(reply) + 1, nthrid = thrid ? strlen(thrid) + 1 : 0;
    struct head *h = pmi_mem_zero(1, sizeof *h + n + nthrid);
    memcpy(h->reply, reply, n);
    if (thrid)
        h->thrid = memcpy(h->reply + n, thrid, nthrid);
    return pmi_request_new(c, &pmi_front_v2, verb, !thrid, h);
}

static struct pmi_out head_put(struct buf *b, const char *reply, const char *thrid, int rc)
{
    buf_init(b);
    struct pmi_out o = pmi_out_begin(b, PMI_WIRE_2, reply);
    if (thrid)
        pmi_out_str(&o, "thrid", thrid);
    pmi_out_int(&o, "rc", rc);
    return o;
}

static struct pmi_out reply_begin(struct buf *b, const struct pmi_msg *m, const char *reply)
{
    return head_put(b, reply, thrid_of(m), 0);
}

static void refuse(struct pmi_client *c, const struct pmi_msg *m, const char *reply, int rc, const char *why)
{
    pmi_answer_fail(request_new(c, m, PMI_VERB_PLAIN, reply), rc, "%s", why);
}

static void accept_plain(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    struct buf b;
    struct pmi_out o = reply_begin(&b, m, cmd->reply);
    pmi_text_send(c, &o);
}

/* The value of a key that the command cannot do without; NULL: it has been refused. */
static const char *need(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd, const char *key)
{
    const char *v = pmi_msg_get(m, key);
    char why[64];
    if (!v) {
        snprintf(why, sizeof why, "%s is missing", key);
        refuse(c, m, cmd->reply, PMI2_ERROR_INVALID_ARG, why);
    }
    return v;
}

static void on_fullinit(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    int64_t rank = -1;
    if (c->inited) {
        refuse(c, m, cmd->reply, PMI2_ERROR_INIT, "this rank has been initialized already");
        return;
    }
    if (pmi_msg_get(m, "pmirank") &&
        (pmi_msg_int(m, "pmirank", -1, UINT32_MAX, &rank) || (rank >= 0 && rank != c->rank))) {
        refuse(c, m, cmd->reply, PMI2_ERROR_INVALID_ARG, "pmirank is not this rank");
        return;
    }
    struct buf b;
    struct pmi_out o = reply_begin(&b, m, cmd->reply);
    pmi_out_int(&o, "rank", c->rank);
    pmi_out_int(&o, "size", c->job->size);
    pmi_out_int(&o, "appnum", c->appnum);
    if (c->job->spawner)
        pmi_out_str(&o, "spawner-jobid", c->job->spawner);
    pmi_out_flag(&o, "debugged", false);
    pmi_out_int(&o, "pmiverbose", 0);
    pmi_text_send(c, &o);
    pmi_client_initialized(c);
}

static void on_getid(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    struct buf b;
    struct pmi_out o = reply_begin(&b, m, cmd->reply);
    pmi_out_str(&o, "jobid", c->job->kvsname);
    pmi_text_send(c, &o);
}

static void on_put(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    const char *why, *key = need(c, m, cmd, "key"), *value = key ? need(c, m, cmd, "value") : NULL;
    if (!value)
        return;
    int rc = pmi_text_put(c, key, value, &why);
    if (rc)
        refuse(c, m, cmd->reply, rc, why);
    else
        accept_plain(c, m, cmd);
}

static void get(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd, enum pmi_verb verb,
                const char *space)
{
    const char *why, *key = need(c, m, cmd, "key");
    int rc = key ? pmi_text_key(key, &why) : 0;
    if (rc)
        refuse(c, m, cmd->reply, rc, why);
    else if (key)
        pmi_get(request_new(c, m, verb, cmd->reply), space, PMI_RANK_UNKNOWN, key,
                verb == PMI_VERB_GET && pmi_text_flag(m, "wait"));
}

static void on_get(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    const char *space = pmi_msg_get(m, "jobid");
    get(c, m, cmd, PMI_VERB_GET, space && *space ? space : NULL);
}

static void on_fence(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    if (c->fences >= FENCES_MAX) {
        struct pmi_request *q = request_new(c, m, PMI_VERB_BARRIER, cmd->reply);
        pmi_barrier(q, NULL, (struct bytes){0});
        return;
    }
    accept_plain(c, m, cmd);
    pmi_fence(c);
}

static void on_jobattr(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    get(c, m, cmd, PMI_VERB_JOBATTR, NULL);
}

static void on_put_nodeattr(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    const char *key = need(c, m, cmd, "key"), *value = key ? need(c, m, cmd, "value") : NULL;
    if (!value)
        return;
    const char *why;
    int rc = pmi_text_key(key, &why);
    if (rc || (rc = pmi_text_value(bytes_of(value), &why))) {
        refuse(c, m, cmd->reply, rc, why);
    } else if (!pmi_client_may_store(c, strlen(key) + strlen(value))) {
        refuse(c, m, cmd->reply, PMI2_ERROR_NOMEM, "this rank has put too many values");
    } else {
        accept_plain(c, m, cmd);
        pmi_nodeattr_put(c->job, key, value);
    }
}

static void on_get_nodeattr(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    const char *why, *key = need(c, m, cmd, "key");
    int rc = key ? pmi_text_key(key, &why) : 0;
    if (rc)
        refuse(c, m, cmd->reply, rc, why);
    if (!key || rc)
        return;
    struct pmi_request *q = request_new(c, m, PMI_VERB_NODEATTR, cmd->reply);
    pmi_request_detail(q, key);
    pmi_nodeattr_get(q, pmi_text_flag(m, "wait"));
}

static void on_publish(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    pmi_text_publish(request_new(c, m, PMI_VERB_PUBLISH, cmd->reply), pmi_msg_get(m, "name"), pmi_msg_get(m, "port"));
}

/* "": refused as missing. */
static const char *service(const struct pmi_msg *m)
{
    const char *name = pmi_msg_get(m, "name");
    return name ? name : "";
}

static void on_lookup(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    pmi_name_lookup(request_new(c, m, PMI_VERB_LOOKUP, cmd->reply), service(m), pmi_text_flag(m, "wait"), false);
}

static void on_unpublish(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    pmi_name_unpublish(request_new(c, m, PMI_VERB_UNPUBLISH, cmd->reply), service(m), false);
}

static void on_spawn(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    struct buf b;
    const char *bad = pmi_spawn_v2(&b, m);
    pmi_spawn_request(request_new(c, m, PMI_VERB_SPAWN, cmd->reply), &b, bad);
}

/* PMI-2 has these commands, and no launcher that does them; `count` is ours. */
static void ties(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd, bool left)
{
    int64_t count = 0;
    if (!pmi_msg_get(m, "count"))
        refuse(c, m, cmd->reply, PMI2_ERROR_OTHER, "not supported");
    else if (pmi_msg_int(m, "count", 1, UINT32_MAX, &count) != 0)
        refuse(c, m, cmd->reply, PMI2_ERROR_INVALID_ARG, "count is no number of ranks");
    else
        pmi_ties(request_new(c, m, PMI_VERB_TIES, cmd->reply), pmi_msg_get(m, "jobid"), count, left);
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
    pmi_msg_text(m, pmi_msg_get(m, "message") ? "message" : "msg", text, sizeof text);
    pmi_client_abort(c, (int)code, text);
}

static void on_finalize(struct pmi_client *c, const struct pmi_msg *m, const struct command *cmd)
{
    accept_plain(c, m, cmd);
    pmi_client_finalized(c);
}

static const struct command commands[] = {
    {"fullinit", "fullinit-response", on_fullinit},
    {"job-getid", "job-getid-response", on_getid},
    {"kvs-put", "kvs-put-response", on_put},
    {"kvs-get", "kvs-get-response", on_get},
    {"kvs-fence", "kvs-fence-response", on_fence},
    {"info-getjobattr", "info-getjobattr-response", on_jobattr},
    {"info-putnodeattr", "info-putnodeattr-response", on_put_nodeattr},
    {"info-getnodeattr", "info-getnodeattr-response", on_get_nodeattr},
    {"name-publish", "name-publish-response", on_publish},
    {"name-lookup", "name-lookup-response", on_lookup},
    {"name-unpublish", "name-unpublish-response", on_unpublish},
    {"spawn", "spawn-response", on_spawn},
    {"abort", NULL, on_abort},
    {"finalize", "finalize-response", on_finalize},
    {"job-connect", "job-connect-response", on_connect},
    {"job-disconnect", "job-disconnect-response", on_disconnect},
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(name, commands[i].name))
            return &commands[i];
    return NULL;
}

static void message(struct pmi_client *c, const struct pmi_msg *m)
{
    const struct command *cmd = find_command(m->cmd);
    char reply[128];
    snprintf(reply, sizeof reply, "%.100s-response", m->cmd);
    if (cmd && cmd->handler == on_abort)
        on_abort(c, m, cmd);
    else if (pmi_msg_get(m, "thrid") && !thrid_of(m))
        refuse(c, m, reply, PMI2_ERROR_INVALID_ARG, "thrid is longer than 256 bytes");
    else if (!cmd)
        refuse(c, m, reply, PMI2_ERROR_OTHER, "unknown command");
    else if (!c->inited && cmd->handler != on_fullinit)
        refuse(c, m, reply, PMI2_ERROR_INIT, "this rank has not said fullinit");
    else
        cmd->handler(c, m, cmd);
}

static void put_value(struct pmi_out *o, const struct pmi_result *r)
{
    pmi_out_flag(o, "found", true);
    pmi_out_str(o, "value", r->value.data);
}

/* Clients of different ages read different words. */
static void put_port(struct pmi_out *o, const struct pmi_result *r)
{
    pmi_out_str(o, "port", r->value.data);
    put_value(o, r);
}

static void put_spawned(struct pmi_out *o, const struct pmi_result *r)
{
    pmi_out_str(o, "jobid", r->value.data ? r->value.data : "");
    pmi_out_int(o, "nerrs", r->ncodes);
    for (uint32_t i = 0; i < r->ncodes; i++) {
        char key[16];
        snprintf(key, sizeof key, "err%u", i);
        pmi_out_int(o, key, r->codes[i]);
    }
}

static void put_result(struct pmi_out *o, const struct pmi_request *q, const struct pmi_result *r)
{
    if (q->verb == PMI_VERB_SPAWN)
        put_spawned(o, r);
    else if (q->verb == PMI_VERB_LOOKUP)
        put_port(o, r);
    else if (q->verb <= PMI_VERB_NODEATTR)
        put_value(o, r);
}

static void put_failure(struct pmi_out *o, const struct pmi_request *q, const char *why)
{
    if (q->verb <= PMI_VERB_NODEATTR || q->verb == PMI_VERB_LOOKUP)
        pmi_out_flag(o, "found", false);
    pmi_out_str(o, "errmsg", why);
}

static void answer(const struct pmi_request *q, const struct pmi_result *r)
{
    const struct head *h = q->opaque;
    struct buf b;
    /* That a job or node has no such attribute is an answer, not an error, to PMI-2's clients. */
    const char *why = r->why;
    int rc = r->rc ? r->rc : pmi_text_value(r->value, &why);
    bool absent = rc == PMI2_ERROR_KEY && (q->verb == PMI_VERB_JOBATTR || q->verb == PMI_VERB_NODEATTR);
    struct pmi_out o = head_put(&b, h->reply, h->thrid, absent ? 0 : rc);
    if (rc)
        put_failure(&o, q, why);
    else
        put_result(&o, q, r);
    if (pmi_text_send(q->client, &o))
        return;
    o = head_put(&b, h->reply, h->thrid, PMI2_ERROR_OTHER);
    put_failure(&o, q, "the answer is longer than 999999 bytes");
    pmi_text_send(q->client, &o);
}

const struct pmi_front pmi_front_v2 = {
    .name = "PMI-2",
    .message = message,
    .answer = answer,
    .release = free,
    .mapping_max = PMI_VALUE_MAX - 1,
};
