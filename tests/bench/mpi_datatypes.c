/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mpi_datatypes: derived datatypes, compiled for each MPI library. Plain C, MPI 3 only.
 *
 *     mpi_datatypes make | pack | send | external [hand]
 *
 * make: creating types, per type, or per block where they are many, and their memory per block. pack: MPI_Pack and
 * MPI_Unpack by one rank. send: messages of two, with the type on either side and on both. external: external32.
 * With `hand` the same is done by loops that a programmer would write. Prints as mpi_bench does; times in us.
 */
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "measure.h"

static const struct patience brief = {0.0004, 0.008};
static int by_hand;

static unsigned draw(void)
{
    static unsigned seed = 12345;
    seed = seed * 1103515245u + 12345u;
    return seed >> 16 & 0x7fff;
}

/* ---- shapes ---- */

struct shape {
    char name[24];
    MPI_Datatype type;
    int count;   /* of the type */
    long bytes;  /* packed */
    long lo, hi; /* memory from the origin */
    void (*move)(const struct shape *s, char *mem, char *flat, int out);
    long n[3], stride[3], run; /* nested loops over runs of bytes */
    long *at, *length;         /* runs at places, n[0] of them */
};

static inline __attribute__((always_inline)) void loops(const struct shape *s, char *mem, char *flat, int out, long run)
{
    for (long i = 0; i < s->n[0]; i++)
        for (long j = 0; j < s->n[1]; j++)
            for (long k = 0; k < s->n[2]; k++)
                MOVE(mem + i * s->stride[0] + j * s->stride[1] + k * s->stride[2], flat, (size_t)run);
}

static void move_loops(const struct shape *s, char *mem, char *flat, int out)
{
    switch (s->run) {
    case 4:
        loops(s, mem, flat, out, 4);
        break;
    case 8:
        loops(s, mem, flat, out, 8);
        break;
    case 16:
        loops(s, mem, flat, out, 16);
        break;
    case 24:
        loops(s, mem, flat, out, 24);
        break;
    case 32:
        loops(s, mem, flat, out, 32);
        break;
    case 64:
        loops(s, mem, flat, out, 64);
        break;
    default:
        loops(s, mem, flat, out, s->run);
    }
}

struct mixed {
    int i;
    double d;
    char c[3];
};

/* Groups of n[1] structs, stride[0] structs apart. */
static void move_mixed(const struct shape *s, char *mem, char *flat, int out)
{
    for (long i = 0; i < s->n[0]; i++)
        for (long j = 0; j < s->n[1]; j++) {
            struct mixed *m = (struct mixed *)mem + i * s->stride[0] + j;
            MOVE((char *)&m->i, flat, 4);
            MOVE((char *)&m->d, flat, 8);
            MOVE((char *)&m->c, flat, 3);
        }
}

static void move_doubles(const struct shape *s, char *mem, char *flat, int out)
{
    for (long i = 0; i < s->n[0]; i++)
        for (long j = 0; j < s->length[i]; j += 8)
            MOVE(mem + s->at[i] + j, flat, 8);
}

static void move_rows(const struct shape *s, char *mem, char *flat, int out)
{
    for (long i = 0; i < s->n[0]; i++)
        MOVE(mem + s->at[i], flat, (size_t)s->length[i]);
}

static void move_singles(const struct shape *s, char *mem, char *flat, int out)
{
    for (long i = 0; i < s->n[0]; i++)
        MOVE(mem + s->at[i], flat, 8);
}

static struct shape nested(const char *name, const long n[3], const long stride[3], long run)
{
    struct shape s = {"", MPI_DATATYPE_NULL, 1, n[0] * n[1] * n[2] * run, 0, 0, move_loops};
    snprintf(s.name, sizeof s.name, "%s", name);
    s.run = s.hi = run;
    for (int i = 0; i < 3; i++) {
        long reach = (n[i] - 1) * stride[i];
        s.n[i] = n[i];
        s.stride[i] = stride[i];
        *(reach < 0 ? &s.lo : &s.hi) += reach;
    }
    return s;
}

static struct shape vector(long bytes, int block, int stride)
{
    char name[24];
    int n = (int)(bytes / 8 / block);
    n = n ? n : 1;
    snprintf(name, sizeof name, "vector-%d-of-%d", block, stride);
    struct shape s = nested(name, (long[]){1, 1, n}, (long[]){0, 0, stride * 8L}, block * 8L);
    MPI_Type_vector(n, block, stride, MPI_DOUBLE, &s.type);
    return s;
}

/* The face of a box that has no extent in dimension `flat`; the box is `deep` there, or as deep as wide. */
static struct shape face(const char *name, long bytes, int flat, long element, MPI_Datatype old)
{
    int edge = 1;
    while ((long)(edge + 1) * (edge + 1) * element <= bytes)
        edge++;
    int deep = edge < 64 ? edge : 64;
    int sizes[3] = {edge, edge, edge}, sub[3] = {edge, edge, edge}, start[3] = {0, 0, 0};
    sizes[flat] = deep, sub[flat] = 1;
    long z = element, y = sizes[2] * z, x = sizes[1] * y;
    struct shape s = flat == 0   ? nested(name, (long[]){1, 1, 1}, (long[]){0, 0, 0}, edge * y)
                     : flat == 1 ? nested(name, (long[]){1, 1, edge}, (long[]){0, 0, x}, y)
                                 : nested(name, (long[]){1, edge, edge}, (long[]){0, x, y}, z);
    MPI_Type_create_subarray(3, sizes, sub, start, MPI_ORDER_C, old, &s.type);
    return s;
}

static MPI_Datatype mixed_type(void)
{
    MPI_Datatype one, sized, parts[3] = {MPI_INT, MPI_DOUBLE, MPI_CHAR};
    int lengths[3] = {1, 1, 3};
    MPI_Aint at[3] = {offsetof(struct mixed, i), offsetof(struct mixed, d), offsetof(struct mixed, c)};
    MPI_Type_create_struct(3, lengths, at, parts, &one);
    MPI_Type_create_resized(one, 0, sizeof(struct mixed), &sized);
    MPI_Type_free(&one);
    return sized;
}

static struct shape structs(long bytes)
{
    struct shape s = {"struct", mixed_type(), (int)(bytes / 15), 0, 0, 0, move_mixed};
    s.bytes = s.count * 15L;
    s.n[0] = s.count, s.n[1] = 1, s.stride[0] = 1;
    s.hi = s.count * (long)sizeof(struct mixed);
    return s;
}

static struct shape struct_vector(long bytes)
{
    struct shape s = {"vector-of-struct", MPI_DATATYPE_NULL, 1, 0, 0, 0, move_mixed};
    MPI_Datatype one = mixed_type();
    s.n[0] = bytes / 30, s.n[1] = 2, s.stride[0] = 3;
    s.bytes = s.n[0] * 30;
    s.hi = s.n[0] * 3 * (long)sizeof(struct mixed);
    MPI_Type_vector((int)s.n[0], 2, 3, one, &s.type);
    MPI_Type_free(&one);
    return s;
}

/* Runs of 1 to 8 doubles, 1 to 4 apart. */
static struct shape indexed(long bytes)
{
    struct shape s = {"indexed", MPI_DATATYPE_NULL, 1, 0, 0, 0, move_doubles};
    int *lengths = malloc((size_t)bytes), *at = malloc((size_t)bytes), where = 0, n = 0;
    s.at = malloc((size_t)bytes), s.length = malloc((size_t)bytes);
    for (; s.bytes + 64 <= bytes; n++) {
        lengths[n] = 1 + (int)draw() % 8, at[n] = where;
        s.at[n] = where * 8L, s.length[n] = lengths[n] * 8L;
        where += lengths[n] + 1 + (int)draw() % 4;
        s.bytes += s.length[n];
    }
    s.n[0] = n, s.hi = where * 8L;
    MPI_Type_indexed(n, lengths, at, MPI_DOUBLE, &s.type);
    free(lengths), free(at);
    return s;
}

/* The lower triangle of a matrix. */
static struct shape triangle(long bytes)
{
    struct shape s = {"triangle", MPI_DATATYPE_NULL, 1, 0, 0, 0, move_rows};
    int n = 1;
    while ((n + 1) * (n + 2L) / 2 * 8 <= bytes)
        n++;
    int *lengths = malloc((size_t)n * sizeof *lengths), *at = malloc((size_t)n * sizeof *at);
    s.at = malloc((size_t)n * sizeof *s.at), s.length = malloc((size_t)n * sizeof *s.length);
    for (int i = 0; i < n; i++) {
        lengths[i] = i + 1, at[i] = i * n;
        s.at[i] = at[i] * 8L, s.length[i] = lengths[i] * 8L;
        s.bytes += s.length[i];
    }
    s.n[0] = n, s.hi = 8L * n * n;
    MPI_Type_indexed(n, lengths, at, MPI_DOUBLE, &s.type);
    free(lengths), free(at);
    return s;
}

/* Single doubles in any order, one of each three. */
static struct shape scattered(long bytes)
{
    struct shape s = {"hindexed-shuffled", MPI_DATATYPE_NULL, 1, bytes, 0, bytes * 3, move_singles};
    int n = (int)(bytes / 8), *ones = malloc((size_t)n * sizeof *ones);
    MPI_Aint *at = malloc((size_t)n * sizeof *at);
    s.at = malloc((size_t)n * sizeof *s.at);
    for (int i = 0; i < n; i++)
        s.at[i] = (i * 3 + (long)draw() % 3) * 8, ones[i] = 1;
    for (int i = n - 1; i > 0; i--) {
        int k = (int)(((long)draw() << 15 | draw()) % (i + 1));
        long t = s.at[i];
        s.at[i] = s.at[k], s.at[k] = t;
    }
    for (int i = 0; i < n; i++)
        at[i] = s.at[i];
    s.n[0] = n;
    MPI_Type_create_hindexed(n, ones, at, MPI_DOUBLE, &s.type);
    free(ones), free(at);
    return s;
}

/* A quarter of a matrix in blocks of 4 by 4. */
static struct shape cyclic(long bytes)
{
    int blocks = 1;
    while ((blocks + 1L) * (blocks + 1) * 128 <= bytes)
        blocks++;
    int edge = blocks * 8, sizes[2] = {edge, edge}, grid[2] = {2, 2}, four[2] = {4, 4};
    int how[2] = {MPI_DISTRIBUTE_CYCLIC, MPI_DISTRIBUTE_CYCLIC};
    struct shape s = nested("darray-cyclic", (long[]){blocks, 4, blocks}, (long[]){edge * 64L, edge * 8L, 64}, 32);
    MPI_Type_create_darray(4, 0, 2, sizes, how, four, grid, MPI_ORDER_C, MPI_DOUBLE, &s.type);
    return s;
}

/* The columns of a matrix one after the other. */
static struct shape transpose(long bytes)
{
    int n = 1;
    while ((n + 1L) * (n + 1) * 8 <= bytes)
        n++;
    struct shape s = nested("transpose", (long[]){1, n, n}, (long[]){0, 8, n * 8L}, 8);
    MPI_Datatype column;
    MPI_Type_vector(n, 1, n, MPI_DOUBLE, &column);
    MPI_Type_create_resized(column, 0, 8, &s.type);
    MPI_Type_free(&column);
    s.count = n;
    return s;
}

static struct shape backwards(long bytes)
{
    int n = (int)(bytes / 8);
    struct shape s = nested("vector-backwards", (long[]){1, 1, n}, (long[]){0, 0, -24}, 8);
    MPI_Type_vector(n, 1, -3, MPI_DOUBLE, &s.type);
    return s;
}

/* The i-th shape of about so many bytes; false after the last one. */
static int shape_make(int i, long bytes, struct shape *s)
{
    static const int vectors[][2] = {{1, 2}, {1, 4}, {1, 16},   {1, 1000}, {2, 3},    {2, 100},   {3, 4},     {3, 50},
                                     {4, 8}, {8, 9}, {8, 1000}, {16, 20},  {16, 200}, {100, 101}, {100, 1000}};
    static struct shape (*const others[])(long) = {structs,   struct_vector, indexed,   triangle,
                                                   scattered, cyclic,        transpose, backwards};
    enum { VECTORS = sizeof vectors / sizeof *vectors, FACES = 6, OTHERS = sizeof others / sizeof *others };
    static const char *const names[] = {"face-double-yz", "face-double-xz", "face-double-xy",
                                        "face-float-yz",  "face-float-xz",  "face-float-xy"};
    if (i < VECTORS)
        *s = vector(bytes, vectors[i][0], vectors[i][1]);
    else if (i < VECTORS + FACES) {
        int k = i - VECTORS;
        *s = face(names[k], bytes, k % 3, k < 3 ? 8 : 4, k < 3 ? MPI_DOUBLE : MPI_FLOAT);
    } else if (i < VECTORS + FACES + OTHERS)
        *s = others[i - VECTORS - FACES](bytes);
    else
        return 0;
    MPI_Type_commit(&s->type);
    return 1;
}

/* ---- pack and send ---- */

struct job {
    const struct shape *s;
    char *mem, *flat;
    int typed[2]; /* does the sender, the receiver use the type? */
};

static void pack(void *arg, int times)
{
    const struct job *j = arg;
    for (int i = 0, at; i < times; i++)
        if (by_hand)
            j->s->move(j->s, j->mem, j->flat, 1);
        else
            at = 0, MPI_Pack(j->mem, j->s->count, j->s->type, j->flat, (int)j->s->bytes, &at, MPI_COMM_WORLD);
}

static void unpack(void *arg, int times)
{
    const struct job *j = arg;
    for (int i = 0, at; i < times; i++)
        if (by_hand)
            j->s->move(j->s, j->mem, j->flat, 0);
        else
            at = 0, MPI_Unpack(j->flat, (int)j->s->bytes, &at, j->mem, j->s->count, j->s->type, MPI_COMM_WORLD);
}

static void give(const struct job *j, int to)
{
    if (j->typed[0] && !by_hand) {
        MPI_Send(j->mem, j->s->count, j->s->type, to, 1, MPI_COMM_WORLD);
        return;
    }
    if (j->typed[0])
        j->s->move(j->s, j->mem, j->flat, 1);
    MPI_Send(j->flat, (int)j->s->bytes, MPI_BYTE, to, 1, MPI_COMM_WORLD);
}

static void take(const struct job *j, int from)
{
    if (j->typed[1] && !by_hand) {
        MPI_Recv(j->mem, j->s->count, j->s->type, from, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        return;
    }
    MPI_Recv(j->flat, (int)j->s->bytes, MPI_BYTE, from, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (j->typed[1])
        j->s->move(j->s, j->mem, j->flat, 0);
}

static void pingpong(void *arg, int times)
{
    const struct job *j = arg;
    for (int i = 0; i < times; i++)
        if (rank == 0)
            give(j, 1), take(j, 1);
        else
            take(j, 0), give(j, 0);
}

static void shape_report(const char *what, const struct shape *s, long size_, double seconds)
{
    char name[48];
    snprintf(name, sizeof name, "%s:%s", what, s->name);
    report(name, size_, seconds * 1e6);
}

static void shape_run(const struct shape *s, long size_, int sending)
{
    char *all = calloc(1, (size_t)(s->hi - s->lo)), *flat = calloc(1, (size_t)s->bytes);
    struct job j = {s, all - s->lo, flat, {1, 1}};
    if (sending) {
        shape_report("both", s, size_, measure_for(pingpong, &j, brief) / 2);
        j.typed[1] = 0;
        shape_report("sender", s, size_, measure_for(pingpong, &j, brief) / 2);
        j.typed[0] = 0, j.typed[1] = 1;
        shape_report("receiver", s, size_, measure_for(pingpong, &j, brief) / 2);
    } else {
        shape_report("pack", s, size_, measure_for(pack, &j, brief));
        shape_report("unpack", s, size_, measure_for(unpack, &j, brief));
    }
    free(all), free(flat);
}

static void shapes(int sending)
{
    static const long sizes[] = {256, 4096, 65536, MIB};
    const long most = 40L * MIB;
    struct shape s;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        for (int i = 0; shape_make(i, sizes[k], &s); i++) {
            if (s.hi - s.lo <= most)
                shape_run(&s, sizes[k], sending);
            MPI_Type_free(&s.type);
            free(s.at), free(s.length);
        }
}

/* ---- making types ---- */

enum { MANY = 100000 };
static int lengths[MANY], ones[MANY], disps[MANY];
static MPI_Aint bytes[MANY];
static MPI_Datatype doubles[MANY], mixes[MANY];

#define MAKE(name, ...)                                                                                                \
    static void name(MPI_Datatype *t)                                                                                  \
    {                                                                                                                  \
        __VA_ARGS__;                                                                                                   \
    }
MAKE(make_contiguous, MPI_Type_contiguous(4, MPI_DOUBLE, t))
MAKE(make_vector, MPI_Type_vector(8, 2, 4, MPI_DOUBLE, t))
MAKE(make_hvector, MPI_Type_create_hvector(8, 2, 40, MPI_DOUBLE, t))
MAKE(make_indexed, MPI_Type_indexed(4, lengths, disps, MPI_DOUBLE, t))
MAKE(make_hindexed, MPI_Type_create_hindexed(4, lengths, bytes, MPI_DOUBLE, t))
MAKE(make_indexed_block, MPI_Type_create_indexed_block(4, 2, disps, MPI_DOUBLE, t))
MAKE(make_hindexed_block, MPI_Type_create_hindexed_block(4, 2, bytes, MPI_DOUBLE, t))
MAKE(make_struct, MPI_Type_create_struct(3, ones, bytes, mixes, t))
MAKE(make_resized, MPI_Type_create_resized(MPI_DOUBLE, 0, 24, t))
MAKE(make_dup, MPI_Type_dup(MPI_DOUBLE, t))
MAKE(make_subarray, int sizes[3] = {8, 8, 8}, sub[3] = {4, 4, 4}, at[3] = {1, 1, 1};
     MPI_Type_create_subarray(3, sizes, sub, at, MPI_ORDER_C, MPI_DOUBLE, t))
MAKE(make_darray, int sizes[2] = {18, 18}, how[2] = {MPI_DISTRIBUTE_CYCLIC, MPI_DISTRIBUTE_CYCLIC}, two[2] = {2, 2};
     MPI_Type_create_darray(4, 1, 2, sizes, how, two, two, MPI_ORDER_C, MPI_DOUBLE, t))
MAKE(make_nested, MPI_Datatype one; MPI_Datatype sized; MPI_Datatype row; make_struct(&one);
     MPI_Type_create_resized(one, 0, 4096, &sized); MPI_Type_vector(4, 1, 3, sized, &row);
     MPI_Type_contiguous(5, row, t); MPI_Type_free(&one); MPI_Type_free(&sized); MPI_Type_free(&row))
MAKE(many_indexed, MPI_Type_indexed(MANY, lengths, disps, MPI_DOUBLE, t))
MAKE(many_hindexed, MPI_Type_create_hindexed(MANY, lengths, bytes, MPI_DOUBLE, t))
MAKE(many_ones, MPI_Type_indexed(MANY, ones, disps, MPI_DOUBLE, t))
MAKE(many_indexed_block, MPI_Type_create_indexed_block(MANY, 2, disps, MPI_DOUBLE, t))
MAKE(many_hindexed_block, MPI_Type_create_hindexed_block(MANY, 2, bytes, MPI_DOUBLE, t))
MAKE(many_struct, MPI_Type_create_struct(MANY, lengths, bytes, doubles, t))
MAKE(many_mixed, MPI_Type_create_struct(MANY, lengths, bytes, mixes, t))
MAKE(many_vector, MPI_Type_vector(MANY, 2, 4, MPI_DOUBLE, t))

static const struct {
    const char *name;
    void (*make)(MPI_Datatype *t);
} kinds[] = {{"contiguous", make_contiguous},
             {"vector", make_vector},
             {"hvector", make_hvector},
             {"indexed", make_indexed},
             {"hindexed", make_hindexed},
             {"indexed-block", make_indexed_block},
             {"hindexed-block", make_hindexed_block},
             {"struct", make_struct},
             {"resized", make_resized},
             {"dup", make_dup},
             {"subarray", make_subarray},
             {"darray", make_darray},
             {"nested", make_nested},
             {"vector-long", many_vector}},
  manies[] = {{"indexed", many_indexed},
              {"hindexed", many_hindexed},
              {"indexed-ones", many_ones},
              {"indexed-block", many_indexed_block},
              {"hindexed-block", many_hindexed_block},
              {"struct", many_struct},
              {"struct-mixed", many_mixed}};

struct making {
    void (*make)(MPI_Datatype *t);
};

static void make_commit_free(void *arg, int times)
{
    const struct making *m = arg;
    MPI_Datatype t;
    for (int i = 0; i < times; i++) {
        m->make(&t);
        MPI_Type_commit(&t);
        MPI_Type_free(&t);
    }
}

static double heap(void)
{
#if defined __GLIBC__ && __GLIBC_PREREQ(2, 33)
    struct mallinfo2 m = mallinfo2();
    return (double)(m.uordblks + m.hblkhd);
#else
    return 0;
#endif
}

static void making(void)
{
    char name[48];
    for (int i = 0, at = 0; i < MANY; i++) {
        lengths[i] = 1 + (int)draw() % 4;
        ones[i] = 1;
        disps[i] = at;
        bytes[i] = at * 8L;
        at += 5 + (int)draw() % 3;
        doubles[i] = MPI_DOUBLE;
        mixes[i] = i % 3 == 0 ? MPI_INT : i % 3 == 1 ? MPI_DOUBLE : MPI_CHAR;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct making m = {kinds[i].make};
        snprintf(name, sizeof name, "make:%s", kinds[i].name);
        report(name, 1, measure_for(make_commit_free, &m, brief) * 1e6);
    }
    for (size_t i = 0; i < sizeof manies / sizeof *manies; i++) {
        struct making m = {manies[i].make};
        MPI_Datatype t;
        snprintf(name, sizeof name, "make-many:%s", manies[i].name);
        report(name, MANY, measure_for(make_commit_free, &m, brief) * 1e9 / MANY);
        double before = heap();
        m.make(&t);
        MPI_Type_commit(&t);
        snprintf(name, sizeof name, "memory:%s", manies[i].name);
        report(name, MANY, (heap() - before) / MANY);
        MPI_Type_free(&t);
    }
}

/* ---- external32 ---- */

struct outside {
    MPI_Datatype type;
    int count;
    long bytes;
    char *in, *out;
};

static void external_pack(void *arg, int times)
{
    const struct outside *o = arg;
    for (int i = 0; i < times; i++) {
        MPI_Aint at = 0;
        if (by_hand && o->type == MPI_DOUBLE)
            for (int k = 0; k < o->count; k++)
                ((unsigned long *)o->out)[k] = __builtin_bswap64(((unsigned long *)o->in)[k]);
        else if (by_hand && o->type != MPI_BYTE)
            for (int k = 0; k < o->count; k++)
                ((unsigned *)o->out)[k] = __builtin_bswap32(((unsigned *)o->in)[k]);
        else if (by_hand)
            memcpy(o->out, o->in, (size_t)o->bytes);
        else
            MPI_Pack_external("external32", o->in, o->count, o->type, o->out, o->bytes, &at);
    }
}

static void external_unpack(void *arg, int times)
{
    const struct outside *o = arg;
    for (int i = 0; i < times; i++) {
        MPI_Aint at = 0;
        MPI_Unpack_external("external32", o->out, o->bytes, &at, o->in, o->count, o->type);
    }
}

static void external(void)
{
    static const struct {
        const char *name;
        MPI_Datatype type;
        int size;
    } all[] = {{"byte", MPI_BYTE, 1}, {"int", MPI_INT, 4}, {"double", MPI_DOUBLE, 8}};
    struct outside o = {MPI_DATATYPE_NULL, 0, 0, calloc(2, MIB), calloc(2, MIB)};
    char name[48];
    for (long n = 256; n <= MIB; n *= 64)
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
            o.type = all[i].type, o.bytes = n, o.count = (int)(n / all[i].size);
            snprintf(name, sizeof name, "external-pack:%s", all[i].name);
            report(name, n, measure_for(external_pack, &o, brief) * 1e6);
            snprintf(name, sizeof name, "external-unpack:%s", all[i].name);
            report(name, n, measure_for(by_hand ? external_pack : external_unpack, &o, brief) * 1e6);
        }
    free(o.in), free(o.out);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "pack";
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    by_hand = argc > 2 && strcmp(argv[2], "hand") == 0;
    pin();
    if (strcmp(what, "make") == 0)
        making();
    else if (strcmp(what, "external") == 0)
        external();
    else if (strcmp(what, "pack") == 0 || size == 2)
        shapes(strcmp(what, "send") == 0);
    MPI_Finalize();
    return 0;
}
