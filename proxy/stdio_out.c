/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_out: the ways out: up the tree, onto our own stdout and stderr, into files.
 */
#include "proxy/stdio_out.h"

#include "common/label.h"
#include "common/screen.h"
#include "common/log.h"
#include "common/xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The process has one stdout and one stderr, whatever the number of jobs. */
static struct {
    struct screen *screen;
    struct proxy *proxy;
    void (*ready)(struct proxy *proxy);
    bool paused;
} direct;

static void on_pause(void *arg)
{
    direct.paused = true;
}

static void on_resume(void *arg)
{
    direct.paused = false;
}

static void on_idle(void *arg)
{
    direct.ready(direct.proxy);
}

static void on_broken(void *arg, unsigned stream, int error)
{
    struct buf b;
    buf_init(&b);
    control_output_broken_put(&b, &(struct control_output_broken){(uint8_t)stream, (uint32_t)error});
    peer_send(direct.proxy->parent, CONTROL_OUTPUT_BROKEN, 0, proxy_node(direct.proxy), &b);
    buf_fini(&b);
}

static const struct screen_ops screen_ops = {on_pause, on_resume, on_idle, on_broken};

void outlet_screen_init(struct proxy *proxy, void (*ready)(struct proxy *proxy))
{
    if (direct.screen)
        return;
    direct.proxy = proxy;
    direct.ready = ready;
    direct.screen = screen_create(proxy->base, &screen_ops, NULL);
}

bool outlet_paused(const struct proxy *proxy)
{
    return direct.paused || peer_congested(proxy->parent);
}

bool outlet_idle(void)
{
    return !direct.screen || screen_backlog(direct.screen) == 0;
}

static struct label_values values_of(const struct rank *r)
{
    return (struct label_values){.rank = r->rank,
                                 .size = r->job->spec.map.nranks,
                                 .node = proxy_node(r->job->proxy),
                                 .job = r->job->spec.job,
                                 .host = proxy_name(r->job->proxy)};
}

/* The name of the stream's file, NULL: it has none. *cut: nobody but this node and job writes it, so it is emptied now;
 * mpiexec does that for a file of several nodes, and a spawned job adds to the files of the first. */
static char *file_name(const struct rank *r, unsigned stream, bool *cut)
{
    const struct launch_spec *s = &r->job->spec;
    const char *pattern = stream == 1 ? s->outfile : s->errfile;
    char *from_dir = NULL;
    if (!*pattern && *s->output_dir)
        pattern = from_dir =
            xasprintf("%s/%srank.{rank}.%s", s->output_dir, s->job ? "job{job}." : "", stream == 1 ? "out" : "err");
    if (!*pattern)
        return NULL;
    struct label_values v = values_of(r);
    struct buf b;
    buf_init(&b);
    label_put(&b, pattern, &v, NULL);
    buf_put_u8(&b, 0);
    *cut = (label_names_rank(pattern) || label_names_node(pattern)) && (s->job == 0 || label_names_job(pattern));
    free(from_dir);
    return (char *)b.data;
}

void outlet_init(struct outlet *o, struct rank *r, unsigned stream, struct files *files)
{
    bool cut = false;
    *o = (struct outlet){.rank = r, .stream = stream};
    char *name = file_name(r, stream, &cut);
    if (name)
        o->file = files_get(files, name, cut);
    free(name);
}

void outlet_fini(struct outlet *o)
{
    free(o->tail);
    o->tail = NULL;
}

/* true: the file has it, and nobody else shall. */
static bool to_file(struct outlet *o, struct files *files, const char *data, size_t n)
{
    bool first;
    int error = files_write(files, o->file, data, n, &first);
    if (first)
        proxy_warn(o->rank->job->proxy, "unable to write %s on %s: %s; the output of rank %u goes to mpiexec instead",
                   files_name(o->file), proxy_name(o->rank->job->proxy), files_error_text(error), o->rank->rank);
    return !error && !(o->rank->job->spec.flags & LAUNCH_TEE);
}

/* Every line of data after the label; where it continues a line, that one is not labelled again. Valid until the next
 * call. */
static struct buf *put_labels(const char *label, size_t nlabel, const char *data, size_t n, bool continues)
{
    static struct buf out;
    const char *p = data, *end = data + n;
    buf_clear(&out);
    buf_reserve(&out, n + 64 * nlabel);
    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        size_t len = (size_t)((nl ? nl + 1 : end) - p);
        char *to = (char *)buf_reserve(&out, nlabel + len);
        if (!to)
            break;
        size_t skip = continues && p == data ? 0 : nlabel;
        memcpy(to, label, skip);
        memcpy(to + skip, p, len);
        out.len += skip + len;
        p += len;
    }
    return &out;
}

/* Tells this stream from all others, as launcher/stdio.c does. */
static uint64_t who(const struct outlet *o)
{
    return (uint64_t)o->rank->job->spec.job << 40 | (uint64_t)o->rank->rank << 2 | o->stream;
}

bool outlet_shown_last(const struct outlet *o)
{
    return (o->rank->job->spec.flags & LAUNCH_SCREEN) && screen_ends_with(direct.screen, who(o));
}

static void to_screen(const struct outlet *o, bool labelled, struct bytes label, struct bytes text, bool continues)
{
    struct screen_text t = {.stream = o->stream,
                            .who = who(o),
                            .labelled = labelled,
                            .continues = continues,
                            .label = label.data,
                            .nlabel = label.len,
                            .data = text.data,
                            .n = text.len};
    screen_write(direct.screen, &t);
}

static void to_mpiexec(const struct outlet *o, struct bytes text, bool continues)
{
    const struct job *j = o->rank->job;
    static struct buf head; /* the message but for its text, which is not copied */
    buf_clear(&head);
    control_output_put(&head, &(struct control_output){o->rank->rank, (uint8_t)o->stream, continues, {NULL, 0}});
    if (head.failed)
        log_fatal("out of memory");
    struct iovec iov[] = {{head.data, head.len}, {(void *)text.data, text.len}};
    peer_sendv(j->proxy->parent, CONTROL_OUTPUT, j->spec.job, proxy_node(j->proxy), iov, 2);
}

static void make_label(struct buf *b, const struct rank *r)
{
    struct timespec now;
    struct label_values v = values_of(r);
    clock_gettime(CLOCK_REALTIME, &now);
    label_put(b, r->job->spec.label, &v, &now);
}

void outlet_put(struct outlet *o, struct files *files, const char *data, size_t n, bool continues)
{
    const struct launch_spec *s = &o->rank->job->spec;
    if (o->stream == 2 || (s->flags & LAUNCH_MERGE_STDERR))
        tail_add(&o->tail, data, n);
    if (o->file && to_file(o, files, data, n))
        return;
    bool labelled = *s->label && !(s->flags & LAUNCH_COLLAPSE) && !launch_spec_has_pty(s, o->rank->rank);
    struct bytes text = {data, n}, label = {NULL, 0};
    static struct buf name;
    if (labelled) {
        buf_clear(&name);
        make_label(&name, o->rank);
        label = (struct bytes){(char *)name.data, name.len};
        struct buf *b = put_labels(label.data, label.len, data, n, continues);
        text = (struct bytes){(char *)b->data, b->len};
    }
    if (s->flags & LAUNCH_SCREEN)
        to_screen(o, labelled, label, text, continues);
    else
        to_mpiexec(o, text, continues);
}
