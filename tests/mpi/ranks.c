/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ranks: starts N ranks of a program on this node with an inherited node segment, and nothing else: what the tests of
 * the library need of a launcher. Its exit status is 0 if every rank's is. Usage: ranks N program argument...
 * RANKS_CPUS in the environment is the number of processors that the ranks are told of. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "wire/node_segment.h"

static int segment(uint32_t n)
{
    const char *cpus = getenv("RANKS_CPUS");
    struct node_segment head = {.job_size = n,
                                .node_count = 1,
                                .local_size = n,
                                .local_cpus = cpus ? (uint32_t)atoi(cpus) : (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
                                .run_count = 1,
                                .universe_size = -1,
                                .job_name = "test"};
    size_t bytes = node_segment_plan(&head);
    int fd = memfd_create("ranks", 0);
    if (fd < 0 || ftruncate(fd, (off_t)bytes) != 0)
        return -1;
    char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return -1;
    *(struct node_segment *)p = head;
    *(struct rankmap_block *)(p + head.runs_at) = (struct rankmap_block){.nodes = 1, .ranks_per_node = n, .repeat = 1};
    for (uint32_t r = 0; r < n; r++)
        ((uint32_t *)(p + head.locals_at))[r] = r;
    munmap(p, bytes);
    return fd;
}

int main(int argc, char **argv)
{
    setpgid(0, 0); /* so that one that fails takes the others along, and nobody else */
    uint32_t n = argc > 2 ? (uint32_t)atoi(argv[1]) : 0;
    char text[16];
    int fd = n ? segment(n) : -1, worst = 0, status;
    if (fd < 0) {
        fprintf(stderr, "ranks: usage: ranks N program argument...\n");
        return 2;
    }
    snprintf(text, sizeof text, "%d", fd);
    setenv(NODE_SEGMENT_FD_ENV, text, 1);
    for (uint32_t r = 0; r < n; r++) {
        snprintf(text, sizeof text, "%u", r);
        setenv(NODE_SEGMENT_LOCAL_RANK_ENV, text, 1);
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            execvp(argv[2], argv + 2);
            perror(argv[2]);
            _exit(127);
        }
    }
    while (wait(&status) > 0 || errno == EINTR) {
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (code && !worst) {
            worst = code;
            signal(SIGTERM, SIG_IGN);
            kill(0, SIGTERM);
        }
    }
    return worst;
}
