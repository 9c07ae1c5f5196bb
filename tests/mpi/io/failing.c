/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A file system that fails one rank, which writes for all: they all learn of it, in every way to write together; and
 * go on when it works again. */
#include <signal.h>
#include <sys/resource.h>
#include "place.h"

enum { BLOCK = 100, COUNT = 2000 };

static void limit(rlim_t most)
{
    struct rlimit l;
    CHECK(getrlimit(RLIMIT_FSIZE, &l) == 0);
    l.rlim_cur = most;
    CHECK(setrlimit(RLIMIT_FSIZE, &l) == 0);
}

static MPI_File opened(const char *way)
{
    MPI_File f;
    MPI_Info hints;
    MPI_Datatype t;
    OK(MPI_Info_create(&hints));
    OK(MPI_Info_set(hints, "romio_cb_write", way));
    OK(MPI_Info_set(hints, "cb_buffer_size", "8192"));
    OK(MPI_File_open(world, file_in("failing"), MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE, hints, &f));
    OK(MPI_Info_free(&hints));
    OK(MPI_Type_vector(COUNT, BLOCK, BLOCK * size, MPI_BYTE, &t));
    OK(MPI_Type_commit(&t));
    OK(MPI_File_set_view(f, (MPI_Offset)rank * BLOCK, MPI_BYTE, t, "native", MPI_INFO_NULL));
    OK(MPI_Type_free(&t));
    return f;
}

/* Rank 0 writes the begin of the file for all. */
static void together(char *data)
{
    MPI_File f = opened("enable");
    MPI_Request r;
    MPI_Status s;
    OK(MPI_File_write_at_all(f, 0, data, BLOCK * COUNT, MPI_BYTE, &s));
    if (rank == 0)
        limit(BLOCK);
    FAILS(MPI_ERR_NO_SPACE, MPI_File_write_at_all(f, 0, data, BLOCK * COUNT, MPI_BYTE, &s));
    OK(MPI_File_iwrite_at_all(f, 0, data, BLOCK * COUNT, MPI_BYTE, &r));
    FAILS(MPI_ERR_NO_SPACE, MPI_Wait(&r, &s));
    OK(MPI_File_write_at_all_begin(f, 0, data, BLOCK * COUNT, MPI_BYTE));
    FAILS(MPI_ERR_NO_SPACE, MPI_File_write_at_all_end(f, data, &s));
    if (rank == 0)
        limit(RLIM_INFINITY);
    OK(MPI_File_write_at_all(f, 0, data, BLOCK * COUNT, MPI_BYTE, &s));
    OK(MPI_File_close(&f));
}

/* Who writes for himself is told alone. */
static void alone(char *data)
{
    MPI_File f = opened("disable");
    MPI_Request r;
    if (rank == 0)
        limit(BLOCK);
    OK(MPI_File_iwrite_at(f, 0, data, BLOCK * COUNT, MPI_BYTE, &r));
    if (rank == 0)
        FAILS(MPI_ERR_NO_SPACE, MPI_Wait(&r, MPI_STATUS_IGNORE));
    else
        OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    if (rank == 0)
        limit(RLIM_INFINITY);
    OK(MPI_File_close(&f));
}

int main(int argc, char **argv)
{
    static char data[BLOCK * COUNT];
    signal(SIGXFSZ, SIG_IGN);
    begin(&argc, &argv);
    place_begin();
    together(data);
    alone(data);
    place_end();
    return end();
}
