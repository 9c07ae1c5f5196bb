/* SPDX-License-Identifier: BSD-3-Clause
 *
 * screen: what the user sees: stdout and stderr of this process, written by many ranks, by whole lines where they come.
 *
 * Bytes are never added or changed, but for labelled lines: when another stream writes after the beginning of a line,
 * a newline ends that beginning, and its rest gets its label again. Where stdout and stderr are the same file, both
 * go through one queue, so that their lines do not mix either.
 */
#ifndef COMMON_SCREEN_H
#define COMMON_SCREEN_H

#include "common/writer.h"

#include <stdint.h>

struct screen;

struct screen_ops {
    /* Too much is queued; that is over: each pause is followed by one resume. */
    void (*pause)(void *arg);
    void (*resume)(void *arg);
    void (*idle)(void *arg); /* something was queued, and all is written now; may be NULL */
    /* Stream (1, 2) cannot be written any more: EPIPE when nobody reads it. From the loop. */
    void (*broken)(void *arg, unsigned stream, int error);
};

struct screen_text {
    unsigned stream;   /* 1 stdout, 2 stderr */
    uint64_t who;      /* tells the streams of all ranks apart */
    bool labelled;     /* every line in data begins with its label */
    bool continues;    /* data begins inside a line whose beginning was written before */
    bool verbatim;     /* what was written in a terminal: its lines end as they should */
    const char *label; /* labelled and continues: what to put before the rest of a line that was cut off */
    size_t nlabel;
    const char *data;
    size_t n;
};

/* ops and arg are borrowed. */
struct screen *screen_create(struct event_base *base, const struct screen_ops *ops, void *arg);
void screen_destroy(struct screen *s); /* takes NULL */
void screen_write(struct screen *s, const struct screen_text *t);
/* A terminal of ours is raw, and needs a carriage return to begin a line; or it is not any more. */
void screen_raw(struct screen *s, bool raw);
size_t screen_backlog(const struct screen *s);
/* Is the last text on stderr (or in the file that is stdout, too) who's? */
bool screen_ends_with(const struct screen *s, uint64_t who);
void screen_finish(struct screen *s); /* waits until all is written */

#endif
