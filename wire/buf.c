/* SPDX-License-Identifier: BSD-3-Clause
 *
 * buf.c: the bytes of one message, written and read field by field.
 */
#include "wire/buf.h"

#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b)
{
    *b = (struct buf){0};
}

void buf_fini(struct buf *b)
{
    free(b->data);
    buf_init(b);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

unsigned char *buf_reserve(struct buf *b, size_t n)
{
    if (n > SIZE_MAX / 4 - b->len) {
        b->failed = true;
        return NULL;
    }
    if (b->cap - b->len < n) {
        size_t cap = b->cap ? b->cap * 2 : 256;
        while (cap - b->len < n)
            cap *= 2;
        unsigned char *p = realloc(b->data, cap);
        if (!p) {
            b->failed = true;
            return NULL;
        }
        b->data = p;
        b->cap = cap;
    }
    return b->data + b->len;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
    unsigned char *to = n ? buf_reserve(b, n) : NULL;
    if (!to)
        return;
    memcpy(to, p, n);
    b->len += n;
}

static void put_le(struct buf *b, uint64_t v, size_t n)
{
    unsigned char tmp[8];
    for (size_t i = 0; i < n; i++)
        tmp[i] = (unsigned char)(v >> (8 * i));
    buf_put(b, tmp, n);
}

void buf_put_u8(struct buf *b, uint8_t v)
{
    put_le(b, v, 1);
}

void buf_put_u16(struct buf *b, uint16_t v)
{
    put_le(b, v, 2);
}

void buf_put_u32(struct buf *b, uint32_t v)
{
    put_le(b, v, 4);
}

void buf_put_u64(struct buf *b, uint64_t v)
{
    put_le(b, v, 8);
}

void buf_put_bytes(struct buf *b, const void *p, size_t n)
{
    if (n > UINT32_MAX) {
        b->failed = true;
        return;
    }
    buf_put_u32(b, (uint32_t)n);
    buf_put(b, p, n);
}

void buf_put_str(struct buf *b, const char *s)
{
    buf_put_bytes(b, s, s ? strlen(s) : 0);
}

void rbuf_init(struct rbuf *r, const void *p, size_t n)
{
    *r = (struct rbuf){.data = p, .len = n};
}

/* The next n bytes, or NULL and bad. */
static const unsigned char *take(struct rbuf *r, size_t n)
{
    if (r->bad || r->len - r->pos < n) {
        r->bad = true;
        return NULL;
    }
    const unsigned char *p = r->data + r->pos;
    r->pos += n;
    return p;
}

static uint64_t get_le(struct rbuf *r, size_t n)
{
    const unsigned char *p = take(r, n);
    uint64_t v = 0;
    for (size_t i = 0; p && i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

uint8_t rbuf_u8(struct rbuf *r)
{
    return (uint8_t)get_le(r, 1);
}

uint16_t rbuf_u16(struct rbuf *r)
{
    return (uint16_t)get_le(r, 2);
}

uint32_t rbuf_u32(struct rbuf *r)
{
    return (uint32_t)get_le(r, 4);
}

uint64_t rbuf_u64(struct rbuf *r)
{
    return get_le(r, 8);
}

struct bytes rbuf_bytes(struct rbuf *r, size_t max)
{
    uint32_t n = rbuf_u32(r);
    if (n > max)
        r->bad = true;
    const unsigned char *p = take(r, n);
    if (!p)
        return (struct bytes){"", 0};
    return (struct bytes){(const char *)p, n};
}

uint32_t rbuf_count(struct rbuf *r, size_t each)
{
    uint32_t n = rbuf_u32(r);
    if (each && n > (r->len - r->pos) / each)
        r->bad = true;
    return r->bad ? 0 : n;
}

bool rbuf_ok(const struct rbuf *r)
{
    return !r->bad;
}

bool rbuf_done(const struct rbuf *r)
{
    return !r->bad && r->pos == r->len;
}

char *bytes_dup(struct bytes b)
{
    char *s = malloc(b.len + 1);
    if (!s)
        return NULL;
    if (b.len)
        memcpy(s, b.data, b.len);
    s[b.len] = 0;
    return s;
}

bool bytes_eq(struct bytes b, const char *s)
{
    return strlen(s) == b.len && memcmp(b.data, s, b.len) == 0;
}
