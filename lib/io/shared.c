/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shared: the pointer lies in a memfd, or in a window. There are two of them, of which one is in use: the other one can
 * be set while somebody may still look at it. */
#include "lib/io/shared.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/datatype/datatype.h"
#include "lib/io/file.h"
#include "lib/io/shared_far.h"

enum { WORDS = 2 };
struct words {
    _Atomic int64_t at[WORDS];
};

/* No pointer goes farther: so sums of two do not overflow. */
static const MPI_Offset farthest = INT64_MAX / 4;

struct shared {
    struct shared_place place;
    int fd;              /* of the first rank; -1 elsewhere */
    unsigned turn;       /* which of the words is in use */
    struct words *words; /* NULL: not mapped yet */
    struct words own;    /* of a file that one rank alone has opened */
    struct win *far;     /* where they lie then; NULL: they do not. The first rank has words as well */
    int lacking;         /* an error class: so it ended when that was made */
};

static struct shared *shared_new(void)
{
    struct shared *s = calloc(1, sizeof *s);
    if (s)
        s->fd = -1;
    return s;
}

/* An errno value. */
static int words_map(struct shared *s, int fd)
{
    void *p = mmap(NULL, sizeof *s->words, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return errno;
    s->words = p;
    return 0;
}

/* A file longer than the limit would kill the process. */
static int words_make(struct shared *s)
{
    struct rlimit limit;
    struct stat id;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < sizeof *s->words)
        return EFBIG;
    s->fd = memfd_create("muster-shared-pointer", MFD_CLOEXEC);
    if (s->fd < 0 || ftruncate(s->fd, sizeof *s->words) != 0 || fstat(s->fd, &id) != 0)
        return errno;
    s->place.pid = (int32_t)getpid();
    s->place.fd = s->fd;
    s->place.device = id.st_dev;
    s->place.inode = id.st_ino;
    return words_map(s, s->fd);
}

int shared_make(struct file *f, struct shared_place *place)
{
    struct shared *s = f->shared = shared_new();
    if (!s)
        return MPI_ERR_NO_MEM;
    if (f->comm->size == 1)
        s->words = &s->own;
    else
        s->place.far = shared_far_wanted(f->comm) || words_make(s) != 0;
    *place = s->place;
    return MPI_SUCCESS;
}

int shared_find(struct file *f, const struct shared_place *place)
{
    struct shared *s = f->shared = shared_new();
    if (!s)
        return MPI_ERR_NO_MEM;
    s->place = *place;
    return MPI_SUCCESS;
}

static void memory_drop(struct shared *s)
{
    if (s->words && s->words != &s->own && !s->far)
        munmap(s->words, sizeof *s->words);
    if (s->fd >= 0)
        close(s->fd);
    s->words = NULL;
    s->fd = -1;
}

void shared_free(struct file *f)
{
    struct shared *s = f->shared;
    if (!s)
        return;
    memory_drop(s);
    shared_far_free(s->far);
    free(s);
    f->shared = NULL;
}

/* The first rank's descriptor. Its number may mean something else here, where processes are numbered otherwise. */
enum { PATH_BYTES = 64 };
static void place_path(const struct shared *s, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "/proc/%d/fd/%d", s->place.pid, s->place.fd);
}

static bool place_is(const struct shared *s, const struct stat *id)
{
    return id->st_dev == s->place.device && id->st_ino == s->place.inode;
}

bool shared_is_far(const struct file *f)
{
    const struct shared *s = f->shared;
    char path[PATH_BYTES];
    struct stat id;
    if (s->words || s->place.far)
        return s->place.far;
    place_path(s, path);
    return stat(path, &id) != 0 || !place_is(s, &id);
}

void shared_move_far(struct file *f)
{
    struct shared *s = f->shared;
    void *at;
    memory_drop(s);
    s->lacking = shared_far_make(f, WORDS, &at, &s->far);
    if (s->lacking == MPI_SUCCESS && f->comm->rank == 0)
        s->words = at;
}

static int words_open(struct shared *s)
{
    char path[PATH_BYTES];
    struct stat id;
    place_path(s, path);
    int fd = open(path, O_RDWR | O_CLOEXEC), error = 0;
    if (fd < 0)
        return errno;
    if (fstat(fd, &id) != 0)
        error = errno;
    else if (!place_is(s, &id))
        error = ESTALE;
    if (error == 0)
        error = words_map(s, fd);
    close(fd);
    return error;
}

static int not_made(const struct file *f)
{
    error_detail_set(f->shared->lacking,
                     "the window of the shared pointer of %.200s could not be made when it was opened", f->name);
    return f->shared->lacking;
}

/* Is it there? */
static int reach(struct file *f)
{
    struct shared *s = f->shared;
    if (s->words || s->far)
        return MPI_SUCCESS;
    if (s->lacking != MPI_SUCCESS)
        return not_made(f);
    int error = words_open(s);
    if (error == 0)
        return MPI_SUCCESS;
    error_detail_set(MPI_ERR_IO, "rank %d cannot reach the shared pointer of %.200s: %s", f->comm->rank, f->name,
                     strerror(error));
    return MPI_ERR_IO;
}

static _Atomic int64_t *word(const struct file *f)
{
    return &f->shared->words->at[f->shared->turn];
}

int shared_get(struct file *f, MPI_Offset *offset)
{
    struct shared *s = f->shared;
    int rc = reach(f);
    if (rc == MPI_SUCCESS && !s->words)
        return shared_far_add(s->far, s->turn, 0, offset);
    if (rc == MPI_SUCCESS)
        *offset = atomic_load(word(f));
    return rc;
}

static int too_far(MPI_Offset at)
{
    error_detail_set(MPI_ERR_ARG, "the shared pointer is at %lld", (long long)at);
    return MPI_ERR_ARG;
}

/* Who comes too far goes back; meanwhile others come too far as well. */
static int far_take(struct shared *s, MPI_Offset etypes, MPI_Offset *offset)
{
    int64_t at, unused;
    if (etypes > farthest)
        return too_far(etypes);
    int rc = shared_far_add(s->far, s->turn, etypes, &at);
    if (rc != MPI_SUCCESS)
        return rc;
    *offset = at;
    if (at >= 0 && at <= farthest - etypes)
        return MPI_SUCCESS;
    rc = shared_far_add(s->far, s->turn, -etypes, &unused);
    return rc != MPI_SUCCESS ? rc : too_far(at);
}

int shared_take(struct file *f, MPI_Offset etypes, MPI_Offset *offset)
{
    int rc = reach(f);
    if (rc != MPI_SUCCESS)
        return rc;
    if (!f->shared->words)
        return far_take(f->shared, etypes, offset);
    int64_t at = atomic_load(word(f));
    do
        if (etypes > farthest - at)
            return too_far(at);
    while (!atomic_compare_exchange_weak(word(f), &at, at + etypes));
    *offset = at;
    return MPI_SUCCESS;
}

/* The last rank, which knows what all of them want, takes it. */
static int take_all(struct file *f, const int64_t *before, MPI_Offset etypes, bool failed, int64_t *told)
{
    int last = f->comm->size - 1;
    if (f->comm->rank == last) {
        told[1] = before[1] + failed;
        told[2] = told[1] == 0 ? shared_take(f, before[0] + etypes, &told[0]) : MPI_SUCCESS;
    }
    int rc = mpi_bcast(told, 3, &basic_types[BASIC_I_INT64_T], last, f->comm);
    return rc != MPI_SUCCESS ? rc : (int)told[2];
}

int shared_ordered_place(struct file *f, int rc, MPI_Offset etypes, MPI_Offset *offset)
{
    if (rc == MPI_SUCCESS && etypes > farthest / f->comm->size) {
        error_detail_set(MPI_ERR_COUNT, "%lld etypes of each rank", (long long)etypes);
        rc = MPI_ERR_COUNT;
    }
    /* etypes of the ranks before this one; how many of these have failed */
    int64_t mine[2] = {rc == MPI_SUCCESS ? etypes : 0, rc != MPI_SUCCESS}, before[2] = {0, 0}, told[3] = {0, 0, 0};
    int ended = mpi_exscan(mine, before, 2, &basic_types[BASIC_I_INT64_T], op_of(MPI_SUM), f->comm);
    if (ended == MPI_SUCCESS)
        ended = take_all(f, before, mine[0], rc != MPI_SUCCESS, told);
    if (ended != MPI_SUCCESS)
        return rc != MPI_SUCCESS ? rc : ended;
    if (told[1] > 0)
        return file_agree(f, rc);
    *offset = told[0] + before[0];
    return MPI_SUCCESS;
}

void shared_next_set(struct file *f, MPI_Offset offset)
{
    struct shared *s = f->shared;
    if (f->comm->rank == 0 && s->words) /* else it could not be made: `reach` says so to who wants it */
        atomic_store(&s->words->at[1 - s->turn], offset);
}

void shared_next(struct file *f)
{
    f->shared->turn = 1 - f->shared->turn;
}
