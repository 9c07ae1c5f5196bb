/* SPDX-License-Identifier: BSD-3-Clause
 *
 * many: a process that spawns one child after the other keeps no descriptor of them, and next to no memory; nor is
 * anything left of one that ended with messages on their way to it. Usage: many [how often]; children are this program
 * with "child", or "deaf". */
#include "../check.h"
#include <dirent.h>
#include <unistd.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ /* these keep what was freed */
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif
enum { FIRST = 8, OFTEN = 20, MOST_KB = 2048, END_MS = 30000 };

static int descriptors(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    CHECK(d != NULL);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static long resident_kb(void)
{
    long all, resident;
    FILE *f = fopen("/proc/self/statm", "r");
    CHECK(f && fscanf(f, "%ld %ld", &all, &resident) == 2);
    fclose(f);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void child(MPI_Comm parent)
{
    OK(MPI_Barrier(parent));
    OK(MPI_Comm_disconnect(&parent));
}

static void one(char *self)
{
    MPI_Comm inter;
    char *argv[] = {"child", NULL};
    OK(MPI_Comm_spawn(self, argv, 1, MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter, MPI_ERRCODES_IGNORE));
    OK(MPI_Barrier(inter));
    OK(MPI_Comm_disconnect(&inter));
}

/* More than there is room for, to one that ends. The next spawn forgets it. */
static void unheard(char *self)
{
    enum { MESSAGES = 5000, LENGTH = 4000 };
    static char bytes[LENGTH];
    MPI_Comm inter;
    MPI_Request r = MPI_REQUEST_NULL;
    char *argv[] = {"deaf", NULL};
    OK(MPI_Comm_spawn(self, argv, 1, MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter, MPI_ERRCODES_IGNORE));
    OK(MPI_Comm_set_errhandler(inter, MPI_ERRORS_RETURN));
    OK(MPI_Barrier(inter));
    for (int i = 0; i < MESSAGES; i++) {
        if (r != MPI_REQUEST_NULL)
            OK(MPI_Request_free(&r));
        MPI_Isend(bytes, LENGTH, MPI_BYTE, 0, 1, inter, &r);
    }
    MPI_Wait(&r, MPI_STATUS_IGNORE);
    OK(MPI_Comm_free(&inter));
}

int main(int argc, char **argv)
{
    MPI_Comm parent;
    int often = argc > 1 ? atoi(argv[1]) : OFTEN, fds = 0;
    long kb = 0;
    begin(&argc, &argv);
    OK(MPI_Comm_get_parent(&parent));
    if (parent != MPI_COMM_NULL) {
        if (strcmp(argv[1], "deaf") == 0) {
            OK(MPI_Barrier(parent));
            OK(MPI_Comm_free(&parent));
        } else {
            child(parent);
        }
        return end();
    }
    if (rank == 0)
        unheard(argv[0]);
    for (int i = 0; rank == 0 && i < often; i++) {
        one(argv[0]);
        if (i == FIRST) {
            fds = descriptors();
            kb = resident_kb();
        }
    }
    /* Some children are still on their way out. */
    for (int flag, ms = 0; rank == 0 && descriptors() > fds && ms < END_MS; ms++) {
        OK(MPI_Iprobe(MPI_ANY_SOURCE, 0, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE));
        usleep(1000);
    }
    CHECK(rank > 0 || descriptors() <= fds);
    CHECK(rank > 0 || SANITIZED || resident_kb() <= kb + MOST_KB);
    return end();
}
