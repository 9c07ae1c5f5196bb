/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi_ring [all]: PMI-1 by hand: init, put one value, barrier, get the neighbour's value (all: everybody's), finalize.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fd;
static char reply[8192];

/* Sends one line and reads one. */
static void ask(const char *line)
{
    size_t n = strlen(line), have = 0;
    if (write(fd, line, n) != (ssize_t)n)
        exit(1);
    do {
        ssize_t k = read(fd, reply + have, sizeof reply - 1 - have);
        if (k <= 0)
            exit(1);
        have += (size_t)k;
    } while (reply[have - 1] != '\n');
    reply[have] = 0;
}

static void get(const char *kvs, int rank)
{
    char line[512], want[64];
    snprintf(line, sizeof line, "cmd=get kvsname=%s key=k%d\n", kvs, rank);
    ask(line);
    snprintf(want, sizeof want, "hello-%d", rank);
    const char *at = strstr(reply, want);
    if (!at) {
        fprintf(stderr, "rank %d has no value: %s", rank, reply);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    const char *pmi_fd = getenv("PMI_FD"), *pmi_rank = getenv("PMI_RANK"), *pmi_size = getenv("PMI_SIZE");
    if (!pmi_fd || !pmi_rank || !pmi_size)
        return 1;
    fd = atoi(pmi_fd);
    int rank = atoi(pmi_rank), size = atoi(pmi_size);
    char kvs[256], line[512];
    ask("cmd=init pmi_version=1 pmi_subversion=1\n");
    ask("cmd=get_my_kvsname\n");
    const char *name = strstr(reply, "kvsname=");
    if (!name || sscanf(name, "kvsname=%255s", kvs) != 1)
        return 1;
    snprintf(line, sizeof line, "cmd=put kvsname=%s key=k%d value=hello-%d\n", kvs, rank, rank);
    ask(line);
    ask("cmd=barrier_in\n");
    for (int i = 0; argc > 1 && i < size; i++)
        get(kvs, i);
    get(kvs, (rank + 1) % size);
    ask("cmd=finalize\n");
    return 0;
}
