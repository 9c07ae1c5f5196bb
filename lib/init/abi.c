/* SPDX-License-Identifier: BSD-3-Clause
 *
 * abi: what the ABI says about itself, and what the Fortran layer tells the library. */
#include <stdio.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/object/info.h"
#include "lib/process/hardware.h"

static int give(struct info *i, int rc, MPI_Info *out)
{
    if (i && rc == MPI_SUCCESS) {
        *out = (MPI_Info)i->obj.handle;
        return MPI_SUCCESS;
    }
    info_destroy(i);
    return MPI_ERR_NO_MEM;
}

int mpi_abi_get_version(int *abi_major, int *abi_minor)
{
    *abi_major = MPI_ABI_VERSION;
    *abi_minor = MPI_ABI_SUBVERSION;
    return MPI_SUCCESS;
}

int mpi_abi_get_info(MPI_Info *info)
{
    static const char *const keys[] = {"mpi_aint_size", "mpi_count_size", "mpi_offset_size"};
    struct info *i = info_new();
    int rc = MPI_SUCCESS;
    for (size_t k = 0; i && rc == MPI_SUCCESS && k < sizeof keys / sizeof *keys; k++)
        rc = info_put(i, keys[k], "8");
    return give(i, rc, info);
}

/* What a Fortran compiler has, unless the layer says otherwise. */
static const char *const fortran_defaults[][2] = {{"mpi_logical_size", "4"},
                                                  {"mpi_integer_size", "4"},
                                                  {"mpi_real_size", "4"},
                                                  {"mpi_double_precision_size", "8"},
                                                  {"mpi_logical1_supported", "true"},
                                                  {"mpi_logical2_supported", "true"},
                                                  {"mpi_logical4_supported", "true"},
                                                  {"mpi_logical8_supported", "true"},
                                                  {"mpi_logical16_supported", "true"},
                                                  {"mpi_integer1_supported", "true"},
                                                  {"mpi_integer2_supported", "true"},
                                                  {"mpi_integer4_supported", "true"},
                                                  {"mpi_integer8_supported", "true"},
                                                  {"mpi_integer16_supported", "true"},
                                                  {"mpi_real2_supported", "true"},
                                                  {"mpi_real4_supported", "true"},
                                                  {"mpi_real8_supported", "true"},
                                                  {"mpi_real16_supported", "true"},
                                                  {"mpi_complex4_supported", "true"},
                                                  {"mpi_complex8_supported", "true"},
                                                  {"mpi_complex16_supported", "true"},
                                                  {"mpi_complex32_supported", "true"},
                                                  {"mpi_double_complex_supported", "true"}};
static struct info *fortran;

int mpi_abi_get_fortran_info(MPI_Info *info)
{
    struct info *i = info_copy(fortran);
    int rc = MPI_SUCCESS;
    for (size_t k = 0; i && !fortran && rc == MPI_SUCCESS && k < sizeof fortran_defaults / sizeof *fortran_defaults;
         k++)
        rc = info_put(i, fortran_defaults[k][0], fortran_defaults[k][1]);
    return give(i, rc, info);
}

int mpi_abi_set_fortran_info(struct info *info)
{
    if (fortran)
        return MPI_ERR_ABI; /* once */
    fortran = info_copy(info);
    return fortran ? MPI_SUCCESS : MPI_ERR_NO_MEM;
}

/* It may be asked for after MPI_Finalize too. */
__attribute__((destructor)) static void forget(void)
{
    info_destroy(fortran);
    fortran = NULL;
}

static struct {
    int size;
    char is[2][16];
} booleans;

static bool size_valid(int n)
{
    return n == 1 || n == 2 || n == 4 || n == 8 || n == 16;
}

int mpi_abi_set_fortran_booleans(int logical_size, void *logical_true, void *logical_false)
{
    if (!size_valid(logical_size) || !logical_true || !logical_false)
        return MPI_ERR_ARG;
    if (booleans.size)
        return MPI_ERR_ABI;
    booleans.size = logical_size;
    memcpy(booleans.is[0], logical_false, (size_t)logical_size);
    memcpy(booleans.is[1], logical_true, (size_t)logical_size);
    return MPI_SUCCESS;
}

int mpi_abi_get_fortran_booleans(int logical_size, void *logical_true, void *logical_false, int *is_set)
{
    if (!size_valid(logical_size) || !logical_true || !logical_false)
        return MPI_ERR_ARG;
    *is_set = booleans.size == logical_size;
    if (*is_set) {
        memcpy(logical_false, booleans.is[0], (size_t)logical_size);
        memcpy(logical_true, booleans.is[1], (size_t)logical_size);
    }
    return MPI_SUCCESS;
}

/* What hardware there is, and whether this process is restricted to one object of each kind. */
int mpi_get_hw_resource_info(MPI_Info *hw_info)
{
    int object[HARDWARE_KINDS], rc = MPI_SUCCESS;
    struct info *i = info_new();
    hardware_ask("", object);
    for (int k = 0; i && k < HARDWARE_KINDS && rc == MPI_SUCCESS; k++)
        if (object[k] != HARDWARE_UNKNOWN)
            rc = info_put(i, hardware_name((enum hardware)k), object[k] >= 0 ? "true" : "false");
    return give(i, rc, hw_info);
}
