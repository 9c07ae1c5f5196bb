/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Data representations: what lies in the file byte by byte, how large types are there, what is read of elements that
 * are there in part, and what a program's own functions are asked. */
#include <stddef.h>
#include "place.h"

static MPI_File f;

static void opened(const char *name)
{
    OK(MPI_File_open(world, file_in(name), MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL,
                     &f));
}

static void view(MPI_Datatype etype, MPI_Datatype filetype, const char *datarep)
{
    OK(MPI_File_sync(f));
    OK(MPI_Barrier(world));
    OK(MPI_File_set_view(f, 0, etype, filetype, datarep, MPI_INFO_NULL));
}

static void extent_is(MPI_Datatype t, MPI_Aint want)
{
    MPI_Aint is;
    OK(MPI_File_get_type_extent(f, t, &is));
    CHECK(is == want);
}

static int count_of(const MPI_Status *s, MPI_Datatype t)
{
    int n;
    OK(MPI_Get_count(s, t, &n));
    return n;
}

/* Each rank a block of longs, of four bytes in the file. */
static void bytes(void)
{
    unsigned char raw[8];
    long x[3] = {rank + 1, -2, 0x01020304}, got[3] = {0};
    MPI_Status s;
    MPI_Offset where;
    opened("bytes");
    view(MPI_LONG, MPI_LONG, "external32");
    extent_is(MPI_LONG, 4);
    extent_is(MPI_INT, 4);
    extent_is(MPI_DOUBLE_INT, 12);
    extent_is(MPI_LONG_DOUBLE, 16);
    OK(MPI_File_get_byte_offset(f, 3 * rank, &where));
    CHECK(where == 12 * rank);
    OK(MPI_File_write_at(f, 3 * rank, x, 3, MPI_LONG, &s));
    CHECK(count_of(&s, MPI_LONG) == 3);
    OK(MPI_File_read_at(f, 3 * rank, got, 3, MPI_LONG, &s));
    CHECK(count_of(&s, MPI_LONG) == 3 && memcmp(x, got, sizeof x) == 0);
    view(MPI_BYTE, MPI_BYTE, "native");
    extent_is(MPI_LONG, 8);
    OK(MPI_File_read_at(f, 12 * (size - 1), raw, 8, MPI_BYTE, &s));
    CHECK(raw[0] == 0 && raw[2] == 0 && raw[3] == size && raw[4] == 0xff && raw[7] == 0xfe);
    OK(MPI_File_close(&f));
}

/* Longs dealt out to the ranks: the filetype shrinks with its elements. Memory has them in reverse, and with gaps. */
static void dealt(void)
{
    enum { N = 200 };
    MPI_Datatype mine, part, back;
    MPI_Offset where, end;
    MPI_Status s;
    long x[2 * N], got[2 * N], all;
    int size2 = 2 * size;
    OK(MPI_Type_create_subarray(1, &size2, (int[]){2}, (int[]){2 * rank}, MPI_ORDER_C, MPI_LONG, &mine));
    OK(MPI_Type_commit(&mine));
    OK(MPI_Type_vector(N, 1, -2, MPI_LONG, &part));
    OK(MPI_Type_create_struct(1, (int[]){1}, (MPI_Aint[]){2 * (N - 1) * (int)sizeof(long)}, &part, &back));
    OK(MPI_Type_commit(&back));
    OK(MPI_Type_free(&part));
    for (int i = 0; i < 2 * N; i++) {
        x[i] = i % 2 ? -7 : 1000 * rank + N - 1 - i / 2;
        got[i] = -7;
    }
    opened("dealt");
    view(MPI_LONG, mine, "external32");
    extent_is(mine, 8 * size);
    OK(MPI_File_get_byte_offset(f, 3, &where));
    CHECK(where == 8 * size + 8 * rank + 4);
    OK(MPI_File_write_all(f, x, 1, back, &s));
    CHECK(count_of(&s, back) == 1 && count_of(&s, MPI_LONG) == N);
    OK(MPI_File_seek(f, 0, MPI_SEEK_END));
    OK(MPI_File_get_position(f, &end));
    CHECK(end >= N);
    OK(MPI_Barrier(world));
    MPI_Request r;
    OK(MPI_File_iread_at(f, 0, got, 1, back, &r));
    OK(MPI_Wait(&r, &s));
    CHECK(count_of(&s, MPI_LONG) == N && memcmp(x, got, sizeof x) == 0);
    memset(got, 0, sizeof got);
    OK(MPI_File_read_at_all_begin(f, 0, got, 1, back));
    OK(MPI_File_read_at_all_end(f, got, &s));
    for (int i = 0; i < 2 * N; i += 2)
        CHECK(got[i] == x[i] && got[i + 1] == 0);
    view(MPI_LONG, MPI_LONG, "external32");
    for (int i = 0; i < N * size; i++) {
        OK(MPI_File_read_at(f, i, &all, 1, MPI_LONG, &s));
        CHECK(all == 1000 * (i / 2 % size) + i / size2 * 2 + i % 2);
    }
    OK(MPI_File_close(&f));
    OK(MPI_Type_free(&mine));
    OK(MPI_Type_free(&back));
}

/* Structs in a file that ends inside one of them. */
static void part(void)
{
    struct pair {
        long a;
        double b;
        char c;
    } x[2] = {{1, 2.5, 'x'}, {-3, 4.25, 'y'}}, got[2];
    MPI_Datatype t, inside;
    MPI_Status s;
    int n;
    OK(MPI_Type_create_struct(3, (int[]){1, 1, 1}, (MPI_Aint[]){0, offsetof(struct pair, b), offsetof(struct pair, c)},
                              (MPI_Datatype[]){MPI_LONG, MPI_DOUBLE, MPI_CHAR}, &inside));
    OK(MPI_Type_create_resized(inside, 0, sizeof *x, &t));
    OK(MPI_Type_commit(&t));
    OK(MPI_Type_free(&inside));
    opened("part");
    view(MPI_BYTE, MPI_BYTE, "external32");
    if (rank == 0)
        OK(MPI_File_write_at(f, 0, x, 2, t, &s));
    OK(MPI_Barrier(world));
    OK(MPI_File_set_size(f, 13 + 4 + 8)); /* the last char is missing */
    memset(got, 'z', sizeof got);
    OK(MPI_File_read_at(f, 0, got, 2, t, &s));
    CHECK(count_of(&s, t) == MPI_UNDEFINED);
    OK(MPI_Get_elements(&s, t, &n));
    CHECK(n == 5);
    CHECK(got[0].a == 1 && got[0].b == 2.5 && got[0].c == 'x' && got[1].a == -3 && got[1].b == 4.25 && got[1].c == 'z');
    OK(MPI_Barrier(world));
    OK(MPI_File_set_size(f, 13 + 4 + 7)); /* and a byte of the double */
    memset(got, 'z', sizeof got);
    OK(MPI_File_read_at(f, 0, got, 2, t, &s));
    OK(MPI_Get_elements(&s, t, &n));
    CHECK(n == 4 && got[1].a == -3 && ((char *)&got[1].b)[0] == 'z' && got[1].c == 'z');
    OK(MPI_File_close(&f));
    OK(MPI_Type_free(&t));
}

/* A representation of the program's: ints are eight digits, decimal. */
static struct {
    int fails, calls;
    MPI_Count items;
} digits;

static int digits_extent(MPI_Datatype t, MPI_Aint *extent, void *extra)
{
    CHECK(extra == &digits);
    if (t != MPI_INT)
        return MPI_ERR_TYPE;
    *extent = 8;
    return MPI_SUCCESS;
}

/* Of two ints and a gap of one, or all in a row. */
static int *item(void *user, MPI_Datatype t, MPI_Count i)
{
    MPI_Aint lb, extent;
    int bytes;
    OK(MPI_Type_get_extent(t, &lb, &extent));
    OK(MPI_Type_size(t, &bytes));
    return (int *)user + (extent == bytes ? i : i / 2 * 3 + i % 2);
}

static int digits_read(void *user, MPI_Datatype t, int n, void *file, MPI_Offset at, void *extra)
{
    CHECK(extra == &digits);
    digits.calls++;
    digits.items += n;
    for (int i = 0; i < n; i++) {
        char text[9] = {0};
        memcpy(text, (char *)file + 8 * i, 8);
        *item(user, t, at + i) = atoi(text);
    }
    return digits.fails;
}

static int digits_write(void *user, MPI_Datatype t, int n, void *file, MPI_Offset at, void *extra)
{
    CHECK(extra == &digits);
    digits.calls++;
    for (int i = 0; i < n; i++) {
        char text[12];
        snprintf(text, sizeof text, "%08d", *item(user, t, at + i) % 10000000);
        memcpy((char *)file + 8 * i, text, 8);
    }
    return digits.fails;
}

static int native_extent(MPI_Datatype t, MPI_Aint *extent, void *extra)
{
    MPI_Aint lb;
    *extent = 0;
    return extra ? MPI_ERR_OTHER : MPI_Type_get_extent(t, &lb, extent);
}

static void registered(void)
{
    int x[6] = {12, -34, 0, 5678, rank, 0}, got[6] = {-1, -1, -1, -1, -1, -1}, n;
    char raw[9] = {0};
    double d = 1;
    MPI_Datatype two, gaps;
    MPI_Status s;
    MPI_Request r;
    OK(MPI_Type_contiguous(2, MPI_INT, &two));
    OK(MPI_Type_create_resized(two, 0, 3 * (MPI_Aint)sizeof(int), &gaps));
    OK(MPI_Type_commit(&gaps));
    OK(MPI_Type_free(&two));
    OK(MPI_Register_datarep("digits", digits_read, digits_write, digits_extent, &digits));
    OK(MPI_Register_datarep("plain", MPI_CONVERSION_FN_NULL, MPI_CONVERSION_FN_NULL, native_extent, NULL));
    OK(MPI_Register_datarep("broken", MPI_CONVERSION_FN_NULL, MPI_CONVERSION_FN_NULL, native_extent, &digits));
    OK(MPI_Register_datarep("half", digits_read, MPI_CONVERSION_FN_NULL, digits_extent, &digits));
    opened("registered");
    view(MPI_INT, MPI_INT, "digits");
    extent_is(MPI_INT, 8);
    OK(MPI_File_write_at(f, 4 * rank, x, 2, gaps, &s));
    CHECK(count_of(&s, MPI_INT) == 4 && digits.calls == 1);
    OK(MPI_File_iread_at(f, 4 * rank, got, 2, gaps, &r));
    OK(MPI_Wait(&r, &s));
    CHECK(count_of(&s, gaps) == 2 && digits.items == 4);
    CHECK(got[0] == 12 && got[1] == -34 && got[2] == -1 && got[3] == 5678 && got[4] == rank && got[5] == -1);
    OK(MPI_Barrier(world));
    OK(MPI_File_read_at(f, 4 * size - 1, got, 2, gaps, &s)); /* one int is left */
    OK(MPI_Get_elements(&s, gaps, &n));
    CHECK(n == 1 && got[0] == size - 1 && got[1] == -34 && digits.items == 5);
    digits.fails = MPI_ERR_OTHER;
    FAILS(MPI_ERR_CONVERSION, MPI_File_read_at(f, 0, got, 1, MPI_INT, &s));
    FAILS(MPI_ERR_CONVERSION, MPI_File_write_at(f, 1000, got, 1, MPI_INT, &s));
    OK(MPI_File_iread_at(f, 0, got, 1, MPI_INT, &r));
    FAILS(MPI_ERR_CONVERSION, MPI_Wait(&r, &s));
    digits.fails = 0;
    FAILS(MPI_ERR_CONVERSION, MPI_File_write_at(f, 0, &d, 1, MPI_DOUBLE, &s));
    view(MPI_CHAR, MPI_CHAR, "internal");
    OK(MPI_File_read_at(f, 8, raw, 8, MPI_CHAR, &s));
    CHECK(strcmp(raw, "-0000034") == 0);
    OK(MPI_Barrier(world));
    view(MPI_INT, MPI_INT, "plain");
    OK(MPI_File_write_at(f, 2 * rank, x, 1, gaps, &s));
    OK(MPI_File_read_at(f, 2 * rank, got, 2, MPI_INT, &s));
    CHECK(got[0] == 12 && got[1] == -34);
    view(MPI_INT, MPI_INT, "half");
    FAILS(MPI_ERR_CONVERSION, MPI_File_write_at(f, 0, x, 1, MPI_INT, &s));
    FAILS(MPI_ERR_CONVERSION, MPI_File_set_view(f, 0, MPI_INT, MPI_INT, "broken", MPI_INFO_NULL));
    FAILS(MPI_ERR_CONVERSION, MPI_File_set_view(f, 0, MPI_DOUBLE, MPI_DOUBLE, "digits", MPI_INFO_NULL));
    FAILS(MPI_ERR_UNSUPPORTED_DATAREP, MPI_File_set_view(f, 0, MPI_INT, MPI_INT, "moon", MPI_INFO_NULL));
    if (size > 1)
        FAILS(MPI_ERR_NOT_SAME,
              MPI_File_set_view(f, 0, MPI_INT, MPI_INT, rank == 0 ? "native" : "external32", MPI_INFO_NULL));
    OK(MPI_File_close(&f));
    OK(MPI_Type_free(&gaps));
}

/* Every constructor, made again: a type of longs in the file is what the same one of ints is in memory. */
static void constructors(void)
{
    static const MPI_Datatype base[2] = {MPI_LONG, MPI_INT};
    opened("constructors");
    view(MPI_BYTE, MPI_BYTE, "external32");
    for (int kind = 0; kind < 14; kind++) {
        MPI_Datatype t[2], u;
        MPI_Aint lb, extent, is;
        for (int i = 0; i < 2; i++) {
            int two[2] = {4, 6}, subs[2] = {2, 3}, starts[2] = {1, 2}, lengths[2] = {2, 1}, places[2] = {5, 1};
            MPI_Count two_c[2] = {4, 6}, subs_c[2] = {2, 3}, starts_c[2] = {1, 2}, lengths_c[2] = {2, 1},
                      far[2] = {48, 8};
            MPI_Aint at[2] = {48, 8};
            int spread[2] = {MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_CYCLIC}, how[2] = {MPI_DISTRIBUTE_DFLT_DARG, 1};
            MPI_Datatype parts[2] = {base[i], MPI_SHORT};
            switch (kind) {
            case 0:
                OK(MPI_Type_contiguous(3, base[i], &t[i]));
                break;
            case 1:
                OK(MPI_Type_vector(3, 2, 5, base[i], &t[i]));
                break;
            case 2:
                OK(MPI_Type_create_hvector(3, 2, 40, base[i], &t[i]));
                break;
            case 3:
                OK(MPI_Type_indexed(2, lengths, places, base[i], &t[i]));
                break;
            case 4:
                OK(MPI_Type_create_hindexed(2, lengths, at, base[i], &t[i]));
                break;
            case 5:
                OK(MPI_Type_create_indexed_block(2, 2, places, base[i], &t[i]));
                break;
            case 6:
                OK(MPI_Type_create_hindexed_block(2, 2, at, base[i], &t[i]));
                break;
            case 7:
                OK(MPI_Type_create_subarray(2, two, subs, starts, MPI_ORDER_FORTRAN, base[i], &t[i]));
                break;
            case 8:
                OK(MPI_Type_create_darray(2, 1, 2, two, spread, how, (int[]){1, 2}, MPI_ORDER_C, base[i], &t[i]));
                break;
            case 9:
                OK(MPI_Type_create_resized(base[i], -4, 100, &t[i]));
                break;
            case 10:
                OK(MPI_Type_create_subarray_c(2, two_c, subs_c, starts_c, MPI_ORDER_C, base[i], &t[i]));
                break;
            case 11:
                OK(MPI_Type_create_hindexed_c(2, lengths_c, far, base[i], &t[i]));
                break;
            case 12:
                OK(MPI_Type_create_struct_c(2, lengths_c, far, parts, &t[i]));
                break;
            default:
                OK(MPI_Type_vector_c(3, 2, 7, base[i], &u));
                OK(MPI_Type_dup(u, &t[i]));
                OK(MPI_Type_free(&u));
            }
        }
        OK(MPI_Type_get_extent(t[1], &lb, &extent));
        OK(MPI_File_get_type_extent(f, t[0], &is));
        CHECK(is == extent);
        OK(MPI_Type_free(&t[0]));
        OK(MPI_Type_free(&t[1]));
    }
    OK(MPI_File_close(&f));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    place_begin();
    bytes();
    dealt();
    part();
    registered();
    constructors();
    place_end();
    return end();
}
