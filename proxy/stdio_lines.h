/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_lines: makes whole lines of what comes out of one pipe. What is read goes on in one piece up to its last
 * newline; the beginning of a line is held until its end comes, until it is flushed, or until it is too long to hold
 * (LINES_HELD_MAX, less when many streams hold much): then it goes on in pieces.
 */
#ifndef PROXY_STDIO_LINES_H
#define PROXY_STDIO_LINES_H

#include <stdbool.h>
#include <stddef.h>

#define LINES_HELD_MAX (1u << 20)
#define LINES_HELD_MIN (64u << 10)   /* a line up to this length is always whole */
#define LINES_HELD_TOTAL (64u << 20) /* of all streams of this process together */

struct lines {
    char *held; /* the beginning of a line: len bytes; owned */
    size_t len;
    size_t cap;
    bool begun; /* an earlier part of that line has gone on */
};

/* data is valid until the return; continues: it begins inside a line whose beginning went on before. */
typedef void lines_emit(void *arg, const char *data, size_t n, bool continues);

/* Where to read to, and how much: never 0. To be followed by lines_took, before any other call for any stream. */
char *lines_room(struct lines *l, size_t *room);
void lines_took(struct lines *l, size_t n, lines_emit *emit, void *arg);
void lines_flush(struct lines *l, lines_emit *emit, void *arg); /* the held beginning goes on as it is */
void lines_fini(struct lines *l);                               /* what is held is lost */

#endif
