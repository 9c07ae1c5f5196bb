/* SPDX-License-Identifier: BSD-3-Clause
 *
 * walk: what the program that walk.py writes stands on. */
#include "check.h"
#include <sys/wait.h>
#include <unistd.h>

enum kind {
    KIND_COMM,
    KIND_GROUP,
    KIND_DATATYPE,
    KIND_OP,
    KIND_WIN,
    KIND_FILE,
    KIND_SESSION,
    KIND_MESSAGE,
    KIND_INFO,
    KIND_ERRHANDLER,
    KIND_REQUEST
};
enum { BAD = 7 };

static char room[4096];
static MPI_Request valid_request;
static void *freed[KIND_REQUEST + 1], *other[2];
static int tried, wrong;

/* 1: freed; 2, 3: of another kind; 4..6: never a handle. */
static inline void *bad(enum kind kind, int k)
{
    static void *const made_up[] = {(void *)0x7, (void *)0xdeadbee0, (void *)-1};
    if (k == 1)
        return freed[kind] ? freed[kind] : (void *)0x2ff;
    if (k < 4)
        return kind == KIND_INFO    ? (void *)MPI_COMM_WORLD
               : k == 2             ? other[0]
               : kind == KIND_GROUP ? other[0]
                                    : other[1];
    return made_up[k - 4];
}

static inline void expect(const char *what, int k, int want, int got)
{
    tried++;
    if (got == want)
        return;
    wrong++;
    fprintf(stderr, "%s: wrong value %d: class %d, not %d\n", what, k, got, want);
}

static inline void walk_begin(int *argc, char ***argv)
{
    begin(argc, argv);
    MPI_Comm c;
    MPI_Group g;
    MPI_Datatype t;
    MPI_Op op;
    MPI_Info info;
    MPI_Errhandler e;
    MPI_Request r;
    /* Each is made, remembered and freed. */
    OK(MPI_Comm_dup(MPI_COMM_SELF, &c));
    freed[KIND_COMM] = c;
    OK(MPI_Comm_free(&c));
    OK(MPI_Comm_group(MPI_COMM_SELF, &g));
    MPI_Group gone;
    OK(MPI_Group_incl(g, 1, (int[]){0}, &gone));
    freed[KIND_GROUP] = gone;
    OK(MPI_Group_free(&gone));
    OK(MPI_Type_contiguous(3, MPI_INT, &t));
    freed[KIND_DATATYPE] = t;
    OK(MPI_Type_free(&t));
    OK(MPI_Op_create((MPI_User_function *)walk_begin, 1, &op));
    freed[KIND_OP] = op;
    OK(MPI_Op_free(&op));
    OK(MPI_Info_create(&info));
    freed[KIND_INFO] = info;
    OK(MPI_Info_free(&info));
    OK(MPI_Comm_create_errhandler((MPI_Comm_errhandler_function *)walk_begin, &e));
    freed[KIND_ERRHANDLER] = e;
    OK(MPI_Errhandler_free(&e));
    OK(MPI_Recv_init(room, 1, MPI_INT, 0, 0, MPI_COMM_SELF, &valid_request));
    OK(MPI_Recv_init(room, 1, MPI_INT, 0, 0, MPI_COMM_SELF, &r));
    freed[KIND_REQUEST] = r;
    OK(MPI_Request_free(&r));
    OK(MPI_Info_create(&info));
    other[0] = info; /* of another kind than all but infos */
    other[1] = g;
}

/* Handles inside of arrays. */
static inline void walk_arrays(void)
{
    static MPI_Datatype good = MPI_INT, out;
    static const int one[] = {1}, zero[] = {0};
    static const MPI_Aint nil[] = {0};
    int n, flag;
    MPI_Status st;
    for (int k = 0; k < BAD; k++) {
        MPI_Datatype t = k ? (MPI_Datatype)bad(KIND_DATATYPE, k) : MPI_DATATYPE_NULL;
        expect("MPI_Type_create_struct, types", k, MPI_ERR_TYPE, MPI_Type_create_struct(1, one, nil, &t, &out));
        expect("MPI_Alltoallw, sendtypes", k, MPI_ERR_TYPE,
               MPI_Alltoallw(room, one, zero, &t, room + 64, one, zero, &good, MPI_COMM_SELF));
        expect("MPI_Alltoallw, recvtypes", k, MPI_ERR_TYPE,
               MPI_Alltoallw(room, one, zero, &good, room + 64, one, zero, &t, MPI_COMM_SELF));
    }
    for (int k = 1; k < BAD; k++) {
        MPI_Request h[2] = {MPI_REQUEST_NULL, (MPI_Request)bad(KIND_REQUEST, k)};
        expect("MPI_Waitall", k, MPI_ERR_REQUEST, MPI_Waitall(2, h, MPI_STATUSES_IGNORE));
        expect("MPI_Waitany", k, MPI_ERR_REQUEST, MPI_Waitany(2, h, &n, &st));
        expect("MPI_Waitsome", k, MPI_ERR_REQUEST, MPI_Waitsome(2, h, &n, (int *)room, MPI_STATUSES_IGNORE));
        expect("MPI_Testall", k, MPI_ERR_REQUEST, MPI_Testall(2, h, &flag, MPI_STATUSES_IGNORE));
        expect("MPI_Testany", k, MPI_ERR_REQUEST, MPI_Testany(2, h, &n, &flag, &st));
        expect("MPI_Testsome", k, MPI_ERR_REQUEST, MPI_Testsome(2, h, &n, (int *)room, MPI_STATUSES_IGNORE));
        expect("MPI_Request_get_status_all", k, MPI_ERR_REQUEST,
               MPI_Request_get_status_all(2, h, &flag, MPI_STATUSES_IGNORE));
        expect("MPI_Request_get_status_any", k, MPI_ERR_REQUEST, MPI_Request_get_status_any(2, h, &n, &flag, &st));
        expect("MPI_Request_get_status_some", k, MPI_ERR_REQUEST,
               MPI_Request_get_status_some(2, h, &n, (int *)room, MPI_STATUSES_IGNORE));
        expect("MPI_Startall", k, MPI_ERR_REQUEST, MPI_Startall(1, h + 1));
    }
}

struct whole {
    const char *name;
    int (*call)(void);
    int early; /* may be called at any time */
};

/* Every function where MPI is not there, each in a process of its own: those that need it end the process with one line
 * that names the function and says when it was called; the others return, or end it with a line of their own. */
static inline void walk_outside(const struct whole *all, size_t n, const char *when)
{
    for (size_t i = 0; i < n; i++) {
        char said[512], want[200];
        size_t got = 0;
        ssize_t k;
        int ends[2], status;
        CHECK(pipe(ends) == 0);
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            dup2(ends[1], STDERR_FILENO);
            close(ends[0]);
            close(ends[1]);
            all[i].call();
            _exit(0);
        }
        close(ends[1]);
        while (got < sizeof said - 1 && (k = read(ends[0], said + got, sizeof said - 1 - got)) > 0)
            got += (size_t)k;
        said[got] = 0;
        close(ends[0]);
        CHECK(waitpid(pid, &status, 0) == pid);
        tried++;
        snprintf(want, sizeof want, "%s called %s", all[i].name, when);
        const char *end = strchr(said, '\n');
        bool line = end && end[1] == 0;
        bool right = all[i].early ? WIFEXITED(status) && (WEXITSTATUS(status) == 0 || line)
                                  : WIFEXITED(status) && WEXITSTATUS(status) != 0 && line && strstr(said, want);
        if (right)
            continue;
        wrong++;
        fprintf(stderr, "%s %s: status %x, said: %s\n", all[i].name, when, (unsigned)status, said);
    }
}

static inline int walk_end(void)
{
    printf("%d calls, %d wrong\n", tried, wrong);
    fflush(stdout); /* or each process that is made later says it too */
    CHECK(tried > 2000);
    CHECK(MPI_Finalize() == MPI_SUCCESS);
    return wrong != 0;
}
