/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Random views and accesses of all ranks against a model of the file, byte by byte: every level (offsets, individual
 * and shared pointer; alone, together, ordered; waited for at once, later, or split), representation, and atomicity.
 *
 * All ranks draw the same numbers, so each knows what all others do. What is written at once is disjoint: each rank has
 * slots of its own in the filetype, or ranks take turns, or the shared pointer keeps them apart. */
#include "place.h"

enum { BYTES = 1 << 18, SLOTS = 40, MOST = 60, ROUNDS = 25, STEPS = 10 };

static MPI_File f;
static unsigned seed;
static unsigned char model[BYTES];
static int length; /* of the file */

static int below(int n)
{
    return (int)(draw(&seed) % (unsigned)n);
}

/* Elements: of memory, and of the file. */
enum { NATIVE, INTERNAL, EXTERNAL, MIRROR, REPRESENTATIONS };
static const char *const names[] = {"native", "internal", "external32", "mirror"};
static struct {
    MPI_Datatype type;
    int here, external;
} bases[] = {{MPI_BYTE, 1, 1}, {MPI_SHORT, 2, 2}, {MPI_INT, 4, 4}, {MPI_LONG, 8, 4}, {MPI_DOUBLE, 8, 8}};

static struct {
    int base, how, here, there;                /* bytes of an element in memory, and in the file */
    int disp, slots[SLOTS], count[64], extent; /* slots: whose; -1 nobody's, -2 everybody's */
    bool common;
} v;

static bool atomic;
static MPI_Offset position[64], shared_at;

static void element_out(const unsigned char *here, unsigned char *there)
{
    for (int i = 0; i < v.there; i++)
        if (v.how == EXTERNAL)
            there[i] = here[v.there - 1 - i];
        else if (v.how == MIRROR)
            there[i] = i < v.here ? here[v.here - 1 - i] : here[i - v.here];
        else
            there[i] = here[i];
}

static void element_in(const unsigned char *there, unsigned char *here)
{
    for (int i = 0; i < v.here; i++)
        if (v.how == EXTERNAL)
            here[i] = i < v.there ? there[v.there - 1 - i] : there[0] & 0x80 ? 0xff : 0;
        else
            here[i] = there[v.how == MIRROR ? v.here + i : i];
}

/* The representation that the program registers; memory is elements in a row or every `step` of them. */
static int step;

static int mirror_extent(MPI_Datatype t, MPI_Aint *extent, void *extra)
{
    MPI_Aint lb;
    int rc = MPI_Type_get_extent(t, &lb, extent);
    *extent *= 2;
    return rc;
}

static int mirror_write(void *user, MPI_Datatype t, MPI_Count n, void *file, MPI_Offset at, void *extra)
{
    for (MPI_Count i = 0; i < n; i++)
        element_out((unsigned char *)user + (at + i) * step * v.here, (unsigned char *)file + i * v.there);
    return MPI_SUCCESS;
}

static int mirror_read(void *user, MPI_Datatype t, MPI_Count n, void *file, MPI_Offset at, void *extra)
{
    for (MPI_Count i = 0; i < n; i++)
        element_in((unsigned char *)file + i * v.there, (unsigned char *)user + (at + i) * step * v.here);
    return MPI_SUCCESS;
}

/* Where byte b of the stream of rank r lies. */
static int place_of(int r, MPI_Offset b)
{
    MPI_Offset element = b / v.there, tile = element / v.count[r];
    int nth = (int)(element % v.count[r]);
    for (int i = 0; i < v.extent; i++)
        if ((v.slots[i] == r || v.slots[i] == -2) && nth-- == 0)
            return (int)(v.disp + (tile * v.extent + i) * v.there + b % v.there);
    CHECK(!"a slot");
    return 0;
}

static MPI_Datatype filetype_new(void)
{
    int n = 0, places[SLOTS], ones[SLOTS], by = below(3);
    MPI_Aint bytes[SLOTS];
    MPI_Datatype t, tile;
    for (int i = 0; i < v.extent; i++)
        if (v.slots[i] == rank || v.slots[i] == -2) {
            places[n] = i;
            ones[n] = 1;
            bytes[n++] = (MPI_Aint)i * v.there;
        }
    if (by == 0)
        OK(MPI_Type_create_indexed_block(n, 1, places, bases[v.base].type, &t));
    else if (by == 1)
        OK(MPI_Type_indexed(n, ones, places, bases[v.base].type, &t));
    else
        OK(MPI_Type_create_hindexed_block(n, 1, bytes, bases[v.base].type, &t));
    OK(MPI_Type_create_resized(t, 0, (MPI_Aint)v.extent * v.there, &tile));
    OK(MPI_Type_commit(&tile));
    OK(MPI_Type_free(&t));
    return tile;
}

static void view_new(void)
{
    v.base = below(5);
    v.how = below(REPRESENTATIONS);
    v.here = bases[v.base].here;
    v.there = v.how == EXTERNAL ? bases[v.base].external : v.how == MIRROR ? 2 * v.here : v.here;
    v.disp = below(4) ? below(50) : 0;
    v.common = below(3) == 0;
    v.extent = v.common ? 1 + below(10) : size + below(SLOTS - size);
    memset(v.count, 0, sizeof v.count);
    for (int i = 0; i < v.extent; i++) {
        bool fixed = i < (v.common ? 1 : size);
        int whose = v.common ? -2 : fixed ? (i + 1) % size : below(size);
        v.slots[i] = fixed || below(4) ? whose : -1;
        for (int r = 0; r < size; r++)
            v.count[r] += v.slots[i] == r || v.slots[i] == -2;
    }
    MPI_Datatype t = filetype_new();
    OK(MPI_File_set_view(f, v.disp, bases[v.base].type, t, names[v.how], MPI_INFO_NULL));
    OK(MPI_Type_free(&t));
    atomic = below(3) == 0;
    OK(MPI_File_set_atomicity(f, atomic));
    memset(position, 0, sizeof position);
    shared_at = 0;
}

/* One access: what each rank does, and how. */
enum level { AT, POSITION, SHARED };
enum way { ALONE, TOGETHER };
enum when { NOW, LATER, SPLIT };
struct step {
    bool write, atomic;
    enum level level;
    enum way way;
    enum when when;
    bool takes_part[64];
    int n[64];
    MPI_Offset at[64];
    unsigned salt;
};
static struct step a, last; /* that wrote */

static void describe(const char *which, const struct step *x)
{
    fprintf(stderr, "  %s: %s %s %s%s:", which, (const char *[]){"at", "position", "shared"}[x->level],
            (const char *[]){"alone", "together"}[x->way], (const char *[]){"now", "later", "split"}[x->when],
            x->atomic ? ", atomic" : "");
    for (int r = 0; r < size; r++)
        if (x->takes_part[r])
            fprintf(stderr, " rank %d %d at %lld,", r, x->n[r], (long long)x->at[r]);
    fprintf(stderr, "\n");
}

static void data_of(int r, int i, unsigned char *here)
{
    unsigned s = a.salt + (unsigned)(r * 1000 + i + 1) * 2654435761u;
    int x = (int)(draw(&s) ^ draw(&s));
    double d = x;
    long l = x;
    short h = (short)x;
    unsigned char b = (unsigned char)x;
    const void *from[] = {&b, &h, &x, &l, &d};
    memcpy(here, from[v.base], (size_t)v.here);
}

#define CALL(rw, c)                                                                                                    \
    static int rw##_now(void *buf, int n, MPI_Datatype t, MPI_Status *s)                                               \
    {                                                                                                                  \
        MPI_Offset at = a.at[rank];                                                                                    \
        if (a.way == ALONE)                                                                                            \
            return a.level == AT         ? MPI_File_##rw##_at(f, at, buf, n, t, s)                                     \
                   : a.level == POSITION ? MPI_File_##rw(f, buf, n, t, s)                                              \
                                         : MPI_File_##rw##_shared(f, buf, n, t, s);                                    \
        return a.level == AT         ? MPI_File_##rw##_at_all(f, at, buf, n, t, s)                                     \
               : a.level == POSITION ? MPI_File_##rw##_all(f, buf, n, t, s)                                            \
                                     : MPI_File_##rw##_ordered(f, buf, n, t, s);                                       \
    }                                                                                                                  \
    static int rw##_later(void *buf, int n, MPI_Datatype t, MPI_Status *s)                                             \
    {                                                                                                                  \
        MPI_Offset at = a.at[rank];                                                                                    \
        MPI_Request q = MPI_REQUEST_NULL;                                                                              \
        int rc;                                                                                                        \
        if (a.way == ALONE)                                                                                            \
            rc = a.level == AT         ? MPI_File_i##rw##_at(f, at, buf, n, t, &q)                                     \
                 : a.level == POSITION ? MPI_File_i##rw(f, buf, n, t, &q)                                              \
                                       : MPI_File_i##rw##_shared(f, buf, n, t, &q);                                    \
        else                                                                                                           \
            rc = a.level == AT ? MPI_File_i##rw##_at_all(f, at, buf, n, t, &q)                                         \
                               : MPI_File_i##rw##_all(f, buf, n, t, &q);                                               \
        return rc == MPI_SUCCESS ? MPI_Wait(&q, s) : rc;                                                               \
    }                                                                                                                  \
    static int rw##_split(void *buf, int n, MPI_Datatype t, MPI_Status *s)                                             \
    {                                                                                                                  \
        MPI_Offset at = a.at[rank];                                                                                    \
        int rc = a.level == AT         ? MPI_File_##rw##_at_all_begin(f, at, buf, n, t)                                \
                 : a.level == POSITION ? MPI_File_##rw##_all_begin(f, buf, n, t)                                       \
                                       : MPI_File_##rw##_ordered_begin(f, buf, n, t);                                  \
        if (rc != MPI_SUCCESS)                                                                                         \
            return rc;                                                                                                 \
        return a.level == AT         ? MPI_File_##rw##_at_all_end(f, buf, s)                                           \
               : a.level == POSITION ? MPI_File_##rw##_all_end(f, buf, s)                                              \
                                     : MPI_File_##rw##_ordered_end(f, buf, s);                                         \
    }
CALL(read, )
CALL(write, const)

static int call(void *buf, int n, MPI_Datatype t, MPI_Status *s)
{
    if (a.when == NOW)
        return a.write ? write_now(buf, n, t, s) : read_now(buf, n, t, s);
    if (a.when == LATER)
        return a.write ? write_later(buf, n, t, s) : read_later(buf, n, t, s);
    return a.write ? write_split(buf, n, t, s) : read_split(buf, n, t, s);
}

/* Draws an access. */
static void access_new(bool write)
{
    a.write = write;
    a.atomic = atomic;
    a.way = below(2) ? ALONE : TOGETHER;
    a.level = (enum level)below(v.common ? 3 : 2);
    a.when = (enum when)below(a.way == TOGETHER ? 3 : 2);
    if (a.way == TOGETHER && a.level == SHARED && a.when == LATER) /* there is none */
        a.when = SPLIT;
    a.salt = draw(&seed);
    int only = below(size);
    for (int r = 0; r < size; r++) {
        a.n[r] = below(5) ? below(MOST) : 0;
        a.at[r] = below(MOST);
        /* one at a time where the places are the same */
        bool turn = v.common && (a.level == SHARED ? a.way == ALONE : write);
        a.takes_part[r] = a.way == TOGETHER || (turn ? r == only : below(4) > 0);
        if (turn && r != only)
            a.n[r] = 0;
    }
}

/* Where each begins, by the pointers, which move on. */
static void pointers_move(void)
{
    for (int r = 0; r < size; r++) {
        if (!a.takes_part[r])
            continue;
        if (a.level == POSITION)
            a.at[r] = position[r];
        if (a.level == SHARED) {
            a.at[r] = shared_at;
            shared_at += a.n[r];
        }
    }
}

static void write_model(void)
{
    for (int r = 0; r < size; r++)
        for (int i = 0; a.takes_part[r] && i < a.n[r]; i++) {
            unsigned char here[8], there[16];
            data_of(r, i, here);
            element_out(here, there);
            for (int k = 0; k < v.there; k++) {
                int at = place_of(r, (a.at[r] + i) * v.there + k);
                CHECK(at < BYTES);
                model[at] = there[k];
                if (at >= length)
                    length = at + 1;
            }
        }
    for (int r = 0; r < size; r++)
        if (a.takes_part[r] && a.level == POSITION)
            position[r] += a.n[r];
}

/* Bytes of the stream that this rank's access finds in the file. */
static int there_are(int r)
{
    int n = a.n[r] * v.there, k = 0;
    while (k < n && place_of(r, a.at[r] * v.there + k) < length)
        k++;
    return k;
}

static void check_read(const unsigned char *memory, const MPI_Status *s)
{
    int n = there_are(rank), whole = n / v.there, got;
    OK(MPI_Get_count(s, MPI_BYTE, &got));
    CHECK(got == (v.how < EXTERNAL ? n : whole * v.here));
    for (int i = 0; i < a.n[rank]; i++) {
        unsigned char here[8], there[16];
        memset(here, 0xee, sizeof here);
        for (int k = 0; k < v.there && i * v.there + k < n; k++)
            there[k] = model[place_of(rank, (a.at[rank] + i) * v.there + k)];
        if (i < whole)
            element_in(there, here);
        else if (i == whole && v.how < EXTERNAL)
            memcpy(here, there, (size_t)(n % v.there));
        if (memcmp(here, memory + i * step * v.here, (size_t)v.here) == 0)
            continue;
        fprintf(stderr, "rank %d: element %d of %d is not what the model has (%d bytes are there):\n", rank, i,
                a.n[rank], n);
        describe("the read", &a);
        describe("the last write", &last);
        CHECK(!"read as written");
    }
}

/* As elements in a row, or as one type with gaps. */
static void run(void)
{
    static unsigned char memory[MOST * 3 * 8 + 8];
    int n = a.n[rank], count = n;
    bool gaps = below(2);
    MPI_Datatype t = bases[v.base].type, wide;
    MPI_Status s;
    step = 1 + gaps * (1 + below(2));
    pointers_move();
    memset(memory, 0xee, sizeof memory);
    for (int i = 0; a.write && i < n; i++)
        data_of(rank, i, memory + i * step * v.here);
    if (gaps) {
        OK(MPI_Type_vector(n, 1, step, bases[v.base].type, &wide));
        OK(MPI_Type_commit(&wide));
        t = wide;
        count = 1;
    }
    if (a.takes_part[rank]) {
        OK(call(memory, count, t, &s));
        if (!a.write)
            check_read(memory, &s);
        else if (n > 0) {
            int done;
            OK(MPI_Get_count(&s, MPI_BYTE, &done));
            CHECK(done == n * v.here);
        }
    }
    if (gaps)
        OK(MPI_Type_free(&wide));
    if (a.write) {
        write_model();
        last = a;
    } else /* the individual pointer goes as far as it got */
        for (int r = 0; r < size; r++)
            if (a.takes_part[r] && a.level == POSITION)
                position[r] += a.when == NOW ? there_are(r) / v.there : a.n[r];
}

static void pointers_check(void)
{
    MPI_Offset is;
    OK(MPI_File_get_position(f, &is));
    CHECK(is == position[rank]);
    OK(MPI_File_get_position_shared(f, &is));
    CHECK(is == shared_at);
    OK(MPI_File_get_size(f, &is));
    CHECK(is == length);
}

static void size_new(void)
{
    int n = below(length + 50);
    OK(MPI_File_set_size(f, n));
    if (n < length)
        memset(model + n, 0, (size_t)(length - n));
    length = n;
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    place_begin();
    seed = argc > 1 ? (unsigned)atoi(argv[1]) : 20261129u + (unsigned)size;
    OK(MPI_Register_datarep_c("mirror", mirror_read, mirror_write, mirror_extent, NULL));
    OK(MPI_File_open(world, file_in("random"), MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE,
                     MPI_INFO_NULL, &f));
    for (int i = 0; i < ROUNDS; i++) {
        view_new();
        for (int k = 0; k < STEPS; k++) {
            access_new(below(2));
            run();
            OK(MPI_Barrier(world));
            pointers_check();
            OK(MPI_Barrier(world));
            if (below(12) == 0)
                size_new();
        }
    }
    OK(MPI_File_close(&f));
    place_end();
    return end();
}
