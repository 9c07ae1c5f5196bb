/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Buffers that are none: NULL and MPI_IN_PLACE are errors where bytes are to be moved, and NULL is MPI_BOTTOM where a
 * type has absolute addresses.
 */
#include "../check.h"

static void none(void *buf)
{
    int x = 0, position = 0;
    MPI_Request r;
    MPI_Comm c = MPI_COMM_SELF;
    FAILS(MPI_ERR_BUFFER, MPI_Send(buf, 1, MPI_INT, 0, 1, c));
    FAILS(MPI_ERR_BUFFER, MPI_Recv(buf, 1, MPI_INT, 0, 1, c, MPI_STATUS_IGNORE));
    FAILS(MPI_ERR_BUFFER, MPI_Isend(buf, 1, MPI_INT, 0, 1, c, &r));
    FAILS(MPI_ERR_BUFFER, MPI_Irecv_c(buf, 1, MPI_INT, 0, 1, c, &r));
    FAILS(MPI_ERR_BUFFER, MPI_Send_init(buf, 1, MPI_INT, 0, 1, c, &r));
    FAILS(MPI_ERR_BUFFER, MPI_Sendrecv(&x, 1, MPI_INT, 0, 1, buf, 1, MPI_INT, 0, 1, c, MPI_STATUS_IGNORE));
    FAILS(MPI_ERR_BUFFER, MPI_Sendrecv_replace(buf, 1, MPI_INT, 0, 1, 0, 1, c, MPI_STATUS_IGNORE));
    FAILS(MPI_ERR_BUFFER, MPI_Pack(buf, 1, MPI_INT, &x, sizeof x, &position, c));
    FAILS(MPI_ERR_BUFFER, MPI_Unpack(&x, sizeof x, &position, buf, 1, MPI_INT, c));
}

static void nothing_to_move(void)
{
    MPI_Datatype empty;
    OK(MPI_Type_contiguous(0, MPI_INT, &empty));
    OK(MPI_Type_commit(&empty));
    OK(MPI_Sendrecv(NULL, 0, MPI_INT, 0, 1, NULL, 0, MPI_INT, 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE));
    OK(MPI_Sendrecv(NULL, 5, empty, 0, 1, NULL, 5, empty, 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE));
    OK(MPI_Type_free(&empty));
}

static void absolute(void)
{
    int from = 17, to = 0, one = 1;
    MPI_Datatype types[2];
    MPI_Aint at[2];
    OK(MPI_Get_address(&from, &at[0]));
    OK(MPI_Get_address(&to, &at[1]));
    for (int i = 0; i < 2; i++) {
        OK(MPI_Type_create_hindexed(1, &one, &at[i], MPI_INT, &types[i]));
        OK(MPI_Type_commit(&types[i]));
    }
    OK(MPI_Sendrecv(MPI_BOTTOM, 1, types[0], 0, 1, MPI_BOTTOM, 1, types[1], 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE));
    CHECK(to == 17);
    OK(MPI_Type_free(&types[0]));
    OK(MPI_Type_free(&types[1]));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    none(NULL);
    none(MPI_IN_PLACE);
    nothing_to_move();
    absolute();
    return end();
}
