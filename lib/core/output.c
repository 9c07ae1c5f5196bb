/* SPDX-License-Identifier: BSD-3-Clause
 *
 * output: how stdout is buffered. */
#include "lib/core/output.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sys/stat.h>

/* Has the program set a buffer of its own? What the C library takes by itself is as long as the file advises. */
static bool buffer_chosen(const struct stat *st)
{
    size_t n = __fbufsize(stdout);
    return n > 0 && n != (size_t)st->st_blksize && n != BUFSIZ;
}

void output_by_lines(void)
{
    struct stat st;
    int fd = fileno(stdout);
    if (fd < 0 || fstat(fd, &st) != 0 || !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)) || buffer_chosen(&st))
        return;
    setvbuf(stdout, NULL, _IOLBF, 0);
    output_flush(); /* lines that were printed before */
}

void output_flush(void)
{
    if (__fpending(stdout) == 0 || ftrylockfile(stdout) != 0)
        return;
    fflush(stdout);
    funlockfile(stdout);
}
