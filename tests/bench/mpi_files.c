/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mpi_files: writing and reading an array of which each rank has a block, by each of the four levels: row by row, alone
 * or together; all rows by a view, alone or together. Compiled for each MPI library; `plain` is the same by pwrite and
 * pread. Prints MB/s of all ranks together.
 *
 *     mpi_files DIRECTORY mpi|plain */
#include <fcntl.h>
#include <stdlib.h>
#include "measure.h"

static const struct patience patience = {0.05, 1.0};

/* Each rank has `rows` rows of `bytes`; those of `across` ranks lie side by side. */
struct array {
    const char *name;
    int bytes, rows, across;
};

static struct spot {
    struct array a;
    int write, level;
    char *buf;
    MPI_File f;
    int fd;
} spot;

/* Where row i of this rank lies. */
static long place(int i)
{
    const struct array *a = &spot.a;
    long row = (long)(rank / a->across) * a->rows + i;
    return row * a->across * a->bytes + (long)(rank % a->across) * a->bytes;
}

static void rows(void *unused, int times)
{
    for (int t = 0; t < times; t++)
        for (int i = 0; i < spot.a.rows; i++) {
            char *p = spot.buf + (size_t)i * spot.a.bytes;
            int n = spot.a.bytes;
            MPI_Offset at = place(i);
            if (spot.write && spot.level == 0)
                MPI_File_write_at(spot.f, at, p, n, MPI_BYTE, MPI_STATUS_IGNORE);
            else if (spot.write)
                MPI_File_write_at_all(spot.f, at, p, n, MPI_BYTE, MPI_STATUS_IGNORE);
            else if (spot.level == 0)
                MPI_File_read_at(spot.f, at, p, n, MPI_BYTE, MPI_STATUS_IGNORE);
            else
                MPI_File_read_at_all(spot.f, at, p, n, MPI_BYTE, MPI_STATUS_IGNORE);
        }
}

static void whole(void *unused, int times)
{
    int n = spot.a.rows * spot.a.bytes;
    for (int t = 0; t < times; t++) {
        if (spot.write && spot.level == 2)
            MPI_File_write_at(spot.f, 0, spot.buf, n, MPI_BYTE, MPI_STATUS_IGNORE);
        else if (spot.write)
            MPI_File_write_at_all(spot.f, 0, spot.buf, n, MPI_BYTE, MPI_STATUS_IGNORE);
        else if (spot.level == 2)
            MPI_File_read_at(spot.f, 0, spot.buf, n, MPI_BYTE, MPI_STATUS_IGNORE);
        else
            MPI_File_read_at_all(spot.f, 0, spot.buf, n, MPI_BYTE, MPI_STATUS_IGNORE);
    }
}

static void plain(void *unused, int times)
{
    for (int t = 0; t < times; t++)
        for (int i = 0; i < spot.a.rows; i++) {
            char *p = spot.buf + (size_t)i * spot.a.bytes;
            ssize_t n = spot.write ? pwrite(spot.fd, p, (size_t)spot.a.bytes, place(i))
                                   : pread(spot.fd, p, (size_t)spot.a.bytes, place(i));
            if (n != spot.a.bytes)
                MPI_Abort(MPI_COMM_WORLD, 1);
        }
}

static void view_set(void)
{
    const struct array *a = &spot.a;
    MPI_Datatype t;
    MPI_Type_vector(a->rows, a->bytes, a->across * a->bytes, MPI_BYTE, &t);
    MPI_Type_commit(&t);
    MPI_File_set_view(spot.f, place(0), MPI_BYTE, t, "native", MPI_INFO_NULL);
    MPI_Type_free(&t);
}

static void tell(const char *level, double seconds)
{
    char name[64];
    double mb = (double)spot.a.rows * spot.a.bytes * size / 1e6;
    snprintf(name, sizeof name, "%s:%s:%s", spot.write ? "write" : "read", spot.a.name, level);
    report(name, spot.a.bytes, mb / seconds);
}

static void level(int n)
{
    char name[16];
    spot.level = n;
    snprintf(name, sizeof name, "level%d", n);
    if (n >= 2)
        view_set();
    else
        MPI_File_set_view(spot.f, 0, MPI_BYTE, MPI_BYTE, "native", MPI_INFO_NULL);
    tell(name, measure_for(n >= 2 ? whole : rows, NULL, patience));
}

static void array(const struct array *a, const char *path, int mpi)
{
    static const char *const levels[] = {"level0", "level1", "level2", "level3"};
    spot.a = *a;
    spot.buf = malloc((size_t)a->rows * a->bytes);
    memset(spot.buf, rank + 1, (size_t)a->rows * a->bytes);
    if (mpi)
        MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &spot.f);
    else
        spot.fd = open(path, O_CREAT | O_RDWR, 0666);
    for (spot.write = 1; spot.write >= 0; spot.write--) {
        double seconds = mpi ? 0 : measure_for(plain, NULL, patience);
        for (int n = a->bytes < 64 ? 2 : 0; n < 4; n++)
            if (mpi)
                level(n);
            else
                tell(levels[n], seconds);
    }
    if (mpi)
        MPI_File_close(&spot.f);
    else
        close(spot.fd);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        unlink(path);
    free(spot.buf);
    MPI_Barrier(MPI_COMM_WORLD);
}

int main(int argc, char **argv)
{
    char path[512];
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (argc != 3)
        MPI_Abort(MPI_COMM_WORLD, 2);
    pin();
    const struct array arrays[] = {
        {"rows", 16384, 512, 2},
        {"rows", 1024, 8192, 2},
        {"dealt", 8, 65536, size},
    };
    snprintf(path, sizeof path, "%s/array", argv[1]);
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        array(&arrays[i], path, strcmp(argv[2], "mpi") == 0);
    MPI_Finalize();
    return 0;
}
