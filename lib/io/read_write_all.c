/* SPDX-License-Identifier: BSD-3-Clause
 *
 * read_write_all: the collective functions of the individual pointer, of the shared one and of offsets: blocking,
 * nonblocking and split. */
#include "lib/bindings/impl.h"
#include "lib/io/collective.h"
#include "lib/io/split.h"

/* What is wrong with this rank's arguments does not keep it from taking part. */
static int prepare(struct access *a, struct file *f, bool write, enum access_from from, MPI_Offset offset,
                   const void *buf, MPI_Count count, const struct datatype *type)
{
    int rc = access_begin(a, f, write, from, offset, buf, count, type);
    if (rc != MPI_SUCCESS)
        *a = (struct access){.file = f, .write = write, .type = &datatype_byte, .user.type = &datatype_byte};
    return rc;
}

static int now(struct file *f, bool write, enum access_from from, MPI_Offset offset, const void *buf, MPI_Count count,
               const struct datatype *type, MPI_Status *status)
{
    struct access a;
    int rc = collective_check(f);
    if (rc != MPI_SUCCESS)
        return rc;
    rc = prepare(&a, f, write, from, offset, buf, count, type);
    rc = collective_run(&a, rc, status);
    access_settle(&a, from);
    return rc;
}

static int begin(struct file *f, bool write, enum access_from from, MPI_Offset offset, const void *buf, MPI_Count count,
                 const struct datatype *type, struct transfer **out)
{
    struct access a;
    int rc = collective_check(f);
    if (rc != MPI_SUCCESS)
        return rc;
    rc = prepare(&a, f, write, from, offset, buf, count, type);
    return collective_begin(&a, rc, out);
}

static int later(struct file *f, bool write, enum access_from from, MPI_Offset offset, const void *buf, MPI_Count count,
                 const struct datatype *type, MPI_Request *request)
{
    struct transfer *t;
    int rc = begin(f, write, from, offset, buf, count, type, &t);
    if (rc == MPI_SUCCESS)
        *request = request_handle(t->request);
    return rc;
}

static int split(struct file *f, enum split_kind kind, bool write, enum access_from from, MPI_Offset offset,
                 const void *buf, MPI_Count count, const struct datatype *type)
{
    struct transfer *t;
    int rc = begin(f, write, from, offset, buf, count, type, &t);
    if (rc == MPI_SUCCESS)
        split_begin(f, kind, t);
    return rc;
}

int mpi_file_read_all(struct file *f, void *buf, MPI_Count count, struct datatype *type, MPI_Status *status)
{
    return now(f, false, FROM_POSITION, 0, buf, count, type, status);
}

int mpi_file_iread_all(struct file *f, void *buf, MPI_Count count, struct datatype *type, MPI_Request *request)
{
    return later(f, false, FROM_POSITION, 0, buf, count, type, request);
}

int mpi_file_read_all_begin(struct file *f, void *buf, MPI_Count count, struct datatype *type)
{
    return split(f, SPLIT_READ_ALL, false, FROM_POSITION, 0, buf, count, type);
}

int mpi_file_read_all_end(struct file *f, void *buf, MPI_Status *status)
{
    return split_end(f, SPLIT_READ_ALL, buf, status);
}

int mpi_file_write_all(struct file *f, const void *buf, MPI_Count count, struct datatype *type, MPI_Status *status)
{
    return now(f, true, FROM_POSITION, 0, buf, count, type, status);
}

int mpi_file_iwrite_all(struct file *f, const void *buf, MPI_Count count, struct datatype *type, MPI_Request *request)
{
    return later(f, true, FROM_POSITION, 0, buf, count, type, request);
}

int mpi_file_write_all_begin(struct file *f, const void *buf, MPI_Count count, struct datatype *type)
{
    return split(f, SPLIT_WRITE_ALL, true, FROM_POSITION, 0, buf, count, type);
}

int mpi_file_write_all_end(struct file *f, const void *buf, MPI_Status *status)
{
    return split_end(f, SPLIT_WRITE_ALL, buf, status);
}

int mpi_file_read_at_all(struct file *f, MPI_Offset offset, void *buf, MPI_Count count, struct datatype *type,
                         MPI_Status *status)
{
    return now(f, false, FROM_OFFSET, offset, buf, count, type, status);
}

int mpi_file_iread_at_all(struct file *f, MPI_Offset offset, void *buf, MPI_Count count, struct datatype *type,
                          MPI_Request *request)
{
    return later(f, false, FROM_OFFSET, offset, buf, count, type, request);
}

int mpi_file_read_at_all_begin(struct file *f, MPI_Offset offset, void *buf, MPI_Count count, struct datatype *type)
{
    return split(f, SPLIT_READ_AT_ALL, false, FROM_OFFSET, offset, buf, count, type);
}

int mpi_file_read_at_all_end(struct file *f, void *buf, MPI_Status *status)
{
    return split_end(f, SPLIT_READ_AT_ALL, buf, status);
}

int mpi_file_write_at_all(struct file *f, MPI_Offset offset, const void *buf, MPI_Count count, struct datatype *type,
                          MPI_Status *status)
{
    return now(f, true, FROM_OFFSET, offset, buf, count, type, status);
}

int mpi_file_iwrite_at_all(struct file *f, MPI_Offset offset, const void *buf, MPI_Count count, struct datatype *type,
                           MPI_Request *request)
{
    return later(f, true, FROM_OFFSET, offset, buf, count, type, request);
}

int mpi_file_write_at_all_begin(struct file *f, MPI_Offset offset, const void *buf, MPI_Count count,
                                struct datatype *type)
{
    return split(f, SPLIT_WRITE_AT_ALL, true, FROM_OFFSET, offset, buf, count, type);
}

int mpi_file_write_at_all_end(struct file *f, const void *buf, MPI_Status *status)
{
    return split_end(f, SPLIT_WRITE_AT_ALL, buf, status);
}

int mpi_file_read_ordered(struct file *f, void *buf, MPI_Count count, struct datatype *type, MPI_Status *status)
{
    return now(f, false, FROM_ORDERED, 0, buf, count, type, status);
}

int mpi_file_read_ordered_begin(struct file *f, void *buf, MPI_Count count, struct datatype *type)
{
    return split(f, SPLIT_READ_ORDERED, false, FROM_ORDERED, 0, buf, count, type);
}

int mpi_file_read_ordered_end(struct file *f, void *buf, MPI_Status *status)
{
    return split_end(f, SPLIT_READ_ORDERED, buf, status);
}

int mpi_file_write_ordered(struct file *f, const void *buf, MPI_Count count, struct datatype *type, MPI_Status *status)
{
    return now(f, true, FROM_ORDERED, 0, buf, count, type, status);
}

int mpi_file_write_ordered_begin(struct file *f, const void *buf, MPI_Count count, struct datatype *type)
{
    return split(f, SPLIT_WRITE_ORDERED, true, FROM_ORDERED, 0, buf, count, type);
}

int mpi_file_write_ordered_end(struct file *f, const void *buf, MPI_Status *status)
{
    return split_end(f, SPLIT_WRITE_ORDERED, buf, status);
}
