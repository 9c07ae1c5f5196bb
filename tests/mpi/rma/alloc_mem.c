/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Memory of MPI_Alloc_mem, short and long, taken and given back in any order; windows that are created on it, or on a
 * part of it; and a child by fork, which has a copy. */
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../check.h"

static void pieces(void)
{
    enum { MANY = 200 };
    static unsigned char *at[MANY];
    static size_t bytes[MANY];
    unsigned seed = 7 + (unsigned)rank;
    for (int k = 0; k < 2000; k++) {
        int i = (int)(draw(&seed) % MANY);
        if (at[i]) {
            for (size_t b = 0; b < bytes[i]; b += 97)
                CHECK(at[i][b] == (unsigned char)i);
            CHECK(at[i][bytes[i] - 1] == (unsigned char)i);
            OK(MPI_Free_mem(at[i]));
            at[i] = NULL;
        } else {
            bytes[i] = 1 + draw(&seed) % (k % 50 == 0 ? 300000 : 10000);
            OK(MPI_Alloc_mem((MPI_Aint)bytes[i], MPI_INFO_NULL, &at[i]));
            CHECK(((uintptr_t)at[i] & 63) == 0);
            memset(at[i], i, bytes[i]);
        }
    }
    for (int i = 0; i < MANY; i++)
        OK(MPI_Free_mem(at[i]));
}

static void aligned(void)
{
    char *p[3];
    MPI_Info info;
    OK(MPI_Info_create(&info));
    for (int shift = 7; shift < 17; shift++) {
        char text[16];
        snprintf(text, sizeof text, "%d", 1 << shift);
        OK(MPI_Info_set(info, "mpi_minimum_memory_alignment", text));
        for (int i = 0; i < 3; i++) {
            OK(MPI_Alloc_mem(100, info, &p[i]));
            CHECK(((uintptr_t)p[i] & ((1u << shift) - 1)) == 0);
        }
        for (int i = 0; i < 3; i++)
            OK(MPI_Free_mem(p[i]));
    }
    OK(MPI_Info_free(&info));
}

/* `skip`: elements of the memory before the window. */
static void window(MPI_Aint elements, MPI_Aint skip)
{
    int next = (rank + 1) % size, before = (rank + size - 1) % size;
    int64_t *mem, one = 1, was, out[2] = {rank, 100 + rank}, in[2], swap = 1000, none = size;
    MPI_Win win;
    OK(MPI_Alloc_mem((skip + elements) * 8, MPI_INFO_NULL, &mem));
    for (MPI_Aint i = 0; i < skip + elements; i += 512)
        mem[i] = -1;
    mem[skip] = 0;
    OK(MPI_Win_create(mem + skip, elements * 8, 8, MPI_INFO_NULL, world, &win));
    OK(MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN));
    OK(MPI_Win_fence(0, win));
    OK(MPI_Put(out, 2, MPI_INT64_T, next, elements - 2, 2, MPI_INT64_T, win));
    for (int r = 0; r < size; r++)
        OK(MPI_Fetch_and_op(&one, &was, MPI_INT64_T, r, 0, MPI_SUM, win));
    FAILS(MPI_ERR_RMA_RANGE, MPI_Put(out, 2, MPI_INT64_T, next, elements - 1, 2, MPI_INT64_T, win));
    OK(MPI_Win_fence(0, win));
    CHECK(mem[skip] == size && mem[skip + elements - 2] == before && mem[skip + elements - 1] == 100 + before);
    OK(MPI_Get(in, 2, MPI_INT64_T, next, elements - 2, 2, MPI_INT64_T, win));
    OK(MPI_Win_fence(0, win));
    CHECK(in[0] == rank && in[1] == 100 + rank);
    OK(MPI_Compare_and_swap(&swap, &none, &was, MPI_INT64_T, next, 0, win));
    OK(MPI_Win_fence(MPI_MODE_NOSUCCEED, win));
    CHECK(was == size && mem[skip] == 1000);
    OK(MPI_Win_free(&win));
    OK(MPI_Free_mem(mem));
}

/* What either writes afterwards is not seen by the other. */
static void child(void)
{
    int *mem, status;
    OK(MPI_Alloc_mem(3 * 4096, MPI_INFO_NULL, &mem));
    mem[0] = 5, mem[1024] = 6, mem[2048] = 9;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        bool right = mem[0] == 5 && mem[1024] == 6;
        mem[0] = 7, mem[2048] = 8;
        _exit(right ? 0 : 1);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(mem[0] == 5 && mem[1024] == 6 && mem[2048] == 9);
    OK(MPI_Free_mem(mem));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    pieces();
    aligned();
    window(2 + 1, 0);
    window(2000, 0);
    window(700, 1234);
    window(6 << 20, 0); /* 48 MiB, private; and one that is not */
    window(1 << 20, 3);
    child();
    return end();
}
