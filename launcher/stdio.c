/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio: from a message to a line on the screen, labelled or put together with others.
 */
#include "launcher/stdio.h"

#include "common/label.h"
#include "common/log.h"
#include "common/screen.h"
#include "common/xalloc.h"
#include "launcher/stdio_collapse.h"
#include "launcher/stdio_in.h"
#include "launcher/stdio_terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct stdio {
    struct event_base *base;
    const struct options *o;
    const struct stdio_ops *ops;
    void *arg;
    struct screen *screen;
    struct collapse *collapse; /* NULL: lines are shown one by one */
    struct event *window;      /* of collapse */
    struct stdin_reader *in;   /* NULL: nobody takes stdin from us */
    bool broken[2];
};

static void on_pause(void *arg)
{
    struct stdio *s = arg;
    s->ops->pause(s->arg);
}

static void on_resume(void *arg)
{
    struct stdio *s = arg;
    s->ops->resume(s->arg);
}

void stdio_broken(struct stdio *s, unsigned stream, int error)
{
    bool *told = &s->broken[stream == 2];
    if (*told)
        return;
    *told = true;
    s->ops->broken(s->arg, stream, error);
}

static void on_broken(void *arg, unsigned stream, int error)
{
    stdio_broken(arg, stream, error);
}

static void on_keys(void *arg, enum keys_said said)
{
    struct stdio *s = arg;
    s->ops->keys(s->arg, said);
}

static void on_stdin(void *arg, uint32_t node, const void *data, size_t n)
{
    struct stdio *s = arg;
    s->ops->stdin_data(s->arg, node, data, n);
}

static const struct screen_ops screen_ops = {on_pause, on_resume, NULL, on_broken};

struct stdio *stdio_create(struct event_base *base, const struct options *o, const struct stdio_ops *ops, void *arg)
{
    struct stdio *s = xcalloc(1, sizeof *s);
    *s = (struct stdio){.base = base, .o = o, .ops = ops, .arg = arg};
    s->screen = screen_create(base, &screen_ops, s);
    return s;
}

void stdio_destroy(struct stdio *s)
{
    if (!s)
        return;
    stdin_destroy(s->in);
    collapse_destroy(s->collapse);
    if (s->window)
        event_free(s->window);
    screen_destroy(s->screen);
    free(s);
}

static const char *pattern_of(const struct stdio *s)
{
    return !s->o->label ? "" : s->o->label_pattern ? s->o->label_pattern : LABEL_DEFAULT;
}

/* A group of ranks wrote the same line. */
static void show_group(void *arg, unsigned stream, const char *ranks, const char *line, size_t n)
{
    struct stdio *s = arg;
    static struct buf b;
    buf_clear(&b);
    buf_put(&b, "[", 1);
    buf_put(&b, ranks, strlen(ranks));
    buf_put(&b, "] ", 2);
    buf_put(&b, line, n);
    struct screen_text t = {.stream = stream, .labelled = true, .data = (char *)b.data, .n = b.len};
    screen_raw(s->screen, terminal_is_taken());
    screen_write(s->screen, &t);
}

static void watch_window(struct stdio *s)
{
    long ms = collapse_due(s->collapse);
    if (ms < 0 || evtimer_pending(s->window, NULL))
        return;
    struct timeval t = {ms / 1000, (ms % 1000) * 1000};
    event_add(s->window, &t);
}

static void on_window(evutil_socket_t fd, short what, void *arg)
{
    struct stdio *s = arg;
    collapse_show_due(s->collapse);
    watch_window(s);
}

static void start_collapse(struct stdio *s, uint32_t nranks)
{
    s->collapse = collapse_create(nranks, show_group, s);
    s->window = evtimer_new(s->base, on_window, s);
    if (!s->window)
        log_fatal("out of memory");
}

/* The nodes whose ranks take stdin, by node; returns how many. */
static uint32_t nodes_with_stdin(const struct launch_spec *spec, bool *takes)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < spec->nstdin; i++)
        for (uint32_t r = spec->stdin_ranks[i].first; r <= spec->stdin_ranks[i].last; r++)
            takes[rankmap_node(&spec->map, r)] = true;
    for (uint32_t i = 0; i < spec->map.nnodes; i++) {
        takes[i] |= (spec->flags & LAUNCH_STDIN_ALL) && rankmap_local_size(&spec->map, i) > 0;
        n += takes[i];
    }
    return n;
}

static bool one_rank(const struct launch_spec *spec)
{
    if (spec->flags & LAUNCH_STDIN_ALL)
        return spec->map.nranks == 1;
    return spec->nstdin == 1 && spec->stdin_ranks[0].first == spec->stdin_ranks[0].last;
}

/* A rank reads it as it is where nothing stands between: so what it leaves unread stays there for others. */
static void describe_stdin(struct stdio *s, struct launch_spec *spec, bool ours)
{
    bool tty = isatty(STDIN_FILENO), works = spec->flags & LAUNCH_PTY;
    int flags = fcntl(STDIN_FILENO, F_GETFL);
    bool *takes = xcalloc(spec->map.nnodes, sizeof *takes);
    uint32_t n = nodes_with_stdin(spec, takes);
    if (ours && !tty && !works && one_rank(spec) && !(flags & O_NONBLOCK))
        spec->flags |= LAUNCH_STDIN_OURS;
    else if (n)
        s->in = stdin_create(s->base, takes, spec->map.nnodes, on_stdin, works ? on_keys : NULL, s);
    spec->flags |= tty && !works ? LAUNCH_STDIN_TTY : 0;
    free(takes);
}

/* A file that several nodes write is emptied by us. One that is not there yet is made by the first who writes it. */
static void empty_file(const char *pattern, uint32_t nranks)
{
    if (!*pattern || label_names_rank(pattern) || label_names_node(pattern))
        return;
    struct label_values v = {.size = nranks, .host = ""};
    struct buf name;
    buf_init(&name);
    label_put(&name, pattern, &v, NULL);
    buf_put_u8(&name, 0);
    if (truncate((char *)name.data, 0) < 0)
        log_debug("%s is not there yet, or no file", (char *)name.data);
    buf_fini(&name);
}

void stdio_describe(struct stdio *s, struct launch_spec *spec, bool ours)
{
    if (ours && !s->o->collapse && s->o->pty < 0)
        spec->flags |= LAUNCH_SCREEN;
    if (spec->job == 0) {
        describe_stdin(s, spec, ours);
        empty_file(spec->outfile, spec->map.nranks);
        empty_file(spec->errfile, spec->map.nranks);
        if (s->o->collapse)
            start_collapse(s, spec->map.nranks);
    }
}

void stdio_start(struct stdio *s)
{
    if (s->in)
        stdin_start(s->in);
}

/* Was it written in the terminal of --pty? */
static bool is_terminal(const struct stdio *s, const struct stdio_text *t)
{
    return t->job == 0 && s->o->pty == (long)t->rank;
}

/* Tells a stream of a rank from all others, as proxy/stdio_out.c does. */
static uint64_t who(unsigned job, uint32_t rank, unsigned stream)
{
    return (uint64_t)job << 40 | (uint64_t)rank << 2 | stream;
}

bool stdio_shown_last(const struct stdio *s, unsigned job, uint32_t rank, unsigned stream)
{
    return screen_ends_with(s->screen, who(job, rank, stream));
}

static void show(struct stdio *s, const struct stdio_text *t, bool labelled, const char *pattern)
{
    static struct buf label;
    buf_clear(&label);
    if (labelled && t->continues) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        struct label_values v = {.rank = t->rank, .node = t->node, .job = t->job, .host = t->host};
        label_put(&label, pattern, &v, &now);
    }
    struct screen_text st = {.stream = t->stream,
                             .who = who(t->job, t->rank, t->stream),
                             .labelled = labelled,
                             .continues = t->continues,
                             .verbatim = is_terminal(s, t),
                             .label = (char *)label.data,
                             .nlabel = label.len,
                             .data = t->data,
                             .n = t->n};
    screen_raw(s->screen, terminal_is_taken());
    screen_write(s->screen, &st);
}

/* A part of a line, or what goes on inside one: cannot be put together with others. */
static void show_part(struct stdio *s, const struct stdio_text *t)
{
    static struct buf b;
    buf_clear(&b);
    if (!t->continues) {
        struct label_values v = {.rank = t->rank, .host = t->host};
        label_put(&b, LABEL_DEFAULT, &v, NULL);
    }
    buf_put(&b, t->data, t->n);
    struct stdio_text part = *t;
    part.data = (char *)b.data;
    part.n = b.len;
    show(s, &part, true, LABEL_DEFAULT);
}

static void put_together(struct stdio *s, struct stdio_text t)
{
    const char *end = t.data + t.n;
    while (t.data < end) {
        const char *nl = memchr(t.data, '\n', (size_t)(end - t.data));
        t.n = (size_t)((nl ? nl + 1 : end) - t.data);
        if (t.continues || !nl) {
            collapse_show_all(s->collapse);
            show_part(s, &t);
        } else {
            collapse_add(s->collapse, t.stream, t.rank, t.data, t.n);
        }
        t.data += t.n;
        t.continues = false;
    }
    watch_window(s);
}

void stdio_output(struct stdio *s, const struct stdio_text *t)
{
    if (s->collapse && t->job == 0 && !is_terminal(s, t))
        put_together(s, *t);
    else if (is_terminal(s, t))
        show(s, t, false, "");
    else
        show(s, t, s->o->label && !s->o->collapse, pattern_of(s));
}

void stdio_credit(struct stdio *s, uint32_t node, uint32_t bytes)
{
    if (s->in)
        stdin_credit(s->in, node, bytes);
}

void stdio_node_lost(struct stdio *s, uint32_t node)
{
    if (s && s->in)
        stdin_node_lost(s->in, node);
}

void stdio_wanted(struct stdio *s)
{
    if (s->in)
        stdin_wanted(s->in);
}

void stdio_foreground(struct stdio *s)
{
    if (s && s->in)
        stdin_foreground(s->in);
}

void stdio_rest(struct stdio *s)
{
    terminal_return();
}

/* Nothing is left that a signal could be passed to. */
static void default_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction now;
        if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            signal(signals[i], SIG_DFL);
    }
}

void stdio_finish(struct stdio *s)
{
    if (s->collapse)
        collapse_show_all(s->collapse);
    if (!screen_backlog(s->screen))
        return;
    default_signals();
    screen_finish(s->screen);
}
