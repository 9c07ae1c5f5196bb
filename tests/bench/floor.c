/* SPDX-License-Identifier: BSD-3-Clause
 *
 * floor: what the machine can do without MPI: two processes, each on a processor of its own, and bare loads and stores
 * in memory that they share. Prints the lines that mpi_bench prints, so that each can be divided by its floor.
 *
 *     floor | floor wait SECONDS
 *
 * The latter is a bare futex: 15 processes sleep while one computes, which then wakes each of them.
 */
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1 << 20, MOST = 4 * MIB, RING = 128 };

struct line {
    _Alignas(64) _Atomic uint64_t flag;
    uint64_t payload;
};

static struct shared {
    struct line line[2];
    struct line go[2]; /* start and stop of a batch */
    struct line ring[RING];
    _Alignas(64) _Atomic uint64_t taken;
    _Atomic int times;
    _Alignas(64) char bytes[MOST];
} * sh;
static int me;
static pid_t other_pid;
static char *mine, *landing, *other; /* `other`: the other's `mine`, at the same address as ours before the fork */
static long length;
static uint64_t turn, sent; /* numbers of messages so far */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline void await(struct line *l, uint64_t n)
{
    while (atomic_load_explicit(&l->flag, memory_order_acquire) < n)
        ;
}

static inline void post(struct line *l, uint64_t n, uint64_t payload)
{
    l->payload = payload;
    atomic_store_explicit(&l->flag, n, memory_order_release);
}

static void pingpong(int times)
{
    for (int i = 0; i < times; i++) {
        turn++;
        if (me == 0) {
            post(&sh->line[0], turn, turn);
            await(&sh->line[1], turn);
        } else {
            await(&sh->line[0], turn);
            post(&sh->line[1], turn, sh->line[0].payload);
        }
    }
}

static void barrier(int times)
{
    for (int i = 0; i < times; i++) {
        turn++;
        post(&sh->line[me], turn, 0);
        await(&sh->line[!me], turn);
    }
}

static void fetch(char *to, const char *from, long n)
{
    struct iovec local = {to, (size_t)n}, remote = {(void *)(uintptr_t)from, (size_t)n};
    if (process_vm_readv(other_pid, &local, 1, &remote, 1, 0) != n)
        _exit(3);
}

/* Like pingpong, and who is told reads the other's memory, as messages do: what came is what goes back. */
static void by_reading(int times)
{
    for (int i = 0; i < times; i++) {
        turn++;
        if (me == 0) {
            post(&sh->line[0], turn, 0);
            await(&sh->line[1], turn);
            fetch(mine, mine, length);
        } else {
            await(&sh->line[0], turn);
            fetch(mine, mine, length);
            post(&sh->line[1], turn, 0);
        }
    }
}

static void copy(int times)
{
    for (int i = 0; i < times; i++) {
        turn++;
        if (me == 0)
            memcpy(landing, sh->bytes, (size_t)length);
        __asm__ volatile("" ::"r"(landing) : "memory");
    }
}

static void ring(int times)
{
    for (int i = 0; i < times; i++) {
        sent++;
        struct line *l = &sh->ring[sent % RING];
        if (me == 0) {
            while (sent - atomic_load_explicit(&sh->taken, memory_order_acquire) > RING)
                ;
            post(l, sent, sent);
        } else {
            await(l, sent);
            if (sent % 32 == 0)
                atomic_store_explicit(&sh->taken, sent, memory_order_release);
        }
    }
    if (me == 1)
        atomic_store_explicit(&sh->taken, sent, memory_order_release);
}

/* Each sums one half and reads the other's. */
static void allreduce(int times)
{
    long half = length / 2, at = me * half, n = half / 8;
    for (int i = 0; i < times; i++) {
        barrier(1);
        for (long from = 0; from < half; from += 32768) {
            long k = half - from < 32768 ? half - from : 32768;
            static double piece[4096];
            fetch((char *)piece, other + at + from, k);
            double *to = (double *)(landing + at + from), *own = (double *)(mine + at + from);
            for (long j = 0; j < k / 8 && j < n; j++)
                to[j] = own[j] + piece[j];
        }
        barrier(1);
        fetch(landing + !me * half, landing + !me * half, half);
        barrier(1);
    }
}

/* The roots take turns: who has it tells, the other reads. */
static void bcast(int times)
{
    for (int i = 0; i < times; i++) {
        turn++;
        if (me == (i & 1)) {
            post(&sh->line[me], turn, 0);
            await(&sh->line[!me], turn);
        } else {
            await(&sh->line[!me], turn);
            fetch(mine, mine, length);
            post(&sh->line[me], turn, 0);
        }
    }
}

static double measure(void (*run)(int))
{
    double best = 1e9;
    static uint64_t round;
    int done = 0;
    for (int times = 1; done < 25;) {
        if (me == 0)
            atomic_store_explicit(&sh->times, times, memory_order_relaxed);
        round++;
        post(&sh->go[me], round, 0);
        await(&sh->go[!me], round);
        int todo = atomic_load_explicit(&sh->times, memory_order_relaxed);
        double t = now();
        run(todo);
        t = now() - t;
        if (me == 0) {
            if (t / times < best)
                best = t / times;
            if (t < 0.002 && times < 1 << 22)
                times *= 2;
            else
                done++;
            sh->go[0].payload = (uint64_t)done;
        }
        round++;
        atomic_store_explicit(&sh->go[me].flag, round, memory_order_release);
        await(&sh->go[!me], round);
        if (me == 1)
            done = (int)sh->go[0].payload;
        round++;
        atomic_store_explicit(&sh->go[me].flag, round, memory_order_release);
        await(&sh->go[!me], round);
    }
    return best;
}

static void report(const char *name, long bytes, double value)
{
    if (me == 0)
        printf("%s %ld %.6g\n", name, bytes, value);
    fflush(stdout);
}

static void floors(void)
{
    static const long sizes[] = {16384, 65536, 262144, MIB, 4 * MIB};
    report("latency", 8, measure(pingpong) / 2 * 1e6);
    report("barrier", 0, measure(barrier) * 1e6);
    report("rate", 8, 1 / measure(ring));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        length = sizes[i];
        report("bandwidth", length, (double)length / (measure(by_reading) / 2) * 1e-6);
        report("memcpy", length, (double)length / measure(copy) * 1e-6);
    }
    length = MIB;
    report("bcast", MIB, measure(bcast) * 1e6);
    report("allreduce", MIB, measure(allreduce) * 1e6);
}

struct sleeper {
    _Alignas(64) _Atomic uint32_t bell, answer;
    double stamp, took;
};

static void futex(_Atomic uint32_t *word, int op, uint32_t value)
{
    syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

static _Noreturn void sleeper(struct sleeper *s)
{
    prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0);
    while (atomic_load(&s->bell) == 0)
        futex(&s->bell, FUTEX_WAIT, 0);
    s->took = now() - s->stamp;
    atomic_store(&s->answer, 1);
    _exit(0);
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int waiting(double seconds)
{
    enum { SLEEPERS = 15 };
    struct sleeper *all = mmap(NULL, SLEEPERS * sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        return 2;
    for (int i = 0; i < SLEEPERS; i++) {
        pid_t child = fork();
        if (child < 0)
            return 2;
        if (child == 0)
            sleeper(&all[i]);
    }
    volatile double x = 0;
    double begin = now(), took[SLEEPERS];
    while (now() - begin < seconds)
        for (int i = 0; i < 10000; i++)
            x = x + i;
    for (int i = 0; i < SLEEPERS; i++) {
        all[i].stamp = now();
        atomic_store(&all[i].bell, 1);
        futex(&all[i].bell, FUTEX_WAKE, 1);
        while (!atomic_load(&all[i].answer))
            sched_yield();
        took[i] = all[i].took;
    }
    while (wait(NULL) > 0)
        ;
    qsort(took, SLEEPERS, sizeof *took, rising);
    report("wait-wake-up", SLEEPERS + 1, took[SLEEPERS / 2] * 1e6);
    report("wait-wake-up-slowest", SLEEPERS + 1, took[SLEEPERS - 1] * 1e6);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "wait") == 0)
        return waiting(atof(argv[2]));
    sh = mmap(NULL, sizeof *sh, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    mine = malloc(MOST);
    landing = malloc(MOST);
    if (sh == MAP_FAILED || !mine || !landing)
        return 2;
    memset(sh->bytes, 1, MOST);
    other = mine;
    pid_t parent = getpid(), child = fork();
    if (child < 0)
        return 2;
    me = child == 0;
    other_pid = me ? parent : child;
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    memset(mine, me, MOST); /* its own pages */
    memset(landing, me, MOST);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(me, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        fprintf(stderr, "floor: process %d is not bound to processor %d\n", me, me);
    if (me)
        prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0);
    floors();
    if (me)
        _exit(0);
    int status;
    waitpid(child, &status, 0);
    return status != 0;
}
