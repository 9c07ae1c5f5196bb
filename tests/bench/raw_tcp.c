/* SPDX-License-Identifier: BSD-3-Clause
 *
 * raw_tcp: what the sockets of two hosts can do without MPI, waited for as the library waits: it spins, then it sleeps.
 *
 *     raw_tcp listen ADDRESS PORT [NAME] | raw_tcp connect ADDRESS PORT [NAME]
 *
 * The connector prints "name size value" lines, as mpi_network does: latency in microseconds, streams in MB/s, rates in
 * messages a second. A value is the best of several short batches. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1 << 20, WINDOW = 64, SPINS = 20000, BATCHES = 15 };

static int fd;
static char *memory;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static void pin(int cpu)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu % (int)sysconf(_SC_NPROCESSORS_ONLN), &one);
    sched_setaffinity(0, sizeof one, &one);
}

static void move(char *at, size_t n, bool out)
{
    struct pollfd p = {fd, out ? POLLOUT : POLLIN, 0};
    for (int idle = 0; n > 0;) {
        ssize_t k = out ? send(fd, at, n, MSG_DONTWAIT | MSG_NOSIGNAL) : recv(fd, at, n, MSG_DONTWAIT);
        if (k == 0)
            exit(0); /* the other one is through */
        if (k < 0 && ++idle > SPINS)
            poll(&p, 1, 100);
        if (k > 0) {
            at += k;
            n -= (size_t)k;
            idle = 0;
        }
    }
}

/* What is measured: `count` messages of `bytes` in writes of so many, then an answer: one of those bytes, or a byte. */
struct work {
    const char *name;
    size_t bytes;
    int count, each; /* messages, and of them in one write */
    bool back;       /* the answer is as long */
};

static void run(const struct work *w, int times, bool first)
{
    for (int i = 0; i < times; i++) {
        for (int turn = 0; turn < 2; turn++) {
            bool out = (turn == 0) == first;
            if (turn == 1)
                move(memory, w->back ? w->bytes : 1, out);
            else if (out)
                for (int k = 0; k < w->count; k += w->each)
                    move(memory, w->bytes * (size_t)w->each, out);
            else if (w->bytes * (size_t)w->count <= 4 * MIB)
                move(memory, w->bytes * (size_t)w->count, out);
            else
                for (int k = 0; k < w->count; k++)
                    move(memory, w->bytes, out);
        }
    }
}

static double best_of(const struct work *w)
{
    double best = 1e9;
    for (int times = 1, done = 0; done < BATCHES;) {
        int32_t go = times;
        move((char *)&go, sizeof go, true);
        double t = now();
        run(w, times, true);
        t = now() - t;
        best = t / times < best ? t / times : best;
        if (t < 0.004 && times < 1 << 20)
            times *= 2;
        else
            done++;
    }
    int32_t over = 0;
    move((char *)&over, sizeof over, true);
    return best;
}

static void work_do(const struct work *w, bool connects)
{
    if (!connects) {
        for (int32_t times; move((char *)&times, sizeof times, false), times > 0;)
            run(w, times, false);
        return;
    }
    double t = best_of(w);
    bool stream = strcmp(w->name, "stream") == 0;
    double value = w->back ? t / 2 * 1e6 : stream ? (double)w->bytes * w->count / t * 1e-6 : w->count / t;
    printf("%s %zu %.6g\n", w->name, w->bytes, value);
    fflush(stdout);
}

static void meet(bool connects, const char *address, int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1, s = socket(AF_INET, SOCK_STREAM, 0);
    double until = now() + 20;
    if (inet_pton(AF_INET, address, &a.sin_addr) != 1 || s < 0)
        give_up(address);
    if (connects) {
        while (connect(s, (struct sockaddr *)&a, sizeof a) != 0) {
            if (now() > until)
                give_up("connect");
            close(s);
            s = socket(AF_INET, SOCK_STREAM, 0);
            usleep(10000);
        }
        fd = s;
    } else {
        setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (bind(s, (struct sockaddr *)&a, sizeof a) != 0 || listen(s, 1) != 0 || (fd = accept(s, NULL, NULL)) < 0)
            give_up("listen");
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

int main(int argc, char **argv)
{
    static const struct work all[] = {
        {"latency", 8, 1, 1, true},       {"latency", 65536, 1, 1, true},     {"latency", MIB, 1, 1, true},
        {"latency", 4 * MIB, 1, 1, true}, {"rate", 8, WINDOW, WINDOW, false}, {"rate-each", 8, WINDOW, 1, false},
        {"stream", 65536, 64, 1, false},  {"stream", MIB, 16, 1, false},      {"stream", 4 * MIB, 8, 1, false}};
    if (argc < 4)
        return 2;
    bool connects = strcmp(argv[1], "connect") == 0;
    pin(connects);
    meet(connects, argv[2], atoi(argv[3]));
    memory = calloc(1, 4 * MIB);
    for (size_t i = 0; memory && i < sizeof all / sizeof *all; i++)
        if (argc == 4 || strcmp(all[i].name, argv[4]) == 0)
            work_do(&all[i], connects);
    free(memory);
    return 0;
}
