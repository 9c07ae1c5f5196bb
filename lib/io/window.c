/* SPDX-License-Identifier: BSD-3-Clause
 *
 * window: bytes in and out, and the holes between them. */
#include "lib/io/window.h"
#include <string.h>
#include "lib/io/file.h"

/* Stretches of so many bytes on the average are written one by one, rather than with what lies between them. */
enum { STRETCH = 4096 };

size_t window_map_bytes(int64_t n)
{
    return (size_t)(n / 64 + 2) * sizeof(uint64_t);
}

/* Bits [from, from + n) of the map. */
static inline void mark(uint64_t *map, int64_t from, int64_t n)
{
    int64_t word = from / 64, bit = from % 64;
    if (bit + n <= 64) {
        map[word] |= (n == 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1) << bit;
        return;
    }
    map[word++] |= ~UINT64_C(0) << bit;
    for (n -= 64 - bit; n >= 64; n -= 64)
        map[word++] = ~UINT64_C(0);
    map[word] |= (UINT64_C(1) << n) - 1;
}

static inline void copy(char *to, const char *from, int64_t n)
{
    if (n == 8)
        memcpy(to, from, 8);
    else if (n == 4)
        memcpy(to, from, 4);
    else
        memcpy(to, from, (size_t)n);
}

/* Whole pieces of a run that lie before `end`, all at once; the bytes of them. */
static int64_t fill_run(struct window *w, struct runs_cursor *c, int64_t end, const char *data)
{
    const struct run *r = c->run;
    int64_t at = r->place + c->piece * r->stride - w->begin, most = end - w->begin, n = 0;
    for (; c->piece < r->count - 1 && at + r->length <= most; c->piece++, at += r->stride, n += r->length) {
        copy(w->bytes + at, data + n, r->length);
        mark(w->map, at, r->length);
    }
    return n;
}

void window_fill(struct window *w, struct runs_cursor *c, int64_t end, const char *data)
{
    int64_t place, n;
    while (runs_place(c) < end) {
        if (c->offset == 0)
            data += fill_run(w, c, end, data);
        if (!runs_next(c, end, &place, &n))
            break;
        copy(w->bytes + (place - w->begin), data, n);
        mark(w->map, place - w->begin, n);
        data += n;
    }
}

static int64_t take_run(const struct window *w, struct runs_cursor *c, int64_t end, char *data)
{
    const struct run *r = c->run;
    int64_t at = r->place + c->piece * r->stride - w->begin, most = end - w->begin, n = 0;
    for (; c->piece < r->count - 1 && at + r->length <= most; c->piece++, at += r->stride, n += r->length)
        copy(data + n, w->bytes + at, r->length);
    return n;
}

int64_t window_take(const struct window *w, struct runs_cursor *c, int64_t end, char *data)
{
    int64_t place, n, bytes = 0, there = w->begin + w->have < end ? w->begin + w->have : end, last;
    while (runs_place(c) < there) {
        if (c->offset == 0)
            bytes += take_run(w, c, there, data + bytes);
        if (!runs_next(c, there, &place, &n))
            break;
        copy(data + bytes, w->bytes + (place - w->begin), n);
        bytes += n;
    }
    runs_skip(c, end, &last);
    return bytes;
}

/* The first bit from `from` on that is `set`, below n; n: there is none. */
static int64_t find_bit(const uint64_t *map, int64_t from, int64_t n, bool set)
{
    while (from < n) {
        uint64_t word = (set ? map[from / 64] : ~map[from / 64]) & (~UINT64_C(0) << (from % 64));
        if (word) {
            int64_t at = from / 64 * 64 + __builtin_ctzll(word);
            return at < n ? at : n;
        }
        from = (from / 64 + 1) * 64;
    }
    return n;
}

/* Stretches of bytes that are to be written, as far as `most` of them. */
static int64_t stretches(const struct window *w, int64_t most)
{
    int64_t n = w->end - w->begin, count = 0;
    for (int64_t at = find_bit(w->map, 0, n, true); at < n && count < most; count++)
        at = find_bit(w->map, find_bit(w->map, at, n, false), n, true);
    return count;
}

static int write_part(const struct window *w, int64_t from, int64_t to)
{
    struct iovec v = {w->bytes + from, (size_t)(to - from)};
    size_t done;
    return w->file->fs->writev(w->file->fd, &v, 1, w->begin + from, &done);
}

static int write_stretches(const struct window *w)
{
    int64_t n = w->end - w->begin, to;
    int error = 0;
    for (int64_t at = find_bit(w->map, 0, n, true); at < n && error == 0; at = find_bit(w->map, to, n, true)) {
        to = find_bit(w->map, at, n, false);
        error = write_part(w, at, to);
    }
    return error;
}

static int read_part(const struct window *w, int64_t from, int64_t to, size_t *done)
{
    struct iovec v = {w->bytes + from, (size_t)(to - from)};
    return w->file->fs->readv(w->file->fd, &v, 1, w->begin + from, done);
}

/* Reads what lies in the holes; behind the end of the file there are zeros. */
static int fill_holes(const struct window *w)
{
    enum { ROOM = 65536 };
    int64_t n = w->end - w->begin;
    char old[ROOM];
    for (int64_t at = 0; at < n; at += ROOM) {
        int64_t end = at + ROOM < n ? at + ROOM : n, to;
        struct iovec v = {old, (size_t)(end - at)};
        size_t done;
        int64_t from = find_bit(w->map, at, end, false);
        if (from == end)
            continue;
        int error = w->file->fs->readv(w->file->fd, &v, 1, w->begin + at, &done);
        if (error)
            return error;
        memset(old + done, 0, (size_t)(end - at) - done);
        for (; from < end; from = find_bit(w->map, to, end, false)) {
            to = find_bit(w->map, from, end, true);
            memcpy(w->bytes + from, old + (from - at), (size_t)(to - from));
        }
    }
    return 0;
}

/* Others may write into the holes: not between this read and this write. */
static int write_around(const struct window *w)
{
    struct fs_lock l = {.begin = w->begin, .n = w->end - w->begin};
    int error = file_lock(w->file, &l);
    if (error)
        return write_stretches(w); /* without locks nothing but its own bytes */
    error = fill_holes(w);
    if (error == 0)
        error = write_part(w, 0, w->end - w->begin);
    file_unlock(w->file, &l);
    return error;
}

int window_write(struct window *w)
{
    int64_t n = w->end - w->begin, few = n / STRETCH > 1 ? n / STRETCH : 1;
    if (n == 0)
        return 0;
    bool by_stretch = !w->file->reads || stretches(w, few + 1) <= few;
    return by_stretch ? write_stretches(w) : write_around(w);
}

int window_read(struct window *w)
{
    size_t done = 0;
    int error = w->end > w->begin ? read_part(w, 0, w->end - w->begin, &done) : 0;
    w->have = (int64_t)done;
    return error;
}
