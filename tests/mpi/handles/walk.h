/* SPDX-License-Identifier: BSD-3-Clause
 *
 * walk: what the program that walk.py writes stands on. */
#include "check.h"

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

static inline int walk_end(void)
{
    printf("%d calls, %d wrong\n", tried, wrong);
    CHECK(tried > 2000);
    CHECK(MPI_Finalize() == MPI_SUCCESS);
    return wrong != 0;
}
