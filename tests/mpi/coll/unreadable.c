/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The kernel forbids, in the middle of a job, that one rank reads another's memory: what went by one copy goes another
 * way from then on, in collectives and messages, and between the other ranks nothing changes. */
#include "../check.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { N = 1 << 18, ROUNDS = 6, GAP = 16 };
static int *all, *mine;

static void forbid(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof code / sizeof *code, code};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
}

/* Several in a row, so that the root would have to wait for its readers. The block is received in halves, with a gap
 * between them. */
static void scatter(int root, int gap)
{
    MPI_Datatype halves;
    OK(MPI_Type_vector(2, N / 2, N / 2 + gap, MPI_INT, &halves));
    OK(MPI_Type_commit(&halves));
    for (int k = 0; k < ROUNDS; k++) {
        for (int r = 0; rank == root && r < size; r++)
            for (int i = 0; i < N; i++)
                all[(size_t)r * N + (size_t)i] = 1000 * k + 100 * r + i % 100;
        memset(mine, 0xff, (N + GAP) * sizeof *mine);
        OK(MPI_Scatter(all, N, MPI_INT, mine, 1, halves, root, world));
        for (int i = 0; i < N; i++)
            CHECK(mine[i < N / 2 ? i : i + gap] == 1000 * k + 100 * rank + i % 100);
        CHECK(gap == 0 || mine[N / 2] == -1);
    }
    OK(MPI_Type_free(&halves));
}

static void messages(void)
{
    int right = (rank + 1) % size, left = (rank - 1 + size) % size;
    for (int k = 0; k < ROUNDS; k++) {
        for (int i = 0; i < N; i++)
            all[i] = k + rank + i;
        memset(mine, 0xff, (size_t)N * sizeof *mine);
        OK(MPI_Sendrecv(all, N, MPI_INT, right, k, mine, N, MPI_INT, left, k, world, MPI_STATUS_IGNORE));
        for (int i = 0; i < N; i++)
            CHECK(mine[i] == k + left + i);
    }
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    all = malloc((size_t)size * N * sizeof *all);
    mine = malloc((N + GAP) * sizeof *mine);
    CHECK(all && mine);
    scatter(0, 0);
    messages();
    if (rank == 1)
        forbid();
    for (int root = size - 1; root >= 0; root--)
        scatter(root, root % 2 ? GAP : 0);
    messages();
    if (rank == 0)
        forbid();
    for (int root = 0; root < size; root++)
        scatter(root, root % 2 ? GAP : 0);
    messages();
    free(all);
    free(mine);
    OK(MPI_Barrier(world));
    return end();
}
