/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi_client: the questions about the job and its key-values. Slurm's kvs-fence answers when all are
 * there; Hydra's answers at once, and lets whoever then asks for a key that is not there yet wait. */
#include "lib/boot/pmi_talk.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool ask_plain(struct pmi_client *c, enum pmi_question q, struct pmi_msg *m)
{
    struct buf b;
    struct pmi_out o = pmi_talk_begin(c, &b, q);
    return pmi_talk_ask_ok(c, &o, q, m);
}

static bool hello(struct pmi_client *c, int version)
{
    struct buf b;
    struct pmi_msg m;
    int64_t rc, has = 0;
    c->version = version;
    struct pmi_out o = pmi_talk_begin(c, &b, PMI_ASK_INIT);
    pmi_out_int(&o, "pmi_version", version);
    pmi_out_int(&o, "pmi_subversion", version == 1);
    return pmi_talk_ask(c, &o, PMI_ASK_INIT, &m, &rc) && rc == 0 &&
           pmi_msg_int(&m, "pmi_version", 0, INT32_MAX, &has) == 0 && has == version;
}

bool pmi_client_open(struct pmi_client *c, int fd, int version)
{
    *c = (struct pmi_client){.fd = fd};
    pmi_stream_init(&c->in);
    if (hello(c, version) || (!c->kvs.why[0] && hello(c, 3 - version)))
        return true;
    return pmi_talk_fail(c, "init", "the launcher speaks no version of PMI that is known here");
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
        pmi_talk_fail(c, "get", "out of memory");
    return copy;
}

static bool say_get(struct pmi_client *c, enum pmi_question q, const char *key, bool wait)
{
    struct buf b;
    struct pmi_out o = pmi_talk_begin(c, &b, q);
    if (c->version == 1)
        pmi_out_str(&o, "kvsname", c->space);
    else if (q == PMI_ASK_GET)
        pmi_out_str(&o, "jobid", c->space), pmi_out_int(&o, "srcid", -1);
    pmi_out_str(&o, "key", key);
    if (wait && c->kvs.waits)
        pmi_out_flag(&o, "wait", true);
    return pmi_talk_say(c, &o, q);
}

static char *get(struct pmi_client *c, enum pmi_question q, const char *key)
{
    struct pmi_msg m;
    int64_t rc;
    return say_get(c, q, key, false) && pmi_talk_take(c, q, &m, &rc, true) ? value_of(c, &m, rc) : NULL;
}

char *pmi_client_get(struct pmi_client *c, const char *key)
{
    return get(c, PMI_ASK_GET, key);
}

bool pmi_client_get_begin(struct pmi_client *c, const char *key, bool wait)
{
    if (!say_get(c, PMI_ASK_GET, key, wait))
        return false;
    c->kvs.asked = 1 + PMI_ASK_GET;
    return true;
}

bool pmi_client_get_end(struct pmi_client *c, bool block, char **value)
{
    struct pmi_msg m;
    int64_t rc;
    bool here = pmi_talk_take(c, PMI_ASK_GET, &m, &rc, block);
    *value = here ? value_of(c, &m, rc) : NULL;
    if (here || c->kvs.why[0])
        c->kvs.asked = 0;
    return !c->kvs.asked;
}

bool pmi_client_skip(struct pmi_client *c)
{
    struct pmi_msg m;
    int64_t rc;
    if (c->kvs.asked && (pmi_talk_take(c, (enum pmi_question)(c->kvs.asked - 1), &m, &rc, false) || c->kvs.why[0]))
        c->kvs.asked = 0;
    return !c->kvs.asked;
}

static bool fullinit(struct pmi_client *c, struct pmi_facts *f)
{
    struct buf b;
    struct pmi_msg m;
    struct pmi_out o = pmi_talk_begin(c, &b, PMI_ASK_FULLINIT);
    if (f->job)
        pmi_out_str(&o, "pmijobid", f->job);
    if (f->rank >= 0)
        pmi_out_int(&o, "pmirank", f->rank);
    pmi_out_flag(&o, "threaded", false);
    if (!pmi_talk_ask_ok(c, &o, PMI_ASK_FULLINIT, &m))
        return false;
    f->rank = number(&m, "rank");
    f->size = number(&m, "size");
    f->appnum = number(&m, "appnum");
    return true;
}

static bool space(struct pmi_client *c)
{
    struct pmi_msg m;
    if (!ask_plain(c, PMI_ASK_SPACE, &m))
        return false;
    const char *name = pmi_msg_get(&m, c->version == 2 ? "jobid" : "kvsname");
    if (!name || !*name || strlen(name) >= sizeof c->space)
        return pmi_talk_fail(c, pmi_talk_word(c, PMI_ASK_SPACE), "no name of the job, or a very long one");
    strcpy(c->space, name);
    return true;
}

static void universe(struct pmi_client *c, struct pmi_facts *f)
{
    struct pmi_msg m;
    if (c->version == 1) {
        f->universe_size = ask_plain(c, PMI_ASK_UNIVERSE, &m) ? number(&m, "size") : -1;
        return;
    }
    char *text = get(c, PMI_ASK_ATTRIBUTE, "universeSize"), *end;
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
        return pmi_talk_fail(c, "the rank and the number of ranks",
                             c->version == 2 ? "the launcher's answer makes no sense"
                                             : "PMI_RANK and PMI_SIZE make no sense");
    if (!space(c))
        return false;
    if (c->version == 1)
        f->appnum = ask_plain(c, PMI_ASK_APPNUM, &m) ? number(&m, "appnum") : -1;
    universe(c, f);
    f->map = get(c, PMI_ASK_ATTRIBUTE, "PMI_process_mapping");
    char *waits = get(c, PMI_ASK_ATTRIBUTE, "PMI_get_wait");
    c->kvs.waits = waits && strcmp(waits, "1") == 0;
    free(waits);
    if (!c->kvs.why[0])
        return true;
    free(f->map);
    f->map = NULL;
    return false;
}

bool pmi_client_put(struct pmi_client *c, const char *key, const char *value)
{
    struct buf b;
    struct pmi_msg m;
    struct pmi_out o = pmi_talk_begin(c, &b, PMI_ASK_PUT);
    if (c->version == 1)
        pmi_out_str(&o, "kvsname", c->space);
    pmi_out_str(&o, "key", key);
    pmi_out_str(&o, "value", value);
    return pmi_talk_ask_ok(c, &o, PMI_ASK_PUT, &m);
}

bool pmi_client_fence(struct pmi_client *c)
{
    struct pmi_msg m;
    return ask_plain(c, PMI_ASK_FENCE, &m);
}

bool pmi_client_finalize(struct pmi_client *c)
{
    struct pmi_msg m;
    return ask_plain(c, PMI_ASK_FINALIZE, &m);
}

/* Slurm looks at isworld, others at exitcode. PMI-1's answer to the text is one line of it in each of its words, so it
 * gets none. */
void pmi_client_abort(struct pmi_client *c, int code, const char *text)
{
    struct buf b;
    struct pmi_out o = pmi_talk_begin(c, &b, PMI_ASK_ABORT);
    if (c->version == 2)
        pmi_out_flag(&o, "isworld", true);
    pmi_out_int(&o, "exitcode", code);
    if (c->version == 2 && text)
        pmi_out_str(&o, "msg", text);
    pmi_talk_say(c, &o, PMI_ASK_ABORT);
}
