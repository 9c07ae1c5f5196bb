/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Intercommunicators out of two groups and a string, with MPI_Init and in a session alone. */
#include "../check.h"

static int side, near, far, me;

/* The ranks of one side of w, odd and even, or the first against the rest. */
static MPI_Group side_of(MPI_Group w, int which, int alternating)
{
    MPI_Group g;
    int ranges[1][3] = {{which, size - 1, 2}};
    if (!alternating)
        ranges[0][1] = which ? size - 1 : 0, ranges[0][2] = 1;
    OK(MPI_Group_range_incl(w, 1, ranges, &g));
    return g;
}

static void works(MPI_Comm c)
{
    int flag, n, m, r, *all = malloc((size_t)far * sizeof *all), sum;
    MPI_Errhandler e;
    MPI_Comm merged;
    OK(MPI_Comm_test_inter(c, &flag));
    OK(MPI_Comm_size(c, &n));
    OK(MPI_Comm_remote_size(c, &m));
    OK(MPI_Comm_rank(c, &r));
    CHECK(flag && n == near && m == far && r == me);
    OK(MPI_Comm_get_errhandler(c, &e));
    CHECK(e == MPI_ERRORS_RETURN);
    OK(MPI_Allgather(&r, 1, MPI_INT, all, 1, MPI_INT, c));
    for (int i = 0; i < far; i++)
        CHECK(all[i] == i);
    OK(MPI_Intercomm_merge(c, side, &merged));
    OK(MPI_Allreduce(&(int){1}, &sum, 1, MPI_INT, MPI_SUM, merged));
    CHECK(sum == near + far);
    OK(MPI_Comm_free(&merged));
    free(all);
}

#define CREATE(a, i, b, j, string, c)                                                                                  \
    MPI_Intercomm_create_from_groups(a, i, b, j, string, MPI_INFO_NULL, MPI_ERRORS_RETURN, c)

static void hints(MPI_Group own, MPI_Group other)
{
    MPI_Info info, got;
    MPI_Comm c;
    char value[8];
    int flag;
    OK(MPI_Info_create(&info));
    OK(MPI_Info_set(info, "hint", "yes"));
    OK(MPI_Intercomm_create_from_groups(own, 0, other, 0, "hints", info, MPI_ERRORS_RETURN, &c));
    OK(MPI_Comm_get_info(c, &got));
    OK(MPI_Info_get_string(got, "hint", &(int){8}, value, &flag));
    CHECK(flag && strcmp(value, "yes") == 0);
    OK(MPI_Info_free(&got));
    OK(MPI_Info_free(&info));
    OK(MPI_Comm_free(&c));
}

/* What the leader alone knows, all of its group learn. */
static void wrong(MPI_Group w, MPI_Group own, MPI_Group other)
{
    MPI_Comm c;
    static char tag[MPI_MAX_STRINGTAG_LEN + 1];
    memset(tag, 'x', MPI_MAX_STRINGTAG_LEN);
    int leads = me == 0;
    FAILS(MPI_ERR_RANK, CREATE(own, near, other, 0, "a", &c));
    FAILS(MPI_ERR_RANK, CREATE(own, -1, other, 0, "a", &c));
    FAILS(MPI_ERR_RANK, CREATE(own, 0, other, leads ? far : 0, "a", &c));
    FAILS(MPI_ERR_GROUP, CREATE(own, 0, leads ? MPI_GROUP_NULL : other, 0, "a", &c));
    FAILS(MPI_ERR_GROUP, CREATE(other, 0, own, 0, "a", &c));
    FAILS(MPI_ERR_GROUP, CREATE(own, 0, w, 0, "a", &c));
    FAILS(MPI_ERR_ARG, CREATE(own, 0, other, 0, tag, &c));
    if (world) { /* told to MPI_COMM_SELF's handler */
        FAILS(MPI_ERR_GROUP, CREATE(MPI_GROUP_NULL, 0, other, 0, "a", &c));
        FAILS(MPI_ERR_ARG, CREATE(own, 0, other, 0, NULL, &c));
        FAILS(MPI_ERR_ARG, CREATE(own, 0, other, 0, "a", NULL));
    }
    OK(CREATE(MPI_GROUP_EMPTY, 0, other, 0, "a", &c));
    CHECK(c == MPI_COMM_NULL);
    OK(CREATE(own, 0, MPI_GROUP_EMPTY, 0, "a", &c));
    CHECK(c == MPI_COMM_NULL);
}

static void all_of(MPI_Group w)
{
    for (int alternating = 0; alternating < 2; alternating++) {
        MPI_Comm c, d;
        MPI_Group group[2] = {side_of(w, 0, alternating), side_of(w, 1, alternating)}, again;
        side = alternating ? rank % 2 : rank > 0;
        MPI_Group own = group[side], other = group[!side];
        OK(MPI_Group_size(own, &near));
        OK(MPI_Group_size(other, &far));
        OK(MPI_Group_rank(own, &me));
        OK(CREATE(own, 0, other, 0, "first", &c));
        /* Only the leaders, who are the last here, know of the other group. */
        OK(CREATE(own, near - 1, me == near - 1 ? other : MPI_GROUP_NULL, me == near - 1 ? far - 1 : -7, "last", &d));
        works(c);
        works(d);
        OK(MPI_Comm_remote_group(d, &again));
        int result;
        OK(MPI_Group_compare(again, other, &result));
        CHECK(result == MPI_IDENT);
        OK(MPI_Comm_compare(c, d, &result));
        CHECK(result == MPI_CONGRUENT);
        OK(MPI_Group_free(&again));
        OK(MPI_Comm_free(&c));
        OK(MPI_Comm_disconnect(&d));
        hints(own, other);
        wrong(w, own, other);
        OK(MPI_Group_free(&group[0]));
        OK(MPI_Group_free(&group[1]));
    }
}

static void in_session(void)
{
    MPI_Session s;
    MPI_Group w;
    OK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &s));
    OK(MPI_Group_from_session_pset(s, "mpi://WORLD", &w));
    OK(MPI_Group_size(w, &size));
    OK(MPI_Group_rank(w, &rank));
    if (size > 1)
        all_of(w);
    OK(MPI_Group_free(&w));
    OK(MPI_Session_finalize(&s));
}

int main(int argc, char **argv)
{
    MPI_Group w;
    in_session();
    begin(&argc, &argv);
    OK(MPI_Comm_group(world, &w));
    if (size > 1)
        all_of(w);
    OK(MPI_Group_free(&w));
    return end();
}
