/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every way to read and write at an offset or where the pointer is: alone or all together, waited for, with a request,
 * in two calls. Blocks are dealt out to the ranks, with holes that keep what they had; memory has holes too. */
#include "place.h"

static MPI_Info hints = MPI_INFO_NULL;

enum how { NOW, LATER, ALL, ALL_LATER, SPLIT, HOWS };

/* Blocks of `block` bytes; `round` bytes of the file further begins the rank's next one. */
struct layout {
    int block, round, count;
    MPI_Datatype memory; /* of one block: its bytes are every other one, or a row */
    int stride;
};

static unsigned char value(const struct layout *l, int owner, int i)
{
    return (unsigned char)(1 + (owner * 31 + i * 7 + l->block) % 250);
}

/* Turns `how` into a function of this signature. */
static void access_file(MPI_File f, bool write, enum how how, bool at, MPI_Offset offset, void *buf, int count,
                        MPI_Datatype t, MPI_Status *s)
{
    MPI_Request r = MPI_REQUEST_NULL;
    switch (how + (at ? HOWS : 0)) {
    case NOW:
        OK(write ? MPI_File_write(f, buf, count, t, s) : MPI_File_read(f, buf, count, t, s));
        break;
    case LATER:
        OK(write ? MPI_File_iwrite(f, buf, count, t, &r) : MPI_File_iread(f, buf, count, t, &r));
        break;
    case ALL:
        OK(write ? MPI_File_write_all(f, buf, count, t, s) : MPI_File_read_all(f, buf, count, t, s));
        break;
    case ALL_LATER:
        OK(write ? MPI_File_iwrite_all(f, buf, count, t, &r) : MPI_File_iread_all(f, buf, count, t, &r));
        break;
    case SPLIT:
        OK(write ? MPI_File_write_all_begin(f, buf, count, t) : MPI_File_read_all_begin(f, buf, count, t));
        OK(write ? MPI_File_write_all_end(f, buf, s) : MPI_File_read_all_end(f, buf, s));
        break;
    case HOWS + NOW:
        OK(write ? MPI_File_write_at(f, offset, buf, count, t, s) : MPI_File_read_at(f, offset, buf, count, t, s));
        break;
    case HOWS + LATER:
        OK(write ? MPI_File_iwrite_at(f, offset, buf, count, t, &r) : MPI_File_iread_at(f, offset, buf, count, t, &r));
        break;
    case HOWS + ALL:
        OK(write ? MPI_File_write_at_all(f, offset, buf, count, t, s)
                 : MPI_File_read_at_all(f, offset, buf, count, t, s));
        break;
    case HOWS + ALL_LATER:
        OK(write ? MPI_File_iwrite_at_all(f, offset, buf, count, t, &r)
                 : MPI_File_iread_at_all(f, offset, buf, count, t, &r));
        break;
    default:
        OK(write ? MPI_File_write_at_all_begin(f, offset, buf, count, t)
                 : MPI_File_read_at_all_begin(f, offset, buf, count, t));
        OK(write ? MPI_File_write_at_all_end(f, buf, s) : MPI_File_read_at_all_end(f, buf, s));
    }
    if (how == LATER || how == ALL_LATER)
        OK(MPI_Wait(&r, s));
}

static void view_of(MPI_File f, const struct layout *l, int owner)
{
    MPI_Datatype blocks, dealt;
    OK(MPI_Type_create_hindexed_block(1, l->block, (MPI_Aint[]){(MPI_Aint)owner * l->block}, MPI_BYTE, &blocks));
    OK(MPI_Type_create_resized(blocks, 0, l->round, &dealt));
    OK(MPI_Type_commit(&dealt));
    OK(MPI_File_set_view(f, 5, MPI_BYTE, dealt, "native", MPI_INFO_NULL));
    OK(MPI_Type_free(&blocks));
    OK(MPI_Type_free(&dealt));
}

/* In two parts, so that offsets and pointers are other than 0. */
static void transfer(MPI_File f, const struct layout *l, bool write, enum how how, bool at, unsigned char *buf)
{
    MPI_Status s;
    MPI_Offset position;
    int first = l->count / 3, bytes;
    for (int part = 0; part < 2; part++) {
        int from = part ? first : 0, n = part ? l->count - first : first;
        access_file(f, write, how, at, (MPI_Offset)from * l->block, buf + (size_t)from * l->block * l->stride, n,
                    l->memory, &s);
        OK(MPI_Get_count(&s, MPI_BYTE, &bytes));
        CHECK(bytes == n * l->block);
    }
    OK(MPI_File_get_position(f, &position));
    CHECK(position == (at ? 0 : (MPI_Offset)l->count * l->block));
}

static void check_holes(MPI_File f, const struct layout *l)
{
    int used = size * l->block, length = 5 + l->count * l->round;
    unsigned char *all = malloc((size_t)length);
    OK(MPI_File_set_view(f, 0, MPI_BYTE, MPI_BYTE, "native", MPI_INFO_NULL));
    OK(MPI_File_read_at(f, 0, all, length, MPI_BYTE, MPI_STATUS_IGNORE));
    for (int i = 0; i < length; i++) {
        int in = (i - 5) % l->round, k = (i - 5) / l->round;
        if (i < 5 || in >= used)
            CHECK(all[i] == '.');
        else
            CHECK(all[i] == value(l, in / l->block, k * l->block + in % l->block));
    }
    free(all);
}

static void dots(MPI_File f, const struct layout *l)
{
    int length = 5 + l->count * l->round;
    OK(MPI_File_set_view(f, 0, MPI_BYTE, MPI_BYTE, "native", MPI_INFO_NULL));
    if (rank == 0) {
        char *p = malloc((size_t)length);
        memset(p, '.', (size_t)length);
        OK(MPI_File_write_at(f, 0, p, length, MPI_BYTE, MPI_STATUS_IGNORE));
        free(p);
    }
    OK(MPI_File_sync(f));
    OK(MPI_Barrier(world));
}

static void one(const struct layout *l, enum how how, bool at)
{
    MPI_File f;
    size_t room = (size_t)l->count * l->block * l->stride;
    unsigned char *buf = malloc(room);
    OK(MPI_File_open(world, file_in("forms"), MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE, hints, &f));
    dots(f, l);
    memset(buf, 255, room);
    for (int i = 0; i < l->count * l->block; i++)
        buf[i * l->stride] = value(l, rank, i);
    view_of(f, l, rank);
    transfer(f, l, true, how, at, buf);
    OK(MPI_File_sync(f));
    OK(MPI_Barrier(world));
    int next = (rank + 1) % size;
    memset(buf, 255, room);
    view_of(f, l, next);
    transfer(f, l, false, how, at, buf);
    for (size_t i = 0; i < room; i++)
        CHECK(buf[i] == (i % (size_t)l->stride ? 255 : value(l, next, (int)i / l->stride)));
    OK(MPI_Barrier(world));
    check_holes(f, l);
    OK(MPI_File_close(&f));
    free(buf);
}

static void each(struct layout l)
{
    OK(MPI_Type_create_hvector(l.block, 1, l.stride, MPI_BYTE, &l.memory));
    if (l.stride > 1) {
        MPI_Datatype t = l.memory;
        OK(MPI_Type_create_resized(t, 0, (MPI_Aint)l.block * l.stride, &l.memory));
        OK(MPI_Type_free(&t));
    }
    OK(MPI_Type_commit(&l.memory));
    for (int how = 0; how < HOWS; how++)
        for (int at = 0; at < 2; at++)
            one(&l, (enum how)how, at);
    OK(MPI_Type_free(&l.memory));
}

/* Some requests at once, waited for in another order, and one that is given up. */
static void several(void)
{
    enum { N = 20, EACH = 3000 };
    static int data[N][EACH], back[N][EACH];
    MPI_Request r[N];
    MPI_Status s[N];
    MPI_File f;
    OK(MPI_File_open(world, file_in("several"), MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE,
                     MPI_INFO_NULL, &f));
    OK(MPI_File_set_view(f, (MPI_Offset)rank * (MPI_Offset)sizeof data, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < EACH; k++)
            data[i][k] = rank + i * EACH + k;
        OK(MPI_File_iwrite(f, data[i], EACH, MPI_INT, &r[N - 1 - i]));
    }
    OK(MPI_Request_free(&r[3]));
    OK(MPI_Waitall(N, r, s));
    for (int i = 0; i < N; i++) {
        int n;
        OK(MPI_Get_count(&s[i], MPI_INT, &n));
        CHECK(n == (i == 3 ? 0 : EACH));
    }
    /* This waits for the one that was given up. */
    OK(MPI_File_set_view(f, (MPI_Offset)rank * (MPI_Offset)sizeof data, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    for (int i = 0; i < N; i++)
        OK(i % 2 ? MPI_File_iread_at_all(f, (MPI_Offset)i * EACH, back[i], EACH, MPI_INT, &r[i])
                 : MPI_File_iread_at(f, (MPI_Offset)i * EACH, back[i], EACH, MPI_INT, &r[i]));
    for (int left = N; left > 0; left--) {
        int i, n;
        OK(MPI_Waitany(N, r, &i, &s[0]));
        OK(MPI_Get_count(&s[0], MPI_INT, &n));
        CHECK(n == EACH && memcmp(data[i], back[i], sizeof data[i]) == 0);
    }
    MPI_Offset end;
    OK(MPI_File_iread_at(f, (MPI_Offset)N * EACH - 2, back[0], EACH, MPI_INT, &r[0]));
    OK(MPI_Wait(&r[0], &s[0]));
    OK(MPI_Barrier(world));
    OK(MPI_File_get_size(f, &end));
    CHECK(end == (MPI_Offset)size * (MPI_Offset)sizeof data);
    OK(MPI_File_close(&f));
}

/* What is begun is ended by its own end, and nothing collective comes between. */
static void wrong(void)
{
    MPI_File f;
    MPI_Request r;
    MPI_Status s;
    int x[4] = {1, 2, 3, 4}, n;
    OK(MPI_File_open(world, file_in("wrong"), MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &f));
    OK(MPI_File_set_view(f, 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    FAILS(MPI_ERR_IO, MPI_File_write_all_end(f, x, &s));
    OK(MPI_File_write_at_all_begin(f, (MPI_Offset)rank * 4, x, 4, MPI_INT));
    FAILS(MPI_ERR_IO, MPI_File_write_all_end(f, x, &s));
    FAILS(MPI_ERR_IO, MPI_File_read_at_all_begin(f, 0, x, 4, MPI_INT));
    FAILS(MPI_ERR_IO, MPI_File_write_all(f, x, 4, MPI_INT, &s));
    FAILS(MPI_ERR_IO, MPI_File_iread_all(f, x, 4, MPI_INT, &r));
    FAILS(MPI_ERR_BUFFER, MPI_File_write_at_all_end(f, x + 1, &s));
    FAILS(MPI_ERR_IO, MPI_File_close(&f));
    OK(MPI_File_write_at_all_end(f, x, &s));
    OK(MPI_Get_count(&s, MPI_INT, &n));
    CHECK(n == 4);
    FAILS(MPI_ERR_IO, MPI_File_write_at_all_end(f, x, &s));
    FAILS(MPI_ERR_ARG, MPI_File_iwrite_at(f, -1, x, 4, MPI_INT, &r));
    /* One rank is wrong, the others go on. */
    if (rank == 0) {
        FAILS(MPI_ERR_ARG, MPI_File_write_at_all(f, -1, x, 4, MPI_INT, &s));
        FAILS(MPI_ERR_ARG, MPI_File_iwrite_at_all(f, -1, x, 4, MPI_INT, &r));
    } else {
        OK(MPI_File_write_at_all(f, (MPI_Offset)rank * 4, x, 4, MPI_INT, &s));
        OK(MPI_File_iwrite_at_all(f, (MPI_Offset)rank * 4, x, 4, MPI_INT, &r));
        OK(MPI_Wait(&r, &s));
    }
    OK(MPI_File_close(&f));
    OK(MPI_File_open(world, file_in("wrong"), MPI_MODE_RDONLY | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL, &f));
    FAILS(MPI_ERR_READ_ONLY, MPI_File_iwrite(f, x, 1, MPI_INT, &r));
    FAILS(MPI_ERR_READ_ONLY, MPI_File_write_all(f, x, 1, MPI_INT, &s));
    FAILS(MPI_ERR_READ_ONLY, MPI_File_write_all_begin(f, x, 1, MPI_INT));
    OK(MPI_File_close(&f));
}

/* "enable": in two phases whatever the pieces, with small windows; "disable": each rank for itself, piece by piece. */
static void hint(const char *way)
{
    OK(MPI_Info_create(&hints));
    OK(MPI_Info_set(hints, "romio_cb_write", way));
    OK(MPI_Info_set(hints, "romio_cb_read", way));
    OK(MPI_Info_set(hints, "romio_ds_write", way));
    OK(MPI_Info_set(hints, "romio_ds_read", way));
    OK(MPI_Info_set(hints, "cb_buffer_size", "4096"));
    OK(MPI_Info_set(hints, "ind_wr_buffer_size", "4096"));
    OK(MPI_Info_set(hints, "ind_rd_buffer_size", "4096"));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    if (argc > 1)
        hint(argv[1]);
    place_begin();
    each((struct layout){.block = 1, .round = size + 3, .count = 500, .stride = 1});
    each((struct layout){.block = 8, .round = 8 * size, .count = 700, .stride = 1});
    each((struct layout){.block = 12, .round = 12 * size + 5, .count = 400, .stride = 2});
    each((struct layout){.block = 5000, .round = 5000 * size + 300, .count = 12, .stride = 1});
    several();
    wrong();
    if (hints != MPI_INFO_NULL)
        OK(MPI_Info_free(&hints));
    place_end();
    return end();
}
