/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ports: accept and connect, within a job and between jobs, on several communicators, from several threads; and what
 * comes of names that lead nowhere. Needs mpiexec; children are this program with arguments. */
#include "../check.h"
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS = 4, AGAIN = 3 };
static const char *self;

static MPI_Info patience(const char *seconds)
{
    MPI_Info info;
    OK(MPI_Info_create(&info));
    OK(MPI_Info_set(info, "timeout", seconds));
    return info;
}

/* Every rank of one side with every one of the other. */
static void talk(MPI_Comm inter)
{
    int far, me, sum = -1;
    OK(MPI_Comm_remote_size(inter, &far));
    OK(MPI_Comm_rank(inter, &me));
    for (int r = 0; r < far; r++) {
        int out = 1000 * me + r, in = -1;
        OK(MPI_Sendrecv(&out, 1, MPI_INT, r, 1, &in, 1, MPI_INT, r, 1, inter, MPI_STATUS_IGNORE));
        CHECK(in == 1000 * r + me);
    }
    OK(MPI_Allreduce(&(int){1}, &sum, 1, MPI_INT, MPI_SUM, inter));
    CHECK(sum == far);
}

/* The two halves of a job. */
static void halves(void)
{
    char port[MPI_MAX_PORT_NAME] = "";
    MPI_Comm half, inter;
    int side = rank % 2;
    if (size < 2)
        return;
    OK(MPI_Comm_split(world, side, 0, &half));
    if (rank == 0)
        OK(MPI_Open_port(MPI_INFO_NULL, port));
    OK(MPI_Bcast(port, sizeof port, MPI_CHAR, 0, world));
    for (int i = 0; i < AGAIN; i++) {
        if (side)
            OK(MPI_Comm_connect(port, MPI_INFO_NULL, 0, half, &inter));
        else
            OK(MPI_Comm_accept(port, MPI_INFO_NULL, 0, half, &inter));
        talk(inter);
        if (i % 2)
            OK(MPI_Comm_free(&inter));
        else
            OK(MPI_Comm_disconnect(&inter));
    }
    if (rank == 0)
        OK(MPI_Close_port(port));
    OK(MPI_Comm_free(&half));
    OK(MPI_Barrier(world));
    if (rank == 0)
        FAILS(MPI_ERR_PORT, MPI_Comm_connect(port, MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter)); /* it is closed */
}

/* A child's ranks connect one by one to ports of rank 0, and then all together to one of the last rank's. */
static int child(void)
{
    char port[MPI_MAX_PORT_NAME] = "";
    MPI_Comm parent, inter, all;
    OK(MPI_Comm_get_parent(&parent));
    OK(MPI_Bcast(port, sizeof port, MPI_CHAR, 0, parent));
    OK(MPI_Comm_connect(port, MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter));
    talk(inter);
    OK(MPI_Comm_disconnect(&inter));
    OK(MPI_Bcast(port, sizeof port, MPI_CHAR, 0, parent));
    OK(MPI_Comm_connect(port, MPI_INFO_NULL, size - 1, world, &inter));
    OK(MPI_Comm_disconnect(&parent)); /* what is connected otherwise stays */
    talk(inter);
    OK(MPI_Intercomm_merge(inter, 1, &all));
    OK(MPI_Barrier(all));
    OK(MPI_Comm_free(&all));
    OK(MPI_Comm_disconnect(&inter));
    return end();
}

static void between_jobs(void)
{
    enum { CHILDREN = 2 };
    char port[MPI_MAX_PORT_NAME] = "", *argv[] = {"child", NULL};
    MPI_Comm children, inter, all;
    int root = rank == 0 ? MPI_ROOT : MPI_PROC_NULL;
    OK(MPI_Comm_spawn(self, argv, CHILDREN, MPI_INFO_NULL, 0, world, &children, MPI_ERRCODES_IGNORE));
    if (rank == 0)
        OK(MPI_Open_port(MPI_INFO_NULL, port));
    OK(MPI_Bcast(port, sizeof port, MPI_CHAR, root, children));
    for (int i = 0; rank == 0 && i < CHILDREN; i++) {
        OK(MPI_Comm_accept(port, MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter));
        talk(inter);
        OK(MPI_Comm_disconnect(&inter));
    }
    if (rank == 0)
        OK(MPI_Close_port(port));
    if (rank == size - 1)
        OK(MPI_Open_port(MPI_INFO_NULL, port));
    OK(MPI_Bcast(port, sizeof port, MPI_CHAR, size - 1, world));
    OK(MPI_Bcast(port, sizeof port, MPI_CHAR, root, children));
    OK(MPI_Comm_accept(port, MPI_INFO_NULL, size - 1, world, &inter));
    OK(MPI_Comm_disconnect(&children));
    talk(inter);
    OK(MPI_Intercomm_merge(inter, 0, &all));
    OK(MPI_Barrier(all));
    OK(MPI_Comm_free(&all));
    OK(MPI_Comm_disconnect(&inter));
}

/* Threads of rank 0 accept at once, each at a port of its own; threads of rank 1 connect. */
static char ports[THREADS][MPI_MAX_PORT_NAME];
static void *accept_one(void *arg)
{
    MPI_Comm inter;
    OK(MPI_Comm_accept(arg, MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter));
    talk(inter);
    OK(MPI_Comm_disconnect(&inter));
    return NULL;
}
static void *connect_one(void *arg)
{
    MPI_Comm inter;
    OK(MPI_Comm_connect(arg, MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter));
    talk(inter);
    OK(MPI_Comm_disconnect(&inter));
    return NULL;
}
static void many_threads(int level)
{
    pthread_t t[THREADS];
    if (size < 2 || level < MPI_THREAD_MULTIPLE)
        return;
    for (int i = 0; rank == 0 && i < THREADS; i++)
        OK(MPI_Open_port(MPI_INFO_NULL, ports[i]));
    OK(MPI_Bcast(ports, sizeof ports, MPI_CHAR, 0, world));
    for (int i = 0; rank < 2 && i < THREADS; i++)
        CHECK(pthread_create(&t[i], NULL, rank ? connect_one : accept_one, ports[i]) == 0);
    for (int i = 0; rank < 2 && i < THREADS; i++)
        CHECK(pthread_join(t[i], NULL) == 0);
    for (int i = 0; rank == 0 && i < THREADS; i++)
        OK(MPI_Close_port(ports[i]));
}

/* One who waits in an accept hears that the port is closed. */
static void *accept_in_vain(void *arg)
{
    MPI_Comm inter;
    FAILS(MPI_ERR_PORT, MPI_Comm_accept(arg, MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter));
    return NULL;
}
static void closed_meanwhile(int level)
{
    pthread_t t;
    char port[MPI_MAX_PORT_NAME];
    if (level < MPI_THREAD_MULTIPLE)
        return;
    OK(MPI_Open_port(MPI_INFO_NULL, port));
    CHECK(pthread_create(&t, NULL, accept_in_vain, port) == 0);
    usleep(20000); /* whether it waits by then or not */
    OK(MPI_Close_port(port));
    CHECK(pthread_join(t, NULL) == 0);
}

static void wrong_names(void)
{
    char port[MPI_MAX_PORT_NAME], other[MPI_MAX_PORT_NAME];
    MPI_Comm inter;
    MPI_Info soon = patience("0.05"), bad = patience("soon");
    FAILS(MPI_ERR_PORT, MPI_Comm_connect("nothing of the kind", MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter));
    FAILS(MPI_ERR_PORT, MPI_Comm_accept("nothing of the kind", MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter));
    FAILS(MPI_ERR_PORT, MPI_Close_port("nothing of the kind"));
    OK(MPI_Open_port(MPI_INFO_NULL, port));
    strcpy(other, port);
    other[strlen(other) - 1] = 'x';
    FAILS(MPI_ERR_PORT, MPI_Comm_connect(other, MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter));
    strcpy(other, port);
    other[12] = other[12] == '0' ? '1' : '0'; /* another id: nobody listens there */
    FAILS(MPI_ERR_PORT, MPI_Comm_connect(other, MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter));
    FAILS(MPI_ERR_PORT, MPI_Comm_connect(port, soon, 0, MPI_COMM_SELF, &inter)); /* nobody accepts */
    FAILS(MPI_ERR_PORT, MPI_Comm_accept(port, soon, 0, MPI_COMM_SELF, &inter));  /* nobody connects */
    FAILS(MPI_ERR_INFO_VALUE, MPI_Comm_accept(port, bad, 0, MPI_COMM_SELF, &inter));
    FAILS(MPI_ERR_ROOT, MPI_Comm_accept(port, MPI_INFO_NULL, size, world, &inter));
    OK(MPI_Close_port(port));
    FAILS(MPI_ERR_PORT, MPI_Close_port(port));
    OK(MPI_Info_free(&soon));
    OK(MPI_Info_free(&bad));
}

/* Both ends of a socket in one process cannot be joined, nor what is no socket; two ranks can (tests/launch). */
static void joins(void)
{
    int fd[2];
    MPI_Comm inter;
    CHECK(pipe(fd) == 0);
    FAILS(MPI_ERR_ARG, MPI_Comm_join(fd[0], &inter));
    close(fd[0]);
    close(fd[1]);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
    CHECK(write(fd[1], "something of another program", 16) == 16);
    FAILS(MPI_ERR_OTHER, MPI_Comm_join(fd[0], &inter));
    close(fd[1]);
    FAILS(MPI_ERR_PORT, MPI_Comm_join(fd[0], &inter));
    close(fd[0]);
}

int main(int argc, char **argv)
{
    int level;
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level));
    world = MPI_COMM_WORLD;
    OK(MPI_Comm_set_errhandler(world, MPI_ERRORS_RETURN));
    OK(MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN));
    OK(MPI_Comm_size(world, &size));
    OK(MPI_Comm_rank(world, &rank));
    self = argv[0];
    if (argc > 1)
        return child();
    wrong_names();
    joins();
    halves();
    many_threads(level);
    closed_meanwhile(level);
    OK(MPI_Barrier(world));
    between_jobs();
    return end();
}
