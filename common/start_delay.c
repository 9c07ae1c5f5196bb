/* SPDX-License-Identifier: BSD-3-Clause
 *
 * start_delay: the backend of tests: like fork, but late, or failing at a chosen step, by host. What stands in for a
 * proxy that fails is a real process. MUSTER_TEST_START says what happens; its words are explained in tests/README.md.
 */
#include "common/link.h"
#include "common/log.h"
#include "common/start_process.h"
#include "wire/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPEC "MUSTER_TEST_START"
#define PATIENCE_MS 60000

enum fault {
    FAULT_NONE,
    FAULT_CONNECT,
    FAULT_PROGRAM,
    FAULT_EXIT,
    FAULT_SILENT,
    FAULT_NOISE,
    FAULT_VERSION,
    FAULT_GREETED,
    FAULT_STUCK,
    FAULTS
};

/* The word for it, and what runs in place of the proxy. */
static const struct {
    const char *word;
    const char *script;
} faults[FAULTS] = {
    [FAULT_NONE] = {"", NULL},
    [FAULT_CONNECT] = {"connect", NULL},
    [FAULT_PROGRAM] = {"program", NULL},
    [FAULT_EXIT] = {"exit", "exit 3"},
    [FAULT_SILENT] = {"silent", "exec sleep 1000"},
    [FAULT_NOISE] = {"noise", "exec sleep 1000"},
    [FAULT_VERSION] = {"version", "exec sleep 1000"},
    [FAULT_GREETED] = {"greeted", "exit 3"},
    [FAULT_STUCK] = {"stuck", "exec sleep 1000"},
};

struct plan {
    unsigned ms;
    enum fault fault;
    bool two;      /* descriptors */
    bool interior; /* the fault is only for a proxy that shall serve others */
    bool below;    /* ... only where another proxy starts it */
};

/* One word of a host: "500", "connect". Returns 0, or -1. */
static int plan_word(struct plan *p, const char *word)
{
    char *end;
    unsigned long ms = strtoul(word, &end, 10);
    if (*word && !*end) {
        p->ms = (unsigned)ms;
        return 0;
    }
    bool two = strcmp(word, "two") == 0, interior = strcmp(word, "interior") == 0, below = strcmp(word, "below") == 0;
    p->two |= two;
    p->interior |= interior;
    p->below |= below;
    if (two || interior || below)
        return 0;
    for (unsigned f = FAULT_NONE + 1; f < FAULTS; f++)
        if (strcmp(faults[f].word, word) == 0) {
            p->fault = f;
            return 0;
        }
    return -1;
}

/* "500,connect" up to the next ; or the end. Returns 0, or -1. */
static int plan_words(struct plan *p, const char *words)
{
    char word[32];
    for (size_t n;; words += n + 1) {
        n = strcspn(words, ",;");
        snprintf(word, sizeof word, "%.*s", (int)n, words);
        if (plan_word(p, word) < 0)
            return -1;
        if (words[n] != ',')
            return 0;
    }
}

/* "host=word,word;host=word": what holds for that host, the last of those that name it or "*". host NULL: all are
 * read, to find what is wrong. Returns 0, or -1. */
static int plan_read(struct plan *p, const char *host, const char *spec)
{
    for (size_t n; *spec; spec += n + (spec[n] == ';')) {
        n = strcspn(spec, ";");
        size_t name = strcspn(spec, "=;");
        if (name == n)
            return -1;
        bool ours = !host || (name == 1 && *spec == '*') || (name == strlen(host) && !memcmp(host, spec, name));
        if (!ours)
            continue;
        *p = (struct plan){0};
        if (plan_words(p, spec + name + 1) < 0)
            return -1;
    }
    return 0;
}

static void plan_of(struct plan *p, const struct start *s)
{
    const char *spec = getenv(SPEC);
    *p = (struct plan){0};
    if (spec)
        plan_read(p, s->host, spec);
    if ((p->interior && !s->below) || (p->below && s->starter->root))
        p->fault = FAULT_NONE;
}

static int delay_init(struct starter *st, struct err *e)
{
    struct plan p = {0};
    const char *spec = getenv(SPEC);
    if (spec && plan_read(&p, NULL, spec) < 0)
        return err_set(e, "unable to read " SPEC "=%s", spec);
    const char *patience = spec ? strstr(spec, "patience=") : NULL;
    if (patience)
        st->patience_ms = (unsigned)atoi(patience + strlen("patience="));
    return 0;
}

static void write_hello(int fd, uint32_t version)
{
    struct buf b;
    unsigned char head[FRAME_HEAD_SIZE];
    buf_init(&b);
    link_hello_put(&b, version);
    struct frame_head h = {(uint32_t)b.len, CONTROL_HELLO, 0, FRAME_ALL_NODES};
    frame_head_put(head, &h);
    if (write(fd, head, sizeof head) < 0 || write(fd, b.data, b.len) < 0)
        log_warn("unable to write to a link: %m");
    buf_fini(&b);
}

/* What is there before the process of s writes. */
static void write_words(enum fault f, int fd)
{
    static const char noise[] = "Welcome to this host. It has news for you.\n";
    if (f == FAULT_VERSION)
        write_hello(fd, CONTROL_VERSION + 1);
    else if (f == FAULT_GREETED || f == FAULT_STUCK)
        write_hello(fd, CONTROL_VERSION);
    else if (f == FAULT_NOISE && write(fd, noise, sizeof noise - 1) < 0)
        log_warn("unable to write to a link: %m");
}

static int begin_process(struct start *s, const struct plan *p, int stream[2])
{
    char *proxy[] = {(char *)s->starter->proxy, p->two ? (char *)"--stdio" : NULL, NULL};
    char *script[] = {(char *)"/bin/sh", (char *)"-c", (char *)faults[p->fault].script, NULL};
    int other[2];
    if (p->fault == FAULT_PROGRAM)
        proxy[0] = (char *)"/nonexistent/muster-proxy";
    if (start_process_begin(s, script[2] ? script : proxy, p->two, stream, other) < 0)
        return -1;
    write_words(p->fault, other[1]);
    close(other[1]);
    if (other[0] != other[1])
        close(other[0]);
    return 0;
}

static void begin_now(struct start *s)
{
    struct plan p;
    int stream[2];
    plan_of(&p, s);
    if (p.fault == FAULT_CONNECT)
        start_failure_set(&s->failure, START_CONNECT, "does anybody listen there?", "Connection refused");
    if (p.fault == FAULT_CONNECT || begin_process(s, &p, stream) < 0)
        start_fail_later(s);
    else
        s->events->stream(s->arg, stream[0], stream[1]);
}

static void delay_begin(struct starter *st, struct start **v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct plan p;
        plan_of(&p, v[i]);
        start_later(v[i], p.ms, begin_now);
    }
}

const struct start_ops start_delay = {.name = "delay",
                                      .patience_ms = PATIENCE_MS,
                                      .descriptors = 2,
                                      .init = delay_init,
                                      .begin = delay_begin,
                                      .end = start_process_end,
                                      .cancel = start_process_cancel};
