/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A thread that waits in MPI does not stop the others, does not burn a processor, and is woken soon, be it by a message
 * or by what another thread does; also if there is one processor for all. Usage: waiting [one] */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "../check.h"

enum { PINGS = 50, ROUNDS = 5, WAITERS = 3, PASS = 10, END = 11 };
static MPI_Comm own;

static double used(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* Answers until it is told to end; each has tags of its own. */
static void *server(void *arg)
{
    int me = (int)(intptr_t)arg, x = 0;
    MPI_Status st;
    while (x >= 0) {
        if (me % 3 == 0) {
            OK(MPI_Recv(&x, 1, MPI_INT, MPI_ANY_SOURCE, me, MPI_COMM_WORLD, &st));
        } else if (me % 3 == 1) {
            OK(MPI_Probe(MPI_ANY_SOURCE, me, MPI_COMM_WORLD, &st));
            OK(MPI_Recv(&x, 1, MPI_INT, st.MPI_SOURCE, me, MPI_COMM_WORLD, &st));
        } else {
            MPI_Request r[2] = {MPI_REQUEST_NULL};
            int i;
            OK(MPI_Irecv(&x, 1, MPI_INT, MPI_ANY_SOURCE, me, MPI_COMM_WORLD, &r[1]));
            OK(MPI_Waitany(2, r, &i, &st));
        }
        if (x >= 0)
            OK(MPI_Ssend(&x, 1, MPI_INT, st.MPI_SOURCE, 100 + me, MPI_COMM_WORLD));
    }
    return NULL;
}

static int by_time(const void *a, const void *b)
{
    return *(const double *)a > *(const double *)b ? 1 : -1;
}

static int job;          /* a number that no other job on this machine has */
static int asks, echoes; /* sockets: of the main thread, and of a thread that answers the rank before */

/* A socket that the ranks of this job find by its name. */
static socklen_t name_of(struct sockaddr_un *a, char what, int of)
{
    *a = (struct sockaddr_un){.sun_family = AF_UNIX};
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
                       (size_t)snprintf(a->sun_path + 1, sizeof a->sun_path - 1, "waiting-%d-%c%d", job, what, of));
}

static int socket_of(char what)
{
    struct sockaddr_un a;
    socklen_t n = name_of(&a, what, rank);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0);
    return fd;
}

static void say(int fd, char what, int to, char c)
{
    struct sockaddr_un a;
    socklen_t n = name_of(&a, what, to);
    CHECK(sendto(fd, &c, 1, 0, (struct sockaddr *)&a, n) == 1);
}

static void *echo(void *unused)
{
    char c;
    while (recv(echoes, &c, 1, 0) == 1 && c != 'e')
        say(echoes, 'a', (rank + size - 1) % size, c);
    return NULL;
}

/* How long it takes now to wake a thread of the next rank that wakes us, by the kernel's means alone. */
static double bare(void)
{
    char c;
    double t = MPI_Wtime();
    say(asks, 'e', (rank + 1) % size, 'x');
    CHECK(recv(asks, &c, 1, 0) == 1);
    return MPI_Wtime() - t;
}

struct times {
    double answer, kernel;
};

/* Time of an answer by a thread of the next rank, after pauses of various lengths, and of what the kernel alone takes
 * at the same time. A tenth of all are faster: where others want the processors too, most wait for those. */
static struct times answers(int server, int most_us)
{
    double t[PINGS], k[PINGS];
    unsigned seed = 1 + (unsigned)rank;
    for (int i = 0; i < PINGS; i++) {
        int y = -1;
        usleep(draw(&seed) % (unsigned)most_us);
        t[i] = MPI_Wtime();
        OK(MPI_Send(&i, 1, MPI_INT, (rank + 1) % size, server, MPI_COMM_WORLD));
        OK(MPI_Recv(&y, 1, MPI_INT, (rank + 1) % size, 100 + server, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
        t[i] = MPI_Wtime() - t[i];
        CHECK(y == i);
        usleep(draw(&seed) % (unsigned)most_us);
        k[i] = bare();
    }
    qsort(t, PINGS, sizeof *t, by_time);
    qsort(k, PINGS, sizeof *k, by_time);
    return (struct times){t[PINGS / 10], k[PINGS / 10]};
}

/* Much more than it takes, much less than to look again by itself. */
static bool is_soon(struct times t)
{
    return t.answer < 0.05 + 20 * t.kernel;
}

/* Those who had to look again by themselves would do so nearly always, in each round; a busy machine is not always as
 * busy. */
static struct times answers_soon(int server, int most_us)
{
    struct times t = answers(server, most_us);
    for (int i = 1; i < ROUNDS && !is_soon(t); i++)
        t = answers(server, most_us);
    return t;
}

static void *late_barrier(void *unused)
{
    if (rank == 0)
        usleep(200000);
    OK(MPI_Barrier(own));
    return NULL;
}

/* Others go on meanwhile. */
static void beside_a_barrier(void)
{
    pthread_t t;
    int x = 0, y;
    CHECK(pthread_create(&t, NULL, late_barrier, NULL) == 0);
    for (int i = 0; i < 1000; i++)
        OK(MPI_Sendrecv(&x, 1, MPI_INT, (rank + 1) % size, PASS, &y, 1, MPI_INT, (rank + size - 1) % size, PASS,
                        MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    pthread_join(t, NULL);
}

static void *poller(void *unused)
{
    int x, flag = 0;
    MPI_Request r;
    OK(MPI_Irecv(&x, 1, MPI_INT, MPI_ANY_SOURCE, END, own, &r));
    while (!flag)
        OK(MPI_Test(&r, &flag, MPI_STATUS_IGNORE));
    return NULL;
}

static void beside_a_poller(void)
{
    pthread_t t;
    int x = 0, y;
    CHECK(pthread_create(&t, NULL, poller, NULL) == 0);
    for (int i = 0; i < 200; i++)
        OK(MPI_Sendrecv(&x, 1, MPI_INT, (rank + 1) % size, PASS, &y, 1, MPI_INT, (rank + size - 1) % size, PASS,
                        MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    OK(MPI_Send(&x, 1, MPI_INT, (rank + 1) % size, END, own));
    pthread_join(t, NULL);
}

static void one_processor(void)
{
    cpu_set_t all, one;
    CPU_ZERO(&one);
    CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &one);
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
}

/* When they have gone to sleep, which may take a while on a busy machine, they use next to nothing. */
static void quiet(void)
{
    for (int i = 0; i < 30; i++) {
        double before = used();
        usleep(1000000);
        if (used() - before < 0.05)
            return;
    }
    CHECK(!"they sleep");
}

int main(int argc, char **argv)
{
    int provided, stop = -1;
    pthread_t t[WAITERS], other;
    if (argc > 1 && strcmp(argv[1], "one") == 0)
        one_processor();
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided));
    CHECK(provided == MPI_THREAD_MULTIPLE);
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    OK(MPI_Comm_dup(MPI_COMM_WORLD, &own));
    for (int i = 0; i < WAITERS; i++)
        CHECK(pthread_create(&t[i], NULL, server, (void *)(intptr_t)i) == 0);
    job = (int)getppid();
    OK(MPI_Bcast(&job, 1, MPI_INT, 0, own)); /* rank 0's, where each node has another one */
    asks = socket_of('a');
    echoes = socket_of('e');
    CHECK(pthread_create(&other, NULL, echo, NULL) == 0);
    OK(MPI_Barrier(own));
    quiet();
    OK(MPI_Barrier(own));
    struct times took[2 * WAITERS];
    for (int i = 0; i < 2 * WAITERS; i++)
        took[i] = answers_soon(i % WAITERS, i < WAITERS ? 2000 : 50);
    beside_a_barrier();
    beside_a_poller();
    OK(MPI_Barrier(own));
    say(asks, 'e', rank, 'e');
    pthread_join(other, NULL);
    for (int i = 0; i < WAITERS; i++)
        OK(MPI_Send(&stop, 1, MPI_INT, (rank + 1) % size, i, MPI_COMM_WORLD));
    for (int i = 0; i < WAITERS; i++)
        pthread_join(t[i], NULL);
    OK(MPI_Comm_free(&own));
    for (int i = 0; i < 2 * WAITERS; i++) {
        if (rank == 0)
            printf("answer of thread %d after up to %d us: %.0f us, the kernel alone %.0f us\n", i % WAITERS,
                   i < WAITERS ? 2000 : 50, took[i].answer * 1e6, took[i].kernel * 1e6);
        CHECK(is_soon(took[i]));
    }
    return end();
}
