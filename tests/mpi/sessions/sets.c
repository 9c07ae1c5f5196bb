/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Process sets: those of the standard, of the nodes and of the command line, by number and by name; their sizes and
 * groups; and what is refused. As arguments: what the command line named, each "name=rank,rank...". */
#include "../check.h"

static MPI_Session s;
static int me;

static void world_and_self(void)
{
    MPI_Group g;
    int n, r;
    OK(MPI_Group_from_session_pset(s, "mpi://SELF", &g));
    OK(MPI_Group_size(g, &n));
    OK(MPI_Group_rank(g, &r));
    CHECK(n == 1 && r == 0);
    OK(MPI_Group_free(&g));
    OK(MPI_Group_from_session_pset(s, "mpi://world", &g)); /* the standard's names are not case-sensitive */
    OK(MPI_Group_size(g, &size));
    OK(MPI_Group_rank(g, &me));
    rank = me;
    OK(MPI_Group_free(&g));
}

static int size_told(const char *name)
{
    MPI_Info info;
    char value[20];
    int flag;
    OK(MPI_Session_get_pset_info(s, name, &info));
    OK(MPI_Info_get(info, "mpi_size", 19, value, &flag));
    CHECK(flag);
    OK(MPI_Info_free(&info));
    return atoi(value);
}

/* Every set by its number: the name in pieces and whole, and its group. */
static void by_number(void)
{
    int sets, in_nodes = 0, of_node = 0;
    OK(MPI_Session_get_num_psets(s, MPI_INFO_NULL, &sets));
    CHECK(sets >= 3);
    for (int i = 0; i < sets; i++) {
        char name[MPI_MAX_PSET_NAME_LEN] = "unchanged", piece[5] = "----";
        int need = 0, have = sizeof name, few = 4, n, r;
        MPI_Group g;
        OK(MPI_Session_get_nth_pset(s, MPI_INFO_NULL, i, &need, NULL));
        OK(MPI_Session_get_nth_pset(s, MPI_INFO_NULL, i, &have, name));
        OK(MPI_Session_get_nth_pset(s, MPI_INFO_NULL, i, &few, piece));
        CHECK(need == have && few == need && need == (int)strlen(name) + 1);
        CHECK(strncmp(piece, name, 3) == 0 && piece[3] == 0);
        OK(MPI_Group_from_session_pset(s, name, &g));
        OK(MPI_Group_size(g, &n));
        OK(MPI_Group_rank(g, &r));
        CHECK(n == size_told(name));
        if (strncmp(name, "muster://NODE/", 14) == 0) {
            in_nodes += n;
            of_node += r != MPI_UNDEFINED;
        }
        OK(MPI_Group_free(&g));
    }
    CHECK(in_nodes == size && of_node == 1);
    int need = 0;
    FAILS(MPI_ERR_ARG, MPI_Session_get_nth_pset(s, MPI_INFO_NULL, sets, &need, NULL));
    FAILS(MPI_ERR_ARG, MPI_Session_get_nth_pset(s, MPI_INFO_NULL, -1, &need, NULL));
    need = -1;
    FAILS(MPI_ERR_ARG, MPI_Session_get_nth_pset(s, MPI_INFO_NULL, 0, &need, NULL));
}

/* One of the command line: the members in that order, and a communicator of them. */
static void named(const char *arg)
{
    char name[100];
    int ranks[64], n = 0, have, mine = MPI_UNDEFINED, r;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(arg, "="), arg);
    for (const char *at = strchr(arg, '='); at; at = strchr(at + 1, ','), n++) {
        ranks[n] = atoi(at + 1);
        mine = ranks[n] == me ? n : mine;
    }
    MPI_Group g, all;
    OK(MPI_Group_from_session_pset(s, name, &g));
    OK(MPI_Group_size(g, &have));
    OK(MPI_Group_rank(g, &r));
    CHECK(have == n && r == mine && size_told(name) == n);
    OK(MPI_Group_from_session_pset(s, "mpi://WORLD", &all));
    for (int i = 0; i < n; i++) {
        OK(MPI_Group_translate_ranks(g, 1, &i, all, &r));
        CHECK(r == ranks[i]);
    }
    MPI_Comm c = MPI_COMM_NULL;
    if (mine == MPI_UNDEFINED) {
        FAILS(MPI_ERR_GROUP, MPI_Comm_create_from_group(g, name, MPI_INFO_NULL, MPI_ERRORS_RETURN, &c));
    } else {
        OK(MPI_Comm_create_from_group(g, name, MPI_INFO_NULL, MPI_ERRORS_RETURN, &c));
        OK(MPI_Barrier(c));
        OK(MPI_Comm_free(&c));
    }
    OK(MPI_Group_free(&g));
    OK(MPI_Group_free(&all));
}

static void refused(void)
{
    static const char *const names[] = {"",
                                        "mpi://",
                                        "mpi://WORLD ",
                                        "muster://NODE/",
                                        "muster://NODE/00",
                                        "muster://NODE/1000000000",
                                        "muster://NODE/-1",
                                        "no such set"};
    MPI_Group g = MPI_GROUP_NULL;
    MPI_Info info = MPI_INFO_NULL;
    int n;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        FAILS(MPI_ERR_ARG, MPI_Group_from_session_pset(s, names[i], &g));
        FAILS(MPI_ERR_ARG, MPI_Session_get_pset_info(s, names[i], &info));
    }
    CHECK(g == MPI_GROUP_NULL && info == MPI_INFO_NULL);
    FAILS(MPI_ERR_ARG, MPI_Session_get_num_psets(s, MPI_INFO_NULL, NULL));
    FAILS(MPI_ERR_INFO, MPI_Session_get_num_psets(s, (MPI_Info)MPI_ERRORS_RETURN, &n));
    FAILS(MPI_ERR_ARG, MPI_Group_from_session_pset(s, "mpi://WORLD", NULL));
    FAILS(MPI_ERR_ARG, MPI_Group_from_session_pset(s, NULL, &g));
}

int main(int argc, char **argv)
{
    OK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &s));
    world_and_self();
    by_number();
    for (int i = 1; i < argc; i++)
        named(argv[i]);
    refused();
    OK(MPI_Session_finalize(&s));
    return 0;
}
