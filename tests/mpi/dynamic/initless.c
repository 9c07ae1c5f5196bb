/* SPDX-License-Identifier: BSD-3-Clause
 *
 * initless: programs that are spawned, and end without MPI_Init: an error of the spawn, which others in this process
 * need not wait for. Needs mpiexec. */
#include "../check.h"
#include <pthread.h>
#include <unistd.h>

enum { MOST = 3 };

static void spawn_in_vain(MPI_Comm comm, char *program, char **argv, int processes)
{
    int codes[MOST] = {-1, -1, -1};
    MPI_Comm inter = MPI_COMM_NULL;
    FAILS(MPI_ERR_SPAWN, MPI_Comm_spawn(program, argv, processes, MPI_INFO_NULL, 0, comm, &inter, codes));
    CHECK(inter == MPI_COMM_NULL);
    for (int i = 0; i < processes; i++)
        CHECK(codes[i] == MPI_ERR_SPAWN);
}

/* The last ends later than the others. */
static void several_commands(void)
{
    char *commands[] = {"true", "sh"}, *later[] = {"-c", "sleep 0.3", NULL}, **argvs[] = {NULL, later};
    int procs[] = {2, 1}, codes[MOST] = {-1, -1, -1};
    MPI_Info infos[] = {MPI_INFO_NULL, MPI_INFO_NULL};
    MPI_Comm inter;
    FAILS(MPI_ERR_SPAWN, MPI_Comm_spawn_multiple(2, commands, argvs, procs, infos, 0, world, &inter, codes));
    for (int i = 0; i < MOST; i++)
        CHECK(codes[i] == MPI_ERR_SPAWN);
}

/* Names while the other thread spawns: the program that it spawns ends when these have had their answers. */
static void *names(void *file)
{
    enum { TIMES = 5 };
    char name[64], port[MPI_MAX_PORT_NAME];
    snprintf(name, sizeof name, "initless %d", (int)getpid());
    for (int i = 0; i < TIMES; i++) {
        OK(MPI_Publish_name(name, MPI_INFO_NULL, "somewhere"));
        OK(MPI_Lookup_name(name, MPI_INFO_NULL, port));
        CHECK(strcmp(port, "somewhere") == 0);
        OK(MPI_Unpublish_name(name, MPI_INFO_NULL, port));
        FAILS(MPI_ERR_NAME, MPI_Lookup_name(name, MPI_INFO_NULL, port));
        usleep(50000); /* some before the spawn, some while it waits */
    }
    CHECK(unlink(file) == 0);
    return NULL;
}

static void names_meanwhile(void)
{
    char file[] = "/tmp/muster-initless-XXXXXX";
    char *argv[] = {"-c", "while [ -e \"$0\" ]; do sleep 0.05; done", file, NULL};
    int fd = mkstemp(file);
    pthread_t t;
    CHECK(fd >= 0 && close(fd) == 0);
    CHECK(pthread_create(&t, NULL, names, file) == 0);
    spawn_in_vain(MPI_COMM_SELF, "sh", argv, 1);
    CHECK(pthread_join(t, NULL) == 0);
}

int main(int argc, char **argv)
{
    char *nothing[] = {"-c", "exit 0", NULL};
    int level;
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level));
    OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    OK(MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN));
    world = MPI_COMM_WORLD;
    OK(MPI_Comm_size(world, &size));
    OK(MPI_Comm_rank(world, &rank));
    CHECK(level == MPI_THREAD_MULTIPLE);
    spawn_in_vain(world, "true", MPI_ARGV_NULL, 1);
    for (int i = 0; i < 2; i++)
        spawn_in_vain(world, "sh", nothing, MOST);
    several_commands();
    names_meanwhile();
    return end();
}
