/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn_loop N PROGRAM [ARG ...]: starts N processes by posix_spawn and waits for them: what no launcher can beat.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv)
{
    long n = argc > 2 ? atol(argv[1]) : 0;
    for (long i = 0; i < n; i++) {
        pid_t pid;
        if (posix_spawn(&pid, argv[2], NULL, NULL, argv + 2, environ) != 0) {
            perror(argv[2]);
            return 1;
        }
    }
    while (wait(NULL) > 0) {
    }
    return 0;
}
