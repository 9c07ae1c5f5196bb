/* SPDX-License-Identifier: BSD-3-Clause
 *
 * kin: jobs of one mpiexec that connect, disconnect and die. Usage: kin SCENARIO HOW, where HOW says by what the one
 * dies that does: abort, kill, exit, or node: its proxy, and all ranks there. Who is to live spawns a job after that
 * death, which a launcher that ends it does not grant, and prints "fine"; who is to die with another waits for it, in
 * vain.
 *
 * The program spawns itself: kin SCENARIO HOW PART. */
#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include "scenario.h"

enum { CHILDREN = 2, PATIENCE_S = 60 };

static char *self, *scenario, *how;
static MPI_Comm parent;
static int spawned;

static MPI_Comm spawn(const char *part, int n, MPI_Comm by)
{
    MPI_Comm c;
    char *argv[] = {scenario, how, (char *)part, NULL};
    MPI_Comm_spawn(self, argv, n, MPI_INFO_NULL, 0, by, &c, MPI_ERRCODES_IGNORE);
    return c;
}

static void nap(void)
{
    nanosleep(&(struct timespec){0, 2000000}, NULL);
}

/* Rank 0 of each side tells the other's who it is. The parent is through when the child hears of it. */
static int exchange_pids(MPI_Comm c)
{
    int mine = getpid(), its = 0;
    if (rank == 0 && spawned)
        MPI_Send(&mine, 1, MPI_INT, 0, 1, c);
    if (rank == 0)
        MPI_Recv(&its, 1, MPI_INT, 0, 1, c, MPI_STATUS_IGNORE);
    if (rank == 0 && !spawned)
        MPI_Send(&mine, 1, MPI_INT, 0, 1, c);
    return its;
}

/* Its proxy has reaped it, and tells before it says anything else. */
static void await_death(int pid)
{
    time_t end = time(NULL) + PATIENCE_S;
    while (rank == 0 && (kill(pid, 0) == 0 || errno == EPERM)) {
        IS(time(NULL) < end);
        nap();
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

/* Rank 0 dies, its job does not go on. */
static void die(void)
{
    if (rank == 0 && strcmp(how, "abort") == 0)
        MPI_Abort(MPI_COMM_WORLD, 3);
    if (rank == 0 && strcmp(how, "exit") == 0)
        _exit(7);
    if (rank == 0)
        kill(strcmp(how, "node") == 0 ? getppid() : getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Is ended, or has waited too long. */
static void be_ended(void)
{
    time_t end = time(NULL) + PATIENCE_S;
    while (time(NULL) < end)
        nap();
    is(0, "it has been ended");
}

/* Whoever is to live does, with all that a job can do. */
static void live(void)
{
    MPI_Comm c = spawn("good", 1, MPI_COMM_WORLD);
    int one = 1, sum;
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    IS(sum == size);
    MPI_Comm_disconnect(&c);
    printf("%s: fine\n", spawned ? "child" : "parent");
    MPI_Finalize();
    exit(0);
}

static void good(void)
{
    MPI_Comm_disconnect(&parent);
    MPI_Finalize();
    exit(0);
}

/* ---- a child dies ---- */

static void child_parts(void)
{
    MPI_Comm c = spawn("dies", CHILDREN, MPI_COMM_WORLD);
    int pid = exchange_pids(c);
    MPI_Comm_disconnect(&c);
    await_death(pid);
    live();
}

static void child_stays(void)
{
    MPI_Comm c = spawn("dies", CHILDREN, MPI_COMM_WORLD);
    exchange_pids(c);
    if (strcmp(scenario, "freed") == 0) /* MPI_Comm_free does not part them */
        MPI_Comm_free(&c);
    if (strcmp(scenario, "dup") == 0) {
        MPI_Comm d;
        MPI_Comm_dup(c, &d);
        MPI_Comm_disconnect(&c);
    }
    if (strcmp(scenario, "split") == 0) { /* some are in another communicator with a child */
        MPI_Comm all, d;
        MPI_Intercomm_merge(c, 0, &all);
        MPI_Comm_split(all, rank == size - 1, rank, &d);
        MPI_Comm_disconnect(&all);
        MPI_Comm_disconnect(&c);
    }
    be_ended();
}

/* The last of several communicators, of all kinds, parts them. */
static void last_parts(void)
{
    MPI_Comm c = spawn("dies", CHILDREN, MPI_COMM_WORLD), d, all, half;
    int pid = exchange_pids(c);
    MPI_Comm_dup(c, &d);
    MPI_Intercomm_merge(c, 0, &all);
    MPI_Comm_split(all, rank % 2, 0, &half);
    MPI_Comm_disconnect(&c);
    MPI_Comm_free(&d);
    MPI_Comm_disconnect(&all);
    MPI_Barrier(half);
    MPI_Comm_disconnect(&half);
    await_death(pid);
    live();
}

static void dies(void)
{
    exchange_pids(parent);
    MPI_Comm d, all, half;
    if (strcmp(scenario, "child_parts") == 0)
        MPI_Comm_disconnect(&parent);
    if (strcmp(scenario, "freed") == 0)
        MPI_Comm_free(&parent);
    if (strcmp(scenario, "dup") == 0) {
        MPI_Comm_dup(parent, &d);
        MPI_Comm_disconnect(&parent);
    }
    if (strcmp(scenario, "split") == 0) {
        MPI_Intercomm_merge(parent, 1, &all);
        MPI_Comm_split(all, rank == size - 1, rank, &half);
        MPI_Comm_disconnect(&all);
        MPI_Comm_disconnect(&parent);
    }
    if (strcmp(scenario, "last_parts") == 0) {
        MPI_Comm_dup(parent, &d);
        MPI_Intercomm_merge(parent, 1, &all);
        MPI_Comm_split(all, rank % 2, 0, &half);
        MPI_Comm_disconnect(&parent);
        MPI_Comm_free(&d);
        MPI_Comm_disconnect(&all);
        MPI_Barrier(half);
        MPI_Comm_disconnect(&half);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    die();
}

/* ---- a parent dies ---- */

static void parent_dies(void)
{
    MPI_Comm c = spawn("outlives", CHILDREN, MPI_COMM_WORLD);
    exchange_pids(c);
    MPI_Comm_disconnect(&c);
    die();
}

static void outlives(void)
{
    int pid = exchange_pids(parent);
    MPI_Comm_disconnect(&parent);
    await_death(pid);
    live();
}

/* ---- three generations ---- */

/* The grandchild dies, and the child with it, which has left the parent. */
static void generations(void)
{
    MPI_Comm c = spawn("middle", CHILDREN, MPI_COMM_WORLD);
    int pid = exchange_pids(c);
    MPI_Comm_disconnect(&c);
    await_death(pid);
    live();
}

static void middle(void)
{
    exchange_pids(parent);
    MPI_Comm_disconnect(&parent);
    spawn("youngest", CHILDREN, MPI_COMM_WORLD);
    be_ended();
}

/* ---- a chain: parent with first, first with second ---- */

static void port_tell(MPI_Comm to, char port[MPI_MAX_PORT_NAME])
{
    if (rank == 0)
        MPI_Send(port, MPI_MAX_PORT_NAME, MPI_CHAR, 0, 2, to);
}

static void chain(void)
{
    char port[MPI_MAX_PORT_NAME] = "";
    MPI_Comm first = spawn("accepts", CHILDREN, MPI_COMM_WORLD), second = spawn("connects", CHILDREN, MPI_COMM_WORLD);
    if (rank == 0)
        MPI_Recv(port, sizeof port, MPI_CHAR, 0, 2, first, MPI_STATUS_IGNORE);
    port_tell(second, port);
    int pid = exchange_pids(second);
    MPI_Comm_disconnect(&second);
    if (strcmp(scenario, "chain") == 0)
        be_ended();
    await_death(pid); /* "broken_chain" */
    MPI_Send(&pid, rank == 0, MPI_INT, rank == 0 ? 0 : MPI_PROC_NULL, 3, first);
    MPI_Comm_disconnect(&first);
    live();
}

static void accepts(void)
{
    char port[MPI_MAX_PORT_NAME] = "";
    MPI_Comm c;
    if (rank == 0)
        MPI_Open_port(MPI_INFO_NULL, port);
    port_tell(parent, port);
    MPI_Comm_accept(port, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &c);
    if (strcmp(scenario, "chain") == 0)
        be_ended();
    int pid;
    MPI_Comm_disconnect(&c);
    MPI_Recv(&pid, rank == 0, MPI_INT, rank == 0 ? 0 : MPI_PROC_NULL, 3, parent, MPI_STATUS_IGNORE);
    MPI_Comm_disconnect(&parent);
    live();
}

static void connects(void)
{
    char port[MPI_MAX_PORT_NAME] = "";
    MPI_Comm c;
    if (rank == 0)
        MPI_Recv(port, sizeof port, MPI_CHAR, 0, 2, parent, MPI_STATUS_IGNORE);
    MPI_Comm_connect(port, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &c);
    exchange_pids(parent);
    MPI_Comm_disconnect(&parent);
    if (strcmp(scenario, "broken_chain") == 0)
        MPI_Comm_disconnect(&c);
    MPI_Barrier(MPI_COMM_WORLD);
    die();
}

/* ---- two children, one of whom has left: which lives when the other dies with the parent ---- */

static void siblings(void)
{
    MPI_Comm gone = spawn("outlives", CHILDREN, MPI_COMM_WORLD);
    exchange_pids(gone);
    MPI_Comm_disconnect(&gone);
    spawn("youngest", CHILDREN, MPI_COMM_WORLD);
    be_ended();
}

static void youngest(void)
{
    MPI_Barrier(MPI_COMM_WORLD);
    die();
}

/* clang-format off */
static const struct scenario scenarios[] = {
    S(child_parts), {"stays", child_stays}, {"freed", child_stays}, {"dup", child_stays}, {"split", child_stays},
    S(last_parts), S(parent_dies), S(generations), S(chain), {"broken_chain", chain}, S(siblings),
}, parts[] = {
    S(good), S(dies), S(outlives), S(middle), S(youngest), S(accepts), S(connects),
};
/* clang-format on */

int main(int argc, char **argv)
{
    scenario_begin(&argc, &argv);
    self = argv[0];
    scenario = argv[1];
    how = argv[2];
    MPI_Comm_get_parent(&parent);
    spawned = parent != MPI_COMM_NULL;
    if (argc > 3)
        scenario_run(parts, sizeof parts / sizeof *parts, argv[3]);
    else
        scenario_run(scenarios, sizeof scenarios / sizeof *scenarios, scenario);
    is(0, "there is such a scenario");
}
