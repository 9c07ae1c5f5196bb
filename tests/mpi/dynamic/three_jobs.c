/* SPDX-License-Identifier: BSD-3-Clause
 *
 * three_jobs: parents and children spawn a third job together, so that jobs meet of which neither has spawned the
 * other; then everything is done in one communicator of all three. Needs mpiexec; children are this program with
 * arguments. */
#include "../check.h"

enum { CHILDREN = 2, LONG = 20000 };
static const char *self;

/* Collectives of several lengths, whose results are known. */
static void collectives(MPI_Comm c)
{
    int n, me;
    OK(MPI_Comm_size(c, &n));
    OK(MPI_Comm_rank(c, &me));
    for (int count = 1; count <= LONG; count *= 141) {
        int *one = malloc((size_t)count * sizeof *one), *sum = malloc((size_t)count * sizeof *sum);
        int *all = malloc((size_t)(count * n) * sizeof *all), *turned = malloc((size_t)(count * n) * sizeof *turned);
        for (int root = 0; root < n; root += n - 1) {
            for (int i = 0; i < count; i++)
                one[i] = me == root ? i + root : -1;
            OK(MPI_Bcast(one, count, MPI_INT, root, c));
            CHECK(one[count - 1] == count - 1 + root);
            for (int i = 0; i < count; i++)
                one[i] = me + i;
            OK(MPI_Reduce(one, sum, count, MPI_INT, MPI_SUM, root, c));
            CHECK(me != root || sum[count - 1] == n * (n - 1) / 2 + n * (count - 1));
            OK(MPI_Gather(one, count, MPI_INT, all, count, MPI_INT, root, c));
            for (int r = 0; me == root && r < n; r++)
                CHECK(all[r * count] == r);
            OK(MPI_Scatter(all, count, MPI_INT, sum, count, MPI_INT, root, c));
            CHECK(sum[0] == me);
        }
        for (int i = 0; i < count * n; i++)
            all[i] = 1000 * me + i / count;
        OK(MPI_Alltoall(all, count, MPI_INT, turned, count, MPI_INT, c));
        for (int r = 0; r < n; r++)
            CHECK(turned[r * count + count - 1] == 1000 * r + me);
        OK(MPI_Scan(one, sum, count, MPI_INT, MPI_SUM, c));
        CHECK(sum[0] == me * (me + 1) / 2);
        OK(MPI_Reduce_scatter_block(all, sum, count, MPI_INT, MPI_SUM, c));
        CHECK(sum[0] == 1000 * (n * (n - 1) / 2) + n * me);
        MPI_Request r;
        OK(MPI_Iallreduce(one, sum, count, MPI_INT, MPI_MAX, c, &r));
        OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
        CHECK(sum[count - 1] == n - 1 + count - 1);
        free(one);
        free(sum);
        free(all);
        free(turned);
    }
}

/* Communicators and groups that are made of it. */
static void derived(MPI_Comm c)
{
    int n, me, is, sum;
    MPI_Comm made, inter;
    MPI_Group whole, some, own;
    OK(MPI_Comm_size(c, &n));
    OK(MPI_Comm_rank(c, &me));
    OK(MPI_Comm_dup(c, &made));
    OK(MPI_Comm_compare(c, made, &is));
    CHECK(is == MPI_CONGRUENT);
    OK(MPI_Barrier(made));
    OK(MPI_Comm_free(&made));
    OK(MPI_Comm_split(c, me % 2, -me, &made));
    OK(MPI_Intercomm_create(made, 0, c, n - 1 - (n - 1 - (me + 1) % 2) % 2, 7, &inter));
    OK(MPI_Allreduce(&(int){1}, &sum, 1, MPI_INT, MPI_SUM, inter));
    OK(MPI_Comm_remote_size(inter, &is));
    CHECK(sum == is);
    OK(MPI_Comm_free(&inter));
    OK(MPI_Comm_free(&made));
    OK(MPI_Comm_group(c, &whole));
    OK(MPI_Group_range_incl(whole, 1, (int[1][3]){{n - 1, 0, -2}}, &some));
    OK(MPI_Comm_create(c, some, &made));
    if (made != MPI_COMM_NULL) {
        OK(MPI_Comm_rank(made, &is));
        CHECK(is == (n - 1 - me) / 2);
        OK(MPI_Barrier(made));
        OK(MPI_Comm_free(&made));
    }
    OK(MPI_Comm_group(world, &own));
    OK(MPI_Group_translate_ranks(own, 1, &rank, whole, &is));
    CHECK(is == me);
    OK(MPI_Comm_split_type(c, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &made));
    OK(MPI_Barrier(made));
    OK(MPI_Comm_free(&made));
    OK(MPI_Group_free(&own));
    OK(MPI_Group_free(&some));
    OK(MPI_Group_free(&whole));
}

static MPI_Comm merged(MPI_Comm inter, int high)
{
    MPI_Comm c;
    OK(MPI_Intercomm_merge(inter, high, &c));
    OK(MPI_Comm_disconnect(&inter));
    return c;
}

static MPI_Comm spawned(MPI_Comm by, char *what)
{
    MPI_Comm inter;
    char *argv[] = {what, NULL};
    int n;
    OK(MPI_Comm_size(by, &n));
    OK(MPI_Comm_spawn(self, argv, CHILDREN, MPI_INFO_NULL, n - 1, by, &inter, MPI_ERRCODES_IGNORE));
    return merged(inter, 0);
}

static void all_three(MPI_Comm three)
{
    collectives(three);
    derived(three);
    OK(MPI_Comm_disconnect(&three));
}

int main(int argc, char **argv)
{
    MPI_Comm parent, two;
    begin(&argc, &argv);
    self = argv[0];
    OK(MPI_Comm_get_parent(&parent));
    if (argc > 1 && strcmp(argv[1], "third") == 0) {
        all_three(merged(parent, 1));
        return end();
    }
    two = argc > 1 ? merged(parent, 1) : spawned(world, "second");
    collectives(two);
    MPI_Comm three = spawned(two, "third");
    OK(MPI_Comm_disconnect(&two));
    all_three(three);
    return end();
}
