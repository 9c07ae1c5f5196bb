/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A directory gets its final name when its lock is held, so that nobody takes one that is just being made for one that
 * was left behind.
 */
#include "proxy/pmix/private_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "muster-pmix-"
#define LOCK "lock"

static const char *base(void)
{
    const char *tmp = getenv("TMPDIR");
    return tmp && *tmp == '/' ? tmp : "/tmp";
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

static void remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Ours, and nobody holds its lock. */
static bool was_left(const char *path)
{
    struct stat st;
    char lock[PATH_MAX + sizeof LOCK];
    if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
        return false;
    snprintf(lock, sizeof lock, "%s/" LOCK, path);
    int fd = open(lock, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    bool left = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (fd >= 0)
        close(fd);
    return left;
}

static void remove_left(void)
{
    DIR *d = opendir(base());
    char path[PATH_MAX];
    for (struct dirent *f; d && (f = readdir(d));) {
        if (strncmp(f->d_name, NAME, strlen(NAME)) != 0 ||
            snprintf(path, sizeof path, "%s/%s", base(), f->d_name) >= PATH_MAX)
            continue;
        if (was_left(path))
            remove_tree(path);
    }
    if (d)
        closedir(d);
}

static int lock_and_name(struct private_dir *d, const char *made)
{
    char lock[PATH_MAX + sizeof LOCK];
    snprintf(lock, sizeof lock, "%s/" LOCK, made);
    d->lock = open(lock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (d->lock < 0 || flock(d->lock, LOCK_EX | LOCK_NB) < 0)
        return -1;
    const char *random = strrchr(made, '-') + 1;
    if (snprintf(d->path, sizeof d->path, "%s/" NAME "%d-%s", base(), (int)getpid(), random) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return rename(made, d->path);
}

int private_dir_make(struct private_dir *d, struct err *e)
{
    char made[PATH_MAX];
    remove_left();
    *d = (struct private_dir){.lock = -1};
    if (snprintf(made, sizeof made, "%s/.muster-pmix-XXXXXX", base()) >= PATH_MAX || !mkdtemp(made))
        return err_set(e, "unable to make a directory in %s (TMPDIR): %m", base());
    if (lock_and_name(d, made) == 0)
        return 0;
    err_set(e, "unable to make a directory in %s (TMPDIR): %m", base());
    remove_tree(made);
    if (d->lock >= 0)
        close(d->lock);
    *d = (struct private_dir){.lock = -1};
    return -1;
}

void private_dir_remove(struct private_dir *d)
{
    if (!*d->path)
        return;
    remove_tree(d->path);
    close(d->lock);
    *d = (struct private_dir){.lock = -1};
}
