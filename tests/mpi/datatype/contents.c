/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Envelopes and contents: every constructor, with small counts and with large ones, says what it was called with, and
 * what it says makes the same type again. */
#include "../check.h"

enum { MOST = 32 };

struct said {
    MPI_Count n[4]; /* integers, addresses, counts, datatypes */
    int combiner, ints[MOST];
    MPI_Aint addrs[MOST];
    MPI_Count counts[MOST];
    MPI_Datatype types[MOST];
};

static void ask(MPI_Datatype t, struct said *s)
{
    memset(s, 0, sizeof *s);
    OK(MPI_Type_get_envelope_c(t, &s->n[0], &s->n[1], &s->n[2], &s->n[3], &s->combiner));
    OK(MPI_Type_get_contents_c(t, s->n[0], s->n[1], s->n[2], s->n[3], s->ints, s->addrs, s->counts, s->types));
}

/* What contents gave is ours. */
static void free_types(MPI_Datatype *types, MPI_Count count)
{
    for (MPI_Count i = 0; i < count; i++) {
        int n[3], combiner;
        OK(MPI_Type_get_envelope(types[i], &n[0], &n[1], &n[2], &combiner));
        if (combiner != MPI_COMBINER_NAMED)
            OK(MPI_Type_free(&types[i]));
    }
}

/* The small forms say the same, where there are no large counts, and fail where there are. */
static void check_small(MPI_Datatype t, const struct said *s)
{
    int n[3], combiner, ints[MOST];
    MPI_Aint addrs[MOST];
    MPI_Datatype types[MOST];
    if (s->n[2] > 0) {
        FAILS(MPI_ERR_TYPE, MPI_Type_get_envelope(t, &n[0], &n[1], &n[2], &combiner));
        FAILS(MPI_ERR_TYPE, MPI_Type_get_contents(t, MOST, MOST, MOST, ints, addrs, types));
        return;
    }
    OK(MPI_Type_get_envelope(t, &n[0], &n[1], &n[2], &combiner));
    CHECK(n[0] == s->n[0] && n[1] == s->n[1] && n[2] == s->n[3] && combiner == s->combiner);
    OK(MPI_Type_get_contents(t, n[0], n[1], n[2], ints, addrs, types));
    CHECK(memcmp(ints, s->ints, (size_t)n[0] * sizeof *ints) == 0);
    CHECK(memcmp(addrs, s->addrs, (size_t)n[1] * sizeof *addrs) == 0);
    CHECK(memcmp(types, s->types, (size_t)n[2] * sizeof *types) == 0);
    free_types(types, n[2]);
    if (n[0] > 0)
        FAILS(MPI_ERR_ARG, MPI_Type_get_contents(t, n[0] - 1, n[1], n[2], ints, addrs, types));
}

static MPI_Datatype again_small(const struct said *s)
{
    MPI_Datatype t = MPI_DATATYPE_NULL, old = s->types[0];
    const int *i = s->ints;
    switch (s->combiner) {
    case MPI_COMBINER_DUP:
        OK(MPI_Type_dup(old, &t));
        break;
    case MPI_COMBINER_CONTIGUOUS:
        OK(MPI_Type_contiguous(i[0], old, &t));
        break;
    case MPI_COMBINER_VECTOR:
        OK(MPI_Type_vector(i[0], i[1], i[2], old, &t));
        break;
    case MPI_COMBINER_HVECTOR:
        OK(MPI_Type_create_hvector(i[0], i[1], s->addrs[0], old, &t));
        break;
    case MPI_COMBINER_INDEXED:
        OK(MPI_Type_indexed(i[0], i + 1, i + 1 + i[0], old, &t));
        break;
    case MPI_COMBINER_HINDEXED:
        OK(MPI_Type_create_hindexed(i[0], i + 1, s->addrs, old, &t));
        break;
    case MPI_COMBINER_INDEXED_BLOCK:
        OK(MPI_Type_create_indexed_block(i[0], i[1], i + 2, old, &t));
        break;
    case MPI_COMBINER_HINDEXED_BLOCK:
        OK(MPI_Type_create_hindexed_block(i[0], i[1], s->addrs, old, &t));
        break;
    case MPI_COMBINER_STRUCT:
        OK(MPI_Type_create_struct(i[0], i + 1, s->addrs, s->types, &t));
        break;
    case MPI_COMBINER_SUBARRAY:
        OK(MPI_Type_create_subarray(i[0], i + 1, i + 1 + i[0], i + 1 + 2 * i[0], i[1 + 3 * i[0]], old, &t));
        break;
    case MPI_COMBINER_DARRAY: {
        int d = i[2];
        const int *gsizes = i + 3, *distribs = gsizes + d, *dargs = distribs + d, *psizes = dargs + d;
        OK(MPI_Type_create_darray(i[0], i[1], d, gsizes, distribs, dargs, psizes, psizes[d], old, &t));
        break;
    }
    case MPI_COMBINER_RESIZED:
        OK(MPI_Type_create_resized(old, s->addrs[0], s->addrs[1], &t));
        break;
    default:
        CHECK(!"a combiner that is known");
    }
    return t;
}

static MPI_Datatype again_large(const struct said *s)
{
    MPI_Datatype t = MPI_DATATYPE_NULL, old = s->types[0];
    const MPI_Count *c = s->counts;
    const int *i = s->ints;
    switch (s->combiner) {
    case MPI_COMBINER_CONTIGUOUS:
        OK(MPI_Type_contiguous_c(c[0], old, &t));
        break;
    case MPI_COMBINER_VECTOR:
        OK(MPI_Type_vector_c(c[0], c[1], c[2], old, &t));
        break;
    case MPI_COMBINER_HVECTOR:
        OK(MPI_Type_create_hvector_c(c[0], c[1], c[2], old, &t));
        break;
    case MPI_COMBINER_INDEXED:
        OK(MPI_Type_indexed_c(c[0], c + 1, c + 1 + c[0], old, &t));
        break;
    case MPI_COMBINER_HINDEXED:
        OK(MPI_Type_create_hindexed_c(c[0], c + 1, c + 1 + c[0], old, &t));
        break;
    case MPI_COMBINER_INDEXED_BLOCK:
        OK(MPI_Type_create_indexed_block_c(c[0], c[1], c + 2, old, &t));
        break;
    case MPI_COMBINER_HINDEXED_BLOCK:
        OK(MPI_Type_create_hindexed_block_c(c[0], c[1], c + 2, old, &t));
        break;
    case MPI_COMBINER_STRUCT:
        OK(MPI_Type_create_struct_c(c[0], c + 1, c + 1 + c[0], s->types, &t));
        break;
    case MPI_COMBINER_SUBARRAY:
        OK(MPI_Type_create_subarray_c(i[0], c, c + i[0], c + 2 * i[0], i[1], old, &t));
        break;
    case MPI_COMBINER_DARRAY: {
        int d = i[2];
        OK(MPI_Type_create_darray_c(i[0], i[1], d, c, i + 3, i + 3 + d, i + 3 + 2 * d, i[3 + 3 * d], old, &t));
        break;
    }
    case MPI_COMBINER_RESIZED:
        OK(MPI_Type_create_resized_c(old, c[0], c[1], &t));
        break;
    default:
        CHECK(!"a combiner that is known");
    }
    return t;
}

/* The same type: its bounds, and its bytes of a piece of memory. */
static void check_same(MPI_Datatype a, MPI_Datatype b)
{
    static char memory[4096], pa[4096], pb[4096];
    MPI_Count x[2][5];
    MPI_Datatype t[2] = {a, b};
    int at[2] = {0, 0};
    for (size_t i = 0; i < sizeof memory; i++)
        memory[i] = (char)(i * 7 + i / 256);
    for (int k = 0; k < 2; k++) {
        OK(MPI_Type_size_c(t[k], &x[k][0]));
        OK(MPI_Type_get_extent_c(t[k], &x[k][1], &x[k][2]));
        OK(MPI_Type_get_true_extent_c(t[k], &x[k][3], &x[k][4]));
        OK(MPI_Type_commit(&t[k]));
        OK(MPI_Pack(memory + 1024, 1, t[k], k ? pb : pa, sizeof pa, &at[k], MPI_COMM_SELF));
    }
    CHECK(memcmp(x[0], x[1], sizeof x[0]) == 0);
    CHECK(at[0] == x[0][0] && at[0] == at[1] && memcmp(pa, pb, (size_t)at[0]) == 0);
}

static void check(MPI_Datatype t, int combiner, MPI_Count ints, MPI_Count addrs, MPI_Count counts, MPI_Count types)
{
    struct said s, s2;
    ask(t, &s);
    CHECK(s.combiner == combiner && s.n[0] == ints && s.n[1] == addrs && s.n[2] == counts && s.n[3] == types);
    check_small(t, &s);
    MPI_Datatype other = counts > 0 ? again_large(&s) : again_small(&s);
    ask(other, &s2);
    CHECK(memcmp(&s, &s2, sizeof s) == 0);
    check_same(t, other);
    free_types(s.types, s.n[3]);
    free_types(s2.types, s2.n[3]);
    OK(MPI_Type_free(&other));
    OK(MPI_Type_free(&t));
}

static void all(MPI_Datatype old)
{
    enum { DIMS = 2 };
    const int L[] = {1, 2, 0}, D[] = {4, 0, 9}, sizes[] = {5, 6}, subs[] = {2, 3}, starts[] = {1, 2};
    const MPI_Count LC[] = {1, 2, 0}, DC[] = {4, 0, 9}, BC[] = {160, 8, 320}, sc[] = {5, 6}, bc[] = {2, 3},
                    tc[] = {1, 2};
    const MPI_Aint B[] = {160, 8, 320};
    const int distribs[] = {MPI_DISTRIBUTE_CYCLIC, MPI_DISTRIBUTE_BLOCK}, procs[] = {2, 3},
              dargs[] = {2, MPI_DISTRIBUTE_DFLT_DARG};
    const MPI_Datatype types[] = {old, MPI_DOUBLE, MPI_CHAR};
    MPI_Datatype t;
#define MAKE(combiner, ints, addrs, counts, types, call)                                                               \
    do {                                                                                                               \
        OK(call);                                                                                                      \
        check(t, MPI_COMBINER_##combiner, ints, addrs, counts, types);                                                 \
    } while (0)
    MAKE(DUP, 0, 0, 0, 1, MPI_Type_dup(old, &t));
    MAKE(CONTIGUOUS, 1, 0, 0, 1, MPI_Type_contiguous(3, old, &t));
    MAKE(CONTIGUOUS, 0, 0, 1, 1, MPI_Type_contiguous_c(3, old, &t));
    MAKE(VECTOR, 3, 0, 0, 1, MPI_Type_vector(3, 2, -4, old, &t));
    MAKE(VECTOR, 0, 0, 3, 1, MPI_Type_vector_c(3, 2, 4, old, &t));
    MAKE(HVECTOR, 2, 1, 0, 1, MPI_Type_create_hvector(3, 2, 100, old, &t));
    MAKE(HVECTOR, 0, 0, 3, 1, MPI_Type_create_hvector_c(3, 2, -100, old, &t));
    MAKE(INDEXED, 7, 0, 0, 1, MPI_Type_indexed(3, L, D, old, &t));
    MAKE(INDEXED, 0, 0, 7, 1, MPI_Type_indexed_c(3, LC, DC, old, &t));
    MAKE(INDEXED, 1, 0, 0, 1, MPI_Type_indexed(0, NULL, NULL, old, &t));
    MAKE(HINDEXED, 4, 3, 0, 1, MPI_Type_create_hindexed(3, L, B, old, &t));
    MAKE(HINDEXED, 0, 0, 7, 1, MPI_Type_create_hindexed_c(3, LC, BC, old, &t));
    MAKE(INDEXED_BLOCK, 5, 0, 0, 1, MPI_Type_create_indexed_block(3, 2, D, old, &t));
    MAKE(INDEXED_BLOCK, 0, 0, 5, 1, MPI_Type_create_indexed_block_c(3, 2, DC, old, &t));
    MAKE(HINDEXED_BLOCK, 2, 3, 0, 1, MPI_Type_create_hindexed_block(3, 2, B, old, &t));
    MAKE(HINDEXED_BLOCK, 0, 0, 5, 1, MPI_Type_create_hindexed_block_c(3, 2, BC, old, &t));
    MAKE(STRUCT, 4, 3, 0, 3, MPI_Type_create_struct(3, L, B, types, &t));
    MAKE(STRUCT, 0, 0, 7, 3, MPI_Type_create_struct_c(3, LC, BC, types, &t));
    MAKE(SUBARRAY, 8, 0, 0, 1, MPI_Type_create_subarray(DIMS, sizes, subs, starts, MPI_ORDER_C, old, &t));
    MAKE(SUBARRAY, 2, 0, 6, 1, MPI_Type_create_subarray_c(DIMS, sc, bc, tc, MPI_ORDER_FORTRAN, old, &t));
    MAKE(DARRAY, 12, 0, 0, 1, MPI_Type_create_darray(6, 4, DIMS, sizes, distribs, dargs, procs, MPI_ORDER_C, old, &t));
    MAKE(DARRAY, 10, 0, 2, 1, MPI_Type_create_darray_c(6, 1, DIMS, sc, distribs, dargs, procs, MPI_ORDER_C, old, &t));
    MAKE(RESIZED, 0, 2, 0, 1, MPI_Type_create_resized(old, -8, 64, &t));
    MAKE(RESIZED, 0, 0, 2, 1, MPI_Type_create_resized_c(old, 8, 64, &t));
}

/* A type that is made of a freed one lives on; the same for what contents gave. */
static void lives(void)
{
    MPI_Datatype a, b;
    struct said s;
    int n;
    OK(MPI_Type_vector(2, 1, 3, MPI_INT, &a));
    OK(MPI_Type_contiguous(2, a, &b));
    OK(MPI_Type_free(&a));
    ask(b, &s);
    OK(MPI_Type_free(&b));
    OK(MPI_Type_size(s.types[0], &n));
    CHECK(n == 8);
    free_types(s.types, 1);
}

static void named(void)
{
    int n[3], combiner;
    OK(MPI_Type_get_envelope(MPI_DOUBLE_INT, &n[0], &n[1], &n[2], &combiner));
    CHECK(combiner == MPI_COMBINER_NAMED && n[0] == 0 && n[1] == 0 && n[2] == 0);
    FAILS(MPI_ERR_TYPE, MPI_Type_get_contents(MPI_DOUBLE_INT, 0, 0, 0, NULL, NULL, NULL));
    FAILS(MPI_ERR_TYPE, MPI_Type_get_contents_c(MPI_INT, 0, 0, 0, 0, NULL, NULL, NULL, NULL));
}

static void kind(MPI_Datatype t, int combiner, int n, int first, int second, MPI_Datatype as)
{
    struct said s;
    MPI_Count mine, its;
    ask(t, &s);
    CHECK(s.combiner == combiner && s.n[0] == n && s.n[1] + s.n[2] + s.n[3] == 0);
    CHECK(s.ints[0] == first && (n == 1 || s.ints[1] == second));
    OK(MPI_Type_size_c(t, &mine));
    OK(MPI_Type_size_c(as, &its));
    CHECK(mine == its);
    FAILS(MPI_ERR_TYPE, MPI_Type_free(&t));
}

static void kinds(void)
{
    MPI_Datatype t, u;
    OK(MPI_Type_create_f90_real(15, MPI_UNDEFINED, &t));
    OK(MPI_Type_create_f90_real(15, MPI_UNDEFINED, &u));
    CHECK(t == u);
    kind(t, MPI_COMBINER_F90_REAL, 2, 15, MPI_UNDEFINED, MPI_REAL8);
    OK(MPI_Type_create_f90_real(MPI_UNDEFINED, 30, &t));
    kind(t, MPI_COMBINER_F90_REAL, 2, MPI_UNDEFINED, 30, MPI_REAL4);
    OK(MPI_Type_create_f90_complex(20, 4000, &t));
    kind(t, MPI_COMBINER_F90_COMPLEX, 2, 20, 4000, MPI_COMPLEX32);
    const int ranges[] = {1, 3, 9, 12, 30};
    const MPI_Datatype as[] = {MPI_INTEGER1, MPI_INTEGER2, MPI_INTEGER4, MPI_INTEGER8, MPI_INTEGER16};
    for (int i = 0; i < 5; i++) {
        OK(MPI_Type_create_f90_integer(ranges[i], &t));
        kind(t, MPI_COMBINER_F90_INTEGER, 1, ranges[i], 0, as[i]);
    }
    FAILS(MPI_ERR_ARG, MPI_Type_create_f90_integer(99, &t));
    FAILS(MPI_ERR_ARG, MPI_Type_create_f90_real(99, 2, &t));
    FAILS(MPI_ERR_ARG, MPI_Type_create_f90_complex(MPI_UNDEFINED, MPI_UNDEFINED, &t));
}

int main(int argc, char **argv)
{
    MPI_Datatype old;
    begin(&argc, &argv);
    all(MPI_INT);
    all(MPI_SHORT_INT);
    OK(MPI_Type_vector(2, 1, 2, MPI_SHORT, &old));
    all(old);
    OK(MPI_Type_free(&old));
    lives();
    named();
    kinds();
    return end();
}
