/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A limit on address space (ulimit -v) leaves the program its part; what does not fit any more is an error, and what
 * was there before stays as it is. */
#include <sys/resource.h>
#include "../check.h"

enum { MIB = 1 << 20, MANY = 1000000 };
static MPI_Request requests[MANY];

int main(int argc, char **argv)
{
    int n = 0, flag, rc = MPI_SUCCESS;
    char data = 7, in = 0;
    const struct rlimit limit = {1024l * MIB, 1024l * MIB};
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    begin(&argc, &argv);
    char *mine = malloc(600 * MIB);
    CHECK(mine != NULL);
    while (n < MANY && (rc = MPI_Send_init(&data, 1, MPI_CHAR, 0, 5, MPI_COMM_SELF, &requests[n])) == MPI_SUCCESS)
        n++;
    CHECK(n > 10000 && n < MANY);
    FAILS(MPI_ERR_NO_MEM, rc);
    for (int i = 0; i < 4; i++) /* starting one takes another */
        OK(MPI_Request_free(&requests[i]));
    OK(MPI_Irecv(&in, 1, MPI_CHAR, 0, 5, MPI_COMM_SELF, &requests[0]));
    OK(MPI_Start(&requests[n - 1]));
    OK(MPI_Wait(&requests[0], MPI_STATUS_IGNORE));
    CHECK(in == 7);
    OK(MPI_Wait(&requests[n - 1], MPI_STATUS_IGNORE));
    for (int i = 4; i < n; i++)
        OK(MPI_Request_free(&requests[i]));
    OK(MPI_Test(&requests[0], &flag, MPI_STATUS_IGNORE));
    CHECK(flag);
    free(mine);
    return end();
}
