/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Splits by hardware and by process sets, and what MPI_Get_hw_resource_info says. As arguments: what is expected of
 * this job: "cores" that each rank has a core of its own, "loose" that none is bound; then sets, each "name=number". */
#include "../check.h"

static bool restricted(const char *kind, bool *known)
{
    MPI_Info info;
    char value[10];
    int n = sizeof value, flag;
    OK(MPI_Get_hw_resource_info(&info));
    OK(MPI_Info_get_string(info, kind, &n, value, &flag));
    CHECK(!flag || strcmp(value, "true") == 0 || strcmp(value, "false") == 0);
    OK(MPI_Info_free(&info));
    *known = flag;
    return flag && strcmp(value, "true") == 0;
}

/* The size of what comes out for this rank; 0: nothing. It says of which kind it is. */
static int split(int type, const char *key, const char *value, const char *kind)
{
    MPI_Info info, got;
    MPI_Comm c;
    char is[MPI_MAX_INFO_VAL] = "";
    int n = 0, room = sizeof is, flag, me, everybody = rank;
    OK(MPI_Info_create(&info));
    if (key)
        OK(MPI_Info_set(info, key, value));
    OK(MPI_Comm_split_type(MPI_COMM_WORLD, type, -rank, info, &c));
    if (type == MPI_COMM_TYPE_HW_UNGUIDED) {
        OK(MPI_Info_get_string(info, "mpi_hw_resource_type", &room, is, &flag));
        CHECK(flag == (c != MPI_COMM_NULL));
        room = sizeof is;
    }
    OK(MPI_Info_free(&info));
    if (c == MPI_COMM_NULL)
        return 0;
    OK(MPI_Comm_size(c, &n));
    OK(MPI_Comm_get_info(c, &got));
    OK(MPI_Info_get_string(got, "mpi_hw_resource_type", &room, is, &flag));
    CHECK(kind ? flag && strcmp(is, kind) == 0 : true);
    OK(MPI_Info_free(&got));
    OK(MPI_Comm_rank(c, &me));
    OK(MPI_Bcast(&everybody, 1, MPI_INT, n - 1, c)); /* the key turns the order round */
    CHECK(everybody <= rank && (me < n - 1 || everybody == rank));
    OK(MPI_Comm_free(&c));
    return n;
}

/* Who is restricted to one object is in one with others that share it, and who is not is in none. */
static void kinds(void)
{
    static const char *const names[] = {"hwloc://Package", "hwloc://NUMANode", "hwloc://L3Cache", "hwloc://L2Cache",
                                        "hwloc://L1Cache", "hwloc://Core",     "hwloc://PU"};
    bool known;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int type = MPI_COMM_TYPE_HW_GUIDED;; type = MPI_COMM_TYPE_RESOURCE_GUIDED) {
            int n = split(type, "mpi_hw_resource_type", names[i], names[i]);
            CHECK((n > 0) == restricted(names[i], &known));
            CHECK(n <= size);
            if (type == MPI_COMM_TYPE_RESOURCE_GUIDED)
                break;
        }
    CHECK(restricted("mpi_shared_memory", &known) && known);
    CHECK(split(MPI_COMM_TYPE_HW_GUIDED, "mpi_hw_resource_type", "mpi_shared_memory", "mpi_shared_memory") ==
          node_ranks());
    CHECK(split(MPI_COMM_TYPE_HW_GUIDED, "mpi_hw_resource_type", "hwloc://Teapot", NULL) == 0);
    CHECK(split(MPI_COMM_TYPE_HW_GUIDED, NULL, NULL, NULL) == 0);
    CHECK(split(MPI_COMM_TYPE_RESOURCE_GUIDED, NULL, NULL, NULL) == 0);
    CHECK(split(MPI_COMM_TYPE_HW_GUIDED, "mpi_pset_name", "mpi://WORLD", NULL) == 0);
}

static void sets(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        char name[100];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(argv[i], "="), argv[i]);
        int n = split(MPI_COMM_TYPE_RESOURCE_GUIDED, "mpi_pset_name", name, NULL), in = n > 0, all;
        OK(MPI_Allreduce(&in, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
        CHECK(all == atoi(strchr(argv[i], '=') + 1) && (n == 0 || n == all));
    }
    CHECK(split(MPI_COMM_TYPE_RESOURCE_GUIDED, "mpi_pset_name", "mpi://WORLD", NULL) == size);
    CHECK(split(MPI_COMM_TYPE_RESOURCE_GUIDED, "mpi_pset_name", "mpi://self", NULL) == 1);
    CHECK(split(MPI_COMM_TYPE_RESOURCE_GUIDED, "mpi_pset_name", "muster://NODE/0", NULL) ==
          (rank < node_ranks() ? node_ranks() : 0));
    CHECK(split(MPI_COMM_TYPE_RESOURCE_GUIDED, "mpi_pset_name", "no such set", NULL) == 0);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    bool known, own = restricted("hwloc://Core", &known);
    if (argc > 1 && known && strcmp(argv[1], "cores") == 0) {
        CHECK(own && split(MPI_COMM_TYPE_HW_GUIDED, "mpi_hw_resource_type", "hwloc://Core", "hwloc://Core") == 1);
        int n = split(MPI_COMM_TYPE_HW_UNGUIDED, NULL, NULL, NULL);
        CHECK(size == 1 ? n == 0 : n > 0 && n < size);
    }
    if (argc > 1 && strcmp(argv[1], "loose") == 0)
        CHECK(split(MPI_COMM_TYPE_HW_UNGUIDED, NULL, NULL, NULL) == 0);
    kinds();
    sets(argc, argv);
    return end();
}
