/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Processes of different jobs that share memory come and go: each is a job of one that nobody has started, and they
 * meet over sockets. Whatever one has sent arrives, in order, and then its end.
 * Usage: abroad_life SCENARIO, see the table at the end. */
#include <dirent.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/core/clock.h"
#include "lib/core/error.h"
#include "lib/core/knobs.h"
#include "lib/nodemem/porch.h"
#include "lib/process/failed.h"
#include "lib/process/finalized.h"
#include "lib/process/process.h"
#include "lib/transport/address.h"
#include "lib/transport/shm/channel.h"
#include "lib/transport/sleep.h"
#include "lib/transport/tcp/place.h"

#define CHECK(x)                                                                                                       \
    do {                                                                                                               \
        if (!(x)) {                                                                                                    \
            fprintf(stderr, "%s:%d: %s, process %d: not so: %s\n", __FILE__, __LINE__, scenario, me, #x);              \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

enum { MANY = 12, PACKETS = 500, BYTES = 3000, PATIENCE = 60 };

static const char *scenario;
static int me;               /* 0: who is visited; the others visit */
static int sockets[MANY][2]; /* of visitor i + 1: its end, then the other */
static uint32_t came[MANY + 1];
static int failed_seen_of, finalized_seen_of; /* processes, as the library notes them; 0: none */

bool p2p_deliver(struct peer *from, const struct packet *h, const void *payload, size_t n)
{
    uint32_t *next = &came[from->proc];
    CHECK(h->key.ctx == (*next)++ && n == packet_bytes(h) && n <= BYTES);
    for (size_t i = 0; i < n; i++)
        CHECK(((const unsigned char *)payload)[i] == (unsigned char)(h->key.ctx + i));
    return true;
}

static bool note_failed(int proc)
{
    failed_seen_of = proc;
    return true;
}

static void note_finalized(int proc, enum stage now)
{
    finalized_seen_of = now == GONE ? proc : 0;
}

static void look(void)
{
    static int64_t until;
    if (until == 0)
        until = clock_ns() + PATIENCE * INT64_C(1000000000);
    CHECK(clock_ns() < until);
    if (transport_poll() == 0)
        sched_yield();
    if (failed_pending())
        failed_scan(note_failed);
    finalized_scan(note_finalized);
}

static void begin(int who)
{
    char name[32];
    me = who;
    snprintf(name, sizeof name, "life.%d", who);
    CHECK(boot_init() == MPI_SUCCESS && knobs_init(false) == MPI_SUCCESS);
    CHECK(process_init(name, 0, 1) == MPI_SUCCESS && transport_init() == MPI_SUCCESS);
    failed_init();
}

/* As at the end of MPI. */
static void end(void)
{
    while (transport_unsent())
        look();
    transport_fini();
    finalized_fini();
    failed_fini();
    process_fini();
    boot_fini();
}

static int socket_of(int visitor)
{
    return sockets[visitor - 1][me == 0];
}

static void address_send(int visitor)
{
    unsigned char mine[ADDRESS_EXPORT];
    CHECK(address_export(mine) == MPI_SUCCESS);
    CHECK(write(socket_of(visitor), mine, sizeof mine) == (ssize_t)sizeof mine);
}

/* The other one's index. */
static int address_take(int visitor)
{
    unsigned char theirs[ADDRESS_EXPORT];
    char name[32];
    CHECK(recv(socket_of(visitor), theirs, sizeof theirs, MSG_WAITALL) == (ssize_t)sizeof theirs);
    snprintf(name, sizeof name, "life.%d", me == 0 ? visitor : 0);
    int proc = process_job_add(name, 1);
    CHECK(proc > 0 && address_tell(proc, theirs) == MPI_SUCCESS);
    process_hold(proc); /* as a communicator would */
    return proc;
}

static struct peer *meet(int visitor)
{
    address_send(visitor);
    return peer_get(address_take(visitor));
}

static void word_send(int visitor)
{
    CHECK(write(socket_of(visitor), "x", 1) == 1);
}

static void word_await(int visitor)
{
    char c;
    CHECK(recv(socket_of(visitor), &c, 1, MSG_WAITALL) == 1);
}

static void packets_send(struct peer *p, uint32_t first, uint32_t count)
{
    unsigned char bytes[BYTES];
    for (uint32_t i = first; i < first + count; i++) {
        size_t n = i * 7 % BYTES;
        for (size_t k = 0; k < n; k++)
            bytes[k] = (unsigned char)(i + k);
        while (!p->transport->inject(p, 1, i, 0, bytes, n))
            look();
    }
}

static bool by_memory(const struct peer *p)
{
    return p->carrier && strcmp(p->carrier->name, "shm") == 0;
}

static bool is_told(const struct peer *p, const char *why)
{
    return failed_error(p->proc) == MPI_ERR_PROC_ABORTED && strstr(error_detail_get(MPI_ERR_PROC_ABORTED), why);
}

/* What the ring holds without anybody's help. */
enum { FEW = 20 };

/* ---- the scenarios: what the one does who is visited, and what a visitor does ---- */

/* It has sent something, which nobody has looked at when it is killed. */
static void killed_host(void)
{
    struct peer *p = meet(1);
    CHECK(by_memory(p));
    packets_send(p, 0, FEW);
    while (came[p->proc] < FEW)
        look();
    word_await(1);
    while (failed_seen_of == 0)
        look();
    CHECK(failed_seen_of == p->proc && finalized_seen_of == 0 && came[p->proc] == 2 * FEW);
    CHECK(!p->transport->inject(p, 1, 0, 0, "", 0)); /* nothing more goes there */
    peer_retire(p, &transport_failed);
}

static void killed_visitor(void)
{
    struct peer *p = meet(1);
    packets_send(p, 0, FEW);
    while (came[p->proc] < FEW || transport_unsent())
        look();
    packets_send(p, FEW, FEW);
    word_send(1);
    raise(SIGKILL);
}

/* It sends, and ends before anybody looks: it stays until its channel has been opened. */
static void leaves_host(void)
{
    struct peer *p = meet(1);
    word_await(1);
    while (finalized_seen_of == 0)
        look();
    CHECK(finalized_seen_of == p->proc && failed_seen_of == 0 && came[p->proc] == FEW);
    peer_retire(p, &transport_finalized);
}

static void leaves_visitor(void)
{
    packets_send(meet(1), 0, FEW);
    word_send(1);
}

/* It has ended, in one way or the other, before it is spoken to. */
static void gone_host(void)
{
    struct peer *p = meet(1);
    char c;
    CHECK(recv(socket_of(1), &c, 1, MSG_WAITALL) == 0);
    while (failed_seen_of == 0 && finalized_seen_of == 0)
        look();
    CHECK(failed_seen_of + finalized_seen_of == p->proc);
    peer_retire(p, &transport_failed);
}

static void gone_visitor(void)
{
    address_send(1);
    address_take(1);
}

static void killed_early_visitor(void)
{
    gone_visitor();
    raise(SIGKILL);
}

/* Who sleeps is woken by a packet, then by the death of who sent it. Without that the nap would take too long. */
static void nap(void)
{
    const struct timespec most = {.tv_sec = 2 * PATIENCE};
    uint32_t value;
    _Atomic uint32_t *bell = sleep_arm(&value);
    CHECK(bell);
    if (transport_poll() == 0 && !failed_pending())
        syscall(SYS_futex, bell, FUTEX_WAIT, value, &most, NULL, 0);
    sleep_disarm();
    look();
}

static void sleeps_host(void)
{
    struct peer *p = meet(1);
    CHECK(by_memory(p));
    while (came[p->proc] < PACKETS)
        nap();
    word_send(1);
    while (failed_seen_of == 0)
        nap();
    peer_retire(p, &transport_failed);
}

static void sleeps_visitor(void)
{
    struct peer *p = meet(1);
    for (uint32_t i = 0; i < PACKETS; i++) {
        for (int64_t until = clock_ns() + 1000000; i % 10 == 0 && p->transport->is_polling(p) && clock_ns() < until;)
            sched_yield();
        packets_send(p, i, 1);
    }
    word_await(1);
    while (p->transport->is_polling(p))
        sched_yield();
    raise(SIGKILL);
}

/* Many knock at once; who is visited answers, and asks for nothing in between. */
static void crowd_host(void)
{
    struct peer *p[MANY];
    uint32_t all = 0;
    for (int i = 0; i < MANY; i++)
        p[i] = meet(i + 1);
    for (int i = 0; i < MANY; i++)
        word_send(i + 1);
    while (all < MANY * PACKETS) {
        look();
        all = 0;
        for (int i = 0; i < MANY; i++)
            all += came[p[i]->proc];
    }
    for (int i = 0; i < MANY; i++)
        packets_send(p[i], 0, PACKETS);
}

static void crowd_visitor(void)
{
    struct peer *p = meet(me);
    word_await(me);
    packets_send(p, 0, PACKETS);
    while (came[p->proc] < PACKETS)
        look();
}

/* It speaks before it is known here. */
static void strange_host(void)
{
    address_send(1);
    word_await(1);
    for (int i = 0; i < 5000; i++)
        look();
    struct peer *p = peer_get(address_take(1));
    while (came[p->proc] < FEW)
        look();
}

static void strange_visitor(void)
{
    unsigned char mine[ADDRESS_EXPORT];
    CHECK(address_export(mine) == MPI_SUCCESS);
    struct peer *p = peer_get(address_take(1));
    CHECK(by_memory(p));
    packets_send(p, 0, FEW);
    word_send(1);
    address_send(1);
}

/* It keeps to the channel for a while, then a packet is longer than the ring that it lies in. */
static void overlong_host(void)
{
    struct peer *p = meet(1);
    while (failed_seen_of == 0)
        look();
    CHECK(failed_seen_of == p->proc && came[p->proc] == FEW);
    CHECK(is_told(p, "makes no sense"));
    CHECK(!p->transport->peek(p, 1).head); /* nor is it looked at by another way */
    word_send(1);
    peer_retire(p, &transport_failed);
}

static void overlong_visitor(void)
{
    struct peer *p = meet(1);
    packets_send(p, 0, FEW);
    struct cursor *out = &((struct link *)p->channel)->out;
    CHECK(PACKET_PAYLOAD_MAX > out->ring);
    struct slot *s = &out->slots[out->next & out->last];
    s->head.what = packet_what(1, PACKET_PAYLOAD_MAX);
    atomic_store(&s->head.seq, out->next + 1);
    word_await(1);
}

/* It says that it has got more than was sent. */
static void overhasty_host(void)
{
    struct peer *p = meet(1);
    packets_send(p, 0, 1);
    word_await(1);
    for (uint32_t i = 1; failed_seen_of == 0; look())
        i += p->transport->inject(p, 1, i, 0, "", 0);
    CHECK(failed_seen_of == p->proc && is_told(p, "makes no sense"));
    word_send(1);
    peer_retire(p, &transport_failed);
}

static void overhasty_visitor(void)
{
    struct peer *p = meet(1);
    struct link *l = p->channel;
    while (came[p->proc] < 1)
        look();
    atomic_store(&l->in.ch->consumed, l->in.next + 1000);
    atomic_store(&l->in.ch->consumed_bytes, UINT64_MAX);
    word_send(1);
    word_await(1);
}

/* MPI is over in it, and it lives: before it is spoken to. */
static void over_host(void)
{
    address_send(1);
    int proc = address_take(1);
    word_await(1);
    struct peer *p = peer_get(proc);
    CHECK(by_memory(p));
    while (failed_seen_of == 0 && finalized_seen_of == 0)
        look();
    CHECK(finalized_seen_of == p->proc && failed_seen_of == 0);
    CHECK(!p->transport->inject(p, 1, 0, 0, "", 0));
    word_send(1);
    peer_retire(p, &transport_finalized);
}

static void over_visitor(void)
{
    gone_visitor();
    end();
    word_send(1);
    word_await(1);
    exit(0);
}

/* The same where its memory stays, which is a node's: by hand. */
static void over_in_a_segment_visitor(void)
{
    gone_visitor();
    atomic_fetch_add(&porch_own()->bell.lives, 1);
    word_send(1);
    word_await(1);
}

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

static void early_goes_host(void)
{
    early_one_comes();
    int with_it = descriptors();
    word_send(1);
    while (descriptors() == with_it)
        look();
    CHECK(descriptors() == with_it - 1);
}

static void early_leaves_host(void)
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

static void early_comes(void)
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

static void early_goes_visitor(void)
{
    early_comes();
    raise(SIGKILL);
}

/* ---- listeners that are no process of ours, at a place that one of us tells of ---- */

/* What has come from somewhere else is thrown away; all of it, or what brings data alone. */
static void filter(int fd, bool all)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 12),      BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
        BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2),      BPF_STMT(BPF_MISC | BPF_TAX, 0), /* X: bytes of the head */
        BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),       BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), BPF_STMT(BPF_RET | BPF_K, all ? 0 : 0xffff),
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
static void mute_host(void)
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

static void mute_visitor(void)
{
    mute(true);
}

static void deaf_visitor(void)
{
    mute(false);
}

/* Two take what is said, and say nothing: the peer, which computes, and somebody else. They are asked in turn, and it is
 * no failure. */
static void silent_host(void)
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

static void silent_visitor(void)
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

/* One of both lets nobody look at its files, or can make none, or is of another realm: neither uses memory. */
static void secret_host(void)
{
    struct peer *p = meet(1);
    CHECK(p->carrier && !by_memory(p));
    packets_send(p, 0, FEW);
    while (came[p->proc] < FEW)
        look();
}

static void secret_visitor(void)
{
    prctl(PR_SET_DUMPABLE, 0);
    secret_host();
}

static void limited_visitor(void)
{
    const struct rlimit few = {.rlim_cur = 65536, .rlim_max = 65536};
    CHECK(setrlimit(RLIMIT_FSIZE, &few) == 0);
    secret_host();
}

/* Where it may not have users of its own, it is secret. */
static void contained_visitor(void)
{
    if (unshare(CLONE_NEWUSER) == 0)
        secret_host();
    else
        secret_visitor();
}

/* They part, and meet again, while the rest of both goes on. */
static void again_both(void)
{
    enum { TIMES = 40 };
    struct peer *p = meet(1);
    for (int i = 0; i < TIMES; i++) {
        packets_send(p, (uint32_t)i * FEW, FEW);
        while (came[p->proc] < (uint32_t)(i + 1) * FEW)
            look();
        p->transport->disconnect(p);
        free(p->channel);
        p->channel = NULL;
        p->transport = NULL;
        word_send(1);
        word_await(1);
        CHECK(transport_select(p) && by_memory(p));
    }
}

static const struct {
    const char *name;
    int visitors;
    void (*host)(void), (*visitor)(void);
} table[] = {{"killed", 1, killed_host, killed_visitor},    {"leaves", 1, leaves_host, leaves_visitor},
             {"gone", 1, gone_host, gone_visitor},          {"killed early", 1, gone_host, killed_early_visitor},
             {"sleeps", 1, sleeps_host, sleeps_visitor},    {"crowd", MANY, crowd_host, crowd_visitor},
             {"strange", 1, strange_host, strange_visitor}, {"overlong", 1, overlong_host, overlong_visitor},
             {"overhasty", 1, overhasty_host, overhasty_visitor},
             {"over", 1, over_host, over_visitor}, {"over in a segment", 1, over_host, over_in_a_segment_visitor},
             {"early goes", 1, early_goes_host, early_goes_visitor},
             {"early leaves", 1, early_leaves_host, early_comes},
             {"mute", 1, mute_host, mute_visitor}, {"deaf", 1, mute_host, deaf_visitor},
             {"silent", 1, silent_host, silent_visitor},
             {"secret", 1, secret_host, secret_visitor},
             {"limited", 1, secret_host, limited_visitor},  {"contained", 1, secret_host, contained_visitor},
             {"again", 1, again_both, again_both}};

static void child(int who, int visitors, void (*act)(void))
{
    for (int i = 0; i < visitors; i++) { /* so that the end of a process is seen in its socket */
        if (who > 0)
            close(sockets[i][1]);
        if (who != i + 1)
            close(sockets[i][0]);
    }
    begin(who);
    act();
    end();
    exit(0);
}

static int run(int visitors, void (*host)(void), void (*visitor)(void))
{
    int status, worst = 0;
    for (int i = 0; i < visitors; i++)
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets[i]) == 0);
    for (int who = 0; who <= visitors; who++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            child(who, visitors, who ? visitor : host);
    }
    for (int i = 0; i < visitors; i++) {
        close(sockets[i][0]);
        close(sockets[i][1]);
    }
    while (wait(&status) > 0)
        worst |= WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status) != SIGKILL;
    return worst;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (argc == 2 && strcmp(argv[1], table[i].name) == 0) {
            scenario = table[i].name;
            return run(table[i].visitors, table[i].host, table[i].visitor);
        }
    fprintf(stderr, "abroad_life: usage: abroad_life SCENARIO\n");
    return 2;
}
