/* SPDX-License-Identifier: BSD-3-Clause
 *
 * file: small text files. */
#include "common/file.h"

#include "common/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Grows *text until the end of the file or one byte over max. Returns the length, or -1 with errno set. */
static ssize_t read_all(int fd, size_t max, char **text)
{
    size_t len = 0, cap = 4096;
    *text = xmalloc(cap);
    while (len <= max) {
        if (len + 1 == cap)
            *text = xrealloc(*text, cap *= 2);
        ssize_t n = read(fd, *text + len, cap - len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    (*text)[len] = '\0';
    return (ssize_t)len;
}

char *file_read(const char *path, size_t max, size_t *len, struct err *e)
{
    char *text = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read_all(fd, max, &text);
    if (n < 0)
        err_set(e, "unable to read %s: %m", path);
    else if ((size_t)n > max)
        err_set(e, "%s is larger than %zu bytes", path, max);
    else if (memchr(text, '\0', (size_t)n))
        err_set(e, "%s is not a text file: it holds a NUL byte", path);
    else {
        close(fd);
        if (len)
            *len = (size_t)n;
        return text;
    }
    if (fd >= 0)
        close(fd);
    free(text);
    return NULL;
}
