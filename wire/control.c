/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/control.h"

#include "wire/frame.h"

#include <stdlib.h>

#define NODE_NAME_MAX 1024

static const struct {
    const char *name;
    enum control_direction direction;
} catalogue[] = {
#define CONTROL(name, direction, what) [CONTROL_##name] = {#name, CONTROL_##direction},
#include "wire/control.def"
#undef CONTROL
};

const char *control_name(unsigned type)
{
    return type > CONTROL_NONE && type < CONTROL_END ? catalogue[type].name : "unknown";
}

bool control_goes(unsigned type, enum control_direction d)
{
    return type > CONTROL_NONE && type < CONTROL_END && catalogue[type].direction == d;
}

void control_setup_put(struct buf *b, const struct control_setup *s)
{
    buf_put_u32(b, s->first);
    buf_put_u32(b, s->radix);
    buf_put_u32(b, s->verbose);
    buf_put_u32(b, s->nnodes);
    for (uint32_t i = 0; i < s->nnodes; i++)
        buf_put_str(b, s->names[i]);
}

bool control_setup_get(struct rbuf *r, struct control_setup *s)
{
    *s = (struct control_setup){0};
    s->first = rbuf_u32(r);
    s->radix = rbuf_u32(r);
    s->verbose = rbuf_u32(r);
    uint32_t n = rbuf_count(r, 4);
    bool sane = rbuf_ok(r) && n > 0 && s->radix > 0 && s->first < FRAME_ALL_NODES - n;
    s->names = sane ? calloc(n, sizeof *s->names) : NULL;
    if (!s->names)
        return false;
    for (; s->nnodes < n; s->nnodes++) {
        struct bytes name = rbuf_bytes(r, NODE_NAME_MAX);
        s->names[s->nnodes] = rbuf_ok(r) ? bytes_dup(name) : NULL;
        if (!s->names[s->nnodes])
            break;
    }
    if (s->nnodes == n && rbuf_done(r))
        return true;
    control_setup_fini(s);
    return false;
}

void control_setup_fini(struct control_setup *s)
{
    for (uint32_t i = 0; i < s->nnodes; i++)
        free(s->names[i]);
    free(s->names);
    *s = (struct control_setup){0};
}

void control_started_put(struct buf *b, const struct control_started *s)
{
    buf_put_u32(b, s->rank);
    buf_put_u32(b, s->pid);
    buf_put_u32(b, s->stage);
    buf_put_u32(b, s->error);
    buf_put_u64(b, s->time);
}

void control_started_get(struct rbuf *r, struct control_started *s)
{
    s->rank = rbuf_u32(r);
    s->pid = rbuf_u32(r);
    s->stage = rbuf_u32(r);
    s->error = rbuf_u32(r);
    s->time = rbuf_u64(r);
}

void control_exited_put(struct buf *b, const struct control_exited *x)
{
    buf_put_u32(b, x->rank);
    buf_put_u32(b, x->status);
    buf_put_u32(b, x->flags);
    buf_put_u64(b, x->utime);
    buf_put_u64(b, x->stime);
    buf_put_u64(b, x->maxrss);
    buf_put_u64(b, x->time);
}

void control_exited_get(struct rbuf *r, struct control_exited *x)
{
    x->rank = rbuf_u32(r);
    x->status = rbuf_u32(r);
    x->flags = rbuf_u32(r);
    x->utime = rbuf_u64(r);
    x->stime = rbuf_u64(r);
    x->maxrss = rbuf_u64(r);
    x->time = rbuf_u64(r);
}

void control_state_put(struct buf *b, const struct control_state *s)
{
    buf_put_u32(b, s->rank);
    buf_put_u32(b, s->pid);
    buf_put_u32(b, s->state);
    buf_put_u64(b, s->cpu);
    buf_put_u64(b, s->rss);
    buf_put_u64(b, s->since);
    buf_put_bytes(b, s->what.data, s->what.len < CONTROL_STATE_WHAT_MAX ? s->what.len : CONTROL_STATE_WHAT_MAX);
}

void control_state_get(struct rbuf *r, struct control_state *s)
{
    s->rank = rbuf_u32(r);
    s->pid = rbuf_u32(r);
    s->state = rbuf_u32(r);
    s->cpu = rbuf_u64(r);
    s->rss = rbuf_u64(r);
    s->since = rbuf_u64(r);
    s->what = rbuf_bytes(r, CONTROL_STATE_WHAT_MAX);
}

#define CONTINUES 128u

void control_output_put(unsigned char to[CONTROL_OUTPUT_HEAD], uint32_t rank, unsigned stream, bool continues)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(rank >> 8 * i);
    to[4] = (unsigned char)(stream | (continues ? CONTINUES : 0));
}

void control_output_get(struct rbuf *r, uint32_t *rank, unsigned *stream, bool *continues)
{
    *rank = rbuf_u32(r);
    unsigned s = rbuf_u8(r);
    *continues = s & CONTINUES;
    *stream = s & ~CONTINUES;
    if (!rbuf_ok(r) || *stream > 2)
        *stream = 0;
}
