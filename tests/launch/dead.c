/* SPDX-License-Identifier: BSD-3-Clause
 *
 * dead: the last rank ends in the middle of a job that goes on without it; what do the others see? Usage, under
 * mpiexec --no-kill: dead SCENARIO [seconds that the last rank lives [file that it makes before]]. A rank that saw what
 * it should prints "fine". */
#include "scenario.h"
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { BIG = 1 << 18 };
static int buf[BIG], to[BIG];
static double seconds = 0.2; /* it lives */
static MPI_Comm inter;       /* the lower half of the ranks, and the others */
static MPI_File file;        /* of file_...: in two phases, ints that are dealt out */
static MPI_Win win;          /* of win_...: the last rank has a lock of rank 0 */

#define DEAD(call) is(class_of(call) == MPI_ERR_PROC_ABORTED, #call)

static void recv_named(void)
{
    DEAD(MPI_Recv(buf, 1, MPI_INT, last, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    DEAD(MPI_Send(buf, 1, MPI_INT, last, 0, MPI_COMM_WORLD));
}
static void recv_any(void)
{
    DEAD(MPI_Recv(buf, 1, MPI_INT, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    if (size == 2) {
        DEAD(MPI_Recv(buf, 1, MPI_INT, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
        return;
    }
    /* Those that are left go on. */
    MPI_Status s;
    int next = (rank + 1) % last, got = -1;
    IS(MPI_Send(&rank, 1, MPI_INT, next, 1, MPI_COMM_WORLD) == MPI_SUCCESS);
    IS(MPI_Recv(&got, 1, MPI_INT, MPI_ANY_SOURCE, 1, MPI_COMM_WORLD, &s) == MPI_SUCCESS);
    IS(got == (rank + last - 1) % last && s.MPI_SOURCE == got);
}
static void ssend(void)
{
    DEAD(MPI_Ssend(buf, 1, MPI_INT, last, 0, MPI_COMM_WORLD));
}
static void send_long(void)
{
    DEAD(MPI_Send(buf, BIG, MPI_INT, last, 0, MPI_COMM_WORLD));
}
/* More than the transport holds. */
static void send_many(void)
{
    int rc = MPI_SUCCESS;
    while (rc == MPI_SUCCESS)
        rc = MPI_Send(buf, 100, MPI_INT, last, 0, MPI_COMM_WORLD);
    DEAD(rc);
}
static void probe(void)
{
    MPI_Message m;
    int flag;
    DEAD(MPI_Probe(last, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    DEAD(MPI_Mprobe(last, 0, MPI_COMM_WORLD, &m, MPI_STATUS_IGNORE));
    DEAD(MPI_Iprobe(last, 0, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE));
}
static void probe_any(void)
{
    DEAD(MPI_Probe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
}
static void iprobe(void)
{
    int flag = 0, rc;
    while ((rc = MPI_Iprobe(last, 0, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE)) == MPI_SUCCESS && !flag)
        ;
    DEAD(rc);
}
static void test(void)
{
    MPI_Request r;
    int flag = 0, rc;
    MPI_Irecv(buf, 1, MPI_INT, last, 0, MPI_COMM_WORLD, &r);
    while ((rc = MPI_Test(&r, &flag, MPI_STATUS_IGNORE)) == MPI_SUCCESS && !flag)
        ;
    DEAD(rc);
    IS(r == MPI_REQUEST_NULL);
}
static void waitall(void)
{
    MPI_Request r[4];
    MPI_Status s[4];
    MPI_Irecv(&buf[0], 1, MPI_INT, last, 0, MPI_COMM_WORLD, &r[0]);
    MPI_Irecv(&buf[1], 1, MPI_INT, rank, 0, MPI_COMM_WORLD, &r[1]);
    MPI_Issend(&buf[2], 1, MPI_INT, last, 0, MPI_COMM_WORLD, &r[2]);
    MPI_Irecv(&buf[3], 1, MPI_INT, MPI_ANY_SOURCE, 5, MPI_COMM_WORLD, &r[3]);
    MPI_Send(&rank, 1, MPI_INT, rank, 0, MPI_COMM_WORLD);
    IS(class_of(MPI_Waitall(4, r, s)) == MPI_ERR_IN_STATUS);
    DEAD(s[0].MPI_ERROR);
    IS(s[1].MPI_ERROR == MPI_SUCCESS && buf[1] == rank);
    DEAD(s[2].MPI_ERROR);
    DEAD(s[3].MPI_ERROR);
}
static void waitany(void)
{
    MPI_Request r[2];
    int i;
    MPI_Irecv(buf, 1, MPI_INT, last, 0, MPI_COMM_WORLD, &r[0]);
    MPI_Irecv(buf, 1, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_WORLD, &r[1]);
    IS(MPI_Waitany(2, r, &i, MPI_STATUS_IGNORE) == MPI_SUCCESS && i == 1);
    DEAD(MPI_Waitany(2, r, &i, MPI_STATUS_IGNORE));
    IS(i == 0);
}
static void persistent(void)
{
    MPI_Request r;
    MPI_Recv_init(buf, 1, MPI_INT, last, 0, MPI_COMM_WORLD, &r);
    for (int i = 0; i < 3; i++) {
        IS(MPI_Start(&r) == MPI_SUCCESS);
        DEAD(MPI_Wait(&r, MPI_STATUS_IGNORE));
    }
    MPI_Request_free(&r);
}
/* What it sent before its end is received: short, long enough for several packets' worth of ring, in order. */
static void earlier(void)
{
    sleep(1);
    for (int i = 0; i < 50; i++) {
        IS(MPI_Recv(buf, 2, MPI_INT, i % 2 ? last : MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE) ==
           MPI_SUCCESS);
        IS(buf[0] == i && buf[1] == last);
    }
    IS(MPI_Recv(buf, 1000, MPI_INT, last, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE) == MPI_SUCCESS);
    IS(buf[999] == 999);
    DEAD(MPI_Recv(buf, 2, MPI_INT, last, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
}
static void barrier(void)
{
    DEAD(MPI_Barrier(MPI_COMM_WORLD));
    DEAD(MPI_Barrier(MPI_COMM_WORLD));
}
static void bcast(void)
{
    DEAD(MPI_Bcast(buf, 10, MPI_INT, last, MPI_COMM_WORLD));
}
static void bcast_long(void)
{
    DEAD(MPI_Bcast(buf, BIG, MPI_INT, last, MPI_COMM_WORLD));
}
static void allreduce(void)
{
    DEAD(MPI_Allreduce(buf, to, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
}
static void allreduce_long(void)
{
    DEAD(MPI_Allreduce(buf, to, BIG, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
}
static void reduce(void)
{
    /* Not all need to wait; but whoever comes back says so the next time. */
    int rc = MPI_Reduce(buf, to, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        DEAD(rc);
    DEAD(MPI_Barrier(MPI_COMM_WORLD));
}
static void gather(void)
{
    int rc = MPI_Gather(buf, BIG / 16, MPI_INT, to, BIG / 16, MPI_INT, 0, MPI_COMM_WORLD);
    if (rank == 0)
        DEAD(rc);
    DEAD(MPI_Barrier(MPI_COMM_WORLD));
}
static void scatter(void)
{
    DEAD(MPI_Scatter(buf, 10, MPI_INT, to, 10, MPI_INT, last, MPI_COMM_WORLD));
}
static void allgather(void)
{
    DEAD(MPI_Allgather(buf, BIG / 16, MPI_INT, to, BIG / 16, MPI_INT, MPI_COMM_WORLD));
}
static void alltoall(void)
{
    DEAD(MPI_Alltoall(buf, 100, MPI_INT, to, 100, MPI_INT, MPI_COMM_WORLD));
}
static void scan(void)
{
    /* Nobody needs the last rank. */
    int rc = MPI_Scan(buf, to, 10, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    IS(rc == MPI_SUCCESS || class_of(rc) == MPI_ERR_PROC_ABORTED);
    DEAD(MPI_Barrier(MPI_COMM_WORLD));
}
static void ibarrier(void)
{
    MPI_Request r;
    MPI_Ibarrier(MPI_COMM_WORLD, &r);
    DEAD(MPI_Wait(&r, MPI_STATUS_IGNORE));
}
static void iallreduce(void)
{
    MPI_Request r;
    MPI_Iallreduce(buf, to, BIG, MPI_INT, MPI_SUM, MPI_COMM_WORLD, &r);
    DEAD(MPI_Wait(&r, MPI_STATUS_IGNORE));
}
static void derive(void)
{
    MPI_Comm c;
    DEAD(MPI_Comm_split(MPI_COMM_WORLD, 0, 0, &c));
    DEAD(MPI_Comm_dup(MPI_COMM_WORLD, &c));
}
/* Collectives that have begun well, on a communicator that has worked before. */
static void middle(void)
{
    int rc = MPI_SUCCESS;
    while (rc == MPI_SUCCESS)
        rc = MPI_Allreduce(buf, to, 100, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    DEAD(rc);
    DEAD(MPI_Barrier(MPI_COMM_WORLD));
}
static void middle_long(void)
{
    int rc = MPI_SUCCESS;
    for (int i = 0; i < BIG; i++)
        buf[i] = i;
    while (rc == MPI_SUCCESS) {
        rc = MPI_Allreduce(buf, to, BIG, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
        if (rc == MPI_SUCCESS)
            for (int i = 0; i < BIG; i += 1111)
                IS(to[i] == i * size);
    }
    DEAD(rc);
}
/* The survivors make a communicator of their own and go on. */
static void shrink(void)
{
    MPI_Group world, left;
    MPI_Comm c;
    int sum;
    DEAD(MPI_Barrier(MPI_COMM_WORLD));
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_excl(world, 1, &last, &left);
    IS(MPI_Comm_create_group(MPI_COMM_WORLD, left, 7, &c) == MPI_SUCCESS);
    for (int i = 0; i < 100; i++) {
        IS(MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, c) == MPI_SUCCESS);
        IS(sum == last * (last - 1) / 2);
    }
    MPI_Comm_free(&c);
    MPI_Group_free(&world);
    MPI_Group_free(&left);
}
/* Nobody needs it. */
static void finalize(void)
{
    MPI_Request r;
    MPI_Isend(buf, 1, MPI_INT, last, 0, MPI_COMM_WORLD, &r);
    MPI_Request_free(&r);
    sleep(1);
}

/* The same between two groups; those of the group of the last rank wait for it within the group. */
static void inter_recv(void)
{
    if (rank < size / 2) {
        DEAD(MPI_Recv(buf, 1, MPI_INT, last - size / 2, 0, inter, MPI_STATUS_IGNORE));
        DEAD(MPI_Recv(buf, 1, MPI_INT, MPI_ANY_SOURCE, 0, inter, MPI_STATUS_IGNORE));
        DEAD(MPI_Ssend(buf, 1, MPI_INT, last - size / 2, 0, inter));
    }
}
static void inter_barrier(void)
{
    DEAD(MPI_Barrier(inter));
    DEAD(MPI_Barrier(inter));
}
static void inter_ibarrier(void)
{
    MPI_Request r;
    MPI_Ibarrier(inter, &r);
    DEAD(MPI_Wait(&r, MPI_STATUS_IGNORE));
}
static void inter_allreduce(void)
{
    DEAD(MPI_Allreduce(buf, to, BIG, MPI_INT, MPI_SUM, inter));
}
static void inter_alltoall(void)
{
    DEAD(MPI_Alltoall(buf, 100, MPI_INT, to, 100, MPI_INT, inter));
}
static void inter_derive(void)
{
    MPI_Comm c;
    DEAD(MPI_Intercomm_merge(inter, 0, &c));
    DEAD(MPI_Comm_dup(inter, &c));
    DEAD(MPI_Comm_split(inter, 0, 0, &c));
}
static void inter_middle(void)
{
    int rc = MPI_SUCCESS;
    while (rc == MPI_SUCCESS)
        rc = MPI_Allreduce(buf, to, 100, MPI_INT, MPI_SUM, inter);
    DEAD(rc);
    DEAD(MPI_Barrier(inter));
}

static void *receives(void *arg)
{
    int x;
    DEAD(MPI_Recv(&x, 1, MPI_INT, last, *(int *)arg, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    return arg;
}
/* Each thread waits in its own way. */
static void threads(void)
{
    pthread_t t[2];
    int tag[2] = {0, 1};
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, receives, &tag[i]);
    DEAD(MPI_Barrier(MPI_COMM_WORLD));
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
}

static int told, dead_rank;
static void on_failure(MPI_T_event_instance i, MPI_T_event_registration g, MPI_T_cb_safety safety, void *data)
{
    told++;
    IS(MPI_T_event_read(i, 0, &dead_rank) == MPI_SUCCESS);
}
/* Tools are told, once, and see it. */
static void tool(void)
{
    int level, index, count;
    unsigned long long failed;
    MPI_T_event_registration g;
    MPI_T_pvar_session s;
    MPI_T_pvar_handle h;
    IS(MPI_T_init_thread(MPI_THREAD_SINGLE, &level) == MPI_SUCCESS);
    IS(MPI_T_event_get_index("process_failed", &index) == MPI_SUCCESS);
    IS(MPI_T_event_handle_alloc(index, NULL, MPI_INFO_NULL, &g) == MPI_SUCCESS);
    IS(MPI_T_event_register_callback(g, MPI_T_CB_REQUIRE_NONE, MPI_INFO_NULL, NULL, on_failure) == MPI_SUCCESS);
    DEAD(MPI_Barrier(MPI_COMM_WORLD));
    DEAD(MPI_Recv(buf, 1, MPI_INT, last, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    IS(told == 1 && dead_rank == last);
    IS(MPI_T_pvar_session_create(&s) == MPI_SUCCESS);
    IS(MPI_T_pvar_get_index("process_failed_count", MPI_T_PVAR_CLASS_LEVEL, &index) == MPI_SUCCESS);
    IS(MPI_T_pvar_handle_alloc(s, index, NULL, &h, &count) == MPI_SUCCESS);
    IS(MPI_T_pvar_read(s, h, &failed) == MPI_SUCCESS && failed == 1);
    MPI_T_finalize();
}

static void win_lock(void)
{
    DEAD(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win));
    DEAD(MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win));
}
static void win_lock_all(void)
{
    /* On another node the lock is taken when it is first needed. */
    int got, rc = MPI_Win_lock_all(0, win);
    if (rc == MPI_SUCCESS && (rc = MPI_Get(&got, 1, MPI_INT, 0, 0, 1, MPI_INT, win)) == MPI_SUCCESS)
        rc = MPI_Win_flush(0, win);
    DEAD(rc);
}
/* The dead one was a reader. */
static void win_readers(void)
{
    DEAD(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win));
}
static void win_fence(void)
{
    DEAD(MPI_Win_fence(0, win));
}
static void win_group(void)
{
    MPI_Group all, dead;
    IS(MPI_Win_get_group(win, &all) == MPI_SUCCESS);
    IS(MPI_Group_incl(all, 1, &last, &dead) == MPI_SUCCESS);
    DEAD(MPI_Win_start(dead, 0, win));
    IS(MPI_Win_post(dead, 0, win) == MPI_SUCCESS);
    DEAD(MPI_Win_wait(win));
    MPI_Group_free(&all);
    MPI_Group_free(&dead);
}

enum { FILE_INTS = 20000 };
static void file_write(void)
{
    DEAD(MPI_File_write_at_all(file, 0, buf, FILE_INTS, MPI_INT, MPI_STATUS_IGNORE));
    DEAD(MPI_File_close(&file));
}
static void file_iread(void)
{
    MPI_Request r;
    int rc = MPI_File_iread_at_all(file, 0, buf, FILE_INTS, MPI_INT, &r);
    DEAD(rc != MPI_SUCCESS ? rc : MPI_Wait(&r, MPI_STATUS_IGNORE));
    DEAD(MPI_File_close(&file));
}
static void file_middle(void)
{
    int rc = MPI_SUCCESS;
    while (rc == MPI_SUCCESS)
        rc = MPI_File_write_at_all(file, 0, buf, FILE_INTS, MPI_INT, MPI_STATUS_IGNORE);
    DEAD(rc);
    DEAD(MPI_File_close(&file));
}

/* By messages (MUSTER_RMA_DIRECT=1): it answers while it lives, though it is not in MPI. Nobody has its lock. */
static void win_gets(void)
{
    MPI_Request r;
    int got, rc = MPI_Win_lock_all(MPI_MODE_NOCHECK, win);
    IS(rc == MPI_SUCCESS);
    while (rc == MPI_SUCCESS)
        if ((rc = MPI_Rget(&got, 1, MPI_INT, last, 0, 1, MPI_INT, win, &r)) == MPI_SUCCESS)
            rc = MPI_Wait(&r, MPI_STATUS_IGNORE);
    DEAD(rc);
    DEAD(MPI_Get(&got, 1, MPI_INT, last, 0, 1, MPI_INT, win));
    IS(MPI_Get(&got, 1, MPI_INT, rank, 0, 1, MPI_INT, win) == MPI_SUCCESS);
    IS(MPI_Win_flush(rank, win) == MPI_SUCCESS);
}
static void win_puts(void)
{
    int rc = MPI_Win_lock(MPI_LOCK_SHARED, last, 0, win), one = 1;
    while (rc == MPI_SUCCESS)
        if ((rc = MPI_Accumulate(&one, 1, MPI_INT, last, 0, 1, MPI_INT, MPI_SUM, win)) == MPI_SUCCESS)
            rc = MPI_Win_flush(last, win);
    DEAD(rc);
    DEAD(MPI_Win_unlock(last, win));
}

/* Between nodes the transport reads and writes this memory itself: it is free again when the calls say so. */
static void win_long(void)
{
    enum { INTS = BIG / 2 };
    MPI_Request r[2];
    int *mine = malloc(2 * INTS * sizeof *mine), rc = MPI_Win_lock_all(MPI_MODE_NOCHECK, win);
    IS(mine && rc == MPI_SUCCESS);
    memset(mine, 0, 2 * INTS * sizeof *mine);
    while (rc == MPI_SUCCESS) {
        r[0] = r[1] = MPI_REQUEST_NULL;
        rc = MPI_Rput(mine, INTS, MPI_INT, last, 0, INTS, MPI_INT, win, &r[0]);
        if (rc == MPI_SUCCESS)
            rc = MPI_Rget(mine + INTS, INTS, MPI_INT, last, 0, INTS, MPI_INT, win, &r[1]);
        for (int i = 0; i < 2; i++) {
            int error = MPI_Wait(&r[i], MPI_STATUS_IGNORE);
            rc = rc == MPI_SUCCESS ? error : rc;
        }
        if (rc == MPI_SUCCESS)
            rc = MPI_Put(mine, INTS, MPI_INT, last, 0, INTS, MPI_INT, win);
        int error = MPI_Win_flush(last, win);
        rc = rc == MPI_SUCCESS ? error : rc;
    }
    DEAD(rc);
    free(mine);
    IS(MPI_Win_flush(rank, win) == MPI_SUCCESS);
}

/* Blocks with gaps, which the network takes from where they lie, or which are packed and unpacked by parts. */
static int swap_strided(int *mine, MPI_Datatype t, int with)
{
    return MPI_Sendrecv(mine, 1, t, with, 7, mine + 2 * BIG, 1, t, with, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}
static MPI_Datatype blocks(int ints)
{
    MPI_Datatype t;
    MPI_Type_vector(BIG / ints, ints, 2 * ints, MPI_INT, &t);
    MPI_Type_commit(&t);
    return t;
}
static void strided_middle(void)
{
    MPI_Datatype t[] = {blocks(4), blocks(1024)};
    int *mine = calloc(4 * BIG, sizeof *mine), rc = MPI_SUCCESS;
    IS(mine != NULL);
    for (int i = 0; rc == MPI_SUCCESS; i++)
        rc = swap_strided(mine, t[i % 2], last);
    DEAD(rc);
    free(mine);
    MPI_Type_free(&t[0]);
    MPI_Type_free(&t[1]);
}

/* clang-format off */
#define BY_MESSAGE(name) {#name, name}
static const struct scenario scenarios[] = {
    S(recv_named),     S(recv_any),     S(ssend),        S(send_long),     S(send_many),      S(probe),
    S(probe_any),      S(iprobe),       S(test),         S(waitall),       S(waitany),        S(persistent),
    S(earlier),        S(barrier),      S(bcast),        S(bcast_long),    S(allreduce),      S(allreduce_long),
    S(reduce),         S(gather),       S(scatter),      S(allgather),     S(alltoall),       S(scan),
    S(ibarrier),       S(iallreduce),   S(derive),       S(middle),        S(middle_long),    S(shrink),
    S(finalize),       S(threads),      S(inter_recv),   S(inter_barrier), S(inter_ibarrier), S(inter_allreduce),
    S(inter_alltoall), S(inter_derive), S(inter_middle), S(tool),          S(win_lock),       S(win_lock_all),
    S(win_readers),    S(win_fence),    S(win_group),    S(file_write),    S(file_iread),     S(file_middle),
    BY_MESSAGE(win_gets), BY_MESSAGE(win_puts), BY_MESSAGE(win_long), BY_MESSAGE(strided_middle),
};
/* clang-format on */

/* What the last rank does until its end. */
static void live(const char *name)
{
    if (strcmp(name, "earlier") == 0) {
        for (int r = 0; r < last; r++)
            for (int i = 0; i < 50; i++)
                MPI_Send((int[]){i, last}, 2, MPI_INT, r, 0, MPI_COMM_WORLD);
        for (int i = 0; i < 1000; i++)
            buf[i] = i;
        for (int r = 0; r < last; r++)
            MPI_Send(buf, 1000, MPI_INT, r, 1, MPI_COMM_WORLD);
        raise(SIGKILL);
    }
    if (strcmp(name, "middle") == 0 || strcmp(name, "middle_long") == 0 || strcmp(name, "inter_middle") == 0) {
        double until = MPI_Wtime() + seconds;
        int n = strcmp(name, "middle_long") ? 100 : BIG;
        for (int i = 0; i < BIG; i++)
            buf[i] = n == BIG ? i : 0;
        while (MPI_Wtime() < until)
            MPI_Allreduce(buf, to, n, MPI_INT, MPI_SUM, name[0] == 'i' ? inter : MPI_COMM_WORLD);
        raise(SIGKILL);
    }
    if (strcmp(name, "strided_middle") == 0) {
        double until = MPI_Wtime() + seconds;
        MPI_Datatype t[] = {blocks(4), blocks(1024)};
        int *mine = calloc(4 * BIG, sizeof *mine);
        for (int i = 0; MPI_Wtime() < until; i++)
            for (int with = 0; with < last; with++)
                swap_strided(mine, t[i % 2], with);
        raise(SIGKILL);
    }
    if (strcmp(name, "file_middle") == 0) {
        double until = MPI_Wtime() + seconds;
        while (MPI_Wtime() < until)
            MPI_File_write_at_all(file, 0, buf, FILE_INTS, MPI_INT, MPI_STATUS_IGNORE);
        raise(SIGKILL);
    }
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
    raise(SIGKILL);
}

static void make_inter(void)
{
    MPI_Comm half;
    MPI_Comm_split(MPI_COMM_WORLD, rank >= size / 2, 0, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, rank < size / 2 ? size / 2 : 0, 0, &inter);
    MPI_Comm_free(&half);
}

static void make_win(const char *name)
{
    int *memory;
    MPI_Aint bytes = sizeof *memory * (strstr(name, "long") ? BIG / 2 : 1);
    MPI_Win_allocate(bytes, sizeof *memory, MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &win);
    MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN);
    if (rank == last && strstr(name, "lock"))
        MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win);
    if (rank == last && strstr(name, "readers"))
        MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win);
}

/* A file that goes as soon as all have it open. */
static void make_file(void)
{
    static char name[64];
    MPI_Datatype t;
    MPI_Info hints;
    snprintf(name, sizeof name, "/tmp/muster-dead-%d", (int)getpid());
    MPI_Bcast(name, sizeof name, MPI_CHAR, 0, MPI_COMM_WORLD);
    MPI_Info_create(&hints);
    MPI_Info_set(hints, "romio_cb_write", "enable");
    MPI_Info_set(hints, "romio_cb_read", "enable");
    MPI_Info_set(hints, "cb_buffer_size", "4096");
    IS(MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_CREATE | MPI_MODE_RDWR, hints, &file) == MPI_SUCCESS);
    MPI_Info_free(&hints);
    MPI_Type_vector(FILE_INTS, 1, size, MPI_INT, &t);
    MPI_Type_commit(&t);
    IS(MPI_File_set_view(file, rank * (int)sizeof(int), MPI_INT, t, "native", MPI_INFO_NULL) == MPI_SUCCESS);
    MPI_Type_free(&t);
    if (rank == 0)
        unlink(name);
}

int main(int argc, char **argv)
{
    if (argc > 2)
        seconds = atof(argv[2]);
    scenario_begin(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    if (strncmp(argv[1], "inter_", 6) == 0)
        make_inter();
    if (strncmp(argv[1], "win_", 4) == 0)
        make_win(argv[1]);
    if (strncmp(argv[1], "file_", 5) == 0)
        make_file();
    MPI_Barrier(MPI_COMM_WORLD);
    double begin = MPI_Wtime();
    if (rank == last && argc > 3)
        fclose(fopen(argv[3], "w"));
    if (rank == last)
        live(argv[1]);
    scenario_run(scenarios, sizeof scenarios / sizeof *scenarios, argv[1]);
    MPI_Finalize();
    IS(MPI_Wtime() - begin < seconds + 30); /* a busy machine's at once: who waits for the dead waits for ever */
    puts("fine");
    return 0;
}
