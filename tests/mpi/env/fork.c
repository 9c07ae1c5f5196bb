/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A child of fork is no rank: for it MPI has been finalized, so that an exit handler that it shares with the rank does
 * no harm, also while other threads of the rank are in MPI. The rank goes on. */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../check.h"

static void tidy(void)
{
    int finalized, initialized;
    OK(MPI_Initialized(&initialized));
    OK(MPI_Finalized(&finalized));
    if (initialized && !finalized)
        OK(MPI_Finalize());
}

static void *busy(void *comm)
{
    for (int i = 0; i < 2000; i++)
        OK(MPI_Barrier(*(MPI_Comm *)comm));
    return NULL;
}

static void fork_some(void)
{
    for (int i = 0; i < 20; i++) {
        int status;
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            tidy();
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
}

int main(int argc, char **argv)
{
    int provided, sum, one = 1;
    pthread_t thread;
    MPI_Comm comm;
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    OK(MPI_Comm_dup(MPI_COMM_WORLD, &comm));
    fork_some();
    CHECK(pthread_create(&thread, NULL, busy, &comm) == 0);
    fork_some();
    pthread_join(thread, NULL);
    OK(MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
    CHECK(sum == size);
    OK(MPI_Comm_free(&comm));
    tidy();
    return 0;
}
