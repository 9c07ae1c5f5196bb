/* SPDX-License-Identifier: BSD-3-Clause
 *
 * datarep: the list of registered representations. Nothing takes one out. */
#include "lib/datatype/datarep.h"
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"

static struct datarep *all;

const struct datarep *datarep_find(const char *name)
{
    const struct datarep *d = all;
    while (d && strcmp(d->name, name) != 0)
        d = d->next;
    return d;
}

bool datarep_is_predefined(const char *name)
{
    return strcmp(name, "native") == 0 || strcmp(name, "internal") == 0 || strcmp(name, "external32") == 0;
}

static int name_check(const char *name)
{
    size_t n = strnlen(name, MPI_MAX_DATAREP_STRING);
    if (n == 0 || n == MPI_MAX_DATAREP_STRING)
        return MPI_ERR_ARG;
    return datarep_is_predefined(name) || datarep_find(name) ? MPI_ERR_DUP_DATAREP : MPI_SUCCESS;
}

/* The conversions are left to be filled in. */
static int add(const char *name, MPI_Datarep_extent_function *extent, void *extra, struct datarep **out)
{
    int rc = extent ? name_check(name) : MPI_ERR_ARG;
    if (rc != MPI_SUCCESS)
        return rc;
    struct datarep *d = calloc(1, sizeof *d);
    if (!d)
        return MPI_ERR_NO_MEM;
    strcpy(d->name, name);
    d->extent = extent;
    d->extra = extra;
    d->next = all;
    all = *out = d;
    return MPI_SUCCESS;
}

int mpi_register_datarep(const char *name, MPI_Datarep_conversion_function *read,
                         MPI_Datarep_conversion_function *write, MPI_Datarep_extent_function *extent, void *extra)
{
    struct datarep *d;
    int rc = add(name, extent, extra, &d);
    if (rc == MPI_SUCCESS) {
        d->read.small = read;
        d->write.small = write;
    }
    return rc;
}

int mpi_register_datarep_c(const char *name, MPI_Datarep_conversion_function_c *read,
                           MPI_Datarep_conversion_function_c *write, MPI_Datarep_extent_function *extent, void *extra)
{
    struct datarep *d;
    int rc = add(name, extent, extra, &d);
    if (rc == MPI_SUCCESS) {
        d->wide = true;
        d->read.large = read;
        d->write.large = write;
    }
    return rc;
}
