/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Groups against naive sets: every operation on random groups of the world's members, some of them regular. */
#include "../check.h"

struct set {
    MPI_Group g;
    int n, of[64]; /* ranks in the world */
};
static MPI_Group everyone;
static unsigned seed = 12345;

static bool has(const struct set *s, int r)
{
    for (int i = 0; i < s->n; i++)
        if (s->of[i] == r)
            return true;
    return false;
}

static int mine(const struct set *s)
{
    for (int i = 0; i < s->n; i++)
        if (s->of[i] == rank)
            return i;
    return MPI_UNDEFINED;
}

/* The group is what the list says. */
static void agree(const struct set *s)
{
    int n, me, of[64], all[64];
    OK(MPI_Group_size(s->g, &n));
    CHECK(n == s->n);
    OK(MPI_Group_rank(s->g, &me));
    CHECK(me == mine(s));
    for (int i = 0; i < n; i++)
        all[i] = i;
    OK(MPI_Group_translate_ranks(s->g, n, all, everyone, of));
    CHECK(memcmp(of, s->of, (size_t)n * sizeof *of) == 0);
}

static struct set some(void)
{
    struct set s = {.n = 0};
    int of[64];
    for (int r = 0; r < size; r++)
        of[r] = r;
    if (draw(&seed) % 2) /* any order */
        for (int r = size - 1; r > 0; r--) {
            int k = (int)(draw(&seed) % (unsigned)(r + 1)), x = of[r];
            of[r] = of[k];
            of[k] = x;
        }
    for (int r = 0; r < size; r++)
        if (draw(&seed) % 3)
            s.of[s.n++] = of[r];
    OK(MPI_Group_incl(everyone, s.n, s.of, &s.g));
    agree(&s);
    return s;
}

static void combine(const struct set *a, const struct set *b)
{
    struct set u = *a, i = {.n = 0}, d = {.n = 0};
    for (int k = 0; k < b->n; k++)
        if (!has(a, b->of[k]))
            u.of[u.n++] = b->of[k];
    for (int k = 0; k < a->n; k++)
        if (has(b, a->of[k]))
            i.of[i.n++] = a->of[k];
        else
            d.of[d.n++] = a->of[k];
    OK(MPI_Group_union(a->g, b->g, &u.g));
    OK(MPI_Group_intersection(a->g, b->g, &i.g));
    OK(MPI_Group_difference(a->g, b->g, &d.g));
    agree(&u);
    agree(&i);
    agree(&d);
    int want = a->n == b->n && i.n == a->n ? MPI_SIMILAR : MPI_UNEQUAL, result;
    if (a->n == b->n && memcmp(a->of, b->of, (size_t)a->n * sizeof *a->of) == 0)
        want = MPI_IDENT;
    OK(MPI_Group_compare(a->g, b->g, &result));
    CHECK(result == want);
    int out[64], all[64];
    for (int k = 0; k < a->n; k++)
        all[k] = k;
    OK(MPI_Group_translate_ranks(a->g, a->n, all, b->g, out));
    for (int k = 0; k < a->n; k++)
        CHECK(out[k] == MPI_UNDEFINED ? !has(b, a->of[k]) : b->of[out[k]] == a->of[k]);
    OK(MPI_Group_free(&u.g));
    OK(MPI_Group_free(&i.g));
    OK(MPI_Group_free(&d.g));
}

/* Part of a, by ranks and by ranges. */
static void select_from(const struct set *a)
{
    struct set in = {.n = 0}, out = {.n = 0};
    int ranks[64], n = 0, ranges[2][3], first = a->n ? (int)(draw(&seed) % (unsigned)a->n) : 0;
    for (int k = 0; k < a->n; k++)
        if (draw(&seed) % 2)
            in.of[in.n++] = a->of[k], ranks[n++] = k;
        else
            out.of[out.n++] = a->of[k];
    OK(MPI_Group_incl(a->g, n, ranks, &in.g));
    OK(MPI_Group_excl(a->g, n, ranks, &out.g));
    agree(&in);
    agree(&out);
    OK(MPI_Group_free(&in.g));
    OK(MPI_Group_free(&out.g));
    /* Every second one down from `first`, then the last one again where the first range has left it. */
    in.n = out.n = 0;
    ranges[0][0] = first, ranges[0][1] = 0, ranges[0][2] = -2;
    ranges[1][0] = ranges[1][1] = a->n - 1, ranges[1][2] = 5;
    n = a->n > 0 ? first < a->n - 1 ? 2 : 1 : 0;
    for (int k = first; n && k >= 0; k -= 2)
        in.of[in.n++] = a->of[k];
    if (n == 2)
        in.of[in.n++] = a->of[a->n - 1];
    for (int k = 0; k < a->n; k++)
        if (!has(&in, a->of[k]))
            out.of[out.n++] = a->of[k];
    OK(MPI_Group_range_incl(a->g, n, ranges, &in.g));
    OK(MPI_Group_range_excl(a->g, n, ranges, &out.g));
    agree(&in);
    agree(&out);
    OK(MPI_Group_free(&in.g));
    OK(MPI_Group_free(&out.g));
}

static void wrong(void)
{
    MPI_Group g;
    int n, zero[1][3] = {{0, 1, 0}}, over[1][3] = {{0, size, 1}}, twice[2][3] = {{0, 0, 1}, {0, 0, 1}};
    FAILS(MPI_ERR_RANK, MPI_Group_incl(everyone, 1, (int[]){-1}, &g));
    FAILS(MPI_ERR_RANK, MPI_Group_incl(everyone, 1, (int[]){size}, &g));
    FAILS(MPI_ERR_RANK, MPI_Group_excl(everyone, 2, (int[]){0, 0}, &g));
    FAILS(MPI_ERR_ARG, MPI_Group_range_incl(everyone, 1, zero, &g));
    FAILS(MPI_ERR_RANK, MPI_Group_range_incl(everyone, 1, over, &g));
    FAILS(MPI_ERR_RANK, MPI_Group_range_excl(everyone, 2, twice, &g));
    FAILS(MPI_ERR_RANK, MPI_Group_translate_ranks(everyone, 1, (int[]){size}, everyone, &n));
    OK(MPI_Group_incl(everyone, 0, NULL, &g));
    CHECK(g == MPI_GROUP_EMPTY);
    OK(MPI_Group_free(&g));
    CHECK(g == MPI_GROUP_NULL);
    OK(MPI_Group_size(MPI_GROUP_EMPTY, &n));
    CHECK(n == 0);
    OK(MPI_Group_rank(MPI_GROUP_EMPTY, &n));
    CHECK(n == MPI_UNDEFINED);
    OK(MPI_Group_compare(MPI_GROUP_EMPTY, everyone, &n));
    CHECK(n == MPI_UNEQUAL);
    OK(MPI_Group_compare(MPI_GROUP_EMPTY, MPI_GROUP_EMPTY, &n));
    CHECK(n == MPI_IDENT);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    OK(MPI_Comm_group(world, &everyone));
    for (int round = 0; round < 200; round++) {
        struct set a = some(), b = some();
        combine(&a, &b);
        combine(&a, &a);
        select_from(&a);
        OK(MPI_Group_free(&a.g));
        OK(MPI_Group_free(&b.g));
    }
    wrong();
    OK(MPI_Group_free(&everyone));
    return end();
}
