/* SPDX-License-Identifier: BSD-3-Clause
 *
 * buf: the bytes of one message, written or read field by field.
 *
 * Writing: a `struct buf` grows as fields are put. Reading: a `struct rbuf` is a view on bytes that somebody
 * else owns; every get checks the bytes that are left, and after the first short or oversized field the view is
 * `bad`, all later gets return zeros, and one test at the end (rbuf_ok) is enough. Integers are little-endian
 * and fixed in width; a byte string is a u32 length and its bytes. Nothing a peer sends can make a get allocate.
 */
#ifndef WIRE_BUF_H
#define WIRE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    unsigned char *data; /* owned; NULL while cap is 0 */
    size_t len;          /* bytes written */
    size_t cap;
    bool failed; /* an allocation failed: what was put since is lost; or a field was too long (codec.h) */
};

struct rbuf {
    const unsigned char *data; /* borrowed */
    size_t len;
    size_t pos;
    bool bad;
};

/* A byte string inside somebody else's memory; not NUL-terminated. */
struct bytes {
    const char *data;
    size_t len;
};

void buf_init(struct buf *b);
void buf_fini(struct buf *b);  /* frees; b is as after buf_init */
void buf_clear(struct buf *b); /* forgets the bytes, keeps the memory */
/* Room for n more bytes at data + len; NULL (and failed) without memory. The caller adds to len. */
unsigned char *buf_reserve(struct buf *b, size_t n);
void buf_put(struct buf *b, const void *p, size_t n);
void buf_put_u8(struct buf *b, uint8_t v);
void buf_put_u16(struct buf *b, uint16_t v);
void buf_put_u32(struct buf *b, uint32_t v);
void buf_put_u64(struct buf *b, uint64_t v);
void buf_put_bytes(struct buf *b, const void *p, size_t n); /* u32 length, bytes; n < 4 GiB */
void buf_put_str(struct buf *b, const char *s);             /* as bytes, without the NUL; NULL is "" */

void rbuf_init(struct rbuf *r, const void *p, size_t n);
uint8_t rbuf_u8(struct rbuf *r);
uint16_t rbuf_u16(struct rbuf *r);
uint32_t rbuf_u32(struct rbuf *r);
uint64_t rbuf_u64(struct rbuf *r);
struct bytes rbuf_bytes(struct rbuf *r, size_t max); /* borrowed from r's memory; longer than max: bad */
/* A count of items that take at least `each` bytes: bad if the rest of the message cannot hold them. */
uint32_t rbuf_count(struct rbuf *r, size_t each);
bool rbuf_ok(const struct rbuf *r);   /* no get has failed */
bool rbuf_done(const struct rbuf *r); /* ok, and every byte was read */

/* A NUL-terminated copy (malloc; the caller frees); NULL without memory. */
char *bytes_dup(struct bytes b);
bool bytes_eq(struct bytes b, const char *s);

#endif
