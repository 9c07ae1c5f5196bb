/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Processes of different jobs that share memory come and go, and strangers: whatever one has sent arrives, in order,
 * and then its end. Usage: abroad_life SCENARIO, see the table at the end. */
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "life.h"
#include "lib/core/clock.h"
#include "lib/nodemem/porch.h"
#include "lib/process/failed.h"
#include "lib/transport/address.h"
#include "lib/transport/shm/channel.h"
#include "lib/transport/sleep.h"

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
} table[] = {{"killed", 1, killed_host, killed_visitor},
             {"leaves", 1, leaves_host, leaves_visitor},
             {"gone", 1, gone_host, gone_visitor},
             {"killed early", 1, gone_host, killed_early_visitor},
             {"sleeps", 1, sleeps_host, sleeps_visitor},
             {"crowd", MANY, crowd_host, crowd_visitor},
             {"strange", 1, strange_host, strange_visitor},
             {"overlong", 1, overlong_host, overlong_visitor},
             {"overhasty", 1, overhasty_host, overhasty_visitor},
             {"over", 1, over_host, over_visitor},
             {"over in a segment", 1, over_host, over_in_a_segment_visitor},
             {"early goes", 1, early_goes_host, early_goes_visitor},
             {"early leaves", 1, early_leaves_host, early_comes},
             {"mute", 1, mute_host, mute_visitor},
             {"deaf", 1, mute_host, deaf_visitor},
             {"silent", 1, silent_host, silent_visitor},
             {"secret", 1, secret_host, secret_visitor},
             {"limited", 1, secret_host, limited_visitor},
             {"contained", 1, secret_host, contained_visitor},
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
