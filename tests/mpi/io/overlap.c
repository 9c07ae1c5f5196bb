/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What has been begun goes on while the program computes and calls nothing of MPI: the file grows. */
#include <sys/stat.h>
#include <time.h>
#include "place.h"

enum { PIECES = 3000, PIECE = 40, STRIDE = 5000 }; /* far apart, so that each is a call of the kernel */

static const char *own_file(void)
{
    char name[32];
    snprintf(name, sizeof name, "overlap.%d", rank);
    return file_in(name);
}

static MPI_File opened(void)
{
    MPI_File f;
    MPI_Datatype t;
    OK(MPI_File_open(MPI_COMM_SELF, own_file(), MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &f));
    OK(MPI_Type_vector(PIECES, PIECE, STRIDE, MPI_BYTE, &t));
    OK(MPI_Type_commit(&t));
    OK(MPI_File_set_view(f, 0, MPI_BYTE, t, "native", MPI_INFO_NULL));
    OK(MPI_Type_free(&t));
    return f;
}

static bool in_time(time_t begin)
{
    return time(NULL) - begin < 300;
}

static void writes(const char *data)
{
    MPI_File f = opened();
    MPI_Request r;
    struct stat s = {0};
    time_t begin = time(NULL);
    OK(MPI_File_iwrite(f, data, PIECES * PIECE, MPI_BYTE, &r));
    while (s.st_size < (off_t)(PIECES - 1) * STRIDE + PIECE && in_time(begin))
        CHECK(stat(own_file(), &s) == 0);
    CHECK(s.st_size == (off_t)(PIECES - 1) * STRIDE + PIECE);
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    OK(MPI_File_close(&f));
}

/* Alone and together at once. */
static void reads(const char *data)
{
    MPI_File f = opened();
    MPI_Request r[2];
    char *in = calloc(2, PIECES * PIECE);
    OK(MPI_File_iread_at(f, 0, in, PIECES * PIECE, MPI_BYTE, &r[0]));
    OK(MPI_File_iread_at_all(f, 0, in + PIECES * PIECE, PIECES * PIECE, MPI_BYTE, &r[1]));
    OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
    CHECK(memcmp(in, data, PIECES * PIECE) == 0);
    CHECK(memcmp(in + PIECES * PIECE, data, PIECES * PIECE) == 0);
    free(in);
    OK(MPI_File_close(&f));
    OK(MPI_File_delete(own_file(), MPI_INFO_NULL));
}

/* Others have nothing to do but to wait for who waits for a file. */
static void sleeps(const char *data)
{
    MPI_File f = opened();
    MPI_Request r;
    MPI_Status s;
    int n;
    OK(MPI_File_iwrite(f, data, PIECES * PIECE, MPI_BYTE, &r));
    OK(MPI_Wait(&r, &s));
    OK(MPI_Get_count(&s, MPI_BYTE, &n));
    CHECK(n == PIECES * PIECE);
    OK(MPI_Barrier(world));
    OK(MPI_File_close(&f));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    place_begin();
    char *data = malloc(PIECES * PIECE);
    for (int i = 0; i < PIECES * PIECE; i++)
        data[i] = (char)(1 + (i * 7 + rank) % 120);
    writes(data);
    sleeps(data);
    reads(data);
    free(data);
    place_end();
    return end();
}
