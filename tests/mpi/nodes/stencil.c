/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What MPI_Cart_map's places save: bytes that leave this node in a step of a 2-D stencil over all ranks, 8 KiB to each
 * neighbour, where ranks lie as they are numbered and where it places them. A map asks nobody; each node counts its
 * own. Arguments: rows, columns, whether they go round, and what leaves a node in KiB: the most before, and what is to
 * leave each after. */
#include "../check.h"

enum { EDGE_BYTES = 8192, MOST = 256 };
static int rows, columns, goes_round;

/* Bytes from the places of this node to others. */
static long leaving(const int *places)
{
    static bool here[MOST];
    long bytes = 0;
    memset(here, 0, sizeof here);
    for (int i = 0; i < size; i++)
        here[places[i]] = true;
    for (int i = 0; i < size; i++) {
        int row = places[i] / columns, column = places[i] % columns;
        const int beside[4][2] = {{row - 1, column}, {row + 1, column}, {row, column - 1}, {row, column + 1}};
        for (int k = 0; k < 4; k++) {
            int r = (beside[k][0] + rows) % rows, c = (beside[k][1] + columns) % columns;
            bool inside = r == beside[k][0] && c == beside[k][1];
            if ((goes_round || inside) && !here[r * columns + c])
                bytes += EDGE_BYTES;
        }
    }
    return bytes;
}

int main(int argc, char **argv)
{
    int all, place, before[MOST], after[MOST], world_rank;
    begin(&argc, &argv);
    CHECK(argc == 6);
    rows = atoi(argv[1]);
    columns = atoi(argv[2]);
    goes_round = atoi(argv[3]);
    OK(MPI_Comm_size(MPI_COMM_WORLD, &all));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &world_rank));
    OK(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &world));
    OK(MPI_Comm_size(world, &size));
    OK(MPI_Comm_rank(world, &rank));
    CHECK(rows * columns == all && all <= MOST && size < all);
    OK(MPI_Cart_map(MPI_COMM_WORLD, 2, (int[]){rows, columns}, (int[]){goes_round, goes_round}, &place));
    CHECK(place >= 0 && place < all);
    OK(MPI_Allgather(&world_rank, 1, MPI_INT, before, 1, MPI_INT, world));
    OK(MPI_Allgather(&place, 1, MPI_INT, after, 1, MPI_INT, world));
    for (int i = 0; i < size; i++)
        for (int k = 0; k < i; k++)
            CHECK(after[i] != after[k]);
    long was = leaving(before), is = leaving(after);
    if (rank == 0)
        printf("%d x %d: %ld KiB leave this node in a step, then %ld\n", rows, columns, was / 1024, is / 1024);
    CHECK(was <= atoi(argv[4]) * 1024L && is == atoi(argv[5]) * 1024L);
    /* On a communicator inside of a node everybody stays where he is. */
    OK(MPI_Cart_map(world, 1, &size, (int[]){1}, &place));
    CHECK(place == rank);
    MPI_Comm cart;
    OK(MPI_Cart_create(world, 1, &size, (int[]){1}, 1, &cart));
    OK(MPI_Comm_rank(cart, &place));
    CHECK(place == rank);
    OK(MPI_Comm_free(&cart));
    OK(MPI_Comm_free(&world));
    return end();
}
