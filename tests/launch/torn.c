/* SPDX-License-Identifier: BSD-3-Clause
 *
 * torn: rank 0 and rank 1, of two nodes; what waits in buffers, and what is torn off there. Usage: torn SCENARIO FILE.
 * A rank that saw what it should prints "fine". */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>
#include "scenario.h"

enum { LONG = 64 << 20, MANY = 300 };
static const char *mark; /* a file: the other one is that far */

static void mark_make(void)
{
    fclose(fopen(mark, "w"));
}

static void mark_await(void)
{
    while (access(mark, F_OK) != 0)
        usleep(1000);
}

/* Memory of a long message of which something has come: its end has not. */
static char *begun(MPI_Request *r)
{
    char *in = calloc(1, LONG);
    int done = 0;
    IS(in && MPI_Irecv(in, LONG, MPI_BYTE, !rank, 1, MPI_COMM_WORLD, r) == MPI_SUCCESS);
    while (*(volatile char *)in == 0)
        IS(MPI_Test(r, &done, MPI_STATUS_IGNORE) == MPI_SUCCESS && !done);
    return in;
}

static char *filled(void)
{
    char *out = malloc(LONG);
    IS(out != NULL);
    memset(out, 7, LONG);
    return out;
}

/* Rank 1 is killed while it receives: all that is under way to it ends. */
static void receiver(void)
{
    MPI_Request r[3];
    if (rank == 1) {
        begun(&r[0]);
        raise(SIGKILL);
    }
    char *out = filled();
    for (int i = 0; i < 3; i++)
        IS(MPI_Isend(out, LONG, MPI_BYTE, 1, 1, MPI_COMM_WORLD, &r[i]) == MPI_SUCCESS);
    for (int i = 0; i < 3; i++)
        IS(class_of(MPI_Wait(&r[i], MPI_STATUS_IGNORE)) == MPI_ERR_PROC_ABORTED);
    free(out);
}

/* Rank 1 is killed while it sends, which rank 0 is no more told of than by the end of the connection. */
static void sender(void)
{
    int pid = (int)getpid(), done;
    MPI_Request r, other;
    if (rank == 1) {
        char *out = filled();
        MPI_Send(&pid, 1, MPI_INT, 0, 0, MPI_COMM_WORLD);
        MPI_Isend(out, LONG, MPI_BYTE, 0, 1, MPI_COMM_WORLD, &r);
        while (access(mark, F_OK) != 0)
            MPI_Test(&r, &done, MPI_STATUS_IGNORE);
        raise(SIGKILL);
    }
    MPI_Recv(&pid, 1, MPI_INT, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    char *in = begun(&r), *more = malloc(LONG);
    IS(MPI_Irecv(more, LONG, MPI_BYTE, 1, 1, MPI_COMM_WORLD, &other) == MPI_SUCCESS);
    mark_make();
    while (kill(pid, 0) == 0 || errno != ESRCH)
        usleep(1000);
    IS(class_of(MPI_Wait(&r, MPI_STATUS_IGNORE)) == MPI_ERR_PROC_ABORTED);
    IS(class_of(MPI_Wait(&other, MPI_STATUS_IGNORE)) == MPI_ERR_PROC_ABORTED);
    free(in);
    free(more);
}

static MPI_Request all[MANY];
static int numbers[MANY];

/* Rank 0 sends a burst, and does to its requests what says that they are over; then it is not in MPI until rank 1 has
 * all of it. */
static void burst(void (*over)(void))
{
    for (int i = 0; i < MANY; i++) {
        numbers[i] = rank == 0 ? i : -1;
        if (rank == 0)
            MPI_Isend(&numbers[i], 1, MPI_INT, 1, 1, MPI_COMM_WORLD, &all[i]);
        else
            MPI_Recv(&numbers[i], 1, MPI_INT, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        IS(rank == 0 || numbers[i] == i);
    }
    if (rank == 1) {
        mark_make();
    } else {
        over();
        mark_await();
    }
}
static void over_waitall(void)
{
    MPI_Waitall(MANY, all, MPI_STATUSES_IGNORE);
}
static void over_wait(void)
{
    for (int i = 0; i < MANY; i++)
        MPI_Wait(&all[i], MPI_STATUS_IGNORE);
}
static void over_test(void)
{
    for (int i = 0, done; i < MANY; i++)
        IS(MPI_Test(&all[i], &done, MPI_STATUS_IGNORE) == MPI_SUCCESS && done);
}
static void over_free(void)
{
    for (int i = 0; i < MANY; i++)
        MPI_Request_free(&all[i]);
}
static void over_some(void)
{
    int n, which[MANY], done;
    IS(MPI_Waitany(MANY, all, &n, MPI_STATUS_IGNORE) == MPI_SUCCESS && n != MPI_UNDEFINED);
    IS(MPI_Waitsome(MANY, all, &n, which, MPI_STATUSES_IGNORE) == MPI_SUCCESS && n == MANY - 1);
    IS(MPI_Testall(MANY, all, &done, MPI_STATUSES_IGNORE) == MPI_SUCCESS && done);
}
static void waitall(void)
{
    burst(over_waitall);
}
static void wait(void)
{
    burst(over_wait);
}
static void test(void)
{
    burst(over_test);
}
static void freed(void)
{
    burst(over_free);
}
static void some(void)
{
    burst(over_some);
}

/* A receive of what comes behind a burst of one's own, and a blocking send behind it: the order stays. */
static void mixed(void)
{
    MPI_Request r[3];
    int x, y;
    for (int i = 0; i < 2000; i++) {
        int burst = i % 4;
        for (int k = 0; k < burst && k < 3; k++)
            MPI_Isend(&i, 1, MPI_INT, !rank, k, MPI_COMM_WORLD, &r[k]);
        MPI_Send(&i, 1, MPI_INT, !rank, 5, MPI_COMM_WORLD);
        for (int k = 0; k < burst && k < 3; k++)
            IS(MPI_Recv(&x, 1, MPI_INT, !rank, k, MPI_COMM_WORLD, MPI_STATUS_IGNORE) == MPI_SUCCESS && x == i);
        IS(MPI_Recv(&y, 1, MPI_INT, !rank, MPI_ANY_TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE) == MPI_SUCCESS && y == i);
        MPI_Waitall(burst, r, MPI_STATUSES_IGNORE);
    }
}

/* Peak memory of this process, KiB. */
static long peak(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

/* Twice 96 MiB of messages come before their receives: they stay where they are, but for what the sockets hold. */
static void flood(void)
{
    enum { EACH = 48 << 10, COUNT = 2048 };
    static MPI_Request r[COUNT];
    char *buf = calloc(1, EACH);
    int x = 0;
    long before = peak();
    IS(buf != NULL);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < COUNT && rank == 0; i++)
            MPI_Isend(buf, EACH, MPI_BYTE, 1, 1, MPI_COMM_WORLD, &r[i]);
        if (rank == 0) {
            MPI_Send(&x, 1, MPI_INT, 1, 2, MPI_COMM_WORLD);
            MPI_Waitall(COUNT, r, MPI_STATUSES_IGNORE);
            continue;
        }
        MPI_Recv(&x, 1, MPI_INT, 0, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        IS(peak() - before < 64 << 10);
        for (int i = 0; i < COUNT; i++)
            IS(MPI_Recv(buf, EACH, MPI_BYTE, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE) == MPI_SUCCESS);
    }
    free(buf);
}

static const struct scenario scenarios[] = {S(flood), S(receiver), S(sender), S(waitall), S(wait),
                                            S(test),  S(freed),    S(some),   S(mixed)};

int main(int argc, char **argv)
{
    scenario_begin(&argc, &argv);
    mark = argv[2];
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Barrier(MPI_COMM_WORLD);
    scenario_run(scenarios, sizeof scenarios / sizeof *scenarios, argv[1]);
    MPI_Finalize();
    puts("fine");
    return 0;
}
