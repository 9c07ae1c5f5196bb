/* SPDX-License-Identifier: BSD-3-Clause
 *
 * read_write: reading and writing by one process, at an offset or where its pointer is (MPI 5.0, section 14.4). */
#include "lib/bindings/impl.h"
#include "lib/core/state.h"
#include "lib/io/access.h"

/* Others may enter the library while the file system works. */
static int run(struct access *a, MPI_Status *status)
{
    struct callback_state callback = callback_begin();
    transfer_run(a);
    callback_end(callback);
    return access_end(a, status);
}

static int at(struct file *f, bool write, MPI_Offset offset, const void *buf, MPI_Count count,
              const struct datatype *type, MPI_Status *status)
{
    struct access a;
    int rc = access_make(&a, f, write, FROM_OFFSET, buf, count, type);
    if (rc == MPI_SUCCESS)
        rc = access_place(&a, offset);
    return rc == MPI_SUCCESS ? run(&a, status) : rc;
}

static int here(struct file *f, bool write, const void *buf, MPI_Count count, const struct datatype *type,
                MPI_Status *status)
{
    struct access a;
    int rc = access_make(&a, f, write, FROM_POSITION, buf, count, type);
    if (rc == MPI_SUCCESS)
        rc = access_place(&a, f->position);
    if (rc != MPI_SUCCESS)
        return rc;
    f->position += access_etypes(&a); /* before others come in */
    rc = run(&a, status);
    f->position -= access_etypes(&a) - access_etypes_done(&a);
    return rc;
}

int mpi_file_read_at(struct file *f, MPI_Offset offset, void *buf, MPI_Count count, struct datatype *type,
                     MPI_Status *status)
{
    return at(f, false, offset, buf, count, type, status);
}

int mpi_file_write_at(struct file *f, MPI_Offset offset, const void *buf, MPI_Count count, struct datatype *type,
                      MPI_Status *status)
{
    return at(f, true, offset, buf, count, type, status);
}

int mpi_file_read(struct file *f, void *buf, MPI_Count count, struct datatype *type, MPI_Status *status)
{
    return here(f, false, buf, count, type, status);
}

int mpi_file_write(struct file *f, const void *buf, MPI_Count count, struct datatype *type, MPI_Status *status)
{
    return here(f, true, buf, count, type, status);
}
