/* SPDX-License-Identifier: BSD-3-Clause
 *
 * screen: what ranks write, put together on stdout and stderr. */
#include "common/screen.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "wire/buf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG_HIGH (256u << 10)

/* One file that we write: stdout, stderr, or both. */
struct outlet {
    struct screen *screen;
    struct writer *writer;
    unsigned stream; /* the first that leads here */
    bool tty;
    bool open;      /* the last byte was not a newline */
    uint64_t owner; /* whose line that is */
};

struct screen {
    const struct screen_ops *ops;
    void *arg;
    struct outlet outlets[2];
    struct outlet *of[2]; /* of[stream - 1] */
    bool paused;
    bool raw;
};

static void on_drained(void *arg)
{
    struct outlet *o = arg;
    struct screen *s = o->screen;
    if (screen_backlog(s))
        return;
    if (s->paused) {
        s->paused = false;
        s->ops->resume(s->arg);
    }
    if (s->ops->idle)
        s->ops->idle(s->arg);
}

static void on_broken(void *arg, int error)
{
    struct outlet *o = arg;
    o->screen->ops->broken(o->screen->arg, o->stream, error);
}

static const struct writer_ops writer_ops = {on_drained, on_broken};

struct screen *screen_create(struct event_base *base, const struct screen_ops *ops, void *arg)
{
    struct screen *s = xcalloc(1, sizeof *s);
    s->ops = ops;
    s->arg = arg;
    bool same = writer_same(STDOUT_FILENO, STDERR_FILENO);
    for (unsigned i = 0; i < 2; i++) {
        s->of[i] = &s->outlets[same ? 0 : i];
        if (i == 0 || !same)
            s->outlets[i] = (struct outlet){.screen = s, .stream = i + 1, .tty = isatty((int)i + 1)};
        if (i == 0 || !same)
            s->outlets[i].writer = writer_create(base, (int)i + 1, &writer_ops, &s->outlets[i]);
    }
    return s;
}

void screen_destroy(struct screen *s)
{
    if (!s)
        return;
    writer_destroy(s->outlets[0].writer);
    writer_destroy(s->outlets[1].writer);
    free(s);
}

void screen_raw(struct screen *s, bool raw)
{
    s->raw = raw;
}

/* Valid until the next call. */
static struct iovec with_returns(const char *data, size_t n)
{
    static struct buf out;
    buf_clear(&out);
    while (n) {
        const char *nl = memchr(data, '\n', n);
        size_t line = nl ? (size_t)(nl - data) : n;
        buf_put(&out, data, line);
        if (nl)
            buf_put(&out, "\r\n", 2);
        data += line + (nl != NULL);
        n -= line + (nl != NULL);
    }
    if (out.failed)
        log_fatal("out of memory");
    return (struct iovec){out.data, out.len};
}

void screen_write(struct screen *s, const struct screen_text *t)
{
    struct outlet *o = s->of[t->stream == 2];
    struct iovec iov[3];
    int n = 0;
    bool same_line = o->open && o->owner == t->who, raw = s->raw && o->tty;
    if (t->n == 0)
        return;
    if (t->labelled && o->open && !(same_line && t->continues))
        iov[n++] = (struct iovec){(void *)(raw ? "\r\n" : "\n"), raw ? 2 : 1};
    if (t->labelled && t->continues && !same_line)
        iov[n++] = (struct iovec){(void *)t->label, t->nlabel};
    iov[n++] = raw && !t->verbatim ? with_returns(t->data, t->n) : (struct iovec){(void *)t->data, t->n};
    o->open = t->data[t->n - 1] != '\n';
    o->owner = t->who;
    writer_write(o->writer, iov, n);
    if (!s->paused && screen_backlog(s) > BACKLOG_HIGH) {
        s->paused = true;
        s->ops->pause(s->arg);
    }
}

bool screen_ends_with(const struct screen *s, uint64_t who)
{
    return s->of[1]->owner == who;
}

size_t screen_backlog(const struct screen *s)
{
    size_t sum = 0;
    for (int i = 0; i < 2; i++)
        sum += s->outlets[i].writer ? writer_backlog(s->outlets[i].writer) : 0;
    return sum;
}

void screen_finish(struct screen *s)
{
    for (int i = 0; i < 2; i++)
        if (s->outlets[i].writer)
            writer_finish(s->outlets[i].writer);
}
