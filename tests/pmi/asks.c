/* SPDX-License-Identifier: BSD-3-Clause
 *
 * asks: what a rank asks of its launcher, one word of the command line after the other. It is linked with the inside of
 * the library. Each rank but the first only waits. Prints "ok" or the error class, and what was found, a line each:
 * publish NAME PORT; lookup NAME; wait NAME SECONDS; unpublish NAME; spawn N PROGRAM ARGUMENT; times N: publishes,
 * looks up and unpublishes so often, and prints the microseconds of one round; put: what the spawning one has put for
 * this job; file PATH: waits for it; touch PATH: makes it; pid. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"

static int finish(struct boot_ask *a)
{
    int rc;
    while ((rc = boot_ask_test(a, false)) == MPI_ERR_PENDING)
        usleep(50);
    return rc;
}

static void say(int rc, const char *found)
{
    if (rc == MPI_SUCCESS)
        printf("ok %s\n", found);
    else
        printf("%s\n", rc == MPI_ERR_SERVICE ? "service"
                       : rc == MPI_ERR_NAME  ? "name"
                       : rc == MPI_ERR_SPAWN ? "spawn"
                                             : "?");
    fflush(stdout);
    if (rc != MPI_SUCCESS)
        fprintf(stderr, "%s\n", error_detail_get(rc));
}

static char **publish(char **w)
{
    struct boot_ask a = {.what = BOOT_PUBLISH, .name = w[0], .port = w[1]};
    say(finish(&a), "");
    return w + 2;
}

static void look(const char *name, double patience)
{
    struct boot_ask a = {.what = BOOT_LOOKUP, .name = name, .patience = patience};
    say(finish(&a), a.found);
}

static char **lookup(char **w)
{
    look(w[0], 0);
    return w + 1;
}

static char **wait_for(char **w)
{
    look(w[0], atof(w[1]));
    return w + 2;
}

static char **unpublish(char **w)
{
    struct boot_ask a = {.what = BOOT_UNPUBLISH, .name = w[0]};
    say(finish(&a), "");
    return w + 1;
}

/* With a program that cannot be beside it, whose code tells so. */
static char **spawn(char **w)
{
    int n = atoi(w[0]), *codes = calloc((size_t)n + 2, sizeof *codes);
    char *argv[] = {"put", w[2], NULL}, text[64] = "";
    struct boot_pair info = {"env", "COLOUR=deep blue"};
    struct boot_command cmds[] = {{w[1], argv, n, &info, 1}, {"/nowhere/at/all", NULL, 2, NULL, 0}};
    struct boot_preput preput = {"gift", "\0\1\n;", 4};
    struct boot_ask a = {.what = BOOT_SPAWN,
                         .commands = cmds,
                         .command_count = 1 + (strcmp(w[2], "nowhere") == 0),
                         .preput = &preput,
                         .preput_count = 1,
                         .codes = codes};
    int rc = finish(&a);
    for (int i = 0; i < n + 2 * (a.command_count == 2); i++)
        snprintf(text + 2 * i, 3, "%d ", codes[i] == MPI_ERR_SPAWN ? 1 : codes[i]);
    say(rc, text);
    free(codes);
    return w + 3;
}

static char **put(char **w)
{
    unsigned char value[BOOT_VALUE_MAX];
    size_t n = 0;
    int rc = boot_gift("gift", value, &n);
    printf("spawned %d, %d of %d, gift %d, %s, %s\n", boot_spawned(), boot.rank, boot.size,
           rc == MPI_SUCCESS && n == 4 && memcmp(value, "\0\1\n;", n) == 0, getenv("COLOUR"), w[0]);
    fflush(stdout);
    return w + 1;
}

static char **times(char **w)
{
    int n = atoi(w[0]);
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < n; i++) {
        struct boot_ask a = {.what = BOOT_PUBLISH, .name = "often", .port = "here"};
        struct boot_ask b = {.what = BOOT_LOOKUP, .name = "often"}, c = {.what = BOOT_UNPUBLISH, .name = "often"};
        if (boot_ask_test(&a, true) || boot_ask_test(&b, true) || boot_ask_test(&c, true))
            exit(3);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("%.1f us\n",
           ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / 1e3 / (n ? n : 1));
    return w + 1;
}

static char **many(char **w)
{
    char name[24];
    for (int i = 0; i < atoi(w[0]); i++) {
        snprintf(name, sizeof name, "many %d", i);
        struct boot_ask a = {.what = BOOT_PUBLISH, .name = name, .port = name};
        if (boot_ask_test(&a, true))
            exit(3);
    }
    return w + 1;
}

/* Every tenth of them. */
static char **find(char **w)
{
    int found = 0;
    char name[24];
    for (int i = boot.rank; i < atoi(w[0]); i += 10) {
        snprintf(name, sizeof name, "many %d", i);
        struct boot_ask a = {.what = BOOT_LOOKUP, .name = name};
        found += boot_ask_test(&a, true) == MPI_SUCCESS && strcmp(a.found, name) == 0;
    }
    printf("%d found\n", found);
    return w + 1;
}

static char **file(char **w)
{
    while (access(w[0], F_OK) != 0)
        usleep(2000);
    return w + 1;
}

static char **touch(char **w)
{
    close(open(w[0], O_WRONLY | O_CREAT, 0600));
    return w + 1;
}

static char **pid(char **w)
{
    printf("%d\n", (int)getpid());
    fflush(stdout);
    return w;
}

static const struct {
    const char *word;
    char **(*act)(char **w);
} acts[] = {{"publish", publish}, {"lookup", lookup}, {"wait", wait_for}, {"unpublish", unpublish},
            {"spawn", spawn},     {"put", put},       {"times", times},   {"file", file},
            {"touch", touch},     {"many", many},     {"find", find},     {"pid", pid}};

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    bool all = argv[1] && (strcmp(argv[1], "put") == 0 || strcmp(argv[1], "find") == 0);
    for (char **w = argv + 1; *w && (all || boot.rank == 0);) {
        size_t i = 0;
        while (i < sizeof acts / sizeof *acts && strcmp(acts[i].word, *w) != 0)
            i++;
        if (i == sizeof acts / sizeof *acts)
            return 9;
        w = acts[i].act(w + 1);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
    return 0;
}
