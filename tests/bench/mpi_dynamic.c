/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mpi_dynamic: spawn, names and ports of MPI, compiled for each MPI library. Values are the best of several.
 *
 *     mpi_dynamic spawn|names|ports       names: one rank; ports: two, of which one accepts and one connects
 *
 * spawn: milliseconds until parent and children are through their first barrier, which is the children's whole start.
 * names: microseconds of a publish and a lookup. ports: of a connection.
 */
#include "measure.h"

enum { SPAWNS = 10, TIMES = 200 };

static void be_child(MPI_Comm parent)
{
    MPI_Barrier(parent);
    MPI_Comm_disconnect(&parent);
}

static void spawn(char *program, int children)
{
    double best = 1e9;
    for (int i = 0; i < SPAWNS; i++) {
        MPI_Comm c;
        double begin = now();
        MPI_Comm_spawn(program, MPI_ARGV_NULL, children, MPI_INFO_NULL, 0, MPI_COMM_SELF, &c, MPI_ERRCODES_IGNORE);
        MPI_Barrier(c);
        double took = now() - begin;
        best = took < best ? took : best;
        MPI_Comm_disconnect(&c);
    }
    report("spawn", children, best * 1e3);
}

static void names(void)
{
    char port[MPI_MAX_PORT_NAME], found[MPI_MAX_PORT_NAME], name[64];
    double best = 1e9;
    MPI_Open_port(MPI_INFO_NULL, port);
    snprintf(name, sizeof name, "bench-%d", (int)getpid());
    for (int i = 0; i < TIMES; i++) {
        double begin = now();
        MPI_Publish_name(name, MPI_INFO_NULL, port);
        MPI_Lookup_name(name, MPI_INFO_NULL, found);
        double took = now() - begin;
        best = took < best ? took : best;
        MPI_Unpublish_name(name, MPI_INFO_NULL, port);
    }
    MPI_Close_port(port);
    report("names", 0, best * 1e6);
}

static void ports(void)
{
    char port[MPI_MAX_PORT_NAME] = "";
    double best = 1e9;
    if (rank == 0)
        MPI_Open_port(MPI_INFO_NULL, port);
    MPI_Bcast(port, sizeof port, MPI_CHAR, 0, MPI_COMM_WORLD);
    for (int i = 0; i < TIMES; i++) {
        MPI_Comm c;
        MPI_Barrier(MPI_COMM_WORLD);
        double begin = now();
        if (rank == 0)
            MPI_Comm_accept(port, MPI_INFO_NULL, 0, MPI_COMM_SELF, &c);
        else
            MPI_Comm_connect(port, MPI_INFO_NULL, 0, MPI_COMM_SELF, &c);
        double took = now() - begin;
        best = took < best ? took : best;
        MPI_Comm_disconnect(&c);
    }
    if (rank == 0)
        MPI_Close_port(port);
    report("ports", 0, best * 1e6);
}

int main(int argc, char **argv)
{
    MPI_Comm parent;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_get_parent(&parent);
    if (parent != MPI_COMM_NULL) {
        be_child(parent);
    } else if (argc == 2 && strcmp(argv[1], "spawn") == 0) {
        spawn(argv[0], 1);
        spawn(argv[0], 4);
    } else if (argc == 2 && strcmp(argv[1], "names") == 0) {
        names();
    } else if (argc == 2 && strcmp(argv[1], "ports") == 0 && size == 2) {
        ports();
    }
    MPI_Finalize();
    return 0;
}
