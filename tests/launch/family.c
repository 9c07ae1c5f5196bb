/* SPDX-License-Identifier: BSD-3-Clause
 *
 * family: a job that does at random what jobs do with one another, until its time is over, or somebody dies. Usage:
 * family END SEED DEATHS [DEPTH], END by the clock of the machine in seconds, DEATHS in a thousand steps; see
 * family.py, which starts many of them. Errors return; one that the death of somebody does not explain is told as
 * "ODD".
 *
 * After an error of two groups that have met nobody gives up: all go on with what both sides do, for those who live. */
#include "scenario.h"
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { NAMES = 5, DEPTH_MAX = 2, MOST_CHILDREN = 2, PART = 1 << 16, STALE_S = 30, LONGEST_S = 100 };
enum step { PUBLISH, UNPUBLISH, LOOKUP, ACCEPT, CONNECT, SPAWN, REST };
/* The more often, the more likely. */
static const enum step steps[] = {PUBLISH, PUBLISH, UNPUBLISH, LOOKUP,  ACCEPT,  ACCEPT, ACCEPT,
                                  ACCEPT,  CONNECT, CONNECT,   CONNECT, CONNECT, SPAWN,  REST};
static char *self;
static double end;
static unsigned seed;
static int deaths, depth;
static char port[MPI_MAX_PORT_NAME], stamped[MPI_MAX_PORT_NAME]; /* rank 0's; and who it is of */
static bool published[NAMES];
static int spawned, joined; /* how often two groups have met so */
static double stalest;      /* s: how long a name was served after its owner's end */

/* ---- the watchdog ---- */

static const char *_Atomic call = "nothing";
static _Atomic long since;
static double begun;
static double longest; /* s: of the calls that have ended, by `slowest` */
static const char *slowest = "";

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* What hangs is told with where it is, and ends. */
static void *watch(void *arg)
{
    char gdb[200];
    for (;; sleep(1)) {
        if (now() - (double)since < LONGEST_S || end < 0)
            continue;
        printf("HUNG %d, depth %d, rank %d of %d in %s\n", (int)getpid(), depth, rank, size, call);
        fflush(stdout);
        snprintf(gdb, sizeof gdb, "gdb -q -batch -p %d -ex 'thread apply all bt' 2>/dev/null </dev/null",
                 (int)getpid());
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
        _Exit(system(gdb) ? 4 : 5);
    }
    return arg;
}

static void enter(const char *what)
{
    begun = now();
    since = (long)begun;
    call = what;
}

/* ---- errors ---- */

static int report(int rc, const char *what, const int *fine)
{
    double took = now() - begun;
    if (took > longest) {
        longest = took;
        slowest = what;
    }
    int cls = class_of(rc), n;
    char text[MPI_MAX_ERROR_STRING];
    for (; *fine >= 0; fine++)
        if (cls == *fine)
            return cls;
    MPI_Error_string(rc, text, &n);
    printf("ODD %d, depth %d, rank %d: %s: %s\n", (int)getpid(), depth, rank, what, text);
    fflush(stdout);
    return cls;
}
/* The class of what a call returns, which is to be one of these. */
#define TRY(call, ...) (enter(#call), report(call, #call, (int[]){MPI_SUCCESS, __VA_ARGS__, -1}))
#define DIED MPI_ERR_PROC_ABORTED

/* One of our own job has died: so does what is left of it. */
static void own(int cls)
{
    if (cls != MPI_SUCCESS)
        _Exit(6);
}
#define OWN(call) own(TRY(call, DIED))

static int pick(int n)
{
    return (int)((unsigned)rand_r(&seed) % (unsigned)n);
}

static void perhaps_die(void)
{
    if (pick(1000) >= deaths)
        return;
    bool abort = pick(3) == 0;
    printf("DIES %d by %s, depth %d, rank %d\n", (int)getpid(), abort ? "MPI_Abort" : "SIGKILL", depth, rank);
    fflush(stdout);
    if (abort)
        MPI_Abort(MPI_COMM_WORLD, 9);
    raise(SIGKILL);
}

/* ---- two groups that have met ---- */

static void everybody(MPI_Comm inter, int far)
{
    static char out[PART], in[PART];
    for (int r = 0; r < far; r++) {
        int a = rank, b = -1;
        if (TRY(MPI_Sendrecv(&a, 1, MPI_INT, r, 1, &b, 1, MPI_INT, r, 1, inter, MPI_STATUS_IGNORE), DIED) ==
            MPI_SUCCESS)
            IS(b == r);
        if (TRY(MPI_Sendrecv(out, PART, MPI_BYTE, r, 2, in, PART, MPI_BYTE, r, 2, inter, MPI_STATUS_IGNORE), DIED) ==
            MPI_SUCCESS)
            IS(in[PART - 1] == 0);
    }
}

static void talk(MPI_Comm inter, int high)
{
    MPI_Comm all;
    int far = 0, near = 0, n = 0, sum = 0, one = 1;
    MPI_Comm_set_errhandler(inter, MPI_ERRORS_RETURN);
    MPI_Comm_remote_size(inter, &far);
    MPI_Comm_size(inter, &near);
    perhaps_die();
    everybody(inter, far);
    if (TRY(MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, inter), DIED) == MPI_SUCCESS)
        IS(sum == far);
    perhaps_die();
    if (TRY(MPI_Intercomm_merge(inter, high, &all), DIED) == MPI_SUCCESS) {
        MPI_Comm_set_errhandler(all, MPI_ERRORS_RETURN);
        MPI_Comm_size(all, &n);
        IS(n == far + near);
        if (TRY(MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, all), DIED) == MPI_SUCCESS)
            IS(sum == n);
        TRY(MPI_Comm_free(&all), DIED);
    }
    TRY(MPI_Comm_disconnect(&inter), DIED);
}

/* ---- steps, which rank 0 picks ---- */

static MPI_Info patience(const char *seconds)
{
    MPI_Info info;
    MPI_Info_create(&info);
    MPI_Info_set(info, "timeout", seconds);
    return info;
}

static void name_of(int i, char name[20])
{
    snprintf(name, 20, "family-%d", i);
}

static void publish(int i)
{
    char name[20];
    name_of(i, name);
    int cls = TRY(MPI_Publish_name(name, MPI_INFO_NULL, stamped), MPI_ERR_SERVICE);
    published[i] |= cls == MPI_SUCCESS;
}

/* What another mpiexec's job has published is not ours to take back; what one of ours has, may be. */
static void unpublish(int i)
{
    char name[20];
    name_of(i, name);
    int cls = TRY(MPI_Unpublish_name(name, MPI_INFO_NULL, stamped), MPI_ERR_SERVICE, MPI_ERR_NAME);
    published[i] &= cls != MPI_SUCCESS;
}

/* A name of our own: who comes among the owners takes away what the dead have left. */
static void publish_last(void)
{
    char name[30];
    snprintf(name, sizeof name, "family-of-%d", (int)getpid());
    TRY(MPI_Publish_name(name, MPI_INFO_NULL, stamped), DIED);
    TRY(MPI_Unpublish_name(name, MPI_INFO_NULL, stamped), DIED);
}

static bool lives(const char *found)
{
    const char *owner = strrchr(found, ' ');
    return owner && kill(atoi(owner), 0) == 0;
}

/* True: somebody's port. One whose owner has ended is not served for long. */
static bool lookup(int i, char found[MPI_MAX_PORT_NAME])
{
    char name[20];
    name_of(i, name);
    for (double begun = now(); now() < begun + STALE_S; usleep(20000)) {
        if (TRY(MPI_Lookup_name(name, MPI_INFO_NULL, found), MPI_ERR_NAME) != MPI_SUCCESS)
            return false;
        if (lives(found)) {
            *strrchr(found, ' ') = 0;
            return true;
        }
        if (now() - begun > stalest)
            stalest = now() - begun;
    }
    printf("STALE %s is still '%s'\n", name, found);
    return false;
}

/* By all of the job, or by rank 0 alone. */
static void meet(enum step what, bool together, const char *to)
{
    MPI_Info info = patience(what == ACCEPT ? "0.7" : "0.5");
    MPI_Comm comm = together ? MPI_COMM_WORLD : MPI_COMM_SELF, inter;
    int cls = MPI_SUCCESS;
    if (what == ACCEPT && (together || rank == 0))
        cls = TRY(MPI_Comm_accept(port, info, 0, comm, &inter), MPI_ERR_PORT, DIED);
    else if (together || rank == 0)
        cls = TRY(MPI_Comm_connect(to, info, 0, comm, &inter), MPI_ERR_PORT, DIED);
    else
        cls = MPI_ERR_PORT;
    MPI_Info_free(&info);
    joined += cls == MPI_SUCCESS;
    if (cls == MPI_SUCCESS)
        talk(inter, what == CONNECT);
}

static void spawn(int count, bool together)
{
    char words[4][24], *argv[] = {words[0], words[1], words[2], words[3], NULL};
    MPI_Comm comm = together ? MPI_COMM_WORLD : MPI_COMM_SELF, children;
    if ((!together && rank) || depth >= DEPTH_MAX)
        return;
    snprintf(words[0], sizeof words[0], "%.1f", now() + 1 < end ? now() + 1 : end);
    snprintf(words[1], sizeof words[1], "%d", pick(1 << 30));
    snprintf(words[2], sizeof words[2], "%d", deaths);
    snprintf(words[3], sizeof words[3], "%d", depth + 1);
    spawned++;
    if (TRY(MPI_Comm_spawn(self, argv, count, MPI_INFO_NULL, 0, comm, &children, MPI_ERRCODES_IGNORE), MPI_ERR_SPAWN,
            MPI_ERR_PORT, DIED) == MPI_SUCCESS)
        talk(children, 0);
}

static void step(void)
{
    char found[MPI_MAX_PORT_NAME] = "";
    int plan[4] = {steps[pick(sizeof steps / sizeof *steps)], pick(NAMES), pick(3) > 0, 1 + pick(MOST_CHILDREN)};
    if (rank == 0 && plan[0] == CONNECT && !lookup(plan[1], found))
        plan[0] = REST;
    OWN(MPI_Bcast(plan, 4, MPI_INT, 0, MPI_COMM_WORLD));
    perhaps_die();
    if (rank == 0 && plan[0] == PUBLISH)
        publish(plan[1]);
    else if (rank == 0 && plan[0] == UNPUBLISH)
        unpublish(plan[1]);
    else if (rank == 0 && plan[0] == LOOKUP)
        lookup(plan[1], found);
    else if (plan[0] == ACCEPT || plan[0] == CONNECT)
        meet(plan[0], plan[2], found);
    else if (plan[0] == SPAWN)
        spawn(plan[3], plan[2]);
    else if (plan[0] == REST)
        usleep(10000);
}

/* What this process holds while it has met nobody. */
static void size_tell(void)
{
    long pages = 0;
    int fds = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    IS(f && fscanf(f, "%*d %ld", &pages) == 1);
    fclose(f);
    DIR *d = opendir("/proc/self/fd");
    IS(d != NULL);
    while (readdir(d))
        fds++;
    closedir(d);
    printf("SIZE %d: %d descriptors, %ld kB\n", (int)getpid(), fds, pages * sysconf(_SC_PAGESIZE) / 1024);
}

static void work(void)
{
    double third = now() + (end - now()) / 3;
    bool told = false;
    if (rank == 0) {
        OWN(MPI_Open_port(MPI_INFO_NULL, port));
        snprintf(stamped, sizeof stamped, "%.400s %d", port, (int)getpid());
    }
    for (int go = 1; go;) {
        step();
        if (!told && now() > third)
            size_tell();
        told |= now() > third;
        go = now() < end;
        OWN(MPI_Bcast(&go, 1, MPI_INT, 0, MPI_COMM_WORLD));
    }
    size_tell();
    for (int i = 0; i < NAMES; i++)
        if (published[i] && pick(2))
            unpublish(i);
    if (rank == 0)
        publish_last();
    if (rank == 0 && pick(2))
        OWN(MPI_Close_port(port));
}

int main(int argc, char **argv)
{
    MPI_Comm parent;
    pthread_t dog;
    IS(argc >= 4);
    self = argv[0];
    end = atof(argv[1]);
    deaths = atoi(argv[3]);
    depth = argc > 4 ? atoi(argv[4]) : 0;
    seed = (unsigned)atoi(argv[2]);
    if (depth > 0 && pick(1000) < deaths) {
        printf("DIES %d before MPI_Init, depth %d\n", (int)getpid(), depth);
        fflush(stdout);
        raise(SIGKILL);
    }
    enter("MPI_Init");
    IS(pthread_create(&dog, NULL, watch, NULL) == 0);
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    seed += 7919u * (unsigned)rank;
    MPI_Comm_get_parent(&parent);
    if (parent != MPI_COMM_NULL)
        talk(parent, 1);
    work();
    enter("MPI_Finalize");
    MPI_Finalize();
    if (rank == 0)
        printf("DONE %d, depth %d: %d spawned, %d joined, %.2f s stale, %.2f s in %s\n", (int)getpid(), depth, spawned,
               joined, stalest, longest, slowest);
    return 0;
}
