/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Hints that are known are told with the values in use, given or not; what is not known, or makes no sense, is not.
 * Views that the standard does not allow are refused. */
#include <sys/stat.h>
#include "place.h"

static MPI_File f;

static void hint(const char *key, const char *want)
{
    MPI_Info i;
    char is[256];
    int there, n = sizeof is;
    OK(MPI_File_get_info(f, &i));
    OK(MPI_Info_get_string(i, key, &n, is, &there));
    if (there != (want != NULL) || (want && strcmp(is, want) != 0))
        fprintf(stderr, "%s is \"%s\"\n", key, there ? is : "not there");
    CHECK(there == (want != NULL) && (!want || strcmp(is, want) == 0));
    OK(MPI_Info_free(&i));
}

static MPI_Info info_of(const char *const *pairs)
{
    MPI_Info i;
    OK(MPI_Info_create(&i));
    for (; *pairs; pairs += 2)
        OK(MPI_Info_set(i, pairs[0], pairs[1]));
    return i;
}

static void hints(void)
{
    MPI_Info i = info_of((const char *[]){"cb_nodes", "2", "romio_cb_write", "enable", "cb_buffer_size", "1", "moon",
                                          "full", "access_style", "write_once, random", "file_perm", "0640",
                                          "collective_buffering", "perhaps", NULL});
    struct stat s;
    OK(MPI_File_open(world, file_in("hints"), MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE, i, &f));
    OK(MPI_Info_free(&i));
    hint("filename", file_in("hints"));
    hint("cb_nodes", "2");
    hint("romio_cb_write", "enable");
    hint("romio_cb_read", "automatic");
    hint("cb_buffer_size", "1048576");
    hint("moon", NULL);
    hint("access_style", "write_once,random");
    hint("collective_buffering", "true");
    CHECK(stat(file_in("hints"), &s) == 0 && (s.st_mode & 0777 & ~0640u) == 0 && (s.st_mode & 0600) == 0600);
    i = info_of((const char *[]){"cb_nodes", "x", "cb_buffer_size", "65536", "access_style", "sequential", NULL});
    OK(MPI_File_set_info(f, i));
    OK(MPI_Info_free(&i));
    hint("cb_nodes", "2");
    hint("cb_buffer_size", "65536");
    hint("access_style", "sequential");
    i = info_of((const char *[]){"romio_ds_write", "DISABLE", "access_style", "no,such", NULL});
    OK(MPI_File_set_view(f, 0, MPI_INT, MPI_INT, "native", i));
    OK(MPI_Info_free(&i));
    hint("romio_ds_write", "disable");
    hint("access_style", "sequential");
    i = info_of(
        (const char *[]){"cb_nodes", rank == 0 ? "1" : "3", "ind_rd_buffer_size", rank == 0 ? "8192" : "16384", NULL});
    if (size > 1)
        FAILS(MPI_ERR_NOT_SAME, MPI_File_set_info(f, i));
    hint("cb_nodes", "2");
    OK(MPI_Info_delete(i, "cb_nodes"));
    OK(MPI_File_set_info(f, i));
    hint("ind_rd_buffer_size", rank == 0 ? "8192" : "16384");
    OK(MPI_Info_free(&i));
    OK(MPI_File_set_info(f, MPI_INFO_NULL));
    OK(MPI_File_close(&f));
}

static MPI_Datatype indexed(int n, const int *lengths, const int *places)
{
    MPI_Datatype t;
    OK(MPI_Type_indexed(n, lengths, places, MPI_INT, &t));
    OK(MPI_Type_commit(&t));
    return t;
}

static void view(int mode, int cls, MPI_Datatype t)
{
    OK(MPI_File_open(world, file_in("views"), mode, MPI_INFO_NULL, &f));
    if (cls == MPI_SUCCESS)
        OK(MPI_File_set_view(f, 0, MPI_INT, t, "native", MPI_INFO_NULL));
    else
        FAILS(cls, MPI_File_set_view(f, 0, MPI_INT, t, "native", MPI_INFO_NULL));
}

static void views(void)
{
    enum { READ = MPI_MODE_RDONLY, WRITE = MPI_MODE_CREATE | MPI_MODE_RDWR };
    int data[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, got[12];
    MPI_Offset end;
    MPI_Status s;
    MPI_Datatype t;
    view(WRITE, MPI_SUCCESS, MPI_INT);
    if (rank == 0)
        OK(MPI_File_write_at(f, 0, data, 12, MPI_INT, &s));
    OK(MPI_File_close(&f));
    t = indexed(2, (int[]){1, 2}, (int[]){4, 0});
    view(WRITE, MPI_ERR_IO, t);
    OK(MPI_File_close(&f));
    view(READ, MPI_ERR_IO, t);
    OK(MPI_File_close(&f));
    OK(MPI_Type_free(&t));
    t = indexed(2, (int[]){2, 2}, (int[]){0, 1}); /* the second one twice */
    view(WRITE, MPI_ERR_IO, t);
    OK(MPI_File_close(&f));
    view(READ, MPI_SUCCESS, t);
    OK(MPI_File_read(f, got, 4, MPI_INT, &s));
    CHECK(got[0] == 0 && got[1] == 1 && got[2] == 1 && got[3] == 2);
    OK(MPI_File_seek(f, 0, MPI_SEEK_END));
    OK(MPI_File_get_position(f, &end));
    CHECK(end == 16); /* a tile is three ints long, and the file twelve */
    OK(MPI_File_set_atomicity(f, 1));
    OK(MPI_File_read_at(f, 3, got, 2, MPI_INT, &s));
    CHECK(got[0] == 2 && got[1] == 3);
    OK(MPI_File_close(&f));
    OK(MPI_Type_free(&t));
    OK(MPI_Type_vector(3, 1, -2, MPI_INT, &t));
    OK(MPI_Type_commit(&t));
    view(READ, MPI_ERR_IO, t); /* before the origin */
    FAILS(MPI_ERR_ARG, MPI_File_set_view(f, -5, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    FAILS(MPI_ERR_TYPE, MPI_File_set_view(f, 0, MPI_DOUBLE, MPI_INT, "native", MPI_INFO_NULL));
    OK(MPI_File_close(&f));
    OK(MPI_Type_free(&t));
    OK(MPI_Type_vector(3, 1, 2, MPI_INT, &t));
    OK(MPI_Type_commit(&t));
    view(WRITE | MPI_MODE_DELETE_ON_CLOSE, MPI_SUCCESS, t);
    OK(MPI_File_close(&f));
    OK(MPI_Type_free(&t));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    place_begin();
    hints();
    views();
    place_end();
    return end();
}
