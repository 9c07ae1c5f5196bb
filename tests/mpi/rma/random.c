/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Random one-sided operations of random types, all synchronisations mixed, against a model. Every rank draws the same
 * operations of all ranks, does its own, and keeps the model of all windows; after each round it looks at its own. The
 * seed is printed, and may be given as the first argument; the second is the flavour of windows, the third the rounds.
 */
#include "../check.h"

/* A window, in ints. What stays as it is; what all add to; counters; and for each origin what it alone puts to, in
 * places that do not overlap, and what it alone accumulates to, in an order that is kept. */
enum { FROZEN = 256, SHARED = 256, COUNTERS = 4, OPS = 6, PLACE = 256, PUTS = OPS * PLACE, ORDERED = 256 };
enum { AT_SHARED = FROZEN, AT_COUNTERS = AT_SHARED + SHARED, AT_OWN = AT_COUNTERS + COUNTERS };
enum { ELEMENTS = 128 };
static unsigned seed;
static int window_ints, *mem, *model; /* own; of all ranks */
static MPI_Win win;

/* A type over ints, where its elements lie, and how long it is; in ints. */
struct shape {
    MPI_Datatype type;
    int n, at[ELEMENTS], extent;
    bool predefined;
};

static unsigned below(unsigned n)
{
    return draw(&seed) % n;
}

static void shape_end(struct shape *s)
{
    if (!s->predefined)
        OK(MPI_Type_free(&s->type));
}

static void shape_blocks(struct shape *s, int blocks, bool one_size)
{
    int lengths[8], displs[8], at = (int)below(3);
    for (int i = 0; i < blocks; i++) {
        lengths[i] = one_size && i > 0 ? lengths[0] : 1 + (int)below(4);
        displs[i] = at;
        for (int k = 0; k < lengths[i]; k++)
            s->at[s->n++] = at + k;
        at += lengths[i] + (int)below(3);
        s->extent = displs[i] + lengths[i];
    }
    s->extent -= displs[0];
    if (one_size)
        OK(MPI_Type_create_indexed_block(blocks, lengths[0], displs, MPI_INT, &s->type));
    else
        OK(MPI_Type_indexed(blocks, lengths, displs, MPI_INT, &s->type));
}

static void shape_vector(struct shape *s)
{
    int count = 1 + (int)below(4), length = 1 + (int)below(3), stride = length + (int)below(3);
    for (int i = 0; i < count; i++)
        for (int k = 0; k < length; k++)
            s->at[s->n++] = i * stride + k;
    s->extent = (count - 1) * stride + length;
    OK(MPI_Type_vector(count, length, stride, MPI_INT, &s->type));
}

/* Twice what there is, in a structure, some way apart. */
static void shape_double(struct shape *s)
{
    int gap = (int)below(3), last = s->at[s->n - 1] + 1, two = last + gap, n = s->n;
    MPI_Datatype once = s->type, both;
    MPI_Aint displs[2] = {0, two * (MPI_Aint)sizeof(int)};
    OK(MPI_Type_create_struct(2, (int[]){1, 1}, displs, (MPI_Datatype[]){once, once}, &both));
    OK(MPI_Type_free(&once));
    OK(MPI_Type_create_resized(both, 0, (two + last + gap) * (MPI_Aint)sizeof(int), &s->type));
    OK(MPI_Type_free(&both));
    s->extent = two + last + gap;
    for (int i = 0; i < n; i++)
        s->at[s->n++] = s->at[i] + two;
}

static struct shape shape_draw(void)
{
    struct shape s = {.type = MPI_INT, .n = 0, .extent = 1};
    switch (below(5)) {
    case 0:
        s.predefined = true;
        s.at[s.n++] = 0;
        return s;
    case 1:
        shape_vector(&s);
        break;
    default:
        shape_blocks(&s, 1 + (int)below(5), below(2));
    }
    if (below(3) == 0)
        shape_double(&s);
    OK(MPI_Type_commit(&s.type));
    return s;
}

/* Where the i-th int of so many elements lies. */
static int shape_place(const struct shape *s, int i)
{
    return i / s->n * s->extent + s->at[i % s->n];
}

enum kind { PUT, GET, ADD, ORDER, FETCH, SWAP, KINDS };
/* One operation: n ints between places[] of the origin's buffer and of the target's window. */
struct action {
    enum kind kind;
    int origin, target, disp, n, count_there, count_here;
    struct shape there, here;
    MPI_Op op;
    bool fetches, requests;
    unsigned values;          /* what goes: value_of */
    int *out, *in, *expected; /* origin's: what goes, what comes, what should come */
};

enum { HERE_MOST = 4096 };

static int own_of(int origin)
{
    return AT_OWN + origin * (PUTS + ORDERED);
}

/* The part of a window that an operation may touch. */
static int area(const struct action *a, int number, int *length)
{
    switch (a->kind) {
    case PUT:
        *length = PLACE;
        return own_of(a->origin) + number * PLACE;
    case ADD:
        *length = SHARED;
        return AT_SHARED;
    case ORDER:
        *length = ORDERED;
        return own_of(a->origin) + PUTS;
    default:
        *length = FROZEN;
        return 0;
    }
}

/* The value that goes from a place of the origin's buffer; all ranks know it. */
static int value_of(unsigned values, int place)
{
    return (int)(values + (unsigned)place * 2654435761u) >> 4;
}

static void action_draw(struct action *a, int origin, int number, MPI_Op round_op)
{
    static const MPI_Op ordered[] = {MPI_SUM, MPI_BXOR, MPI_MIN, MPI_MAX};
    int length, at;
    *a = (struct action){.kind = (enum kind)below(KINDS), .origin = origin, .target = (int)below((unsigned)size)};
    a->there = shape_draw();
    a->count_there = 1 + (int)below(3);
    a->n = a->count_there * a->there.n;
    a->here = shape_draw();
    a->requests = below(2);
    a->fetches = below(2);
    a->op = a->kind == ORDER && below(2) ? MPI_REPLACE : a->kind == ORDER ? ordered[below(4)] : round_op;
    at = area(a, number, &length);
    int span = shape_place(&a->there, a->n - 1) + 1;
    a->disp = at + (int)below((unsigned)(length - span + 1));
    if (a->kind == FETCH)
        a->disp = AT_COUNTERS + (int)below(COUNTERS);
    if (a->kind == SWAP)
        a->disp = own_of(origin) + number * PLACE + (int)below(PLACE);
    /* The same number of ints as whole elements of another type, or else one by one. */
    if (a->n % a->here.n != 0) {
        shape_end(&a->here);
        a->here = (struct shape){.type = MPI_INT, .n = 1, .extent = 1, .predefined = true};
    }
    a->count_here = a->n / a->here.n;
    a->values = below(1u << 30);
    if (origin != rank)
        return;
    a->out = malloc(HERE_MOST * sizeof(int)), a->in = malloc(HERE_MOST * sizeof(int));
    a->expected = malloc(HERE_MOST * sizeof(int));
    for (int i = 0; i < HERE_MOST; i++)
        a->out[i] = value_of(a->values, i), a->in[i] = a->expected[i] = -7;
}

static int combine(MPI_Op op, int old, int new)
{
    if (op == MPI_SUM)
        return (int)((unsigned)old + (unsigned)new);
    if (op == MPI_BXOR)
        return old ^ new;
    if (op == MPI_MIN)
        return old < new ? old : new;
    if (op == MPI_MAX)
        return old > new ? old : new;
    return new;
}

/* What it does to the model. */
static void action_model(struct action *a)
{
    int *w = model + (long)a->target * window_ints;
    if (a->kind == FETCH || a->kind == SWAP) {
        if (a->expected)
            a->expected[0] = w[a->disp];
        w[a->disp] = a->kind == FETCH ? w[a->disp] + 1 : value_of(a->values, 0);
        return;
    }
    for (int i = 0; i < a->n; i++) {
        int here = shape_place(&a->here, i), *there = &w[a->disp + shape_place(&a->there, i)];
        if (a->expected)
            a->expected[here] = *there;
        if (a->kind == PUT)
            *there = value_of(a->values, here);
        else if (a->kind == ADD || a->kind == ORDER)
            *there = combine(a->op, *there, value_of(a->values, here));
    }
}

static void get_accumulate(struct action *a, const void *from, int n, MPI_Datatype type, MPI_Op op, MPI_Request *req)
{
    if (req)
        OK(MPI_Rget_accumulate(from, n, type, a->in, a->count_here, a->here.type, a->target, a->disp, a->count_there,
                               a->there.type, op, win, req));
    else
        OK(MPI_Get_accumulate(from, n, type, a->in, a->count_here, a->here.type, a->target, a->disp, a->count_there,
                              a->there.type, op, win));
}

static void get(struct action *a, MPI_Request *req)
{
    if (a->fetches)
        get_accumulate(a, NULL, 0, MPI_INT, MPI_NO_OP, req);
    else if (req)
        OK(MPI_Rget(a->in, a->count_here, a->here.type, a->target, a->disp, a->count_there, a->there.type, win, req));
    else
        OK(MPI_Get(a->in, a->count_here, a->here.type, a->target, a->disp, a->count_there, a->there.type, win));
}

static void accumulate(struct action *a, MPI_Request *req)
{
    if (a->fetches)
        get_accumulate(a, a->out, a->count_here, a->here.type, a->op, req);
    else if (req)
        OK(MPI_Raccumulate(a->out, a->count_here, a->here.type, a->target, a->disp, a->count_there, a->there.type,
                           a->op, win, req));
    else
        OK(MPI_Accumulate(a->out, a->count_here, a->here.type, a->target, a->disp, a->count_there, a->there.type, a->op,
                          win));
}

static void put(struct action *a, MPI_Request *req)
{
    if (req)
        OK(MPI_Rput(a->out, a->count_here, a->here.type, a->target, a->disp, a->count_there, a->there.type, win, req));
    else
        OK(MPI_Put(a->out, a->count_here, a->here.type, a->target, a->disp, a->count_there, a->there.type, win));
}

/* passive: request forms may be used. */
static void action_do(struct action *a, bool passive)
{
    static const int one = 1;
    MPI_Request req = MPI_REQUEST_NULL, *r = passive && a->requests && a->kind < FETCH ? &req : NULL;
    if (a->kind == PUT)
        put(a, r);
    else if (a->kind == GET)
        get(a, r);
    else if (a->kind == FETCH)
        OK(MPI_Fetch_and_op(&one, a->in, MPI_INT, a->target, a->disp, MPI_SUM, win));
    else if (a->kind == SWAP)
        OK(MPI_Compare_and_swap(a->out, a->expected, a->in, MPI_INT, a->target, a->disp, win));
    else
        accumulate(a, r);
    if (r) {
        CHECK(*r != MPI_REQUEST_NULL);
        OK(MPI_Wait(r, MPI_STATUS_IGNORE));
    }
}

/* Of operations that others take part in, what was fetched depends on who came first. */
static void action_check(const struct action *a)
{
    bool fetched = a->kind == GET || a->kind == SWAP || (a->kind == ORDER && a->fetches);
    int most = a->kind == FETCH ? 0 : HERE_MOST;
    for (int i = 0; fetched && i < most; i++)
        if (a->in[i] != a->expected[i]) {
            fprintf(stderr, "rank %d of %d: operation %d on rank %d at %d brought %d, not %d, to place %d\n", rank,
                    size, (int)a->kind, a->target, a->disp, a->in[i], a->expected[i], i);
            exit(1);
        }
}

static void by_fence(struct action *mine)
{
    OK(MPI_Win_fence(below(2) ? MPI_MODE_NOPRECEDE : 0, win));
    for (int i = 0; i < OPS; i++)
        action_do(&mine[i], false);
    OK(MPI_Win_fence(below(2) ? MPI_MODE_NOSUCCEED : 0, win));
}

static void by_exclusive(struct action *mine)
{
    for (int i = 0; i < OPS; i++) {
        OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, mine[i].target, 0, win));
        action_do(&mine[i], true);
        OK(MPI_Win_unlock(mine[i].target, win));
    }
}

static void by_shared(struct action *mine)
{
    for (int t = 0; t < size; t++) {
        OK(MPI_Win_lock(MPI_LOCK_SHARED, t, 0, win));
        for (int i = 0; i < OPS; i++)
            if (mine[i].target == t) {
                action_do(&mine[i], true);
                if (i % 3 == 0)
                    OK(MPI_Win_flush(t, win));
                else if (i % 3 == 1)
                    OK(MPI_Win_flush_local(t, win));
            }
        OK(MPI_Win_unlock(t, win));
    }
}

static void by_all(struct action *mine)
{
    OK(MPI_Win_lock_all(rank % 2 ? MPI_MODE_NOCHECK : 0, win));
    for (int i = 0; i < OPS; i++) {
        action_do(&mine[i], true);
        if (i % 4 == 1)
            OK(MPI_Win_flush_all(win));
        else if (i % 4 == 2)
            OK(MPI_Win_flush_local_all(win));
    }
    OK(MPI_Win_unlock_all(win));
}

static void by_group(struct action *mine, bool tests)
{
    MPI_Group all;
    OK(MPI_Win_get_group(win, &all));
    OK(MPI_Win_post(all, 0, win));
    OK(MPI_Win_start(all, 0, win));
    for (int i = 0; i < OPS; i++)
        action_do(&mine[i], false);
    OK(MPI_Win_complete(win));
    int done = 0;
    while (tests && !done)
        OK(MPI_Win_test(win, &done));
    if (!tests)
        OK(MPI_Win_wait(win));
    OK(MPI_Group_free(&all));
}

/* All that a round does must be the same at all ranks; how a rank waits may differ. */
static void one_round(int number)
{
    static const MPI_Op shared[] = {MPI_SUM, MPI_BXOR, MPI_MIN, MPI_MAX};
    static struct action mine[OPS];
    unsigned how = below(5);
    MPI_Op op = shared[below(4)];
    for (int o = 0; o < size; o++)
        for (int i = 0; i < OPS; i++) {
            struct action other, *a = o == rank ? &mine[i] : &other;
            action_draw(a, o, i, op);
            action_model(a);
            if (o != rank)
                shape_end(&a->there), shape_end(&a->here);
        }
    unsigned kept = seed;
    if (how == 0)
        by_fence(mine);
    else if (how == 1)
        by_exclusive(mine);
    else if (how == 2)
        by_shared(mine);
    else if (how == 3)
        by_all(mine);
    else
        by_group(mine, rank % 2);
    seed = kept;
    OK(MPI_Barrier(world));
    OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, rank, 0, win));
    for (int i = 0; i < window_ints; i++)
        if (mem[i] != model[(long)rank * window_ints + i]) {
            fprintf(stderr, "rank %d of %d, round %d by %u: int %d is %d, not %d\n", rank, size, number, how, i, mem[i],
                    model[(long)rank * window_ints + i]);
            exit(1);
        }
    OK(MPI_Win_unlock(rank, win));
    for (int i = 0; i < OPS; i++) {
        action_check(&mine[i]);
        shape_end(&mine[i].there), shape_end(&mine[i].here);
        free(mine[i].out), free(mine[i].in), free(mine[i].expected);
    }
    OK(MPI_Barrier(world));
}

static void window_make(const char *flavour)
{
    MPI_Aint bytes = window_ints * (MPI_Aint)sizeof(int);
    if (strcmp(flavour, "create") == 0) {
        mem = malloc((size_t)bytes);
        OK(MPI_Win_create(mem, bytes, sizeof(int), MPI_INFO_NULL, world, &win));
    } else if (strcmp(flavour, "alloc_mem") == 0) {
        OK(MPI_Alloc_mem(bytes, MPI_INFO_NULL, &mem));
        OK(MPI_Win_create(mem, bytes, sizeof(int), MPI_INFO_NULL, world, &win));
    } else if (strcmp(flavour, "shared") == 0) {
        OK(MPI_Win_allocate_shared(bytes, sizeof(int), MPI_INFO_NULL, world, &mem, &win));
    } else {
        OK(MPI_Win_allocate(bytes, sizeof(int), MPI_INFO_NULL, world, &mem, &win));
    }
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    seed = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : 20261129;
    const char *flavour = argc > 2 ? argv[2] : "allocate";
    int rounds = argc > 3 ? atoi(argv[3]) : 60;
    if (rank == 0)
        printf("seed %u\n", seed);
    window_ints = AT_OWN + size * (PUTS + ORDERED);
    model = malloc((size_t)size * (size_t)window_ints * sizeof *model);
    window_make(flavour);
    OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, rank, 0, win));
    for (int r = 0; r < size; r++)
        for (int i = 0; i < window_ints; i++)
            model[(long)r * window_ints + i] =
                i >= AT_COUNTERS && i < AT_OWN ? 0 : (int)((r * 7919L + i * 104729L) % 65521);
    memcpy(mem, model + (long)rank * window_ints, (size_t)window_ints * sizeof(int));
    OK(MPI_Win_unlock(rank, win));
    OK(MPI_Barrier(world));
    for (int i = 0; i < rounds; i++)
        one_round(i);
    OK(MPI_Win_free(&win));
    if (strcmp(flavour, "create") == 0)
        free(mem);
    else if (strcmp(flavour, "alloc_mem") == 0)
        OK(MPI_Free_mem(mem));
    free(model);
    return end();
}
