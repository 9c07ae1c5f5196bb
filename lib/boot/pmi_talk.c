/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi_talk: what the questions and their answers are called in the two versions, and how they go out and come in. */
#include "lib/boot/pmi_talk.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
    const char *cmd, *answer;
} words[][2] = {
    [PMI_ASK_INIT] = {{"init", "response_to_init"}, {"init", "response_to_init"}},
    [PMI_ASK_FULLINIT] = {{NULL, NULL}, {"fullinit", "fullinit-response"}},
    [PMI_ASK_SPACE] = {{"get_my_kvsname", "my_kvsname"}, {"job-getid", "job-getid-response"}},
    [PMI_ASK_APPNUM] = {{"get_appnum", "appnum"}, {NULL, NULL}},
    [PMI_ASK_UNIVERSE] = {{"get_universe_size", "universe_size"}, {NULL, NULL}},
    [PMI_ASK_GET] = {{"get", "get_result"}, {"kvs-get", "kvs-get-response"}},
    [PMI_ASK_ATTRIBUTE] = {{"get", "get_result"}, {"info-getjobattr", "info-getjobattr-response"}},
    [PMI_ASK_PUT] = {{"put", "put_result"}, {"kvs-put", "kvs-put-response"}},
    [PMI_ASK_FENCE] = {{"barrier_in", "barrier_out"}, {"kvs-fence", "kvs-fence-response"}},
    [PMI_ASK_FINALIZE] = {{"finalize", "finalize_ack"}, {"finalize", "finalize-response"}},
    [PMI_ASK_ABORT] = {{"abort", NULL}, {"abort", NULL}},
    [PMI_ASK_PUBLISH] = {{"publish_name", "publish_result"}, {"name-publish", "name-publish-response"}},
    [PMI_ASK_LOOKUP] = {{"lookup_name", "lookup_result"}, {"name-lookup", "name-lookup-response"}},
    [PMI_ASK_UNPUBLISH] = {{"unpublish_name", "unpublish_result"}, {"name-unpublish", "name-unpublish-response"}},
    [PMI_ASK_SPAWN] = {{"spawn", "spawn_result"}, {"spawn", "spawn-response"}},
    [PMI_ASK_TIE] = {{"job_connect", "job_connect_result"}, {"job-connect", "job-connect-response"}},
    [PMI_ASK_PART] = {{"job_disconnect", "job_disconnect_result"}, {"job-disconnect", "job-disconnect-response"}},
};

const char *pmi_talk_word(const struct pmi_client *c, enum pmi_question q)
{
    return words[q][c->version - 1].cmd;
}

bool pmi_talk_fail(struct pmi_client *c, const char *what, const char *why)
{
    if (!c->kvs.why[0])
        snprintf(c->kvs.why, sizeof c->kvs.why, "%.60s: %.90s", what, why);
    return false;
}

struct pmi_out pmi_talk_begin(const struct pmi_client *c, struct buf *b, enum pmi_question q)
{
    buf_init(b);
    enum pmi_wire wire = c->version == 2 && q != PMI_ASK_INIT ? PMI_WIRE_2
                         : q == PMI_ASK_SPAWN                 ? PMI_WIRE_1_BLOCK
                                                              : PMI_WIRE_1;
    return pmi_out_begin(b, wire, pmi_talk_word(c, q));
}

bool pmi_talk_say(struct pmi_client *c, struct pmi_out *o, enum pmi_question q)
{
    struct buf *b = o->b;
    bool fits = pmi_out_end(o);
    bool ok = fits && !b->failed && !c->kvs.why[0];
    for (size_t at = 0; ok && at < b->len;) {
        ssize_t n = send(c->fd, b->data + at, b->len - at, MSG_NOSIGNAL);
        ok = n >= 0 || errno == EINTR;
        at += n > 0 ? (size_t)n : 0;
    }
    if (!ok)
        pmi_talk_fail(c, pmi_talk_word(c, q),
                      b->failed ? "out of memory"
                      : fits    ? "the launcher has closed the connection"
                                : "too long for PMI");
    buf_fini(b);
    return ok;
}

/* Takes the next message. False: it failed, or (block false) there is none yet. */
static bool hear(struct pmi_client *c, struct pmi_msg *m, const char *what, bool block)
{
    char piece[4096];
    while (!pmi_stream_next(&c->in, m)) {
        struct pollfd ready = {.fd = c->fd, .events = POLLIN};
        if (c->in.bad)
            return pmi_talk_fail(c, what, c->in.bad);
        if (!block && poll(&ready, 1, 0) <= 0) /* a signal may come meanwhile */
            return false;
        ssize_t n = read(c->fd, piece, sizeof piece);
        if (n == 0 || (n < 0 && errno != EINTR))
            return pmi_talk_fail(c, what, "the launcher has closed the connection");
        if (n > 0)
            pmi_stream_feed(&c->in, piece, (size_t)n);
    }
    return true;
}

bool pmi_talk_take(struct pmi_client *c, enum pmi_question q, struct pmi_msg *m, int64_t *rc, bool block)
{
    const char *expected = words[q][c->version - 1].answer;
    if (!hear(c, m, pmi_talk_word(c, q), block))
        return false;
    if (strcmp(m->cmd, expected) != 0)
        return pmi_talk_fail(c, pmi_talk_word(c, q), "the launcher answers something else");
    *rc = 0;
    if (pmi_msg_get(m, "rc") && pmi_msg_int(m, "rc", INT32_MIN, INT32_MAX, rc) != 0)
        *rc = -1;
    return true;
}

bool pmi_talk_ask(struct pmi_client *c, struct pmi_out *o, enum pmi_question q, struct pmi_msg *m, int64_t *rc)
{
    return pmi_talk_say(c, o, q) && pmi_talk_take(c, q, m, rc, true);
}

const char *pmi_talk_reason(const struct pmi_client *c, const struct pmi_msg *m)
{
    const char *text = pmi_msg_get(m, c->version == 2 ? "errmsg" : "msg");
    return text && *text ? text : "the launcher refuses";
}

bool pmi_talk_ask_ok(struct pmi_client *c, struct pmi_out *o, enum pmi_question q, struct pmi_msg *m)
{
    int64_t rc;
    if (!pmi_talk_ask(c, o, q, m, &rc))
        return false;
    return rc == 0 || pmi_talk_fail(c, pmi_talk_word(c, q), pmi_talk_reason(c, m));
}
