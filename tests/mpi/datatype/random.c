/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The datatype engine against a naive one: random types are built twice, by MPI and as a plain list of (displacement,
 * bytes), and packing, unpacking, sizes and extents must agree; then they travel to oneself and back. */
#include "../check.h"

enum { MOST = 60000 };
struct map {
    int n;
    long at[MOST]; /* of each byte in order */
    long lb, ub;
};

static unsigned seed = 99;
static unsigned pick(unsigned n)
{
    return draw(&seed) % n;
}

static void basic(MPI_Datatype *t, struct map *m)
{
    static const MPI_Datatype types[] = {MPI_CHAR, MPI_SHORT, MPI_INT, MPI_DOUBLE};
    static const int sizes[] = {1, 2, 4, 8};
    unsigned k = pick(4);
    OK(MPI_Type_dup(types[k], t));
    m->n = sizes[k], m->lb = 0, m->ub = sizes[k];
    for (int i = 0; i < m->n; i++)
        m->at[i] = i;
}

/* n copies of o, extent apart, from disp on. */
static void place(struct map *m, const struct map *o, long disp, int n, bool *any)
{
    long extent = o->ub - o->lb;
    for (int k = 0; k < n; k++, disp += extent) {
        CHECK(m->n + o->n <= MOST);
        for (int i = 0; i < o->n; i++)
            m->at[m->n++] = disp + o->at[i];
        if (!*any || disp + o->lb < m->lb)
            m->lb = disp + o->lb;
        if (!*any || disp + o->ub > m->ub)
            m->ub = disp + o->ub;
        *any = true;
    }
}

static void derive(MPI_Datatype old, struct map *o, MPI_Datatype *t, struct map *m)
{
    long extent = o->ub - o->lb;
    int count = 1 + (int)pick(4), len = (int)pick(4), lens[4], disps[4];
    MPI_Aint bytes[4];
    MPI_Datatype types[4];
    bool any = false;
    long at = 0;
    m->n = 0, m->lb = m->ub = 0;
    for (int i = 0; i < 4; i++) {
        lens[i] = (int)pick(3), disps[i] = (int)at, bytes[i] = at * extent + (long)pick(2) * 8, types[i] = old;
        at += lens[i] + (long)pick(3) + (i % 2 ? 2 : 1);
    }
    switch (pick(9)) {
    case 0:
        OK(MPI_Type_contiguous(count, old, t));
        place(m, o, 0, count, &any);
        break;
    case 1:
        OK(MPI_Type_vector(count, len, len + 1, old, t));
        for (int i = 0; i < count; i++)
            place(m, o, i * (len + 1) * extent, len, &any);
        break;
    case 2:
        OK(MPI_Type_create_hvector(count, len, (len + 1) * extent + 8, old, t));
        for (int i = 0; i < count; i++)
            place(m, o, i * ((len + 1) * extent + 8), len, &any);
        break;
    case 3:
        OK(MPI_Type_indexed(count, lens, disps, old, t));
        for (int i = 0; i < count; i++)
            place(m, o, disps[i] * extent, lens[i], &any);
        break;
    case 4:
        OK(MPI_Type_create_hindexed(count, lens, bytes, old, t));
        for (int i = 0; i < count; i++)
            place(m, o, bytes[i], lens[i], &any);
        break;
    case 5:
        OK(MPI_Type_create_indexed_block(count, 1, disps, old, t));
        for (int i = 0; i < count; i++)
            place(m, o, disps[i] * extent, 1, &any);
        break;
    case 6:
        OK(MPI_Type_create_resized(old, o->lb, extent + 16, t));
        *m = *o;
        m->ub = m->lb + extent + 16;
        break;
    case 7: {
        int sizes[2] = {4, 5}, subs[2] = {2, 3}, starts[2] = {1, 2};
        bool c = pick(2);
        OK(MPI_Type_create_subarray(2, sizes, subs, starts, c ? MPI_ORDER_C : MPI_ORDER_FORTRAN, old, t));
        int rows = c ? 2 : 3, first = c ? 1 : 2, across = c ? 5 : 4, from = c ? 2 : 1, width = c ? 3 : 2;
        for (int i = 0; i < rows; i++)
            place(m, o, ((first + i) * across + from) * extent, width, &any);
        m->lb = 0, m->ub = 20 * extent;
        break;
    }
    default: {
        MPI_Datatype s;
        OK(MPI_Type_create_struct(count, lens, bytes, types, &s));
        for (int i = 0; i < count; i++)
            place(m, o, bytes[i], lens[i], &any);
        /* Without padding, whatever its members' alignment: that is checked elsewhere. */
        OK(MPI_Type_create_resized(s, m->lb, m->ub - m->lb, t));
        OK(MPI_Type_free(&s));
    }
    }
}

static void compare(MPI_Datatype t, const struct map *m)
{
    int size_, count = 1 + (int)pick(3), position = 0;
    MPI_Aint lb, extent;
    OK(MPI_Type_size(t, &size_));
    OK(MPI_Type_get_extent(t, &lb, &extent));
    CHECK(size_ == m->n && lb == m->lb && extent == m->ub - m->lb);
    long low = 0, high = 0;
    for (int i = 0; i < m->n; i++) {
        low = m->at[i] < low ? m->at[i] : low;
        high = m->at[i] + 1 > high ? m->at[i] + 1 : high;
    }
    size_t span = (size_t)(high - low + (count - 1) * extent) + 64;
    unsigned char *memory = malloc(span), *other = malloc(span), *packed = malloc((size_t)(m->n * count) + 1);
    unsigned char *base = memory - low, *base2 = other - low;
    for (size_t i = 0; i < span; i++)
        memory[i] = (unsigned char)draw(&seed), other[i] = 0xee;
    OK(MPI_Pack(base, count, t, packed, m->n * count, &position, MPI_COMM_SELF));
    CHECK(position == m->n * count);
    for (int k = 0, p = 0; k < count; k++)
        for (int i = 0; i < m->n; i++)
            CHECK(packed[p++] == base[k * extent + m->at[i]]);
    /* To oneself, typed to typed: the same bytes come, and no others are touched. */
    MPI_Request r;
    OK(MPI_Irecv(base2, count, t, 0, 1, MPI_COMM_SELF, &r));
    OK(MPI_Send(base, count, t, 0, 1, MPI_COMM_SELF));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    for (int k = 0; k < count; k++)
        for (int i = 0; i < m->n; i++) {
            CHECK(base2[k * extent + m->at[i]] == base[k * extent + m->at[i]]);
        }
    position = 0;
    for (size_t i = 0; i < span; i++)
        other[i] = 0xee;
    OK(MPI_Unpack(packed, m->n * count, &position, base2, count, t, MPI_COMM_SELF));
    for (int k = 0; k < count; k++)
        for (int i = 0; i < m->n; i++) {
            CHECK(base2[k * extent + m->at[i]] == base[k * extent + m->at[i]]);
        }
    for (int k = 0; k < count; k++)
        for (int i = 0; i < m->n; i++)
            base2[k * extent + m->at[i]] = 0xee;
    for (size_t i = 0; i < span; i++)
        CHECK(other[i] == 0xee);
    free(memory), free(other), free(packed);
}

int main(int argc, char **argv)
{
    static struct map a, b;
    begin(&argc, &argv);
    for (int i = 0; i < 3000; i++) {
        MPI_Datatype t, next;
        basic(&t, &a);
        for (int depth = (int)pick(4); depth > 0 && a.n > 0 && a.n < MOST / 30; depth--) {
            derive(t, &a, &next, &b);
            OK(MPI_Type_free(&t));
            t = next, a = b;
        }
        OK(MPI_Type_commit(&t));
        compare(t, &a);
        OK(MPI_Type_free(&t));
    }
    return end();
}
