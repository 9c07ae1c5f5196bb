/* SPDX-License-Identifier: BSD-3-Clause
 *
 * neighbours: parents and children on one machine send each other messages of all lengths, waiting, not waiting and
 * asleep, through what they should: memory that they share, or TCP.
 * Usage: neighbours shm|tcp. Needs mpiexec. */
#include "../check.h"
#include <stdio.h>
#include <unistd.h>

enum { CHILDREN = 2, MOST = 3 << 20, FLOOD = 300 };

/* Has this process mapped a channel of another job's? */
static bool shares(void)
{
    char line[512];
    bool any = false;
    FILE *f = fopen("/proc/self/maps", "r");
    CHECK(f);
    while (fgets(line, sizeof line, f))
        any |= strstr(line, "muster-channel") != NULL;
    fclose(f);
    return any;
}

static void fill(unsigned char *at, int n, int what)
{
    for (int i = 0; i < n; i++)
        at[i] = (unsigned char)(what + i * 7 + (i >> 8));
}

static void check(const unsigned char *at, int n, int what)
{
    for (int i = 0; i < n; i++)
        CHECK(at[i] == (unsigned char)(what + i * 7 + (i >> 8)));
}

/* One side sends first, so that the other one waits, and long enough to sleep. */
static void back_and_forth(MPI_Comm inter, int other, bool first, unsigned char *buf)
{
    static const int lengths[] = {0, 1, 8, 40, 41, 1000, 8192, 8193, 40000, 262144, MOST};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        int n = lengths[i];
        for (int turn = 0; turn < 2; turn++) {
            if (first == (turn == 0)) {
                fill(buf, n, n + turn);
                if (i % 4 == 0)
                    usleep(20000);
                OK(MPI_Send(buf, n, MPI_BYTE, other, 1, inter));
            } else {
                memset(buf, 0, (size_t)n);
                OK(MPI_Recv(buf, n, MPI_BYTE, other, 1, inter, MPI_STATUS_IGNORE));
                check(buf, n, n + turn);
            }
        }
    }
}

/* Everybody sends everybody many at once, and with gaps. */
static void flood(MPI_Comm inter, int others)
{
    static int out[CHILDREN * FLOOD], in[CHILDREN * FLOOD];
    static MPI_Request r[2 * CHILDREN * FLOOD];
    int n = 0, me;
    OK(MPI_Comm_rank(inter, &me));
    CHECK(others <= CHILDREN);
    for (int i = 0; i < FLOOD; i++)
        for (int o = 0; o < others; o++) {
            int at = i * others + o;
            out[at] = me * 1000000 + i;
            OK(MPI_Irecv(&in[at], 1, MPI_INT, o, 2, inter, &r[n++]));
            OK(MPI_Isend(&out[at], 1, MPI_INT, o, 2, inter, &r[n++]));
        }
    OK(MPI_Waitall(n, r, MPI_STATUSES_IGNORE));
    for (int i = 0; i < FLOOD; i++)
        for (int o = 0; o < others; o++)
            CHECK(in[i * others + o] == o * 1000000 + i);
}

static void strided(MPI_Comm inter, int other, bool first, unsigned char *buf)
{
    MPI_Datatype t;
    OK(MPI_Type_vector(20000, 32, 64, MPI_BYTE, &t));
    OK(MPI_Type_commit(&t));
    fill(buf, MOST, first ? 3 : 0);
    if (first)
        OK(MPI_Send(buf, 1, t, other, 3, inter));
    else
        OK(MPI_Recv(buf, 1, t, other, 3, inter, MPI_STATUS_IGNORE));
    for (int i = 0; !first && i < 20000 * 64; i++)
        CHECK(buf[i] == (unsigned char)((i % 64 < 32 && i < 19999 * 64 + 32 ? 3 : 0) + i * 7 + (i >> 8)));
    OK(MPI_Type_free(&t));
}

static void talk(MPI_Comm inter, bool first, const char *how)
{
    unsigned char *buf = malloc(MOST);
    int others, me, sum;
    CHECK(buf);
    OK(MPI_Comm_set_errhandler(inter, MPI_ERRORS_RETURN));
    OK(MPI_Comm_rank(inter, &me));
    OK(MPI_Comm_remote_size(inter, &others));
    if (first)
        for (int o = me; o < others; o += size)
            back_and_forth(inter, o, true, buf);
    else
        back_and_forth(inter, me % others, false, buf);
    if (first && me == 0)
        strided(inter, 0, true, buf);
    else if (!first && me == 0)
        strided(inter, 0, false, buf);
    flood(inter, others);
    CHECK(shares() == (strcmp(how, "shm") == 0));
    OK(MPI_Allreduce(&(int){1}, &sum, 1, MPI_INT, MPI_SUM, inter));
    CHECK(sum == others);
    free(buf);
}

int main(int argc, char **argv)
{
    MPI_Comm inter;
    begin(&argc, &argv);
    CHECK(argc > 1 && size <= CHILDREN);
    OK(MPI_Comm_get_parent(&inter));
    bool child = inter != MPI_COMM_NULL;
    if (!child) {
        CHECK(!shares());
        OK(MPI_Comm_spawn(argv[0], argv + 1, CHILDREN, MPI_INFO_NULL, 0, world, &inter, MPI_ERRCODES_IGNORE));
    }
    talk(inter, !child, argv[1]);
    OK(MPI_Comm_disconnect(&inter));
    return end();
}
