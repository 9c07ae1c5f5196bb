/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi.c: messages of PMI-1 and PMI-2, taken out of a stream. A message is found first (its end, by scanning each byte
 * once however the bytes are cut), then split in place: the stream's own copy of the bytes gets the NULs. So a message
 * costs no memory but its list of items.
 */
#include "wire/pmi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define V2_LENGTH 6 /* characters before a PMI-2 message */

void pmi_stream_init(struct pmi_stream *s)
{
    *s = (struct pmi_stream){0};
}

void pmi_stream_fini(struct pmi_stream *s)
{
    buf_fini(&s->in);
    buf_fini(&s->item);
    pmi_stream_init(s);
}

static bool set_bad(struct pmi_stream *s, const char *why)
{
    s->bad = why;
    return false;
}

void pmi_stream_feed(struct pmi_stream *s, const void *p, size_t n)
{
    if (s->bad)
        return;
    if (s->pos) {
        memmove(s->in.data, s->in.data + s->pos, s->in.len - s->pos);
        s->in.len -= s->pos;
        s->scanned -= s->scanned < s->pos ? s->scanned : s->pos;
        s->pos = 0;
    }
    buf_put(&s->in, p, n);
    if (s->in.failed)
        set_bad(s, "no memory for a PMI message");
}

size_t pmi_stream_pending(const struct pmi_stream *s)
{
    return s->in.len - s->pos;
}

static bool add_item(struct pmi_stream *s, const char *key, const char *value)
{
    struct pmi_item it = {key, value};
    if (s->item.len / sizeof it >= PMI_ITEMS_MAX)
        return set_bad(s, "a PMI message of too many items");
    buf_put(&s->item, &it, sizeof it);
    return !s->item.failed || set_bad(s, "no memory for a PMI message");
}

/* The value at p: up to a blank or end, escapes taken out in place. Returns what follows it. */
static char *take_v1_value(char *p, char *end)
{
    char *to = p;
    for (; p < end && *p != ' '; p++) {
        if (*p == '\\' && p + 1 < end)
            p++;
        *to++ = *p;
    }
    *to = 0;
    return p < end ? p + 1 : p;
}

/* *end is the newline, which may be overwritten. */
static bool split_line(struct pmi_stream *s, char *p, char *end)
{
    *end = 0;
    while (p < end) {
        if (*p == ' ') {
            p++;
            continue;
        }
        char *key = p, *value = NULL;
        p += strcspn(p, "= ");
        bool has_value = p < end && *p == '=';
        *p = 0;
        if (p < end)
            p++;
        if (has_value) {
            value = p;
            p = take_v1_value(p, end);
        }
        if (!add_item(s, key, value))
            return false;
    }
    return true;
}

static bool split_block(struct pmi_stream *s, char *p, char *end)
{
    while (p < end) {
        char *eol = memchr(p, '\n', (size_t)(end - p));
        *eol = 0;
        char *eq = strchr(p, '=');
        if (eq)
            *eq = 0;
        if (eol > p && !add_item(s, p, eq ? eq + 1 : NULL))
            return false;
        p = eol + 1;
    }
    return true;
}

/* The value at p: up to a `;` that stands alone, or the end. */
static char *take_v2_value(char *p, char *end)
{
    char *to = p;
    for (; p < end; p++) {
        if (*p == ';' && !(p + 1 < end && *++p == ';'))
            break;
        *to++ = *p;
    }
    if (to < end)
        *to = 0;
    return p;
}

/* The bytes [p, end) are followed by one that may be overwritten. */
static bool split_v2(struct pmi_stream *s, char *p, char *end)
{
    *end = 0;
    while (p < end) {
        char *key = p, *value = NULL;
        p += strcspn(p, "=;");
        bool has_value = p < end && *p == '=';
        *p = 0;
        if (p < end)
            p++;
        if (has_value) {
            value = p;
            p = take_v2_value(p, end);
        }
        if ((*key || value) && !add_item(s, key, value))
            return false;
    }
    return true;
}

struct extent {
    size_t skip; /* bytes before the text */
    size_t text; /* bytes of text, without what ends it */
    size_t all;  /* bytes to take from the stream */
    enum pmi_wire wire;
};

/* Is the byte at `at` taken as it is, after an odd number of `\`? */
static bool escaped(const struct pmi_stream *s, size_t at)
{
    size_t n = 0;
    while (at - n > s->pos && s->in.data[at - n - 1] == '\\')
        n++;
    return n % 2;
}

static bool find_line(struct pmi_stream *s, struct extent *x)
{
    const unsigned char *d = s->in.data, *eol;
    size_t from = s->scanned > s->pos ? s->scanned : s->pos;
    while ((eol = memchr(d + from, '\n', s->in.len - from)) && escaped(s, (size_t)(eol - d)))
        from = (size_t)(eol - d) + 1;
    size_t len = eol ? (size_t)(eol - d) - s->pos : s->in.len - s->pos;
    if (len >= PMI_LINE_MAX)
        return set_bad(s, "a line that is too long for PMI");
    s->scanned = s->in.len;
    *x = (struct extent){0, len, len + 1, PMI_WIRE_1};
    return eol;
}

/* Up to the line `endcmd`. s->scanned is kept at the beginning of a line. */
static bool find_block(struct pmi_stream *s, struct extent *x)
{
    static const char last[] = "endcmd";
    const unsigned char *d = s->in.data;
    size_t at = s->scanned > s->pos ? s->scanned : s->pos;
    for (;;) {
        const unsigned char *eol = memchr(d + at, '\n', s->in.len - at);
        if ((eol ? (size_t)(eol - d) : s->in.len) - s->pos >= PMI_MESSAGE_MAX)
            return set_bad(s, "a block of lines that is too long for PMI");
        if (!eol)
            break;
        size_t len = (size_t)(eol - d) - at;
        *x = (struct extent){0, at - s->pos, at - s->pos + len + 1, PMI_WIRE_1_BLOCK};
        if (len == sizeof last - 1 && !memcmp(d + at, last, len))
            return true;
        at += len + 1;
    }
    s->scanned = at;
    return false;
}

static bool find_v2(struct pmi_stream *s, struct extent *x)
{
    char digits[V2_LENGTH + 1] = "";
    if (pmi_stream_pending(s) < V2_LENGTH)
        return false;
    memcpy(digits, s->in.data + s->pos, V2_LENGTH);
    size_t blanks = strspn(digits, " "), figures = strspn(digits + blanks, "0123456789");
    if (figures == 0 || strspn(digits + blanks + figures, " ") != V2_LENGTH - blanks - figures)
        return set_bad(s, "a PMI-2 message without a length");
    size_t len = strtoul(digits, NULL, 10);
    *x = (struct extent){V2_LENGTH, len, V2_LENGTH + len, PMI_WIRE_2};
    return pmi_stream_pending(s) >= x->all;
}

static bool begins(const char *p, size_t n, const char *with)
{
    size_t len = strlen(with);
    return !memcmp(p, with, n < len ? n : len);
}

static bool find(struct pmi_stream *s, struct extent *x)
{
    const char *p = (const char *)s->in.data + s->pos;
    size_t n = pmi_stream_pending(s);
    if (begins(p, n, "cmd="))
        return find_line(s, x);
    if (begins(p, n, "mcmd="))
        return find_block(s, x);
    if (*p == ' ' || (*p >= '0' && *p <= '9'))
        return find_v2(s, x);
    return set_bad(s, "something that is not PMI");
}

static bool split(struct pmi_stream *s, const struct extent *x, char *text)
{
    static bool (*const by_wire[])(struct pmi_stream *, char *, char *) = {
        [PMI_WIRE_1] = split_line, [PMI_WIRE_1_BLOCK] = split_block, [PMI_WIRE_2] = split_v2};
    if (memchr(text, 0, x->text))
        return set_bad(s, "a NUL byte inside a PMI message");
    buf_clear(&s->item);
    return by_wire[x->wire](s, text, text + x->text);
}

/* PMI-2 text has no byte of its own after it that could become a NUL: it moves over its length. */
static char *make_room(struct pmi_stream *s, const struct extent *x)
{
    char *p = (char *)s->in.data + s->pos;
    if (x->wire == PMI_WIRE_2)
        memmove(p, p + x->skip, x->text);
    return p;
}

bool pmi_stream_next(struct pmi_stream *s, struct pmi_msg *m)
{
    struct extent x;
    if (s->bad || !pmi_stream_pending(s) || !find(s, &x))
        return false;
    char *text = make_room(s, &x);
    s->pos += x.all;
    s->scanned = s->pos;
    if (!split(s, &x, text))
        return false;
    const struct pmi_item *items = (const void *)s->item.data;
    size_t n = s->item.len / sizeof *items;
    if (!n || strcmp(items[0].key, x.wire == PMI_WIRE_1_BLOCK ? "mcmd" : "cmd") || !items[0].value || !*items[0].value)
        return set_bad(s, "a PMI message without a command");
    *m = (struct pmi_msg){x.wire, items[0].value, items + 1, (uint32_t)(n - 1)};
    return true;
}

const char *pmi_msg_get(const struct pmi_msg *m, const char *key)
{
    for (uint32_t i = 0; i < m->nitems; i++)
        if (!strcmp(m->items[i].key, key))
            return m->items[i].value ? m->items[i].value : "";
    return NULL;
}

int pmi_msg_int(const struct pmi_msg *m, const char *key, int64_t min, int64_t max, int64_t *out)
{
    const char *v = pmi_msg_get(m, key);
    char *end;
    if (!v || !*v || !strchr("-0123456789", *v))
        return -1;
    errno = 0;
    long long n = strtoll(v, &end, 10);
    if (errno || *end || n < min || n > max)
        return -1;
    *out = n;
    return 0;
}

static size_t text_add(char *out, size_t at, size_t size, const char *s)
{
    for (; *s && at + 1 < size; s++)
        out[at++] = (unsigned char)*s < ' ' && *s != '\t' ? ' ' : *s;
    out[at] = 0;
    return at;
}

void pmi_msg_text(const struct pmi_msg *m, const char *key, char *out, size_t size)
{
    size_t at = 0;
    uint32_t i = 0;
    *out = 0;
    while (i < m->nitems && strcmp(m->items[i].key, key))
        i++;
    if (i == m->nitems)
        return;
    at = text_add(out, at, size, m->items[i].value ? m->items[i].value : "");
    for (i++; m->wire == PMI_WIRE_1 && i < m->nitems; i++) {
        at = text_add(out, at, size, " ");
        at = text_add(out, at, size, m->items[i].key);
        if (!m->items[i].value)
            continue;
        at = text_add(out, at, size, "=");
        at = text_add(out, at, size, m->items[i].value);
    }
}
