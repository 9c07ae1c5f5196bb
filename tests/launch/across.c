/* SPDX-License-Identifier: BSD-3-Clause
 *
 * across: two jobs that meet. Usage: across SCENARIO serve|call; the server's port is in the file `port`. Who saw what
 * it should prints "fine". */
#include "scenario.h"
#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BIG = 1 << 18 };
static bool serves;
static char port[MPI_MAX_PORT_NAME];
static MPI_Comm inter;
static int far, *big;

#define DEAD(call) is(class_of(call) == MPI_ERR_PROC_ABORTED, #call)
#define FINE(call) is((call) == MPI_SUCCESS, #call)

/* Whoever finds the file finds all of it. */
static void port_tell(void)
{
    FILE *f = fopen("port.new", "w");
    IS(f && fputs(port, f) >= 0 && fclose(f) == 0);
    IS(rename("port.new", "port") == 0);
}

static void port_hear(void)
{
    FILE *f;
    while (!(f = fopen("port", "r")))
        usleep(10000);
    IS(fgets(port, sizeof port, f) != NULL);
    fclose(f);
}

static void meet(void)
{
    if (rank == 0 && serves) {
        FINE(MPI_Open_port(MPI_INFO_NULL, port));
        port_tell();
    } else if (rank == 0) {
        port_hear();
    }
    if (serves)
        FINE(MPI_Comm_accept(port, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &inter));
    else
        FINE(MPI_Comm_connect(port, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &inter));
    FINE(MPI_Comm_set_errhandler(inter, MPI_ERRORS_RETURN));
    FINE(MPI_Comm_remote_size(inter, &far));
}

static void part(void)
{
    FINE(MPI_Comm_disconnect(&inter));
    if (rank == 0 && serves)
        FINE(MPI_Close_port(port));
}

/* Everything once, with long messages. */
static void talk(void)
{
    int in = -1;
    MPI_Comm all;
    MPI_Win win;
    int *mine;
    meet();
    for (int r = 0; r < far; r++) {
        FINE(MPI_Sendrecv(&rank, 1, MPI_INT, r, 0, &in, 1, MPI_INT, r, 0, inter, MPI_STATUS_IGNORE));
        IS(in == r);
        big[BIG - 1] = 77 + serves;
        FINE(MPI_Sendrecv_replace(big, BIG, MPI_INT, r, 1, r, 1, inter, MPI_STATUS_IGNORE));
        IS(big[BIG - 1] == 77 + !serves);
    }
    FINE(MPI_Intercomm_merge(inter, serves, &all));
    int n, me, sum = 0;
    FINE(MPI_Comm_size(all, &n));
    FINE(MPI_Comm_rank(all, &me));
    IS(n == size + far);
    FINE(MPI_Win_allocate(sizeof(int), sizeof(int), MPI_INFO_NULL, all, &mine, &win));
    *mine = 0;
    FINE(MPI_Win_fence(0, win));
    FINE(MPI_Accumulate(&me, 1, MPI_INT, (me + 1) % n, 0, 1, MPI_INT, MPI_SUM, win));
    FINE(MPI_Win_fence(0, win));
    IS(*mine == (me + n - 1) % n);
    FINE(MPI_Win_free(&win));
    MPI_File f;
    FINE(MPI_File_open(all, "written", MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &f));
    FINE(MPI_File_write_at_all(f, me * (MPI_Offset)sizeof me, &me, 1, MPI_INT, MPI_STATUS_IGNORE));
    FINE(MPI_File_read_at_all(f, (n - 1 - me) * (MPI_Offset)sizeof me, &in, 1, MPI_INT, MPI_STATUS_IGNORE));
    IS(in == n - 1 - me);
    FINE(MPI_File_write_ordered(f, &me, 1, MPI_INT, MPI_STATUS_IGNORE));
    FINE(MPI_File_close(&f));
    FINE(MPI_Allreduce(&me, &sum, 1, MPI_INT, MPI_SUM, all));
    IS(sum == n * (n - 1) / 2);
    FINE(MPI_Comm_free(&all));
    part();
}

/* All of the callers are killed when they have met; those who serve see it, whatever they wait for. */
static void die(void)
{
    meet();
    if (serves)
        return;
    FINE(MPI_Barrier(MPI_COMM_WORLD));
    raise(SIGKILL);
}
static void recv_named(void)
{
    die();
    DEAD(MPI_Recv(big, 1, MPI_INT, far - 1, 0, inter, MPI_STATUS_IGNORE));
    DEAD(MPI_Send(big, BIG, MPI_INT, far - 1, 0, inter));
}
static void recv_any(void)
{
    die();
    DEAD(MPI_Recv(big, 1, MPI_INT, MPI_ANY_SOURCE, 0, inter, MPI_STATUS_IGNORE));
}
static void barrier(void)
{
    die();
    DEAD(MPI_Barrier(inter));
}
static void send_long(void)
{
    die();
    DEAD(MPI_Ssend(big, BIG, MPI_INT, rank % far, 0, inter));
}
static void merge(void)
{
    MPI_Comm all;
    die();
    DEAD(MPI_Intercomm_merge(inter, 1, &all));
}
/* One of us knows of it before the first collective, the others wait in that already. */
static void known(void)
{
    MPI_Comm all;
    int sum;
    die();
    if (rank == 0)
        DEAD(MPI_Recv(big, 1, MPI_INT, far - 1, 0, inter, MPI_STATUS_IGNORE));
    DEAD(MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, inter));
    DEAD(MPI_Intercomm_merge(inter, 1, &all));
}

/* One that has ended does not accept. */
static void gone(void)
{
    if (serves) {
        FINE(MPI_Open_port(MPI_INFO_NULL, port));
        port_tell();
        return;
    }
    port_hear();
    is(class_of(MPI_Comm_connect(port, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &inter)) == MPI_ERR_PORT, "no port");
}

/* It is killed before it accepts, while somebody waits for that. */
static void killed(void)
{
    if (serves) {
        FINE(MPI_Open_port(MPI_INFO_NULL, port));
        port_tell();
        sleep(1); /* most likely somebody has knocked by then; the same comes of it if nobody has */
        raise(SIGKILL);
    }
    port_hear();
    is(class_of(MPI_Comm_connect(port, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &inter)) == MPI_ERR_PORT, "no port");
}

/* Nobody comes: that is no deadlock of this job, however long it takes. */
static void alone(void)
{
    MPI_Info info;
    FINE(MPI_Info_create(&info));
    FINE(MPI_Info_set(info, "timeout", "4"));
    if (rank == 0)
        FINE(MPI_Open_port(MPI_INFO_NULL, port));
    is(class_of(MPI_Comm_accept(port, info, 0, MPI_COMM_WORLD, &inter)) == MPI_ERR_PORT, "too late");
    if (rank == 0)
        FINE(MPI_Close_port(port));
    FINE(MPI_Info_free(&info));
}

/* Over a socket of the program's own. */
static void join(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), got = -1;
    char c = 'x';
    if (serves) {
        int listener = fd;
        IS(bind(listener, (struct sockaddr *)&a, sizeof a) == 0 && listen(listener, 1) == 0);
        fd = accept(listener, NULL, NULL);
        close(listener);
    } else {
        while (connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
            usleep(10000);
    }
    IS(fd >= 0);
    FINE(MPI_Comm_join(fd, &inter));
    FINE(MPI_Sendrecv(&(int){serves}, 1, MPI_INT, 0, 0, &got, 1, MPI_INT, 0, 0, inter, MPI_STATUS_IGNORE));
    IS(got == !serves);
    FINE(MPI_Comm_disconnect(&inter));
    IS(write(fd, &c, 1) == 1 && read(fd, &c, 1) == 1); /* it is as it was */
    close(fd);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {S(talk),  S(recv_named), S(recv_any), S(barrier), S(send_long), S(merge),
                                          S(known), S(gone),       S(killed),   S(alone),   S(join)};
    scenario_begin(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    serves = strcmp(argv[2], "serve") == 0;
    big = calloc(BIG, sizeof *big);
    scenario_run(all, sizeof all / sizeof *all, argv[1]);
    free(big);
    MPI_Finalize();
    printf("fine\n");
    return 0;
}
