/* SPDX-License-Identifier: BSD-3-Clause
 *
 * transfer: bytes between memory and the file, by this process alone. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "lib/io/access.h"
#include "lib/io/fs.h"

/* Pieces of memory of less than TRANSFER_PIECE on the average go through a buffer. */
enum { TRANSFER_BUFFER = 1 << 20, TRANSFER_PIECE = 1024 };

static int move(const struct access *a, struct iovec *v, int pieces, int64_t at, size_t *done)
{
    const struct fs *fs = a->file->fs;
    return a->write ? fs->writev(a->file->fd, v, pieces, at, done) : fs->readv(a->file->fd, v, pieces, at, done);
}

/* n bytes at a place of the file, of which memory has many small pieces. */
static int move_packed(struct access *a, int64_t at, size_t n, size_t *done)
{
    size_t room = n < TRANSFER_BUFFER ? n : TRANSFER_BUFFER;
    char *buffer = malloc(room);
    int error = buffer ? 0 : ENOMEM;
    *done = 0;
    while (error == 0 && *done < n) {
        size_t k = n - *done < room ? n - *done : room, moved = 0;
        struct iovec v = {buffer, k};
        if (a->write)
            datatype_pack(a->type, a->buf, a->count, a->done + (MPI_Count)*done, buffer, k);
        error = move(a, &v, 1, at + (int64_t)*done, &moved);
        if (!a->write)
            datatype_unpack(a->type, a->buf, a->count, a->done + (MPI_Count)*done, buffer, moved);
        *done += moved;
        if (moved < k)
            break;
    }
    free(buffer);
    return error;
}

/* n bytes in a row in the file. True: all of them, and no error. */
static bool move_run(struct access *a, int64_t at, size_t n)
{
    while (n > 0) {
        struct iovec v[FS_PIECES];
        size_t k = n, moved;
        int pieces = datatype_pieces(a->type, a->buf, a->count, a->done, &k, v, FS_PIECES);
        if (k < n && k / (size_t)pieces < TRANSFER_PIECE)
            a->error = move_packed(a, at, k = n, &moved);
        else
            a->error = move(a, v, pieces, at, &moved);
        a->done += (MPI_Count)moved;
        if (a->error != 0 || moved < k)
            return false;
        at += (int64_t)k;
        n -= k;
    }
    return true;
}

static void move_all(struct access *a)
{
    while (a->done < a->bytes) {
        struct iovec there[FS_PIECES];
        size_t n = (size_t)(a->bytes - a->done);
        int runs = view_pieces(a->file->view, a->at + a->done, &n, there, FS_PIECES);
        for (int i = 0; i < runs; i++)
            if (!move_run(a, (int64_t)(uintptr_t)there[i].iov_base, there[i].iov_len))
                return;
    }
}

/* Is it to be seen wholly, or may others read and write again what lies in the holes between their bytes? */
static bool is_locked(const struct access *a)
{
    bool others = atomic_load_explicit(&a->file->exchanging, memory_order_relaxed) > 0;
    return a->bytes > 0 && (a->file->atomic || (a->write && (a->locks || others)));
}

void transfer_run(struct access *a)
{
    struct fs_lock lock;
    if (sieve_run(a))
        return;
    bool locked = is_locked(a);
    int error = locked ? atomic_begin(a, &lock) : 0;
    if (error && a->file->atomic) {
        a->error = error;
        return;
    }
    locked &= error == 0; /* where there are no locks, nobody writes into holes either */
    move_all(a);
    error = locked ? atomic_end(a, &lock) : 0;
    if (a->error == 0)
        a->error = error;
}
