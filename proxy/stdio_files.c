/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_files: the open ones, of more than may be open at a time.
 *
 * Always opened to append and never to truncate: so it can be closed for another at any time, and several nodes may
 * write one file. What was there before is cut off when the job starts.
 *
 * The loop is not held up by who does not read: a FIFO without a reader cannot be opened, and one whose reader takes
 * nothing for some seconds has failed.
 */
#include "proxy/stdio_files.h"

#include "common/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <uthash.h>
#include <unistd.h>

#define READER_MS 5000

struct out_file {
    char *name;
    int fd;    /* -1: not open now */
    int error; /* of the first failure; it is not tried again */
    TAILQ_ENTRY(out_file) recent;
    UT_hash_handle hh;
};

struct files {
    struct out_file *by_name;
    TAILQ_HEAD(recent, out_file) open; /* the one used last stands last */
    unsigned nopen;
};

struct files *files_create(void)
{
    struct files *f = xcalloc(1, sizeof *f);
    TAILQ_INIT(&f->open);
    return f;
}

static void shut(struct files *f, struct out_file *o)
{
    close(o->fd);
    o->fd = -1;
    TAILQ_REMOVE(&f->open, o, recent);
    f->nopen--;
}

void files_destroy(struct files *f)
{
    if (!f)
        return;
    struct out_file *o, *next;
    HASH_ITER(hh, f->by_name, o, next)
    {
        if (o->fd >= 0)
            shut(f, o);
        HASH_DELETE(hh, f->by_name, o);
        free(o->name);
        free(o);
    }
    free(f);
}

struct out_file *files_get(struct files *f, const char *name, bool cut)
{
    struct out_file *o;
    HASH_FIND_STR(f->by_name, name, o);
    if (o)
        return o;
    o = xcalloc(1, sizeof *o);
    o->name = xstrdup(name);
    o->fd = -1;
    /* One that is not there is made when there is something to write. A failure shows then, too. */
    if (cut && truncate(name, 0) < 0)
        errno = 0;
    HASH_ADD_KEYPTR(hh, f->by_name, o->name, strlen(o->name), o);
    return o;
}

/* The directories above it, where they are missing. */
static void make_parents(const char *name)
{
    char *path = xstrdup(name);
    for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
        *p = 0;
        mkdir(path, 0777);
        *p = '/';
    }
    free(path);
}

int files_check_directory(const char *path)
{
    char *inside = xasprintf("%s/", path);
    struct stat st;
    make_parents(inside);
    int error = stat(path, &st) < 0 ? errno : !S_ISDIR(st.st_mode) ? ENOTDIR : 0;
    if (!error && access(path, W_OK | X_OK) < 0)
        error = errno;
    free(inside);
    return error;
}

static int open_file(struct files *f, struct out_file *o)
{
    if (f->nopen >= FILES_OPEN_MAX)
        shut(f, TAILQ_FIRST(&f->open));
    int flags =
        O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK; /* of a regular file it means nothing */
    o->fd = open(o->name, flags, 0666);
    if (o->fd < 0 && errno == ENOENT) {
        make_parents(o->name);
        o->fd = open(o->name, flags, 0666);
    }
    if (o->fd < 0)
        return errno;
    TAILQ_INSERT_TAIL(&f->open, o, recent);
    f->nopen++;
    return 0;
}

/* Returns 0 when it takes more, or ETIMEDOUT. */
static int wait_writable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int rc;
    do
        rc = poll(&p, 1, READER_MS);
    while (rc < 0 && errno == EINTR);
    return rc == 0 ? ETIMEDOUT : rc < 0 ? errno : 0;
}

static int write_all(int fd, const char *data, size_t n)
{
    while (n) {
        ssize_t done = write(fd, data, n);
        int error = done < 0 && errno == EAGAIN ? wait_writable(fd) : done < 0 && errno != EINTR ? errno : 0;
        if (error)
            return error;
        data += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return 0;
}

int files_write(struct files *f, struct out_file *o, const char *data, size_t n, bool *first)
{
    *first = false;
    if (o->error)
        return o->error;
    if (o->fd < 0)
        o->error = open_file(f, o);
    if (!o->error) {
        TAILQ_REMOVE(&f->open, o, recent);
        TAILQ_INSERT_TAIL(&f->open, o, recent);
        o->error = write_all(o->fd, data, n);
    }
    *first = o->error != 0;
    return o->error;
}

const char *files_name(const struct out_file *o)
{
    return o->name;
}

const char *files_error_text(int error)
{
    return error == ENXIO       ? "nobody reads this FIFO"
           : error == ETIMEDOUT ? "its reader has taken nothing for some seconds"
                                : strerror(error);
}
