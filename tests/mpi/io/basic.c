/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Files are made, written and read by offset and by pointer, through views, and deleted; wrong use is told. */
#include "place.h"

static MPI_File opened(const char *name, int mode)
{
    MPI_File f;
    OK(MPI_File_open(world, file_in(name), mode, MPI_INFO_NULL, &f));
    return f;
}

static int bytes_of(const MPI_Status *s)
{
    int n;
    OK(MPI_Get_count(s, MPI_BYTE, &n));
    return n;
}

/* Each rank its block, by offset; then all of them are read by pointer. */
static void blocks(void)
{
    enum { N = 1000 };
    MPI_File f = opened("blocks", MPI_MODE_CREATE | MPI_MODE_EXCL | MPI_MODE_RDWR);
    MPI_Offset length, position;
    MPI_Status s;
    int mine[N], all[N];
    for (int i = 0; i < N; i++)
        mine[i] = rank * N + i;
    OK(MPI_File_set_view(f, 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    OK(MPI_File_write_at(f, (MPI_Offset)rank * N, mine, N, MPI_INT, &s));
    CHECK(bytes_of(&s) == N * (int)sizeof(int));
    OK(MPI_File_sync(f));
    OK(MPI_Barrier(world));
    OK(MPI_File_get_size(f, &length));
    CHECK(length == (MPI_Offset)(size * N * (int)sizeof(int)));
    for (int r = 0; r < size; r++) {
        OK(MPI_File_read(f, all, N, MPI_INT, &s));
        CHECK(bytes_of(&s) == N * (int)sizeof(int));
        for (int i = 0; i < N; i++)
            CHECK(all[i] == r * N + i);
    }
    OK(MPI_File_get_position(f, &position));
    CHECK(position == (MPI_Offset)size * N);
    OK(MPI_File_read(f, all, N, MPI_INT, &s));
    CHECK(bytes_of(&s) == 0);
    OK(MPI_File_seek(f, -7, MPI_SEEK_END));
    OK(MPI_File_read(f, all, N, MPI_INT, &s));
    CHECK(bytes_of(&s) == 7 * (int)sizeof(int) && all[6] == size * N - 1);
    OK(MPI_File_seek(f, 0, MPI_SEEK_SET));
    OK(MPI_File_seek(f, 3, MPI_SEEK_CUR));
    FAILS(MPI_ERR_ARG, MPI_File_seek(f, -4, MPI_SEEK_CUR));
    OK(MPI_File_get_position(f, &position));
    CHECK(position == 3);
    OK(MPI_File_close(&f));
    CHECK(f == MPI_FILE_NULL);
}

/* Ints are dealt out to the ranks one by one, from the 16th byte on. */
static void interleaved(void)
{
    enum { N = 300 };
    MPI_File f = opened("dealt", MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE);
    MPI_Datatype one, dealt, etype, filetype;
    MPI_Offset disp, byte;
    char datarep[MPI_MAX_DATAREP_STRING];
    int mine[2 * N], all[N], lowest = 4 * rank;
    OK(MPI_Type_create_hindexed_block(1, 1, (MPI_Aint[]){lowest}, MPI_INT, &one));
    OK(MPI_Type_create_resized(one, 0, 4 * (MPI_Aint)size, &dealt));
    OK(MPI_Type_commit(&dealt));
    OK(MPI_Type_free(&one));
    OK(MPI_File_set_view(f, 16, MPI_INT, dealt, "native", MPI_INFO_NULL));
    OK(MPI_Type_free(&dealt));
    OK(MPI_File_get_view(f, &disp, &etype, &filetype, datarep));
    CHECK(disp == 16 && etype == MPI_INT && strcmp(datarep, "native") == 0);
    OK(MPI_Type_free(&filetype));
    OK(MPI_File_get_byte_offset(f, 5, &byte));
    CHECK(byte == 16 + 5 * 4 * size + 4 * rank);
    MPI_Datatype even;
    OK(MPI_Type_vector(N, 1, 2, MPI_INT, &even));
    OK(MPI_Type_commit(&even));
    for (int i = 0; i < N; i++)
        mine[2 * i] = i * size + rank;
    OK(MPI_File_write(f, mine, 1, even, MPI_STATUS_IGNORE));
    OK(MPI_Type_free(&even));
    OK(MPI_File_sync(f));
    OK(MPI_Barrier(world));
    OK(MPI_File_set_view(f, 16, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    OK(MPI_File_read_at(f, 0, all, N, MPI_INT, MPI_STATUS_IGNORE));
    for (int i = 0; i < N; i++)
        CHECK(all[i] == i);
    OK(MPI_File_close(&f));
    FAILS(MPI_ERR_NO_SUCH_FILE, MPI_File_delete(file_in("dealt"), MPI_INFO_NULL));
}

static void wrong(void)
{
    MPI_File f;
    int x = 0;
    char zeros[3] = {0};
    FAILS(MPI_ERR_FILE_EXISTS,
          MPI_File_open(world, file_in("blocks"), MPI_MODE_CREATE | MPI_MODE_EXCL | MPI_MODE_RDWR, MPI_INFO_NULL, &f));
    FAILS(MPI_ERR_NO_SUCH_FILE, MPI_File_open(world, file_in("none"), MPI_MODE_RDONLY, MPI_INFO_NULL, &f));
    FAILS(MPI_ERR_AMODE, MPI_File_open(world, file_in("none"), MPI_MODE_CREATE, MPI_INFO_NULL, &f));
    FAILS(MPI_ERR_AMODE, MPI_File_open(world, file_in("none"), MPI_MODE_RDONLY | MPI_MODE_CREATE, MPI_INFO_NULL, &f));
    if (size > 1)
        FAILS(MPI_ERR_NOT_SAME,
              MPI_File_open(world, file_in("blocks"), rank == 0 ? MPI_MODE_RDONLY : MPI_MODE_RDWR, MPI_INFO_NULL, &f));
    f = opened("blocks", MPI_MODE_RDONLY);
    FAILS(MPI_ERR_READ_ONLY, MPI_File_write(f, &x, 1, MPI_INT, MPI_STATUS_IGNORE));
    OK(MPI_File_set_view(f, 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    FAILS(MPI_ERR_IO, MPI_File_read(f, zeros, 3, MPI_BYTE, MPI_STATUS_IGNORE));
    FAILS(MPI_ERR_ARG, MPI_File_read_at(f, -1, &x, 1, MPI_INT, MPI_STATUS_IGNORE));
    FAILS(MPI_ERR_UNSUPPORTED_DATAREP, MPI_File_set_view(f, 0, MPI_INT, MPI_INT, "moon", MPI_INFO_NULL));
    OK(MPI_File_close(&f));
    FAILS(MPI_ERR_FILE, MPI_File_read(f, &x, 1, MPI_INT, MPI_STATUS_IGNORE));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    place_begin();
    blocks();
    interleaved();
    wrong();
    OK(MPI_Barrier(world));
    if (rank == 0)
        OK(MPI_File_delete(file_in("blocks"), MPI_INFO_NULL));
    place_end();
    return end();
}
