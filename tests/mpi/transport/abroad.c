/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Two jobs on one machine that have been told of each other keep the contract of transports: rank i of one with rank i
 * of the other, and what carries between them is what it should be. Without RANKS they are two processes that nobody
 * has started.
 * Usage: abroad CARRIER [RANKS STARTER] */
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/core/knobs.h"
#include "lib/core/state.h"
#include "lib/nodemem/nodemem.h"
#include "lib/process/process.h"
#include "lib/transport/address.h"
#include "tests/unit/lib/transport/conform.h"

enum { RANKS_MOST = 8 };

/* Both tell each other where they are reached; the index of the other one. */
static int meet(int fd, const char *theirs)
{
    unsigned char mine[ADDRESS_EXPORT], told[ADDRESS_EXPORT];
    CHECK(address_export(mine) == MPI_SUCCESS);
    CHECK(write(fd, mine, sizeof mine) == (ssize_t)sizeof mine);
    CHECK(recv(fd, told, sizeof told, MSG_WAITALL) == (ssize_t)sizeof told);
    int first = process_job_add(theirs, boot.size);
    CHECK(first == boot.size);
    CHECK(address_tell(first + boot.rank, told) == MPI_SUCCESS);
    return first + boot.rank;
}

/* Both have done all that they wanted of each other. */
static void part(int fd)
{
    char c = 0;
    CHECK(write(fd, &c, 1) == 1);
    while (recv(fd, &c, 1, MSG_DONTWAIT) != 1)
        conform_poll();
}

static int member(const char *carrier, bool second, const int *fds)
{
    static const char *const names[] = {"abroad.a", "abroad.b"};
    char *regions[2] = {malloc(CONFORM_REGION)};
    int arena = -1;
    CHECK(boot_init() == MPI_SUCCESS && regions[0]);
    CHECK(knobs_init(boot.local_size > boot.local_cpus) == MPI_SUCCESS);
    conform_me = boot.rank;
    CHECK(process_init(names[second], boot.rank, boot.size) == MPI_SUCCESS);
    CHECK(transport_init() == MPI_SUCCESS);
    int fd = fds[2 * boot.rank + second], proc = meet(fd, names[!second]);
    CHECK(strcmp(peer_get(proc)->carrier->name, carrier) == 0);
    if (nodemem_active) {
        CHECK((arena = arena_alloc()) >= 0);
        regions[1] = arena_at(arena);
    }
    conform_run(peer_get(proc), !second, regions, 1 + nodemem_active);
    part(fd);
    transport_fini();
    process_fini();
    atomic_store(&lib.status->state, RANK_FINALIZED);
    boot_fini();
    free(regions[0]);
    return 0;
}

/* The descriptors go on by their numbers. */
static void start(char **argv, bool second, const int *fds)
{
    char text[16 * RANKS_MOST] = "", job[2] = {(char)('0' + second), 0};
    for (int i = 0, at = 0; i < 2 * RANKS_MOST && fds[i] > 0; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "%d ", fds[i]);
    execl(argv[3], argv[3], argv[2], argv[0], argv[1], "member", job, text, (char *)NULL);
    perror(argv[3]);
    _exit(127);
}

static int run(int argc, char **argv)
{
    int fds[2 * RANKS_MOST + 1] = {0}, n = argc > 3 ? atoi(argv[2]) : 1, worst = 0, status;
    for (int i = 0; i < n; i++)
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds + (ptrdiff_t)2 * i) == 0);
    for (int second = 0; second < 2; second++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0 && argc > 3)
            start(argv, second, fds);
        if (pid == 0)
            exit(member(argv[1], second, fds));
    }
    while (wait(&status) > 0)
        worst |= status;
    return worst != 0;
}

int main(int argc, char **argv)
{
    int fds[2 * RANKS_MOST] = {0}, n = 0;
    if (argc < 5)
        return argc == 2 || argc == 4 ? run(argc, argv) : 2;
    for (char *at = argv[4]; *at && n < 2 * RANKS_MOST; at++)
        fds[n++] = (int)strtol(at, &at, 10);
    return member(argv[1], argv[3][0] == '1', fds);
}
