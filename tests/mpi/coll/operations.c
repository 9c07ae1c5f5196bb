/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which operations go with which types: what has no meaning is refused, and MPI_CHAR, which the standard calls text, is
 * added up like a number, because programs do that. */
#include "../check.h"

static void chars(void)
{
    char mine[3] = {1, (char)(rank + 1), -1}, all[3];
    OK(MPI_Allreduce(mine, all, 3, MPI_CHAR, MPI_SUM, world));
    CHECK(all[0] == size && all[1] == size * (size + 1) / 2 && all[2] == -size);
    OK(MPI_Allreduce(mine, all, 3, MPI_CHAR, MPI_MAX, world));
    CHECK(all[0] == 1 && all[1] == size && all[2] == -1);
    OK(MPI_Allreduce(mine, all, 3, MPI_CHAR, MPI_BOR, world));
    CHECK(all[0] == 1 && all[2] == -1);
    OK(MPI_Reduce_local(mine, all, 3, MPI_CHAR, MPI_LAND));
    CHECK(all[0] == 1 && all[1] == 1);
}

static void refused(void)
{
    char a[64] = {0}, b[64] = {0};
    MPI_Datatype two;
    FAILS(MPI_ERR_OP, MPI_Allreduce(a, b, 1, MPI_CHARACTER, MPI_SUM, world));
    FAILS(MPI_ERR_OP, MPI_Allreduce(a, b, 1, MPI_WCHAR, MPI_MAX, world));
    FAILS(MPI_ERR_OP, MPI_Allreduce(a, b, 1, MPI_BYTE, MPI_SUM, world));
    FAILS(MPI_ERR_OP, MPI_Allreduce(a, b, 1, MPI_DOUBLE, MPI_BAND, world));
    FAILS(MPI_ERR_OP, MPI_Allreduce(a, b, 1, MPI_C_DOUBLE_COMPLEX, MPI_MIN, world));
    FAILS(MPI_ERR_OP, MPI_Allreduce(a, b, 1, MPI_INT, MPI_MINLOC, world));
    FAILS(MPI_ERR_OP, MPI_Reduce_local(a, b, 1, MPI_2INT, MPI_SUM));
    /* For windows alone; and packed bytes are no numbers. */
    FAILS(MPI_ERR_OP, MPI_Reduce(a, b, 1, MPI_INT, MPI_REPLACE, 0, world));
    FAILS(MPI_ERR_OP, MPI_Reduce(a, b, 1, MPI_INT, MPI_NO_OP, 0, world));
    FAILS(MPI_ERR_OP, MPI_Allreduce(a, b, 1, MPI_INT, MPI_REPLACE, world));
    FAILS(MPI_ERR_OP, MPI_Reduce_local(a, b, 1, MPI_INT, MPI_REPLACE));
    FAILS(MPI_ERR_OP, MPI_Reduce_local(a, b, 1, MPI_INT, MPI_NO_OP));
    FAILS(MPI_ERR_OP, MPI_Reduce(a, b, 1, MPI_PACKED, MPI_BAND, 0, world));
    FAILS(MPI_ERR_OP, MPI_Reduce_local(a, b, 1, MPI_PACKED, MPI_BAND));
    OK(MPI_Type_contiguous(2, MPI_INT, &two));
    OK(MPI_Type_commit(&two));
    FAILS(MPI_ERR_OP, MPI_Allreduce(a, b, 1, two, MPI_SUM, world));
    OK(MPI_Type_free(&two));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    chars();
    refused();
    OK(MPI_Barrier(world));
    return end();
}
