/* SPDX-License-Identifier: BSD-3-Clause
 *
 * codec: what the generated encoders and decoders (generate.py) are made of, beyond the plain fields of buf. A put of
 * more than the catalogue allows fails the buffer, so that nothing is sent that the other side must refuse; only a line
 * for the user is cut instead. A get of more makes the view bad.
 */
#ifndef WIRE_CODEC_H
#define WIRE_CODEC_H

#include "wire/buf.h"
#include "wire/limits.h"

/* A list inside a message: borrowed, and valid as a whole once its message has been decoded. To write one, put the
 * items into a buffer of their own and take list_of. To read one: struct rbuf r = list_items(&m.ranks); while
 * (control_rank_started_next(&r, &item)) ...
 */
struct list {
    uint32_t n;
    struct bytes items; /* encoded, one behind the other */
};

struct list list_of(uint32_t n, const struct buf *items);
struct rbuf list_items(const struct list *l);
struct bytes bytes_of(const char *s); /* borrowed, without the NUL */

void buf_put_flag(struct buf *b, bool v);
void buf_put_i32(struct buf *b, int32_t v);
void buf_put_count(struct buf *b, uint32_t n, uint32_t max);
void buf_put_string(struct buf *b, struct bytes s, size_t max);
void buf_put_line(struct buf *b, struct bytes s, size_t max); /* longer: cut */
void buf_put_text(struct buf *b, const char *s, size_t max);  /* NULL is "" */
void buf_put_list(struct buf *b, const struct list *l, uint32_t max);

void rbuf_expect(struct rbuf *r, bool good); /* bad unless good */
bool rbuf_flag(struct rbuf *r);              /* 0 or 1 */
int32_t rbuf_i32(struct rbuf *r);
struct bytes rbuf_str(struct rbuf *r, size_t max);        /* borrowed; without NUL inside */
struct bytes rbuf_rest(struct rbuf *r);                   /* borrowed; all that is left */
struct bytes rbuf_since(const struct rbuf *r, size_t at); /* borrowed; what was read from there on */
struct list rbuf_list(struct rbuf *r, size_t each);       /* of items of that many bytes each */
/* A copy of a string without NUL inside: the caller frees; NULL (and bad) when there is none, or no memory. */
char *rbuf_text(struct rbuf *r, size_t max);
void rbuf_word(struct rbuf *r, char *to, size_t max); /* as rbuf_text, into max + 1 bytes */
/* Zeroed memory for n items and one more: the caller frees; NULL (and bad) without memory. rbuf_count has bounded n by
 * the bytes that are there. */
void *rbuf_array(struct rbuf *r, uint32_t n, size_t size);

#endif
