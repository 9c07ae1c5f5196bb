/* SPDX-License-Identifier: BSD-3-Clause
 *
 * codec.c: what the generated encoders and decoders are made of.
 */
#include "wire/codec.h"

#include <stdlib.h>
#include <string.h>

struct list list_of(uint32_t n, const struct buf *items)
{
    return (struct list){n, {(const char *)items->data, items->len}};
}

struct rbuf list_items(const struct list *l)
{
    struct rbuf r;
    rbuf_init(&r, l->items.data, l->items.len);
    return r;
}

struct bytes bytes_of(const char *s)
{
    return (struct bytes){s, strlen(s)};
}

void buf_put_flag(struct buf *b, bool v)
{
    buf_put_u8(b, v);
}

void buf_put_i32(struct buf *b, int32_t v)
{
    buf_put_u32(b, (uint32_t)v);
}

void buf_put_count(struct buf *b, uint32_t n, uint32_t max)
{
    b->failed |= n > max;
    buf_put_u32(b, n);
}

void buf_put_string(struct buf *b, struct bytes s, size_t max)
{
    b->failed |= s.len > max;
    buf_put_bytes(b, s.data, s.len);
}

void buf_put_line(struct buf *b, struct bytes s, size_t max)
{
    buf_put_bytes(b, s.data, s.len < max ? s.len : max);
}

void buf_put_text(struct buf *b, const char *s, size_t max)
{
    buf_put_string(b, bytes_of(s ? s : ""), max);
}

void buf_put_list(struct buf *b, const struct list *l, uint32_t max)
{
    buf_put_count(b, l->n, max);
    buf_put(b, l->items.data, l->items.len);
}

void rbuf_expect(struct rbuf *r, bool good)
{
    r->bad |= !good;
}

bool rbuf_flag(struct rbuf *r)
{
    uint8_t v = rbuf_u8(r);
    rbuf_expect(r, v <= 1);
    return v == 1;
}

int32_t rbuf_i32(struct rbuf *r)
{
    return (int32_t)rbuf_u32(r);
}

/* A string with a NUL inside would be cut silently by much that follows: it is malformed. */
struct bytes rbuf_str(struct rbuf *r, size_t max)
{
    struct bytes s = rbuf_bytes(r, max);
    rbuf_expect(r, !s.len || !memchr(s.data, 0, s.len));
    return s;
}

struct bytes rbuf_rest(struct rbuf *r)
{
    size_t at = r->pos;
    if (!r->bad)
        r->pos = r->len;
    return rbuf_since(r, at);
}

struct bytes rbuf_since(const struct rbuf *r, size_t at)
{
    if (r->bad || r->pos == at)
        return (struct bytes){"", 0};
    return (struct bytes){(const char *)r->data + at, r->pos - at};
}

struct list rbuf_list(struct rbuf *r, size_t each)
{
    uint32_t n = rbuf_count(r, each); /* 0 when bad */
    size_t at = r->pos;
    r->pos += n * each;
    return (struct list){n, rbuf_since(r, at)};
}

char *rbuf_text(struct rbuf *r, size_t max)
{
    struct bytes s = rbuf_str(r, max);
    char *copy = rbuf_ok(r) ? bytes_dup(s) : NULL;
    rbuf_expect(r, copy != NULL);
    return copy;
}

void rbuf_word(struct rbuf *r, char *to, size_t max)
{
    struct bytes s = rbuf_str(r, max);
    if (!rbuf_ok(r))
        return;
    memcpy(to, s.data, s.len);
    to[s.len] = 0;
}

void *rbuf_array(struct rbuf *r, uint32_t n, size_t size)
{
    void *p = rbuf_ok(r) ? calloc((size_t)n + 1, size) : NULL;
    rbuf_expect(r, p != NULL);
    return p;
}
