/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi_client: the questions, and what they are called in the two versions. Slurm's kvs-fence answers when all are
 * there; Hydra's answers at once, and lets whoever then asks for a key that is not there yet wait. */
#include "lib/boot/pmi_client.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum question { INIT, FULLINIT, SPACE, APPNUM, UNIVERSE, GET, ATTRIBUTE, PUT, FENCE, FINALIZE, ABORT };

static const struct {
    const char *cmd, *answer;
} words[][2] = {
    [INIT] = {{"init", "response_to_init"}, {"init", "response_to_init"}},
    [FULLINIT] = {{NULL, NULL}, {"fullinit", "fullinit-response"}},
    [SPACE] = {{"get_my_kvsname", "my_kvsname"}, {"job-getid", "job-getid-response"}},
    [APPNUM] = {{"get_appnum", "appnum"}, {NULL, NULL}},
    [UNIVERSE] = {{"get_universe_size", "universe_size"}, {NULL, NULL}},
    [GET] = {{"get", "get_result"}, {"kvs-get", "kvs-get-response"}},
    [ATTRIBUTE] = {{"get", "get_result"}, {"info-getjobattr", "info-getjobattr-response"}},
    [PUT] = {{"put", "put_result"}, {"kvs-put", "kvs-put-response"}},
    [FENCE] = {{"barrier_in", "barrier_out"}, {"kvs-fence", "kvs-fence-response"}},
    [FINALIZE] = {{"finalize", "finalize_ack"}, {"finalize", "finalize-response"}},
    [ABORT] = {{"abort", NULL}, {"abort", NULL}},
};

static const char *word(const struct pmi_client *c, enum question q)
{
    return words[q][c->version - 1].cmd;
}

static bool fail(struct pmi_client *c, const char *what, const char *why)
{
    if (!c->why[0])
        snprintf(c->why, sizeof c->why, "%.60s: %.90s", what, why);
    return false;
}

static struct pmi_out begin(const struct pmi_client *c, struct buf *b, enum question q)
{
    buf_init(b);
    return pmi_out_begin(b, c->version == 2 && q != INIT ? PMI_WIRE_2 : PMI_WIRE_1, word(c, q));
}

static bool say(struct pmi_client *c, struct pmi_out *o, enum question q)
{
    struct buf *b = o->b;
    bool fits = pmi_out_end(o);
    bool ok = fits && !b->failed && !c->why[0];
    for (size_t at = 0; ok && at < b->len;) {
        ssize_t n = send(c->fd, b->data + at, b->len - at, MSG_NOSIGNAL);
        ok = n >= 0 || errno == EINTR;
        at += n > 0 ? (size_t)n : 0;
    }
    if (!ok)
        fail(c, word(c, q),
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
            return fail(c, what, c->in.bad);
        if (!block && poll(&ready, 1, 0) == 0)
            return false;
        ssize_t n = read(c->fd, piece, sizeof piece);
        if (n == 0 || (n < 0 && errno != EINTR))
            return fail(c, what, "the launcher has closed the connection");
        if (n > 0)
            pmi_stream_feed(&c->in, piece, (size_t)n);
    }
    return true;
}

/* Takes the answer to a question, whose rc may tell a failure: then *rc is not 0. */
static bool take(struct pmi_client *c, enum question q, struct pmi_msg *m, int64_t *rc, bool block)
{
    const char *expected = words[q][c->version - 1].answer;
    if (!hear(c, m, word(c, q), block))
        return false;
    if (strcmp(m->cmd, expected) != 0)
        return fail(c, word(c, q), "the launcher answers something else");
    *rc = 0;
    if (pmi_msg_get(m, "rc") && pmi_msg_int(m, "rc", INT32_MIN, INT32_MAX, rc) != 0)
        *rc = -1;
    return true;
}

/* Sends the question, and takes its answer. */
static bool ask(struct pmi_client *c, struct pmi_out *o, enum question q, struct pmi_msg *m, int64_t *rc)
{
    return say(c, o, q) && take(c, q, m, rc, true);
}

/* The same, and it must be granted. */
static bool ask_ok(struct pmi_client *c, struct pmi_out *o, enum question q, struct pmi_msg *m)
{
    int64_t rc;
    if (!ask(c, o, q, m, &rc))
        return false;
    const char *text = pmi_msg_get(m, c->version == 2 ? "errmsg" : "msg");
    return rc == 0 || fail(c, word(c, q), text && *text ? text : "the launcher refuses");
}

static bool ask_plain(struct pmi_client *c, enum question q, struct pmi_msg *m)
{
    struct buf b;
    struct pmi_out o = begin(c, &b, q);
    return ask_ok(c, &o, q, m);
}

static bool hello(struct pmi_client *c, int version)
{
    struct buf b;
    struct pmi_msg m;
    int64_t rc, has = 0;
    c->version = version;
    struct pmi_out o = begin(c, &b, INIT);
    pmi_out_int(&o, "pmi_version", version);
    pmi_out_int(&o, "pmi_subversion", version == 1);
    return ask(c, &o, INIT, &m, &rc) && rc == 0 && pmi_msg_int(&m, "pmi_version", 0, INT32_MAX, &has) == 0 &&
           has == version;
}

bool pmi_client_open(struct pmi_client *c, int fd, int version)
{
    *c = (struct pmi_client){.fd = fd};
    pmi_stream_init(&c->in);
    if (hello(c, version) || (!c->why[0] && hello(c, 3 - version)))
        return true;
    return fail(c, "init", "the launcher speaks no version of PMI that is known here");
}

void pmi_client_rest(struct pmi_client *c)
{
    pmi_stream_fini(&c->in);
    c->fd = -1;
}

void pmi_client_close(struct pmi_client *c)
{
    int fd = c->fd;
    pmi_client_rest(c);
    if (fd >= 0)
        close(fd);
}

/* An int of the answer, -1 if it is not there. */
static int number(const struct pmi_msg *m, const char *key)
{
    int64_t n;
    return pmi_msg_int(m, key, -1, INT32_MAX, &n) == 0 ? (int)n : -1;
}

/* The value that the answer holds, if it holds one. */
static char *value_of(struct pmi_client *c, const struct pmi_msg *m, int64_t rc)
{
    const char *found = pmi_msg_get(m, "found"), *v = pmi_msg_get(m, "value");
    if (rc != 0 || !v || (found && strcmp(found, "TRUE") != 0))
        return NULL;
    char *copy = strdup(v);
    if (!copy)
        fail(c, "get", "out of memory");
    return copy;
}

static bool say_get(struct pmi_client *c, enum question q, const char *key, bool wait)
{
    struct buf b;
    struct pmi_out o = begin(c, &b, q);
    if (c->version == 1)
        pmi_out_str(&o, "kvsname", c->space);
    else if (q == GET)
        pmi_out_str(&o, "jobid", c->space), pmi_out_int(&o, "srcid", -1);
    pmi_out_str(&o, "key", key);
    if (wait && c->waits)
        pmi_out_flag(&o, "wait", true);
    return say(c, &o, q);
}

static char *get(struct pmi_client *c, enum question q, const char *key)
{
    struct pmi_msg m;
    int64_t rc;
    return say_get(c, q, key, false) && take(c, q, &m, &rc, true) ? value_of(c, &m, rc) : NULL;
}

char *pmi_client_get(struct pmi_client *c, const char *key)
{
    return get(c, GET, key);
}

bool pmi_client_get_begin(struct pmi_client *c, const char *key, bool wait)
{
    c->asked = say_get(c, GET, key, wait);
    return c->asked;
}

bool pmi_client_get_end(struct pmi_client *c, bool block, char **value)
{
    struct pmi_msg m;
    int64_t rc;
    bool here = take(c, GET, &m, &rc, block);
    *value = here ? value_of(c, &m, rc) : NULL;
    if (here || c->why[0])
        c->asked = false;
    return !c->asked;
}

static bool fullinit(struct pmi_client *c, struct pmi_facts *f)
{
    struct buf b;
    struct pmi_msg m;
    struct pmi_out o = begin(c, &b, FULLINIT);
    if (f->job)
        pmi_out_str(&o, "pmijobid", f->job);
    if (f->rank >= 0)
        pmi_out_int(&o, "pmirank", f->rank);
    pmi_out_flag(&o, "threaded", false);
    if (!ask_ok(c, &o, FULLINIT, &m))
        return false;
    f->rank = number(&m, "rank");
    f->size = number(&m, "size");
    f->appnum = number(&m, "appnum");
    return true;
}

static bool space(struct pmi_client *c)
{
    struct pmi_msg m;
    if (!ask_plain(c, SPACE, &m))
        return false;
    const char *name = pmi_msg_get(&m, c->version == 2 ? "jobid" : "kvsname");
    if (!name || !*name || strlen(name) >= sizeof c->space)
        return fail(c, word(c, SPACE), "no name of the job, or a very long one");
    strcpy(c->space, name);
    return true;
}

static void universe(struct pmi_client *c, struct pmi_facts *f)
{
    struct pmi_msg m;
    if (c->version == 1) {
        f->universe_size = ask_plain(c, UNIVERSE, &m) ? number(&m, "size") : -1;
        return;
    }
    char *text = get(c, ATTRIBUTE, "universeSize"), *end;
    long n = text && *text ? strtol(text, &end, 10) : -1;
    f->universe_size = n >= 0 && n <= INT32_MAX && !*end ? (int)n : -1;
    free(text);
}

bool pmi_client_facts(struct pmi_client *c, struct pmi_facts *f)
{
    struct pmi_msg m;
    f->appnum = f->universe_size = -1;
    f->map = NULL;
    if (c->version == 2 && !fullinit(c, f))
        return false;
    if (f->rank < 0 || f->size <= f->rank)
        return fail(c, "the rank and the number of ranks",
                    c->version == 2 ? "the launcher's answer makes no sense" : "PMI_RANK and PMI_SIZE make no sense");
    if (!space(c))
        return false;
    if (c->version == 1)
        f->appnum = ask_plain(c, APPNUM, &m) ? number(&m, "appnum") : -1;
    universe(c, f);
    f->map = get(c, ATTRIBUTE, "PMI_process_mapping");
    char *waits = get(c, ATTRIBUTE, "PMI_get_wait");
    c->waits = waits && strcmp(waits, "1") == 0;
    free(waits);
    if (!c->why[0])
        return true;
    free(f->map);
    f->map = NULL;
    return false;
}

bool pmi_client_put(struct pmi_client *c, const char *key, const char *value)
{
    struct buf b;
    struct pmi_msg m;
    struct pmi_out o = begin(c, &b, PUT);
    if (c->version == 1)
        pmi_out_str(&o, "kvsname", c->space);
    pmi_out_str(&o, "key", key);
    pmi_out_str(&o, "value", value);
    return ask_ok(c, &o, PUT, &m);
}

bool pmi_client_fence(struct pmi_client *c)
{
    struct pmi_msg m;
    return ask_plain(c, FENCE, &m);
}

bool pmi_client_finalize(struct pmi_client *c)
{
    struct pmi_msg m;
    return ask_plain(c, FINALIZE, &m);
}

/* Slurm looks at isworld, others at exitcode. PMI-1's answer to the text is one line of it in each of its words, so it
 * gets none. */
void pmi_client_abort(struct pmi_client *c, int code, const char *text)
{
    struct buf b;
    struct pmi_out o = begin(c, &b, ABORT);
    if (c->version == 2)
        pmi_out_flag(&o, "isworld", true);
    pmi_out_int(&o, "exitcode", code);
    if (c->version == 2)
        pmi_out_str(&o, "msg", text);
    say(c, &o, ABORT);
}
