/* SPDX-License-Identifier: BSD-3-Clause
 *
 * sieve: data sieving after Thakur, Gropp and Lusk ("Data Sieving and Collective I/O in ROMIO", 1999): short pieces of
 * a file are read with what lies between them, and written with what has been there before, under a lock. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/io/access.h"
#include "lib/io/file.h"
#include "lib/io/fs.h"
#include "lib/io/hints.h"

/* Bytes of the file from one piece to the next, up to which moving them all takes less time than a call of the kernel a
 * piece; one that writes reads, too. */
enum { READ_STRIDE = 4096, WRITE_STRIDE = 1024 };

/* Bytes of the file at once. */
static int64_t room(const struct access *a)
{
    const struct hints *h = a->file->hints;
    int64_t most = a->write ? h->ind_wr_buffer_size : h->ind_rd_buffer_size;
    int64_t all = view_place(a->file->view, a->at + a->bytes - 1) + 1 - view_place(a->file->view, a->at);
    return all < most ? all : most;
}

static enum hint_when wish(const struct access *a)
{
    const struct hints *h = a->file->hints;
    return (enum hint_when)(a->write ? h->romio_ds_write : h->romio_ds_read);
}

/* On the average of the first pieces. */
static bool is_dense(const struct access *a)
{
    enum { PIECES = 16 };
    const struct view *v = a->file->view;
    struct iovec p[PIECES];
    size_t n = (size_t)a->bytes;
    int pieces = view_pieces(v, a->at, &n, p, PIECES);
    if (pieces < PIECES || wish(a) == HINT_DISABLE)
        return false;
    int64_t reach = view_place(v, a->at + (MPI_Count)n - 1) - view_place(v, a->at);
    return wish(a) == HINT_ENABLE || reach / pieces <= (a->write ? WRITE_STRIDE : READ_STRIDE);
}

/* A part of the file, and the bytes of the stream that lie there. */
struct part {
    int64_t begin, end;
    MPI_Count at, n;
    char *bytes;
};

static struct part part_next(const struct access *a, char *bytes, int64_t most)
{
    const struct view *v = a->file->view;
    struct part p = {.at = a->at + a->done, .bytes = bytes};
    MPI_Count rest = a->bytes - a->done;
    p.begin = view_place(v, p.at);
    p.n = view_before(v, p.begin + most) - p.at;
    p.n = p.n < rest ? p.n : rest;
    p.end = view_place(v, p.at + p.n - 1) + 1;
    return p;
}

static int part_move(const struct access *a, const struct part *p, bool write, size_t *done)
{
    const struct fs *fs = a->file->fs;
    struct iovec v = {p->bytes, (size_t)(p->end - p->begin)};
    return (write ? fs->writev : fs->readv)(a->file->fd, &v, 1, p->begin, done);
}

/* As if the file were memory from there on. */
static char *file_at(const struct part *p)
{
    return (char *)((uintptr_t)p->bytes - (uintptr_t)p->begin);
}

/* `row`: memory in one piece goes without it. */
static void part_give(const struct access *a, const struct part *p, char *row)
{
    bool run = datatype_is_run(a->type, a->count);
    char *to = run ? (char *)a->buf + a->type->true_lb + a->done : row;
    view_gather(a->file->view, p->at, file_at(p), to, (size_t)p->n);
    if (!run)
        datatype_unpack(a->type, a->buf, a->count, a->done, row, (size_t)p->n);
}

static void part_take(const struct access *a, const struct part *p, char *row)
{
    bool run = datatype_is_run(a->type, a->count);
    if (!run)
        datatype_pack(a->type, a->buf, a->count, a->done, row, (size_t)p->n);
    view_scatter(a->file->view, p->at, file_at(p), run ? (char *)a->buf + a->type->true_lb + a->done : row,
                 (size_t)p->n);
}

/* True: there is more of the file. */
static bool read_part(struct access *a, struct part *p, char *row)
{
    size_t there;
    a->error = part_move(a, p, false, &there);
    bool whole = there == (size_t)(p->end - p->begin);
    if (!whole) {
        MPI_Count n = view_before(a->file->view, p->begin + (int64_t)there) - p->at;
        p->n = n < 0 ? 0 : n < p->n ? n : p->n;
    }
    part_give(a, p, row);
    a->done += p->n;
    return whole && a->error == 0;
}

/* Behind the end of the file there are zeros. */
static int rewrite(struct access *a, struct part *p, char *row)
{
    size_t n;
    int error = part_move(a, p, false, &n);
    if (error)
        return error;
    memset(p->bytes + n, 0, (size_t)(p->end - p->begin) - n);
    part_take(a, p, row);
    return part_move(a, p, true, &n);
}

static bool write_part(struct access *a, struct part *p, char *row)
{
    struct fs_lock l = {.begin = p->begin, .n = p->end - p->begin};
    a->error = file_lock(a->file, &l);
    if (a->error)
        return false;
    a->error = rewrite(a, p, row);
    file_unlock(a->file, &l);
    a->done += a->error ? 0 : p->n;
    return a->error == 0;
}

/* What lies in the holes may be written again only if all others who write meanwhile lock, or the user says that nobody
 * does; and there are locks. */
static bool may_write(const struct access *a)
{
    struct fs_lock l = {.begin = view_place(a->file->view, a->at), .n = 1};
    if (!a->file->reads || !(a->sieves || wish(a) == HINT_ENABLE) || file_lock(a->file, &l) != 0)
        return false;
    file_unlock(a->file, &l);
    return true;
}

bool sieve_run(struct access *a)
{
    if (a->bytes == 0 || a->file->atomic || !a->file->view->rises || !is_dense(a) || (a->write && !may_write(a)))
        return false;
    int64_t most = room(a);
    char *bytes = malloc((size_t)most), *row = datatype_is_run(a->type, a->count) ? NULL : malloc((size_t)most);
    bool more = bytes && (row || datatype_is_run(a->type, a->count));
    a->error = more ? 0 : ENOMEM;
    while (more && a->done < a->bytes) {
        struct part p = part_next(a, bytes, most);
        more = a->write ? write_part(a, &p, row) : read_part(a, &p, row);
    }
    free(row);
    free(bytes);
    return true;
}
