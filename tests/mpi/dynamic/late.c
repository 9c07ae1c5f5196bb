/* SPDX-License-Identifier: BSD-3-Clause
 *
 * late: a child that is slow to reach the process it watches, while its parent has nothing more to do than to give its
 * first child a number: the parent does not end before, and is not taken for dead. Needs mpiexec. */
#include "../check.h"
#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LATE_US = 300000, ARGUMENTS = 6, NUMBER = 7 };

static bool is_late; /* this process: to look at another one */

/* The library's calls come here first. */
__attribute__((visibility("default"))) long syscall(long number, ...)
{
    long (*next)(long, ...) = (long (*)(long, ...))(intptr_t)dlsym(RTLD_NEXT, "syscall");
    long a[ARGUMENTS];
    va_list ap;
    va_start(ap, number);
    for (int i = 0; i < ARGUMENTS; i++)
        a[i] = va_arg(ap, long);
    va_end(ap);
    if (is_late && number == SYS_pidfd_open && (int)a[0] != getpid())
        usleep(LATE_US);
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int main(int argc, char **argv)
{
    const char *own = getenv("PMI_RANK");
    MPI_Comm parent, children;
    int number = 0;
    is_late = argc > 1 && own && strcmp(own, "1") == 0;
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_get_parent(&parent));
    if (parent != MPI_COMM_NULL) {
        OK(MPI_Bcast(&number, 1, MPI_INT, 0, parent));
        CHECK(number == NUMBER);
        OK(MPI_Comm_disconnect(&parent));
    } else {
        char *words[] = {(char *)"child", NULL};
        OK(MPI_Comm_spawn(argv[0], words, 2, MPI_INFO_NULL, 0, MPI_COMM_SELF, &children, MPI_ERRCODES_IGNORE));
        number = NUMBER;
        OK(MPI_Bcast(&number, 1, MPI_INT, MPI_ROOT, children));
        OK(MPI_Comm_disconnect(&children));
    }
    OK(MPI_Finalize());
    return 0;
}
