/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_place: a file of an owner gets its name when its lock is held, so that nobody takes one that is just being made
 * for one that was left. A directory may be removed by its last user while another one opens it: who finds nothing in
 * it then begins anew.
 */
#include "launcher/name_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NEW "new-"
enum { TRIES = 20, NEW_S = 60 };

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_all(struct name_place *p)
{
    close_one(&p->own);
    close_one(&p->names);
    close_one(&p->owners);
    close_one(&p->top);
}

static void find_path(struct name_place *p)
{
    const char *asked = getenv("MUSTER_NAMES_DIR");
    if (asked && *asked)
        snprintf(p->path, sizeof p->path, "%s", asked);
    else
        snprintf(p->path, sizeof p->path, "%s/muster-names-%u", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
                 (unsigned)geteuid());
}

void name_place_init(struct name_place *p)
{
    uint64_t number = 0;
    *p = (struct name_place){-1, -1, -1, -1};
    find_path(p);
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) < 0)
        number = (uint64_t)(uintptr_t)p ^ (uint64_t)getpid() << 32;
    snprintf(p->id, sizeof p->id, "%d.%016" PRIx64, (int)getpid(), number);
}

/* A directory of ours that nobody else can enter. */
static int open_private(int at, const char *name, bool make)
{
    struct stat st;
    if (make && mkdirat(at, name, 0700) < 0 && errno != EEXIST)
        return -1;
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & 077))
        return fd;
    close(fd);
    errno = EPERM;
    return -1;
}

static int refuse(const struct name_place *p, struct err *e)
{
    if (errno == EPERM || errno == ENOTDIR || errno == ELOOP)
        return err_set(e, "%s is not a private directory of this user; remove it, or set MUSTER_NAMES_DIR", p->path);
    return err_set(e, "unable to open the directory of published names %s: %m", p->path);
}

int name_place_open(struct name_place *p, bool make, struct err *e)
{
    for (int i = 0; p->names < 0 && i < TRIES; i++) {
        close_all(p);
        p->top = open_private(AT_FDCWD, p->path, make);
        if (p->top >= 0)
            p->owners = open_private(p->top, "owners", make);
        if (p->owners >= 0)
            p->names = open_private(p->top, "names", make);
        if (p->names < 0 && errno != ENOENT)
            return refuse(p, e);
        if (p->names < 0 && !make)
            return 1;
    }
    return p->names >= 0 ? 0 : refuse(p, e);
}

static bool is_removed(int fd)
{
    struct stat st;
    return fstat(fd, &st) < 0 || st.st_nlink == 0;
}

/* The owners go with the last of them, the names only if nothing was left there. */
bool name_place_lost(struct name_place *p)
{
    if (p->names < 0 || (!is_removed(p->names) && !is_removed(p->owners)))
        return false;
    close_all(p);
    return true;
}

static int lock_file(int fd)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &l);
}

static int make_own(struct name_place *p)
{
    char early[NAME_ID_MAX + 8];
    snprintf(early, sizeof early, NEW "%s", p->id);
    int fd = openat(p->owners, early, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    if (lock_file(fd) == 0 && renameat(p->owners, early, p->owners, p->id) == 0) {
        p->own = fd;
        return 0;
    }
    int error = errno;
    unlinkat(p->owners, early, 0);
    close(fd);
    errno = error;
    return -1;
}

/* One that is just being made has no lock yet. */
bool name_place_left(const struct name_place *p, const char *file)
{
    struct stat st;
    if (*file == '.' || name_place_runs(p, file))
        return false;
    return strncmp(file, NEW, strlen(NEW)) != 0 ||
           (fstatat(p->owners, file, &st, AT_SYMLINK_NOFOLLOW) == 0 && time(NULL) - st.st_mtime > NEW_S);
}

/* Has one of the owners ended without leaving? */
static bool any_left(const struct name_place *p)
{
    int fd = openat(p->owners, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    bool left = false;
    for (struct dirent *f; d && !left && (f = readdir(d));)
        left = name_place_left(p, f->d_name);
    if (d)
        closedir(d);
    else
        close_one(&fd);
    return left;
}

int name_place_join(struct name_place *p, bool *left, struct err *e)
{
    for (int i = 0; i < TRIES; i++) {
        if (name_place_open(p, true, e) < 0)
            return -1;
        if (p->own >= 0)
            return 0;
        if (make_own(p) == 0) {
            *left = any_left(p);
            return 0;
        }
        if (errno != ENOENT)
            return err_set(e, "unable to publish in %s: %m%s", p->path,
                           errno == ENOLCK ? " (a file system with locks is needed: set MUSTER_NAMES_DIR)" : "");
        close_all(p);
    }
    return err_set(e, "unable to publish in %s: it is removed again and again", p->path);
}

bool name_place_runs(const struct name_place *p, const char *id)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (strcmp(id, p->id) == 0)
        return p->own >= 0;
    int fd = openat(p->owners, id, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool runs = fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
    close(fd);
    return runs;
}

int name_place_lock(const struct name_place *p)
{
    struct stat st;
    for (int i = 0; i < TRIES; i++) {
        int fd = openat(p->top, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
            return -1;
        bool locked = lock_file(fd) == 0;
        int error = errno;
        if (locked && fstat(fd, &st) == 0 && st.st_nlink > 0)
            return fd;
        close(fd);
        errno = error == EACCES ? EAGAIN : error;
        if (!locked)
            return -1;
    }
    errno = EAGAIN;
    return -1;
}

/* Each step fails where others are, or something was left. */
static void remove_unused(struct name_place *p)
{
    int lock = name_place_lock(p);
    if (lock >= 0 && unlinkat(p->top, "owners", AT_REMOVEDIR) == 0 && unlinkat(p->top, "names", AT_REMOVEDIR) == 0 &&
        unlinkat(p->top, "lock", 0) == 0)
        rmdir(p->path);
    close_one(&lock);
}

void name_place_fini(struct name_place *p)
{
    if (p->own >= 0) {
        unlinkat(p->owners, p->id, 0);
        remove_unused(p);
    }
    close_all(p);
}
