/* SPDX-License-Identifier: BSD-3-Clause
 *
 * key_file: a new one is written under a name of its own, and linked to its place when it is whole.
 */
#include "common/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGITS "0123456789abcdef"

int key_file_path(const char *asked, char *path, size_t size, struct err *e)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int n;
    if (asked && *asked)
        n = snprintf(path, size, "%s", asked);
    else if (config && *config)
        n = snprintf(path, size, "%s/muster/names.key", config);
    else if (home && *home)
        n = snprintf(path, size, "%s/.config/muster/names.key", home);
    else
        return err_set(e, "neither HOME nor XDG_CONFIG_HOME is set: name the key file (MUSTER_NAMES_KEY)");
    return (size_t)n < size ? 0 : err_set(e, "the path of the key file is too long: %.100s...", path);
}

/* Why the open file cannot be trusted, or NULL. */
static const char *fault(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return strerror(errno);
    if (!S_ISREG(st.st_mode))
        return "it is no file";
    if (st.st_uid != geteuid())
        return "it belongs to another user";
    return st.st_mode & 077 ? "others may read or change it (chmod 600)" : NULL;
}

static int read_key(int fd, const char *path, char key[KEY_FILE_DIGITS + 1], struct err *e)
{
    char text[KEY_FILE_DIGITS + 2];
    const char *why = fault(fd);
    if (why)
        return err_set(e, "the key file %s is refused: %s", path, why);
    ssize_t n = read(fd, text, sizeof text);
    if (n < 0)
        return err_set(e, "unable to read the key file %s: %m", path);
    bool whole = n == KEY_FILE_DIGITS || (n == KEY_FILE_DIGITS + 1 && text[KEY_FILE_DIGITS] == '\n');
    memcpy(key, text, KEY_FILE_DIGITS);
    key[whole ? KEY_FILE_DIGITS : 0] = '\0';
    explicit_bzero(text, sizeof text);
    if (!whole || strspn(key, DIGITS) != KEY_FILE_DIGITS)
        return err_set(e, "the key file %s is refused: it is not a line of %d hexadecimal digits", path,
                       KEY_FILE_DIGITS);
    return 0;
}

int key_file_read(const char *path, char key[KEY_FILE_DIGITS + 1], struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno == ENOENT
                   ? err_set(e, "there is no key file %s: copy it from the machine where muster-names runs", path)
                   : err_set(e, "unable to read the key file %s: %m", path);
    int rc = read_key(fd, path, key, e);
    close(fd);
    return rc;
}

/* 0, or -1 with errno. */
static int make_directories(const char *path)
{
    char part[PATH_MAX];
    for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(at - path), path);
        if (mkdir(part, 0700) < 0 && errno != EEXIST && access(part, X_OK) < 0)
            return -1;
    }
    return 0;
}

static int new_text(char text[KEY_FILE_DIGITS + 2])
{
    unsigned char bytes[KEY_FILE_DIGITS / 2];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return -1;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    memcpy(text + KEY_FILE_DIGITS, "\n", 2);
    explicit_bzero(bytes, sizeof bytes);
    return 0;
}

/* 0, or -1 with errno; somebody may have been first. */
static int make_file(const char *path)
{
    char early[PATH_MAX], text[KEY_FILE_DIGITS + 2];
    if ((size_t)snprintf(early, sizeof early, "%s.XXXXXX", path) >= sizeof early) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkostemp(early, O_CLOEXEC); /* 0600 */
    if (fd < 0)
        return -1;
    int rc = new_text(text);
    if (rc == 0 && write(fd, text, KEY_FILE_DIGITS + 1) != KEY_FILE_DIGITS + 1)
        rc = -1;
    explicit_bzero(text, sizeof text);
    if (close(fd) < 0)
        rc = -1;
    if (rc == 0 && link(early, path) < 0 && errno != EEXIST)
        rc = -1;
    int error = errno;
    unlink(early);
    errno = error;
    return rc;
}

int key_file_make(const char *path, char key[KEY_FILE_DIGITS + 1], struct err *e)
{
    if (access(path, F_OK) < 0 && errno == ENOENT && (make_directories(path) < 0 || make_file(path) < 0))
        return err_set(e, "unable to make the key file %s: %m", path);
    return key_file_read(path, key, e);
}
