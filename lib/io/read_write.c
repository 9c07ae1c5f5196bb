/* SPDX-License-Identifier: BSD-3-Clause
 *
 * read_write: reading and writing by one process, at an offset or where its pointer is (MPI 5.0, section 14.4). */
#include "lib/bindings/impl.h"
#include "lib/core/state.h"
#include "lib/io/access.h"

/* Others may enter the library while the file system works. */
static int now(struct file *f, bool write, enum access_from from, MPI_Offset offset, const void *buf, MPI_Count count,
               const struct datatype *type, MPI_Status *status)
{
    struct access a;
    int rc = access_begin(&a, f, write, from, offset, buf, count, type);
    if (rc != MPI_SUCCESS)
        return rc;
    struct callback_state callback = callback_begin();
    transfer_run(&a);
    callback_end(callback);
    access_settle(&a, from);
    return access_end(&a, status);
}

int mpi_file_read_at(struct file *f, MPI_Offset offset, void *buf, MPI_Count count, struct datatype *type,
                     MPI_Status *status)
{
    return now(f, false, FROM_OFFSET, offset, buf, count, type, status);
}

int mpi_file_write_at(struct file *f, MPI_Offset offset, const void *buf, MPI_Count count, struct datatype *type,
                      MPI_Status *status)
{
    return now(f, true, FROM_OFFSET, offset, buf, count, type, status);
}

int mpi_file_read(struct file *f, void *buf, MPI_Count count, struct datatype *type, MPI_Status *status)
{
    return now(f, false, FROM_POSITION, 0, buf, count, type, status);
}

int mpi_file_write(struct file *f, const void *buf, MPI_Count count, struct datatype *type, MPI_Status *status)
{
    return now(f, true, FROM_POSITION, 0, buf, count, type, status);
}

int mpi_file_read_shared(struct file *f, void *buf, MPI_Count count, struct datatype *type, MPI_Status *status)
{
    return now(f, false, FROM_SHARED, 0, buf, count, type, status);
}

int mpi_file_write_shared(struct file *f, const void *buf, MPI_Count count, struct datatype *type, MPI_Status *status)
{
    return now(f, true, FROM_SHARED, 0, buf, count, type, status);
}
