/* SPDX-License-Identifier: BSD-3-Clause
 *
 * partings: ranks of other nodes that go, or come late, with much under way. Usage: partings SCENARIO. Each rank prints
 * "fine". */
#include <time.h>
#include <unistd.h>
#include "scenario.h"

enum { INTS = 1500, MOST = 100000 };
static int buf[INTS];
static char name[64];

static void file_write(const char *what, int n)
{
    char path[128], temporary[140];
    snprintf(path, sizeof path, "%s-%s", name, what);
    snprintf(temporary, sizeof temporary, "%s-new", path);
    FILE *f = fopen(temporary, "w");
    IS(f != NULL);
    fprintf(f, "%d", n);
    fclose(f);
    IS(rename(temporary, path) == 0);
}

/* What is in the file; -1: it is not there. */
static int file_read(const char *what)
{
    char path[128];
    int n = -1;
    snprintf(path, sizeof path, "%s-%s", name, what);
    FILE *f = fopen(path, "r");
    if (!f)
        return -1;
    IS(fscanf(f, "%d", &n) == 1);
    fclose(f);
    return n;
}

static int file_wait(const char *what)
{
    int n = -1;
    for (int i = 0; i < 6000 && (n = file_read(what)) < 0; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    IS(n >= 0);
    return n;
}

/* Sends as much as goes without the other's help: sockets and buffers are full then. The one too many is taken back. */
static int fill(void)
{
    for (int i = 0; i < MOST; i++) {
        MPI_Request r;
        MPI_Status s;
        int flag;
        buf[0] = i;
        buf[INTS - 1] = ~i;
        IS(MPI_Isend(buf, INTS, MPI_INT, 1, 0, MPI_COMM_WORLD, &r) == MPI_SUCCESS);
        IS(MPI_Test(&r, &flag, MPI_STATUS_IGNORE) == MPI_SUCCESS);
        if (flag)
            continue;
        MPI_Cancel(&r);
        IS(MPI_Wait(&r, &s) == MPI_SUCCESS);
        MPI_Test_cancelled(&s, &flag);
        if (flag)
            return i;
    }
    is(0, "sockets take no end of messages");
    return 0;
}

static void take(int i)
{
    IS(MPI_Recv(buf, INTS, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE) == MPI_SUCCESS);
    IS(buf[0] == i && buf[INTS - 1] == ~i);
}

static void name_make(void)
{
    snprintf(name, sizeof name, "partings-%d", (int)getpid());
    MPI_Bcast(name, sizeof name, MPI_CHAR, 1, MPI_COMM_WORLD);
}

/* Who has finalized, and computes, is needed in vain: that is told while it does. */
static void computes(void)
{
    name_make();
    if (rank == 0) {
        IS(class_of(MPI_Recv(buf, 1, MPI_INT, 1, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE)) == MPI_ERR_PROC_ABORTED);
        file_write("told", 1);
    }
    MPI_Finalize();
    if (rank == 1)
        IS(file_wait("told") == 1);
}

/* Who has finalized, and does something else, owes nobody anything. */
static void stays(void)
{
    name_make();
    if (rank == 0)
        file_write("sent", fill());
    int n = file_wait("sent");
    for (int i = 0; rank == 1 && i < n; i++)
        take(i);
    if (rank == 1)
        file_write("received", 0);
    MPI_Finalize();
    file_wait("received");
}

/* Who ends with messages that nobody has received is no failure, and what it has sent comes. */
static void unheard(void)
{
    int i = 0, n;
    name_make();
    if (rank == 0) {
        file_write("sent", fill());
        MPI_Finalize();
        file_write("finalized", 0);
        file_wait("unheard");
        return;
    }
    n = file_wait("sent");
    for (; i < n && file_read("finalized") < 0; i++)
        take(i);
    file_wait("finalized");
    MPI_Request r;
    IS(MPI_Isend(&rank, 1, MPI_INT, 0, 1, MPI_COMM_WORLD, &r) == MPI_SUCCESS);
    IS(MPI_Wait(&r, MPI_STATUS_IGNORE) == MPI_SUCCESS);
    file_write("unheard", 0);
    sleep(1);
    for (; i < n; i++)
        take(i);
    IS(class_of(MPI_Ssend(buf, 1, MPI_INT, 0, 1, MPI_COMM_WORLD)) == MPI_ERR_PROC_ABORTED);
    MPI_Finalize();
}

/* All at once want to speak with one that is elsewhere. */
static void storm(void)
{
    int x, sum = 0;
    if (rank != 0)
        IS(MPI_Send(&rank, 1, MPI_INT, 0, 0, MPI_COMM_WORLD) == MPI_SUCCESS);
    else
        sleep(1);
    for (int i = 1; rank == 0 && i < size; i++, sum += x)
        IS(MPI_Recv(&x, 1, MPI_INT, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE) == MPI_SUCCESS);
    IS(rank != 0 || sum == size * (size - 1) / 2);
    MPI_Finalize();
}

static const struct scenario scenarios[] = {S(computes), S(stays), S(unheard), S(storm)};

int main(int argc, char **argv)
{
    scenario_begin(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    scenario_run(scenarios, sizeof scenarios / sizeof *scenarios, argv[1]);
    puts("fine");
    return 0;
}
