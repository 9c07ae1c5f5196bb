/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Intercommunicators: how they are made, what they say of themselves, messages over them, what is made out of them. The
 * ranks are cut into two groups in several ways, one against all others too. */
#include "../check.h"

static MPI_Comm local, inter;
static int side, me, near, far; /* which group; rank in it; sizes of the groups */
static int (*side_of)(int r);
static int first_of_other;

/* Ways to cut. */
static int one_and_rest(int r)
{
    return r > 0;
}
static int rest_and_one(int r)
{
    return r == size - 1;
}
static int halves(int r)
{
    return r >= size / 2;
}
static int odd_and_even(int r)
{
    return r % 2;
}

/* The world's rank of a rank of a group. */
static int world_rank(int which, int r)
{
    for (int w = 0; w < size; w++)
        if (side_of(w) == which && r-- == 0)
            return w;
    return -1;
}

static void make(int (*cut)(int))
{
    side_of = cut;
    side = cut(rank);
    OK(MPI_Comm_split(world, side, 0, &local));
    OK(MPI_Comm_size(local, &near));
    OK(MPI_Comm_rank(local, &me));
    far = size - near;
    first_of_other = world_rank(!side, 0);
    OK(MPI_Intercomm_create(local, 0, world, first_of_other, 7, &inter));
}

static void drop(void)
{
    OK(MPI_Comm_free(&inter));
    OK(MPI_Comm_free(&local));
    CHECK(inter == MPI_COMM_NULL);
}

/* c has these groups, in the world's numbers, in that order. */
static void has_groups(MPI_Comm c, int n, int m, int mine)
{
    MPI_Group near_group, far_group, w;
    int flag, a, b, r;
    OK(MPI_Comm_test_inter(c, &flag));
    OK(MPI_Comm_size(c, &a));
    OK(MPI_Comm_remote_size(c, &b));
    OK(MPI_Comm_rank(c, &r));
    CHECK(flag && a == n && b == m && r == mine);
    OK(MPI_Comm_group(c, &near_group));
    OK(MPI_Comm_remote_group(c, &far_group));
    OK(MPI_Comm_group(world, &w));
    OK(MPI_Group_size(near_group, &a));
    OK(MPI_Group_size(far_group, &b));
    CHECK(a == n && b == m);
    OK(MPI_Group_translate_ranks(near_group, 1, &mine, w, &r));
    CHECK(r == rank);
    for (int k = 0; k < m && m == far; k++) {
        OK(MPI_Group_translate_ranks(far_group, 1, &k, w, &r));
        CHECK(r == world_rank(!side, k));
    }
    OK(MPI_Group_free(&near_group));
    OK(MPI_Group_free(&far_group));
    OK(MPI_Group_free(&w));
}

/* Every rank sends every rank of the other group something that nobody else sends. */
static void talk(MPI_Comm c, int n, int m, int mine)
{
    MPI_Request *r = malloc(2 * (size_t)m * sizeof *r);
    int *out = malloc((size_t)m * sizeof *out), *in = malloc((size_t)m * sizeof *in);
    for (int k = 0; k < m; k++) {
        out[k] = 1000 * mine + k;
        OK(MPI_Irecv(&in[k], 1, MPI_INT, k, 3, c, &r[k]));
        OK(MPI_Isend(&out[k], 1, MPI_INT, k, 3, c, &r[m + k]));
    }
    OK(MPI_Waitall(2 * m, r, MPI_STATUSES_IGNORE));
    for (int k = 0; k < m; k++)
        CHECK(in[k] == 1000 * k + mine);
    (void)n;
    free(r);
    free(out);
    free(in);
}

/* Members of the other group that c's members are not: what is sent on one is not received on the other. */
static void apart(MPI_Comm c)
{
    int out[2] = {1, 2}, in[2] = {0, 0};
    MPI_Request r[4];
    if (me >= (near < far ? near : far))
        return;
    OK(MPI_Irecv(&in[0], 1, MPI_INT, me, 5, inter, &r[0]));
    OK(MPI_Irecv(&in[1], 1, MPI_INT, me, 5, c, &r[1]));
    OK(MPI_Isend(&out[1], 1, MPI_INT, me, 5, c, &r[2]));
    OK(MPI_Isend(&out[0], 1, MPI_INT, me, 5, inter, &r[3]));
    OK(MPI_Waitall(4, r, MPI_STATUSES_IGNORE));
    CHECK(in[0] == 1 && in[1] == 2);
}

/* The first of one group to all of the other, in every mode. */
static void modes(void)
{
    enum { N = 5, LONG = 1 << 17 };
    static int data[LONG];
    char room[4096];
    MPI_Status st;
    MPI_Message msg;
    int count, flag = 0;
    if (side == 0 && me == 0) {
        OK(MPI_Buffer_attach(room, sizeof room));
        for (int k = 0; k < far; k++) {
            MPI_Request r;
            OK(MPI_Send(&(int){k}, 1, MPI_INT, k, 0, inter));
            OK(MPI_Ssend(&(int){k + 1}, 1, MPI_INT, k, 1, inter));
            OK(MPI_Bsend(&(int){k + 2}, 1, MPI_INT, k, 2, inter));
            OK(MPI_Recv(NULL, 0, MPI_INT, k, 9, inter, MPI_STATUS_IGNORE));
            OK(MPI_Rsend(&(int){k + 3}, 1, MPI_INT, k, 3, inter));
            for (int i = 0; i < LONG; i++)
                data[i] = i + k;
            OK(MPI_Send_init(data, LONG, MPI_INT, k, 4, inter, &r));
            for (int times = 0; times < 2; times++) {
                OK(MPI_Start(&r));
                OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
            }
            OK(MPI_Request_free(&r));
            OK(MPI_Sendrecv_replace(&(int){k}, 1, MPI_INT, k, 5, k, 5, inter, &st));
        }
        void *back;
        OK(MPI_Buffer_detach(&back, &count));
    }
    if (side == 1) {
        int x = -1;
        MPI_Request ready, r;
        OK(MPI_Recv(&x, 1, MPI_INT, MPI_ANY_SOURCE, 0, inter, &st));
        CHECK(x == me && st.MPI_SOURCE == 0);
        OK(MPI_Probe(0, 1, inter, &st));
        OK(MPI_Recv(&x, 1, MPI_INT, st.MPI_SOURCE, st.MPI_TAG, inter, MPI_STATUS_IGNORE));
        CHECK(x == me + 1);
        OK(MPI_Mprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, inter, &msg, &st));
        OK(MPI_Mrecv(&x, 1, MPI_INT, &msg, &st));
        CHECK(x == me + 2 && st.MPI_SOURCE == 0 && st.MPI_TAG == 2);
        OK(MPI_Irecv(&x, 1, MPI_INT, 0, 3, inter, &ready));
        OK(MPI_Send(NULL, 0, MPI_INT, 0, 9, inter));
        OK(MPI_Wait(&ready, MPI_STATUS_IGNORE));
        CHECK(x == me + 3);
        OK(MPI_Recv_init(data, LONG, MPI_INT, MPI_ANY_SOURCE, 4, inter, &r));
        for (int times = 0; times < 2; times++) {
            memset(data, 0, sizeof data);
            OK(MPI_Start(&r));
            OK(MPI_Wait(&r, &st));
            OK(MPI_Get_count(&st, MPI_INT, &count));
            CHECK(st.MPI_SOURCE == 0 && count == LONG && data[LONG - 1] == LONG - 1 + me);
        }
        OK(MPI_Request_free(&r));
        x = 10 * me;
        OK(MPI_Sendrecv_replace(&x, 1, MPI_INT, 0, 5, 0, 5, inter, &st));
        CHECK(x == me);
    }
    OK(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, inter, &flag, &st));
    CHECK(!flag);
    OK(MPI_Send(NULL, 0, MPI_INT, MPI_PROC_NULL, 0, inter));
    OK(MPI_Recv(NULL, 0, MPI_INT, MPI_PROC_NULL, 0, inter, &st));
    CHECK(st.MPI_SOURCE == MPI_PROC_NULL);
    FAILS(MPI_ERR_RANK, MPI_Send(NULL, 0, MPI_INT, far, 0, inter));
    FAILS(MPI_ERR_RANK, MPI_Recv(NULL, 0, MPI_INT, MPI_ROOT, 0, inter, &st));
}

static int copies;
static int copy(MPI_Comm c, int keyval, void *extra, void *in, void *out, int *flag)
{
    copies++;
    *(void **)out = in;
    *flag = 1;
    return MPI_SUCCESS;
}

static void is_like(MPI_Comm c, int expected)
{
    int result;
    OK(MPI_Comm_compare(inter, c, &result));
    CHECK(result == expected);
}

static void duplicates(void)
{
    MPI_Comm c[4];
    MPI_Request r[2];
    MPI_Info info, got;
    MPI_Errhandler e;
    int key, flag, n, result;
    char text[MPI_MAX_OBJECT_NAME], value[8], *v, here;
    OK(MPI_Comm_create_keyval(copy, MPI_COMM_NULL_DELETE_FN, &key, NULL));
    OK(MPI_Comm_set_attr(inter, key, &here));
    OK(MPI_Comm_set_name(inter, "two groups"));
    OK(MPI_Info_create(&info));
    OK(MPI_Info_set(info, "hint", "yes"));
    OK(MPI_Comm_dup(inter, &c[0]));
    OK(MPI_Comm_dup_with_info(inter, info, &c[1]));
    OK(MPI_Comm_idup(inter, &c[2], &r[0]));
    OK(MPI_Comm_idup_with_info(inter, info, &c[3], &r[1]));
    OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
    CHECK(copies == 4);
    copies = 0;
    for (int i = 0; i < 4; i++) {
        has_groups(c[i], near, far, me);
        is_like(c[i], MPI_CONGRUENT);
        talk(c[i], near, far, me);
        apart(c[i]);
        OK(MPI_Comm_get_attr(c[i], key, &v, &flag));
        CHECK(flag && v == &here);
        OK(MPI_Comm_get_name(c[i], text, &n));
        CHECK(n == 0);
        OK(MPI_Comm_get_info(c[i], &got));
        OK(MPI_Info_get_string(got, "hint", &(int){8}, value, &flag));
        CHECK(flag == i % 2 && (!flag || strcmp(value, "yes") == 0));
        OK(MPI_Info_free(&got));
        OK(MPI_Comm_get_errhandler(c[i], &e));
        CHECK(e == MPI_ERRORS_RETURN);
    }
    is_like(inter, MPI_IDENT);
    is_like(local, MPI_UNEQUAL);
    OK(MPI_Comm_compare(c[0], c[1], &result));
    CHECK(result == MPI_CONGRUENT);
    OK(MPI_Comm_disconnect(&c[0]));
    for (int i = 1; i < 4; i++)
        OK(MPI_Comm_free(&c[i]));
    OK(MPI_Comm_delete_attr(inter, key));
    OK(MPI_Comm_free_keyval(&key));
    OK(MPI_Info_free(&info));
}

/* Those of both groups who are on a node; where one of the groups has nobody, there is none. */
static void nodes(void)
{
    MPI_Comm c;
    int a, b, r;
    OK(MPI_Comm_split_type(inter, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &c));
    if (on_one_node())
        is_like(c, MPI_CONGRUENT);
    if (c == MPI_COMM_NULL)
        return;
    OK(MPI_Comm_size(c, &a));
    OK(MPI_Comm_remote_size(c, &b));
    OK(MPI_Comm_rank(c, &r));
    CHECK(a + b <= node_ranks());
    talk(c, a, b, r);
    OK(MPI_Comm_free(&c));
}

static void splits(void)
{
    MPI_Comm c;
    int n = near < far ? near : far;
    OK(MPI_Comm_split(inter, 4, -me, &c)); /* the other way round */
    int flag, a, b, r;
    OK(MPI_Comm_test_inter(c, &flag));
    OK(MPI_Comm_size(c, &a));
    OK(MPI_Comm_remote_size(c, &b));
    OK(MPI_Comm_rank(c, &r));
    CHECK(flag && a == near && b == far && r == near - 1 - me);
    talk(c, near, far, r);
    is_like(c, near == 1 && far == 1 ? MPI_CONGRUENT : MPI_SIMILAR);
    OK(MPI_Comm_free(&c));
    OK(MPI_Comm_split(inter, me, 0, &c)); /* pairs */
    CHECK((c == MPI_COMM_NULL) == (me >= n));
    if (c != MPI_COMM_NULL) {
        OK(MPI_Comm_size(c, &a));
        OK(MPI_Comm_remote_size(c, &b));
        CHECK(a == 1 && b == 1);
        talk(c, 1, 1, 0);
        OK(MPI_Comm_free(&c));
    }
    OK(MPI_Comm_split(inter, side, 0, &c)); /* of no colour are two groups */
    CHECK(c == MPI_COMM_NULL);
    OK(MPI_Comm_split(inter, me == 0 ? MPI_UNDEFINED : 1, 0, &c));
    CHECK((c == MPI_COMM_NULL) == (me == 0 || near == 1 || far == 1));
    if (c != MPI_COMM_NULL) {
        talk(c, near - 1, far - 1, me - 1);
        OK(MPI_Comm_free(&c));
    }
    nodes();
    FAILS(MPI_ERR_ARG, MPI_Comm_split(inter, -5, 0, &c));
}

static void subgroups(void)
{
    MPI_Group g, some, w;
    MPI_Comm c;
    int ranges[1][3] = {{near - 1, 0, -1}};
    OK(MPI_Comm_group(inter, &g));
    OK(MPI_Group_range_incl(g, 1, ranges, &some));
    OK(MPI_Comm_create(inter, some, &c)); /* all, the other way round */
    int r;
    OK(MPI_Comm_rank(c, &r));
    CHECK(r == near - 1 - me);
    talk(c, near, far, r);
    OK(MPI_Comm_free(&c));
    OK(MPI_Group_free(&some));
    OK(MPI_Group_incl(g, 1, (int[]){near - 1}, &some)); /* the last of each */
    OK(MPI_Comm_create(inter, some, &c));
    CHECK((c == MPI_COMM_NULL) == (me != near - 1));
    if (c != MPI_COMM_NULL) {
        talk(c, 1, 1, 0);
        OK(MPI_Comm_free(&c));
    }
    OK(MPI_Group_free(&some));
    OK(MPI_Comm_create(inter, side ? MPI_GROUP_EMPTY : g, &c)); /* of one group nobody */
    CHECK(c == MPI_COMM_NULL);
    OK(MPI_Comm_group(world, &w));
    FAILS(MPI_ERR_GROUP, MPI_Comm_create(inter, w, &c)); /* these are of both groups */
    FAILS(MPI_ERR_COMM, MPI_Comm_create_group(inter, g, 0, &c));
    OK(MPI_Group_free(&g));
    OK(MPI_Group_free(&w));
}

/* Whose group comes first when both want the same is the same on all, at every call. */
static void merges(void)
{
    MPI_Comm c;
    MPI_Errhandler e;
    for (int low = 0; low < 2; low++) {
        OK(MPI_Intercomm_merge(inter, side == low ? 0 : 17, &c));
        int n, r, flag, sum, at;
        OK(MPI_Comm_test_inter(c, &flag));
        OK(MPI_Comm_size(c, &n));
        OK(MPI_Comm_rank(c, &r));
        CHECK(!flag && n == size && r == (side == low ? me : far + me));
        OK(MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, c));
        CHECK(sum == size * (size - 1) / 2);
        OK(MPI_Comm_get_errhandler(c, &e));
        CHECK(e == MPI_ERRORS_RETURN);
        OK(MPI_Comm_free(&c));
        OK(MPI_Intercomm_merge(inter, low, &c));
        OK(MPI_Comm_rank(c, &r));
        OK(MPI_Exscan(&(int){1}, &at, 1, MPI_INT, MPI_SUM, c));
        CHECK((r == me || r == far + me) && (r == 0 || at == r));
        OK(MPI_Comm_free(&c));
    }
    if (near > 1 || far > 1)
        FAILS(MPI_ERR_ARG, MPI_Intercomm_merge(inter, me == 0, &c));
    FAILS(MPI_ERR_COMM, MPI_Intercomm_merge(local, 0, &c));
}

/* Leaders that are not the first, who know each other by another intercommunicator. */
static void nested(void)
{
    MPI_Comm c, own;
    int leader = near - 1, other = far - 1;
    OK(MPI_Comm_dup(local, &own));
    OK(MPI_Intercomm_create(own, leader, me == leader ? inter : MPI_COMM_NULL, me == leader ? other : -99, 0, &c));
    OK(MPI_Comm_free(&own));
    has_groups(c, near, far, me);
    talk(c, near, far, me);
    apart(c);
    is_like(c, MPI_CONGRUENT);
    OK(MPI_Comm_free(&c));
}

/* What a leader finds wrong all of its group learn; where both are wrong, nobody waits. */
static void wrong(void)
{
    MPI_Comm c;
    int leads = me == 0, n;
    MPI_Group g;
    FAILS(MPI_ERR_RANK, MPI_Intercomm_create(local, -1, world, 0, 0, &c));
    FAILS(MPI_ERR_RANK, MPI_Intercomm_create(local, near, world, 0, 0, &c));
    FAILS(MPI_ERR_TAG, MPI_Intercomm_create(local, 0, world, 0, -1, &c));
    FAILS(MPI_ERR_COMM, MPI_Intercomm_create(inter, 0, world, 0, 0, &c));
    FAILS(MPI_ERR_COMM, MPI_Intercomm_create(MPI_COMM_NULL, 0, world, 0, 0, &c));
    FAILS(MPI_ERR_COMM, MPI_Intercomm_create(local, 0, leads ? MPI_COMM_NULL : world, 0, 0, &c));
    FAILS(MPI_ERR_RANK, MPI_Intercomm_create(local, 0, world, leads ? size : 0, 0, &c));
    FAILS(MPI_ERR_RANK, MPI_Intercomm_create(local, 0, world, leads ? MPI_PROC_NULL : 0, 0, &c));
    FAILS(MPI_ERR_COMM, MPI_Intercomm_create(world, 0, world, 0, 0, &c));
    FAILS(MPI_ERR_ARG, MPI_Intercomm_create(local, 0, world, 0, 0, NULL));
    FAILS(MPI_ERR_COMM, MPI_Comm_remote_size(local, &n));
    FAILS(MPI_ERR_COMM, MPI_Comm_remote_group(local, &g));
    FAILS(MPI_ERR_COMM, MPI_Cart_create(inter, 1, &(int){1}, &(int){0}, 0, &c));
}

/* Groups that have a member in common. */
static void overlaps(void)
{
    MPI_Comm some, c;
    if (size < 3)
        return;
    OK(MPI_Comm_split(world, rank < 2 ? 0 : MPI_UNDEFINED, 0, &some));
    if (rank == 0)
        FAILS(MPI_ERR_COMM, MPI_Intercomm_create(MPI_COMM_SELF, 0, world, 1, 3, &c));
    else if (rank == 1)
        FAILS(MPI_ERR_COMM, MPI_Intercomm_create(some, 1, world, 0, 3, &c));
    if (rank == 0)
        FAILS(MPI_ERR_COMM, MPI_Intercomm_create(some, 1, world, 0, 3, &c));
    if (some != MPI_COMM_NULL)
        OK(MPI_Comm_free(&some));
}

/* Who disconnects waits for what is pending, of both groups. */
static void disconnects(void)
{
    enum { LONG = 1 << 16 };
    static int out[LONG], in[LONG];
    MPI_Comm c;
    MPI_Request r, cancelled;
    MPI_Status st;
    int flag, pairs = near < far ? near : far;
    OK(MPI_Comm_dup(inter, &c));
    OK(MPI_Irecv(in, 1, MPI_INT, MPI_ANY_SOURCE, 77, c, &cancelled));
    OK(MPI_Cancel(&cancelled));
    OK(MPI_Wait(&cancelled, &st));
    OK(MPI_Test_cancelled(&st, &flag));
    CHECK(flag);
    for (int i = 0; i < LONG; i++)
        out[i] = me + i, in[i] = -1;
    if (me < pairs) {
        OK(MPI_Irecv(in, LONG, MPI_INT, me, 1, c, &r));
        MPI_Request sent;
        OK(MPI_Isend(out, LONG, MPI_INT, me, 1, c, &sent));
        OK(MPI_Request_free(&sent));
    }
    OK(MPI_Comm_disconnect(&c));
    CHECK(c == MPI_COMM_NULL);
    if (me < pairs) {
        OK(MPI_Test(&r, &flag, &st));
        CHECK(flag && in[LONG - 1] == me + LONG - 1);
    }
}

static void handler(MPI_Comm *c, int *code, ...)
{
    copies = *code;
}

static void handlers(void)
{
    MPI_Errhandler e;
    OK(MPI_Comm_create_errhandler(handler, &e));
    OK(MPI_Comm_set_errhandler(inter, e));
    FAILS(MPI_ERR_TAG, MPI_Send(NULL, 0, MPI_INT, 0, -7, inter));
    CHECK(copies == MPI_ERR_TAG);
    copies = 0;
    OK(MPI_Comm_set_errhandler(inter, MPI_ERRORS_RETURN));
    OK(MPI_Errhandler_free(&e));
}

int main(int argc, char **argv)
{
    int (*cuts[])(int) = {one_and_rest, rest_and_one, halves, odd_and_even};
    begin(&argc, &argv);
    for (int i = 0; i < 4 && size > 1; i++) {
        make(cuts[i]);
        has_groups(inter, near, far, me);
        talk(inter, near, far, me);
        modes();
        duplicates();
        splits();
        subgroups();
        merges();
        nested();
        wrong();
        disconnects();
        handlers();
        drop();
        overlaps();
    }
    MPI_Comm c;
    FAILS(MPI_ERR_COMM, MPI_Intercomm_create(MPI_COMM_SELF, 0, MPI_COMM_SELF, 0, 0, &c)); /* with itself */
    return end();
}
