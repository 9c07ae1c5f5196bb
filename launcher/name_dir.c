/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_dir: who publishes makes a link, where the kernel lets only the first of several have it. Nobody removes a link
 * but its owner, and, under the lock, who finds that the owner does not run any more: since it never will again, what
 * is removed then is what was looked at.
 */
#include "launcher/name_dir.h"

#include "common/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DATA "d-"
enum { TRIES = 20, DATA_MAX = 4 * 1024 * 1024 };

struct name_dir {
    struct name_place place;
    uint64_t files; /* of ports that were made */
    char target[NAME_TARGET_MAX];
    char *port; /* what the last lookup found in a file */
    bool left;  /* somebody has left something */
    DIR *sweep; /* which is being removed */
};

struct name_dir *name_dir_create(void)
{
    struct name_dir *d = xcalloc(1, sizeof *d);
    name_place_init(&d->place);
    return d;
}

void name_dir_destroy(struct name_dir *d)
{
    if (!d)
        return;
    if (d->sweep)
        closedir(d->sweep);
    name_place_fini(&d->place);
    free(d->port);
    free(d);
}

/* What the file of a name says; 0, or -1 with errno (EINVAL: it is none of ours). */
static int read_link(struct name_dir *d, const char *file, struct name_entry *n)
{
    ssize_t len = readlinkat(d->place.names, file, d->target, sizeof d->target - 1);
    if (len < 0)
        return -1;
    d->target[len] = '\0';
    if (name_link_parse(n, d->target))
        return 0;
    errno = EINVAL;
    return -1;
}

/* A port that is in a file; false: that has gone, with its name. */
static bool read_port(struct name_dir *d, struct name_entry *n)
{
    struct stat st;
    int fd = openat(d->place.names, n->port.data, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    bool ok = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= DATA_MAX;
    size_t len = ok ? (size_t)st.st_size : 0, at = 0;
    if (ok) {
        free(d->port);
        d->port = xmalloc(len + 1);
    }
    while (ok && at < len) {
        ssize_t got = read(fd, d->port + at, len - at);
        ok = got > 0;
        at += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        close(fd);
    n->port = (struct bytes){d->port, len};
    return ok;
}

static void remove_link(struct name_dir *d, const char *file, const struct name_entry *n)
{
    if (unlinkat(d->place.names, file, 0) == 0 && n->in_file)
        unlinkat(d->place.names, n->port.data, 0);
}

/* 0: what its owner has left there is gone. -1 with errno. */
static int remove_left(struct name_dir *d, const char *file)
{
    struct name_entry n;
    int lock = name_place_lock(&d->place);
    if (lock < 0)
        return -1;
    if (read_link(d, file, &n) == 0 && !name_place_runs(&d->place, n.id))
        remove_link(d, file, &n);
    close(lock);
    return 0;
}

static int write_port(struct name_dir *d, struct bytes port, char name[NAME_FILE_MAX])
{
    snprintf(name, NAME_FILE_MAX, DATA "%s-%" PRIu64, d->place.id, ++d->files);
    int fd = openat(d->place.names, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    size_t at = 0;
    while (fd >= 0 && at < port.len) {
        ssize_t put = write(fd, port.data + at, port.len - at);
        if (put <= 0) {
            int error = put < 0 ? errno : EIO;
            close(fd);
            unlinkat(d->place.names, name, 0);
            errno = error;
            return -1;
        }
        at += (size_t)put;
    }
    if (fd >= 0)
        close(fd);
    return fd < 0 ? -1 : 0;
}

/* 0, or -1 with errno: EEXIST: there is one. */
static int make_link(struct name_dir *d, const char *file, struct name_entry n)
{
    char data[NAME_FILE_MAX];
    snprintf(n.id, sizeof n.id, "%s", d->place.id);
    n.since = (uint64_t)time(NULL);
    n.in_file = !name_link_format(&n, d->target);
    if (!n.in_file)
        return symlinkat(d->target, d->place.names, file);
    if (write_port(d, n.port, data) < 0)
        return -1;
    n.port = (struct bytes){data, strlen(data)};
    if (name_link_format(&n, d->target) && symlinkat(d->target, d->place.names, file) == 0)
        return 0;
    int error = errno;
    unlinkat(d->place.names, data, 0);
    errno = error;
    return -1;
}

/* There is one of that name: is it anybody's? DONE: no more. */
static enum name_dir_result look_at_other(struct name_dir *d, const char *file)
{
    struct name_entry n;
    if (read_link(d, file, &n) < 0)
        return errno == ENOENT ? NAME_DIR_DONE : NAME_DIR_TAKEN;
    if (name_place_runs(&d->place, n.id))
        return NAME_DIR_TAKEN;
    if (remove_left(d, file) == 0)
        return NAME_DIR_DONE;
    return errno == EAGAIN ? NAME_DIR_BUSY : NAME_DIR_FAILED;
}

enum name_dir_result name_dir_publish(struct name_dir *d, const struct name_entry *n, struct err *e)
{
    char file[NAME_FILE_MAX];
    if (name_link_file(n->name, file, e) < 0)
        return NAME_DIR_FAILED;
    for (int i = 0; i < TRIES; i++) {
        if (name_place_join(&d->place, &d->left, e) < 0)
            return NAME_DIR_FAILED;
        if (make_link(d, file, *n) == 0)
            return NAME_DIR_DONE;
        enum name_dir_result r = errno == EEXIST                                 ? look_at_other(d, file)
                                 : errno == ENOENT && name_place_lost(&d->place) ? NAME_DIR_DONE
                                                                                 : NAME_DIR_FAILED;
        if (r == NAME_DIR_FAILED)
            err_set(e, "unable to publish in %s: %m", d->place.path);
        if (r != NAME_DIR_DONE)
            return r;
    }
    return NAME_DIR_BUSY;
}

/* In a place that is there. */
static bool find(struct name_dir *d, const char *file, struct name_entry *n)
{
    return read_link(d, file, n) == 0 && name_place_runs(&d->place, n->id) && (!n->in_file || read_port(d, n));
}

enum name_dir_result name_dir_lookup(struct name_dir *d, struct bytes name, struct name_entry *n, struct err *e)
{
    char file[NAME_FILE_MAX];
    if (name_link_file(name, file, e) < 0)
        return NAME_DIR_FAILED;
    for (int i = 0; i < TRIES; i++) {
        int rc = name_place_open(&d->place, false, e);
        if (rc != 0)
            return rc < 0 ? NAME_DIR_FAILED : NAME_DIR_ABSENT;
        if (find(d, file, n))
            return NAME_DIR_DONE;
        if (!name_place_lost(&d->place))
            return NAME_DIR_ABSENT;
    }
    return NAME_DIR_ABSENT;
}

void name_dir_unpublish(struct name_dir *d, struct bytes name)
{
    char file[NAME_FILE_MAX];
    struct name_entry n;
    if (d->place.own >= 0 && name_link_file(name, file, NULL) == 0 && read_link(d, file, &n) == 0 &&
        strcmp(n.id, d->place.id) == 0)
        remove_link(d, file, &n);
}

static DIR *open_again(int fd)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (!dir && copy >= 0)
        close(copy);
    return dir;
}

/* The owner of a file with a port: "d-ID-NUMBER". */
static bool data_owner(const char *file, char id[NAME_ID_MAX])
{
    size_t n = strcspn(file + strlen(DATA), "-");
    snprintf(id, NAME_ID_MAX, "%.*s", (int)(n < NAME_ID_MAX ? n : 0), file + strlen(DATA));
    return *id;
}

static void sweep_one(struct name_dir *d, const char *file)
{
    struct name_entry n;
    char id[NAME_ID_MAX];
    if (strncmp(file, DATA, strlen(DATA)) == 0) {
        if (data_owner(file, id) && !name_place_runs(&d->place, id))
            unlinkat(d->place.names, file, 0);
    } else if (*file != '.' && read_link(d, file, &n) == 0 && !name_place_runs(&d->place, n.id)) {
        remove_left(d, file);
    }
}

/* Their names have gone: nothing tells of them any more. */
static void sweep_owners(struct name_dir *d)
{
    DIR *dir = open_again(d->place.owners);
    for (struct dirent *f; dir && (f = readdir(dir));)
        if (name_place_left(&d->place, f->d_name))
            unlinkat(d->place.owners, f->d_name, 0);
    if (dir)
        closedir(dir);
}

bool name_dir_sweep(struct name_dir *d, unsigned most)
{
    struct dirent *f = NULL;
    if (!d->left || d->place.own < 0)
        return false;
    if (!d->sweep && !(d->sweep = open_again(d->place.names)))
        return d->left = false;
    for (unsigned i = 0; i < most && (f = readdir(d->sweep)); i++)
        sweep_one(d, f->d_name);
    if (f)
        return true;
    closedir(d->sweep);
    d->sweep = NULL;
    d->left = false;
    sweep_owners(d);
    return false;
}

int name_dir_each(struct name_dir *d, name_dir_fn *fn, void *arg, struct err *e)
{
    struct name_entry n;
    int rc = name_place_open(&d->place, false, e);
    DIR *dir = rc == 0 ? open_again(d->place.names) : NULL;
    if (rc == 0 && !dir)
        rc = err_set(e, "unable to read %s/names: %m", d->place.path);
    for (struct dirent *f; dir && (f = readdir(dir));)
        if (*f->d_name != '.' && strncmp(f->d_name, DATA, strlen(DATA)) != 0 && find(d, f->d_name, &n))
            fn(arg, &n);
    if (dir)
        closedir(dir);
    return rc < 0 ? -1 : 0;
}
