/* SPDX-License-Identifier: BSD-3-Clause
 *
 * window: a part of a file in memory, that is filled by pieces and written at once, or read at once and given out by
 * pieces. Knows no MPI: the worker uses it. */
#ifndef LIB_IO_WINDOW_H
#define LIB_IO_WINDOW_H

#include "lib/io/fs.h"
#include "lib/io/runs.h"

struct window {
    struct file *file;
    char *bytes;
    uint64_t *map;      /* a bit for each byte that is to be written */
    int64_t begin, end; /* of the file: what it holds */
    int64_t have;       /* read: so many bytes of it exist */
};

/* Bytes of memory that `map` takes for a window of so many bytes. */
size_t window_map_bytes(int64_t n);

/* Fills in what a rank has for it, `data`, by its pieces from the cursor to `end`. */
void window_fill(struct window *w, struct runs_cursor *c, int64_t end, const char *data);
/* Takes out what is a rank's; returns how many bytes there were: less where the file has ended. */
int64_t window_take(const struct window *w, struct runs_cursor *c, int64_t end, char *data);
/* An errno value. What was not filled in stays as it is in the file: it is read first, under a lock, or left out. */
int window_write(struct window *w);
int window_read(struct window *w);

#endif
