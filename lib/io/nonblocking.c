/* SPDX-License-Identifier: BSD-3-Clause
 *
 * nonblocking: reading and writing by one process that goes on meanwhile (MPI 5.0, section 14.4). */
#include "lib/bindings/impl.h"
#include "lib/io/transfers.h"

static int begin(struct file *f, bool write, enum access_from from, MPI_Offset offset, const void *buf, MPI_Count count,
                 const struct datatype *type, MPI_Request *request)
{
    struct access a;
    struct request *r = NULL;
    int rc = access_begin(&a, f, write, from, offset, buf, count, type);
    if (rc != MPI_SUCCESS)
        return rc;
    struct transfer *t = transfer_new(&a);
    if (!t)
        access_drop(&a);
    rc = t ? transfer_begin(t, &r) : MPI_ERR_NO_MEM;
    if (rc != MPI_SUCCESS)
        access_settle(&a, from);
    else
        *request = request_handle(r);
    return rc;
}

int mpi_file_iread_at(struct file *f, MPI_Offset offset, void *buf, MPI_Count count, struct datatype *type,
                      MPI_Request *request)
{
    return begin(f, false, FROM_OFFSET, offset, buf, count, type, request);
}

int mpi_file_iwrite_at(struct file *f, MPI_Offset offset, const void *buf, MPI_Count count, struct datatype *type,
                       MPI_Request *request)
{
    return begin(f, true, FROM_OFFSET, offset, buf, count, type, request);
}

int mpi_file_iread(struct file *f, void *buf, MPI_Count count, struct datatype *type, MPI_Request *request)
{
    return begin(f, false, FROM_POSITION, 0, buf, count, type, request);
}

int mpi_file_iwrite(struct file *f, const void *buf, MPI_Count count, struct datatype *type, MPI_Request *request)
{
    return begin(f, true, FROM_POSITION, 0, buf, count, type, request);
}

int mpi_file_iread_shared(struct file *f, void *buf, MPI_Count count, struct datatype *type, MPI_Request *request)
{
    return begin(f, false, FROM_SHARED, 0, buf, count, type, request);
}

int mpi_file_iwrite_shared(struct file *f, const void *buf, MPI_Count count, struct datatype *type,
                           MPI_Request *request)
{
    return begin(f, true, FROM_SHARED, 0, buf, count, type, request);
}
