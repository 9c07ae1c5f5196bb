/* SPDX-License-Identifier: BSD-3-Clause
 *
 * strangers: who comes by TCP before it is known, and places that lead to nobody of ours. */
#include <arpa/inet.h>
#include <dirent.h>
#include <linux/filter.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "life.h"
#include "lib/core/knobs.h"
#include "lib/process/process.h"
#include "lib/transport/address.h"
#include "lib/transport/tcp/place.h"

static int descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;
    CHECK(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* By TCP: it speaks before it is known here, and goes. */
static void early_one_comes(void)
{
    knobs.SHM_JOBS = SHM_JOBS_OFF;
    address_send(1);
    int before = descriptors();
    while (descriptors() == before)
        look();
    while (descriptors() != before + 1)
        look();
}

void early_goes_host(void)
{
    early_one_comes();
    int with_it = descriptors();
    word_send(1);
    while (descriptors() == with_it)
        look();
    CHECK(descriptors() == with_it - 1);
}

void early_leaves_host(void)
{
    unsigned char theirs[ADDRESS_EXPORT];
    char c;
    early_one_comes();
    int with_it = descriptors();
    CHECK(recv(socket_of(1), theirs, sizeof theirs, MSG_WAITALL) == (ssize_t)sizeof theirs);
    word_send(1);
    CHECK(recv(socket_of(1), &c, 1, MSG_WAITALL) == 0);
    for (int i = 0; i < 5000; i++)
        look();
    CHECK(descriptors() == with_it); /* that it has left is kept for who will know it */
    int proc = process_job_add("life.1", 1);
    CHECK(proc > 0 && address_tell(proc, theirs) == MPI_SUCCESS);
    process_hold(proc);
    struct peer *p = peer_get(proc);
    while (failed_seen_of == 0 && finalized_seen_of == 0)
        look();
    CHECK(finalized_seen_of == proc && failed_seen_of == 0);
    peer_retire(p, &transport_finalized);
}

void early_comes(void)
{
    char c;
    unsigned char mine[ADDRESS_EXPORT];
    knobs.SHM_JOBS = SHM_JOBS_OFF;
    CHECK(address_export(mine) == MPI_SUCCESS);
    struct peer *p = peer_get(address_take(1));
    CHECK(p->carrier && !by_memory(p));
    CHECK(write(socket_of(1), mine, sizeof mine) == (ssize_t)sizeof mine);
    while (recv(socket_of(1), &c, 1, MSG_DONTWAIT) != 1)
        look();
}

void early_goes_visitor(void)
{
    early_comes();
    raise(SIGKILL);
}

/* ---- listeners that are no process of ours, at a place that one of us tells of ---- */

/* What has come from somewhere else is thrown away; all of it, or what brings data alone. */
static void filter(int fd, bool all)
{
    struct sock_filter code[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 12),
                                 BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
                                 BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2),
                                 BPF_STMT(BPF_MISC | BPF_TAX, 0), /* X: bytes of the head */
                                 BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
                                 BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0),
                                 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
                                 BPF_STMT(BPF_RET | BPF_K, all ? 0 : 0xffff),
                                 BPF_STMT(BPF_RET | BPF_K, 0)};
    const struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    CHECK(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0);
}

static int stranger(unsigned host, uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(host)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0);
    if (bind(fd, (struct sockaddr *)&at, n) != 0 || listen(fd, 8) != 0) {
        close(fd);
        return -1;
    }
    CHECK(getsockname(fd, (struct sockaddr *)&at, &n) == 0);
    *port = ntohs(at.sin_port);
    return fd;
}

/* The part of an exported address that is tcp's, alone. */
static void place_send(uint16_t port, const unsigned *hosts, int count)
{
    unsigned char mine[ADDRESS_EXPORT] = {sizeof(struct place), 't', 'c', 'p'};
    struct place p = {.port = port, .count = (uint8_t)count};
    for (int i = 0; i < count; i++) {
        uint32_t host = htonl(hosts[i]);
        p.prefix[i] = 128;
        p.hosts[i] = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
        memcpy(&p.hosts[i].s6_addr[12], &host, sizeof host);
    }
    memcpy(mine + 8, &p, sizeof p);
    address_take(1);
    CHECK(write(socket_of(1), mine, sizeof mine) == (ssize_t)sizeof mine);
    CHECK(write(socket_of(1), &port, sizeof port) == sizeof port);
}

enum { HOST_A = 0x7f000002, HOST_B = 0x7f000003 };

/* Nothing comes back: from where to where, and why, in time. */
void mute_host(void)
{
    uint16_t port;
    char to[80];
    knobs.CONNECT_PATIENCE = 1;
    struct peer *p = meet(1);
    CHECK(recv(socket_of(1), &port, sizeof port, MSG_WAITALL) == sizeof port);
    while (failed_seen_of == 0)
        look();
    snprintf(to, sizeof to, "no connection from 127.0.0.1 to 127.0.0.2 port %u: Connection timed out (", port);
    CHECK(failed_seen_of == p->proc && is_told(p, to));
    word_send(1);
    peer_retire(p, &transport_failed);
}

static void mute(bool all)
{
    uint16_t port = 0;
    int fd = stranger(HOST_A, &port);
    CHECK(fd >= 0);
    filter(fd, all);
    place_send(port, (const unsigned[]){HOST_A}, 1);
    word_await(1);
    close(fd);
}

void mute_visitor(void)
{
    mute(true);
}

void deaf_visitor(void)
{
    mute(false);
}

/* Two take what is said, and say nothing: the peer, which computes, and somebody else. They are asked in turn, and it
 * is no failure. */
void silent_host(void)
{
    uint16_t port;
    char c;
    knobs.CONNECT_PATIENCE = 1;
    struct peer *p = meet(1);
    CHECK(recv(socket_of(1), &port, sizeof port, MSG_WAITALL) == sizeof port);
    while (recv(socket_of(1), &c, 1, MSG_DONTWAIT) != 1)
        look();
    CHECK(failed_seen_of == 0 && finalized_seen_of == 0);
    p->transport->disconnect(p);
}

void silent_visitor(void)
{
    int fds[2], taken[4];
    uint16_t port = 0;
    for (fds[1] = -1; fds[1] < 0;) {
        port = 0;
        fds[0] = stranger(HOST_A, &port);
        CHECK(fds[0] >= 0);
        fds[1] = stranger(HOST_B, &port);
        if (fds[1] < 0)
            close(fds[0]);
    }
    place_send(port, (const unsigned[]){HOST_A, HOST_B}, 2);
    for (int i = 0; i < 4; i++)
        CHECK((taken[i] = accept(fds[i % 2], NULL, NULL)) >= 0);
    word_send(1);
    for (int i = 0; i < 4; i++)
        close(taken[i]);
    close(fds[0]);
    close(fds[1]);
}
