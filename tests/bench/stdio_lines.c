/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_lines write N     writes N lines of 80 bytes: "RANK NUMBER xxx...", one letter all through
 * stdio_lines check       reads such lines, labelled or not, from many ranks; prints "BYTES TORN"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LENGTH 80

static int write_lines(long count)
{
    char line[128];
    const char *rank = getenv("PMI_RANK") ? getenv("PMI_RANK") : getenv("OMPI_COMM_WORLD_RANK");
    for (long i = 0; i < count; i++) {
        int n = snprintf(line, sizeof line, "%s %ld ", rank ? rank : "0", i);
        memset(line + n, 'a' + (int)(i % 26), (size_t)(LENGTH - 1 - n));
        line[LENGTH - 1] = '\n';
        if (fwrite(line, 1, LENGTH, stdout) != LENGTH)
            return 1;
    }
    return 0;
}

/* Hydra's and ours are "[0] ", Open MPI's "[1,0]<stdout>:". */
static const char *after_label(const char *line, const char *newline)
{
    const char *p = *line == '[' ? memchr(line, ']', (size_t)(newline - line)) : NULL;
    if (!p)
        return line;
    p += strncmp(p + 1, "<stdout>:", 9) == 0 ? 10 : 1;
    return p + (*p == ' ');
}

/* Whole: 80 bytes with the newline, and 50 times the same letter at the end. */
static int torn(const char *line, const char *newline)
{
    const char *from = after_label(line, newline);
    if (newline - from != LENGTH - 1)
        return 1;
    for (const char *c = newline - 50; c < newline - 1; c++)
        if (c[0] != c[1])
            return 1;
    return 0;
}

static int check_lines(void)
{
    static char data[1 << 20];
    size_t have = 0;
    long bytes = 0, bad = 0;
    ssize_t n;
    while ((n = read(STDIN_FILENO, data + have, sizeof data - have)) > 0) {
        bytes += n;
        have += (size_t)n;
        char *p = data, *nl;
        for (; (nl = memchr(p, '\n', (size_t)(data + have - p))); p = nl + 1)
            bad += torn(p, nl);
        have = (size_t)(data + have - p);
        memmove(data, p, have);
    }
    printf("%ld %ld\n", bytes, bad + (have > 0));
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "write"))
        return write_lines(atol(argv[2]));
    if (argc == 2 && !strcmp(argv[1], "check"))
        return check_lines();
    fprintf(stderr, "usage: stdio_lines write N | check\n");
    return 2;
}
