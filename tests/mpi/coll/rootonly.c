/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What only the root says, or what MPI_IN_PLACE makes void, may be anything elsewhere: addresses of nothing, negative
 * counts, freed types. */
#include "../check.h"

enum { N = 3, RANKS = 16 };
static int mine[N], all[N * RANKS], counts[RANKS], displs[RANKS], root;
static MPI_Datatype freed;
static MPI_Request r;

#define NOTHING ((void *)-1)
#define AT_ROOT(x, otherwise) (rank == root ? (x) : (otherwise))
#define BUF AT_ROOT((void *)all, NOTHING)
#define COUNT AT_ROOT(N, -1)
#define TYPE AT_ROOT(MPI_INT, freed)
#define COUNTS AT_ROOT(counts, (int *)NOTHING)
#define DISPLS AT_ROOT(displs, (int *)NOTHING)

static void fill(void)
{
    for (int i = 0; i < N; i++)
        mine[i] = 100 * rank + i;
    for (int i = 0; i < N * size; i++)
        all[i] = rank == root ? 100 * (i / N) + i % N : -1;
}

static void gathered(int rc)
{
    OK(rc);
    for (int i = 0; i < N * size; i++)
        CHECK(all[i] == (rank == root ? 100 * (i / N) + i % N : -1));
}

static void scattered(int rc)
{
    OK(rc);
    for (int i = 0; i < N; i++)
        CHECK(mine[i] == 100 * rank + i);
}

static int wait(int rc)
{
    OK(rc);
    return MPI_Wait(&r, MPI_STATUS_IGNORE);
}

static int start(int rc)
{
    OK(rc);
    OK(MPI_Start(&r));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    return MPI_Request_free(&r);
}

static void gather(void)
{
    memset(all, 0xff, sizeof all);
    gathered(MPI_Gather(mine, N, MPI_INT, BUF, COUNT, TYPE, root, world));
    memset(all, 0xff, sizeof all);
    gathered(wait(MPI_Igather(mine, N, MPI_INT, BUF, COUNT, TYPE, root, world, &r)));
    memset(all, 0xff, sizeof all);
    gathered(MPI_Gatherv(mine, N, MPI_INT, BUF, COUNTS, DISPLS, TYPE, root, world));
    memset(all, 0xff, sizeof all);
    gathered(start(MPI_Gatherv_init(mine, N, MPI_INT, BUF, COUNTS, DISPLS, TYPE, root, world, MPI_INFO_NULL, &r)));
    /* In place at the root: what it would send is void. */
    gathered(MPI_Gather(AT_ROOT(MPI_IN_PLACE, mine), AT_ROOT(-1, N), AT_ROOT(freed, MPI_INT), BUF, COUNT, TYPE, root,
                        world));
}

static void scatter(void)
{
    memset(mine, 0, sizeof mine);
    scattered(MPI_Scatter(BUF, COUNT, TYPE, mine, N, MPI_INT, root, world));
    memset(mine, 0, sizeof mine);
    scattered(start(MPI_Scatter_init(BUF, COUNT, TYPE, mine, N, MPI_INT, root, world, MPI_INFO_NULL, &r)));
    memset(mine, 0, sizeof mine);
    scattered(MPI_Scatterv(BUF, COUNTS, DISPLS, TYPE, mine, N, MPI_INT, root, world));
    memset(mine, 0, sizeof mine);
    scattered(wait(MPI_Iscatterv(BUF, COUNTS, DISPLS, TYPE, mine, N, MPI_INT, root, world, &r)));
    scattered(MPI_Scatter(BUF, COUNT, TYPE, AT_ROOT(MPI_IN_PLACE, mine), AT_ROOT(-1, N), AT_ROOT(freed, MPI_INT), root,
                          world));
}

static void reduce(void)
{
    int one[N] = {1, 1, 1}, sum[N];
    OK(MPI_Reduce(one, AT_ROOT((void *)sum, NOTHING), N, MPI_INT, MPI_SUM, root, world));
    CHECK(rank != root || (sum[0] == size && sum[N - 1] == size));
    OK(wait(MPI_Ireduce(one, AT_ROOT((void *)sum, NOTHING), N, MPI_INT, MPI_SUM, root, world, &r)));
    CHECK(rank != root || (sum[0] == size && sum[N - 1] == size));
}

static void in_place(void)
{
    void *at = MPI_IN_PLACE;
    for (int i = 0; i < N; i++)
        all[N * rank + i] = 100 * rank + i;
    OK(MPI_Allgather(at, -1, freed, all, N, MPI_INT, world));
    OK(MPI_Allgatherv(at, -1, freed, all, counts, displs, MPI_INT, world));
    for (int i = 0; i < N * size; i++)
        CHECK(all[i] == 100 * (i / N) + i % N);
    for (int i = 0; i < N * size; i++)
        all[i] = rank;
    OK(MPI_Alltoall(at, -1, freed, all, N, MPI_INT, world));
    OK(MPI_Alltoallv(at, NOTHING, NOTHING, freed, all, counts, displs, MPI_INT, world));
    for (int i = 0; i < N * size; i++)
        CHECK(all[i] == rank);
}

/* What cannot be done fails at all of them alike. */
static void dynamic(void)
{
    MPI_Comm c;
    char missing[] = "/nonexistent/program", *commands[] = {missing}, wrong[] = "no port";
    int one[] = {1};
    MPI_Info info[] = {MPI_INFO_NULL};
    FAILS(MPI_ERR_SPAWN,
          MPI_Comm_spawn(AT_ROOT(missing, NULL), AT_ROOT(MPI_ARGV_NULL, NOTHING), AT_ROOT(1, -1),
                         AT_ROOT(MPI_INFO_NULL, (MPI_Info)NOTHING), root, world, &c, MPI_ERRCODES_IGNORE));
    FAILS(MPI_ERR_SPAWN,
          MPI_Comm_spawn_multiple(AT_ROOT(1, -1), AT_ROOT(commands, NOTHING), AT_ROOT(MPI_ARGVS_NULL, NOTHING),
                                  AT_ROOT(one, NOTHING), AT_ROOT(info, NOTHING), root, world, &c, MPI_ERRCODES_IGNORE));
    FAILS(MPI_ERR_PORT,
          MPI_Comm_accept(AT_ROOT(wrong, NULL), AT_ROOT(MPI_INFO_NULL, (MPI_Info)NOTHING), root, world, &c));
    FAILS(MPI_ERR_PORT,
          MPI_Comm_connect(AT_ROOT(wrong, NULL), AT_ROOT(MPI_INFO_NULL, (MPI_Info)NOTHING), root, world, &c));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    OK(MPI_Type_contiguous(2, MPI_INT, &freed));
    MPI_Datatype t = freed;
    OK(MPI_Type_free(&t));
    for (int i = 0; i < size; i++)
        counts[i] = N, displs[i] = N * i;
    for (root = 0; root < size; root++) {
        fill();
        gather();
        fill();
        scatter();
        reduce();
        in_place();
        dynamic();
    }
    OK(MPI_Barrier(world));
    return end();
}
