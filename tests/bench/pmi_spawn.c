/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi_spawn N K: PMI-1 by hand: spawns K of itself N times, one after another, and prints the milliseconds that a spawn
 * takes in the median: until all K have passed their first barrier and said so. Each child lives until that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CHILDREN_MAX 64

static int fd;
static char reply[8192];

/* Sends text and reads a line. */
static void ask(const char *text)
{
    size_t n = strlen(text), have = 0;
    if (write(fd, text, n) != (ssize_t)n)
        exit(1);
    do {
        ssize_t k = read(fd, reply + have, sizeof reply - 1 - have);
        if (k <= 0)
            exit(1);
        have += (size_t)k;
    } while (reply[have - 1] != '\n');
    reply[have] = 0;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The parent listens there, in the abstract space of names. */
static socklen_t address(struct sockaddr_un *a, long parent)
{
    *a = (struct sockaddr_un){.sun_family = AF_UNIX};
    return (socklen_t)(sizeof a->sun_family + 1 +
                       (size_t)snprintf(a->sun_path + 1, sizeof a->sun_path - 1, "muster-pmi-spawn-%ld", parent));
}

static int be_child(long parent)
{
    struct sockaddr_un a;
    socklen_t len = address(&a, parent);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    char end;
    ask("cmd=barrier_in\n");
    if (connect(s, (struct sockaddr *)&a, len) < 0 || read(s, &end, 1) != 0)
        return 1;
    ask("cmd=finalize\n");
    return 0;
}

static double spawn_ms(const char *self, int k, int port)
{
    int children[CHILDREN_MAX];
    char text[1024];
    double begun = now_ms();
    snprintf(
        text, sizeof text,
        "mcmd=spawn\nnprocs=%d\nexecname=%s\ntotspawns=1\nspawnssofar=1\nargcnt=2\narg1=child\narg2=%ld\npreput_num=0\n"
        "info_num=0\nendcmd\n",
        k, self, (long)getpid());
    ask(text);
    if (!strstr(reply, "rc=0"))
        exit(1);
    for (int i = 0; i < k; i++)
        children[i] = accept(port, NULL, NULL);
    double took = now_ms() - begun;
    for (int i = 0; i < k; i++)
        close(children[i]);
    return took;
}

int main(int argc, char **argv)
{
    const char *pmi_fd = getenv("PMI_FD");
    if (!pmi_fd || argc != 3)
        return 1;
    fd = atoi(pmi_fd);
    ask("cmd=init pmi_version=1 pmi_subversion=1\n");
    if (strcmp(argv[1], "child") == 0)
        return be_child(atol(argv[2]));
    int n = atoi(argv[1]), k = atoi(argv[2]), port = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a;
    socklen_t len = address(&a, getpid());
    double *took = calloc(n > 0 ? (size_t)n : 1, sizeof *took);
    if (!took || n < 1 || k < 1 || k > CHILDREN_MAX || bind(port, (struct sockaddr *)&a, len) < 0 ||
        listen(port, k) < 0)
        return 1;
    for (int i = 0; i < n; i++)
        took[i] = spawn_ms(argv[0], k, port);
    qsort(took, (size_t)n, sizeof *took, by_value);
    printf("%.3f\n", took[n / 2]);
    free(took);
    ask("cmd=finalize\n");
    return 0;
}
