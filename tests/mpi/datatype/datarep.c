/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Data representations: each name once, and none of the standard's. */
#include "../check.h"

static int extent(MPI_Datatype t, MPI_Aint *e, void *extra)
{
    *e = 1;
    return MPI_SUCCESS;
}

static int convert(void *user, MPI_Datatype t, int n, void *file, MPI_Offset at, void *extra)
{
    return MPI_SUCCESS;
}

static int convert_c(void *user, MPI_Datatype t, MPI_Count n, void *file, MPI_Offset at, void *extra)
{
    return MPI_SUCCESS;
}

int main(int argc, char **argv)
{
    char longest[MPI_MAX_DATAREP_STRING + 1];
    begin(&argc, &argv);
    memset(longest, 'x', sizeof longest);
    longest[MPI_MAX_DATAREP_STRING] = 0;
    OK(MPI_Register_datarep("mine", convert, convert, extent, NULL));
    OK(MPI_Register_datarep("as native", MPI_CONVERSION_FN_NULL, MPI_CONVERSION_FN_NULL, extent, NULL));
    OK(MPI_Register_datarep_c("large", convert_c, convert_c, extent, NULL));
    OK(MPI_Register_datarep_c("large native", MPI_CONVERSION_FN_NULL_C, MPI_CONVERSION_FN_NULL_C, extent, NULL));
    OK(MPI_Register_datarep(longest + 1, convert, convert, extent, NULL));
    FAILS(MPI_ERR_DUP_DATAREP, MPI_Register_datarep("mine", convert, convert, extent, NULL));
    FAILS(MPI_ERR_DUP_DATAREP, MPI_Register_datarep_c("mine", convert_c, convert_c, extent, NULL));
    FAILS(MPI_ERR_DUP_DATAREP, MPI_Register_datarep("native", convert, convert, extent, NULL));
    FAILS(MPI_ERR_DUP_DATAREP, MPI_Register_datarep("internal", convert, convert, extent, NULL));
    FAILS(MPI_ERR_DUP_DATAREP, MPI_Register_datarep_c("external32", convert_c, convert_c, extent, NULL));
    FAILS(MPI_ERR_ARG, MPI_Register_datarep(longest, convert, convert, extent, NULL));
    FAILS(MPI_ERR_ARG, MPI_Register_datarep("", convert, convert, extent, NULL));
    FAILS(MPI_ERR_ARG, MPI_Register_datarep(NULL, convert, convert, extent, NULL));
    FAILS(MPI_ERR_ARG, MPI_Register_datarep("without", convert, convert, NULL, NULL));
    return end();
}
