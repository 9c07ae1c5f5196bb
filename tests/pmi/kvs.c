/* SPDX-License-Identifier: BSD-3-Clause
 *
 * kvs: key-values of a job through whatever launcher it is run by. Each rank puts bytes of its own, some of them late;
 * all get those of others, after a fence, and without one where the launcher lets a get wait. It is linked with the
 * inside of the library. Prints "RANK ok". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"

static unsigned char value[BOOT_VALUE_MAX];

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "%d: %s: %s%s%s\n", boot.rank, what, error_detail_get(MPI_ERR_OTHER),
            error_detail_get(MPI_ERR_NAME), error_detail_get(MPI_ERR_PENDING));
    exit(3);
}

/* Of every length, all bytes in it. */
static size_t value_of(int rank, const char *key, unsigned char *v)
{
    size_t n = (size_t)(rank * 97 + (int)key[0]) % (BOOT_VALUE_MAX + 1);
    for (size_t i = 0; i < n; i++)
        v[i] = (unsigned char)(rank * 31 + (int)i * 7 + key[0]);
    return n;
}

static void key_of(char key[BOOT_KEY_MAX], const char *what, int rank)
{
    snprintf(key, BOOT_KEY_MAX, "%s.%d", what, rank);
}

static void put(const char *what)
{
    char key[BOOT_KEY_MAX];
    key_of(key, what, boot.rank);
    must(boot_put(key, value, value_of(boot.rank, what, value)) == MPI_SUCCESS, "put");
}

static void is_it(const char *what, int rank, const unsigned char *found, size_t n)
{
    unsigned char expected[BOOT_VALUE_MAX];
    must(n == value_of(rank, what, expected) && memcmp(found, expected, n) == 0, what);
}

static void get(const char *what, int rank)
{
    char key[BOOT_KEY_MAX];
    size_t n;
    key_of(key, what, rank);
    must(boot_get(rank, key, value, &n) == MPI_SUCCESS, "get");
    is_it(what, rank, value, n);
}

/* Not before it was put, and without standing still. */
static void get_in_steps(const char *what, int rank)
{
    char key[BOOT_KEY_MAX];
    size_t n;
    int rc;
    key_of(key, what, rank);
    must(boot_get_begin(rank, key) == MPI_SUCCESS, "begin");
    must(boot_get_begin(rank, key) == MPI_ERR_PENDING, "a second one");
    while ((rc = boot_get_end(false, value, &n)) == MPI_ERR_PENDING)
        usleep(1000);
    must(rc == MPI_SUCCESS, "end");
    is_it(what, rank, value, n);
}

int main(int argc, char **argv)
{
    size_t n;
    MPI_Init(&argc, &argv);
    int next = (boot.rank + 1) % boot.size, before = (boot.rank + boot.size - 1) % boot.size;
    must(boot_put("no blanks", "", 0) == MPI_ERR_ARG && boot_put("", "", 0) == MPI_ERR_ARG, "bad keys");
    must(boot_put("long", value, BOOT_VALUE_MAX + 1) == MPI_ERR_ARG, "a long value");
    must(boot_get_end(false, value, &n) == MPI_ERR_OTHER, "an answer to nothing");
    put("early");
    must(boot_fence() == MPI_SUCCESS, "fence");
    get("early", next);
    get("early", before);
    get("early", boot.rank);
    if (boot_get_waits() || boot.size == 1) {
        if (boot.rank % 2)
            usleep(200000);
        put("late");
        get_in_steps("late", next);
        get("late", before);
    } else {
        must(boot_get(0, "nobody", value, &n) == MPI_ERR_NAME, "what nobody has put");
    }
    if (argc > 1) { /* the last one waits for what nobody will put, and is told so when all others have gone */
        if (boot.rank == boot.size - 1)
            must(boot_get(0, "never", value, &n) == MPI_ERR_NAME, "what nobody is left to put");
    }
    printf("%d ok%s\n", boot.rank, boot_get_waits() ? ", waits" : "");
    MPI_Finalize();
    return 0;
}
