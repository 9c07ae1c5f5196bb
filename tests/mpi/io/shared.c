/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The shared pointer: what all ranks write by it lies without gaps and overlaps, ordered calls keep the order of ranks,
 * and where it is moved all see it moved; files that are a sequence have no other pointer; and the first
 * rank, in whose memory it is, need not be in MPI. */
#include <sys/stat.h>
#include <time.h>
#include "place.h"

static MPI_File opened(const char *name, int mode)
{
    MPI_File f;
    OK(MPI_File_open(world, file_in(name), mode, MPI_INFO_NULL, &f));
    return f;
}

static int ints_of(const MPI_Status *s)
{
    int n;
    OK(MPI_Get_count(s, MPI_INT, &n));
    return n;
}

static void at(MPI_File f, MPI_Offset want)
{
    MPI_Offset is;
    OK(MPI_Barrier(world));
    OK(MPI_File_get_position_shared(f, &is));
    CHECK(is == want);
    OK(MPI_Barrier(world));
}

enum { PARTS = 50 };

/* Each rank writes parts of 1 to 9 ints that say whose and which they are; then all read until nothing is left. */
static void by_any(void)
{
    MPI_File f = opened("any", MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE);
    MPI_Status s;
    unsigned seed = 77 + (unsigned)rank;
    int total = 0, all;
    OK(MPI_File_set_view(f, 8, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    for (int i = 0; i < PARTS; i++) {
        int n = 1 + (int)(draw(&seed) % 9), part[9];
        for (int k = 0; k < n; k++)
            part[k] = (rank << 16) + (i << 4) + n - k;
        OK(MPI_File_write_shared(f, part, n, MPI_INT, &s));
        CHECK(ints_of(&s) == n);
        total += n;
    }
    OK(MPI_Allreduce(&total, &all, 1, MPI_INT, MPI_SUM, world));
    at(f, all);
    int *whole = malloc(sizeof(int) * (size_t)all), got = 0, count = 0, one;
    OK(MPI_File_read_at(f, 0, whole, all, MPI_INT, &s));
    CHECK(ints_of(&s) == all);
    for (int i = 0; i < all; i += whole[i] & 15)
        for (int k = 0; k < (whole[i] & 15); k++)
            CHECK(whole[i + k] == whole[i] - k);
    free(whole);
    OK(MPI_Barrier(world));
    OK(MPI_File_seek_shared(f, 0, MPI_SEEK_SET));
    do {
        OK(MPI_File_read_shared(f, &one, 1, MPI_INT, &s));
        got += ints_of(&s);
    } while (ints_of(&s) == 1);
    OK(MPI_Allreduce(&got, &count, 1, MPI_INT, MPI_SUM, world));
    CHECK(count == all);
    OK(MPI_File_close(&f));
}

/* Rank r writes r + 1 ints, and none every third time. */
static void ordered(void)
{
    MPI_File f = opened("ordered", MPI_MODE_CREATE | MPI_MODE_RDWR);
    MPI_Status s;
    MPI_Offset where = 0;
    int part[64], x;
    OK(MPI_File_set_view(f, 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    for (int round = 0; round < 12; round++) {
        int n = (round + rank) % 3 == 0 ? 0 : rank + 1;
        for (int k = 0; k < n; k++)
            part[k] = round * 1000 + rank * 10 + k;
        OK(MPI_File_write_ordered(f, part, n, MPI_INT, &s));
        CHECK(ints_of(&s) == n);
    }
    OK(MPI_File_sync(f));
    OK(MPI_File_seek_shared(f, 0, MPI_SEEK_SET));
    for (int round = 0; round < 12; round++)
        for (int r = 0; r < size; r++)
            for (int k = 0; k < ((round + r) % 3 == 0 ? 0 : r + 1); k++) {
                OK(MPI_File_read_at(f, where++, &x, 1, MPI_INT, &s));
                CHECK(ints_of(&s) == 1 && x == round * 1000 + r * 10 + k);
            }
    for (int round = 0; round < 12; round++) {
        int n = (round + rank) % 3 == 0 ? 0 : rank + 1;
        OK(MPI_File_read_ordered(f, part, n, MPI_INT, &s));
        CHECK(ints_of(&s) == n);
        for (int k = 0; k < n; k++)
            CHECK(part[k] == round * 1000 + rank * 10 + k);
    }
    at(f, where);
    OK(MPI_File_read_ordered(f, part, 2, MPI_INT, &s));
    CHECK(ints_of(&s) == 0);
    at(f, where + 2 * size);
    OK(MPI_File_seek_shared(f, -2, MPI_SEEK_END));
    at(f, where - 2);
    OK(MPI_File_seek_shared(f, 1, MPI_SEEK_CUR));
    at(f, where - 1);
    FAILS(MPI_ERR_ARG, MPI_File_seek_shared(f, -where - 1, MPI_SEEK_END));
    FAILS(MPI_ERR_ARG, MPI_File_seek_shared(f, 0, 12345));
    if (size > 1)
        FAILS(MPI_ERR_NOT_SAME, MPI_File_seek_shared(f, rank == 0, MPI_SEEK_SET));
    /* one rank's fault is everybody's, and nobody moves */
    if (rank == size - 1)
        FAILS(MPI_ERR_IO, MPI_File_write_ordered(f, "abc", 3, MPI_BYTE, &s));
    else
        FAILS(MPI_ERR_IO, MPI_File_write_ordered(f, part, 1, MPI_INT, &s));
    at(f, where - 1);
    OK(MPI_File_set_view(f, 4, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    at(f, 0);
    OK(MPI_File_close(&f));
}

/* The pointer moves when a nonblocking or a split call begins, whatever becomes of its bytes. */
static void later(void)
{
    MPI_File f = opened("later", MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE);
    MPI_Request r[3];
    MPI_Status s;
    int part[3] = {3 * rank, 3 * rank + 1, 3 * rank + 2}, got[3] = {-1, -1, -1}, sum, all;
    OK(MPI_File_set_view(f, 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    OK(MPI_File_write_ordered_begin(f, part, 3, MPI_INT));
    at(f, 3 * size);
    OK(MPI_File_write_ordered_end(f, part, &s));
    CHECK(ints_of(&s) == 3);
    for (int i = 0; i < 3; i++)
        OK(MPI_File_iwrite_shared(f, &part[i], 1, MPI_INT, &r[i]));
    at(f, 6 * size);
    OK(MPI_Waitall(3, r, MPI_STATUSES_IGNORE));
    OK(MPI_File_seek_shared(f, 0, MPI_SEEK_SET));
    OK(MPI_File_read_ordered_begin(f, got, 3, MPI_INT));
    OK(MPI_File_read_ordered_end(f, got, &s));
    CHECK(ints_of(&s) == 3 && memcmp(got, part, sizeof got) == 0);
    for (int i = 0; i < 3; i++)
        OK(MPI_File_iread_shared(f, &got[i], 1, MPI_INT, &r[i]));
    OK(MPI_Waitall(3, r, MPI_STATUSES_IGNORE));
    sum = got[0] + got[1] + got[2];
    OK(MPI_Allreduce(&sum, &all, 1, MPI_INT, MPI_SUM, world));
    CHECK(all == 3 * size * (3 * size - 1) / 2);
    OK(MPI_File_close(&f));
}

/* Goes on where the last one ended, by MPI_MODE_APPEND; then is read as a sequence. */
static void sequence(void)
{
    MPI_File f = opened("ordered", MPI_MODE_WRONLY | MPI_MODE_APPEND);
    MPI_Offset bytes, position;
    MPI_Status s;
    char text[8];
    int x = rank;
    OK(MPI_File_get_size(f, &bytes));
    at(f, bytes);
    OK(MPI_File_get_position(f, &position));
    CHECK(position == bytes);
    OK(MPI_Barrier(world)); /* before anybody makes it longer */
    OK(MPI_File_write_ordered(f, &x, 4, MPI_BYTE, MPI_STATUS_IGNORE));
    OK(MPI_File_close(&f));
    f = opened("ordered", MPI_MODE_RDONLY | MPI_MODE_SEQUENTIAL | MPI_MODE_DELETE_ON_CLOSE);
    FAILS(MPI_ERR_UNSUPPORTED_OPERATION, MPI_File_read(f, &x, 4, MPI_BYTE, &s));
    FAILS(MPI_ERR_UNSUPPORTED_OPERATION, MPI_File_read_at(f, 0, &x, 4, MPI_BYTE, &s));
    FAILS(MPI_ERR_UNSUPPORTED_OPERATION, MPI_File_seek(f, 0, MPI_SEEK_SET));
    FAILS(MPI_ERR_UNSUPPORTED_OPERATION, MPI_File_get_position(f, &position));
    FAILS(MPI_ERR_UNSUPPORTED_OPERATION, MPI_File_seek_shared(f, 0, MPI_SEEK_SET));
    FAILS(MPI_ERR_UNSUPPORTED_OPERATION, MPI_File_get_position_shared(f, &position));
    FAILS(MPI_ERR_ARG, MPI_File_set_view(f, 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    for (MPI_Offset got = 0; got < bytes; got += 4) { /* what was there before, by one rank or another */
        int n = got / 4 % size == rank ? 4 : 0;
        OK(MPI_File_read_ordered(f, text, n, MPI_BYTE, &s));
    }
    OK(MPI_File_read_ordered(f, &x, 4, MPI_BYTE, &s));
    CHECK(x == rank);
    OK(MPI_File_close(&f));
}

/* A view that begins where the sequence stands. */
static void displaced(void)
{
    MPI_File f = opened("displaced", MPI_MODE_CREATE | MPI_MODE_WRONLY | MPI_MODE_SEQUENTIAL);
    MPI_Offset disp;
    MPI_Datatype etype, filetype;
    MPI_Status s;
    char datarep[MPI_MAX_DATAREP_STRING];
    int x = 100 + rank;
    OK(MPI_File_write_ordered(f, "abc", 3, MPI_BYTE, &s));
    OK(MPI_File_set_view(f, MPI_DISPLACEMENT_CURRENT, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    OK(MPI_File_get_view(f, &disp, &etype, &filetype, datarep));
    CHECK(disp == 3 * size);
    OK(MPI_File_write_ordered(f, &x, 1, MPI_INT, &s));
    OK(MPI_File_close(&f));
    f = opened("displaced", MPI_MODE_RDONLY | MPI_MODE_DELETE_ON_CLOSE);
    FAILS(MPI_ERR_ARG, MPI_File_set_view(f, MPI_DISPLACEMENT_CURRENT, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    OK(MPI_File_read_at(f, 3 * size + 4 * ((rank + 1) % size), &x, 4, MPI_BYTE, &s));
    CHECK(x == 100 + (rank + 1) % size);
    OK(MPI_File_close(&f));
}

/* The first rank has work of its own until the others have written, and calls no MPI meanwhile: they do not need it. */
static void absent(void)
{
    MPI_File f = opened("absent", MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE);
    const char *name = file_in("absent");
    struct stat seen = {.st_size = 0};
    time_t end = time(NULL) + 120;
    off_t wanted = (off_t)(size - 1) * PARTS;
    for (int i = 0; i < PARTS && rank > 0; i++)
        OK(MPI_File_write_shared(f, "x", 1, MPI_BYTE, MPI_STATUS_IGNORE));
    while (rank == 0 && seen.st_size < wanted && time(NULL) < end) {
        CHECK(stat(name, &seen) == 0);
        usleep(1000);
    }
    CHECK(rank > 0 || seen.st_size == wanted);
    at(f, wanted);
    OK(MPI_File_close(&f));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    place_begin();
    by_any();
    ordered();
    later();
    sequence();
    displaced();
    absent();
    place_end();
    return end();
}
