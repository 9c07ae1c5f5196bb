/* SPDX-License-Identifier: BSD-3-Clause
 *
 * set_view: views are set and asked for, and the individual pointer is moved in them (MPI 5.0, sections 14.3, 14.4.3).
 */
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/io/access.h"
#include "lib/io/file.h"
#include "lib/io/fs.h"
#include "lib/io/transfers.h"
#include "lib/object/info.h"

int mpi_file_set_view(struct file *f, MPI_Offset disp, struct datatype *etype, struct datatype *filetype,
                      const char *datarep, struct info *info)
{
    struct view *v = NULL;
    MPI_Offset unit = etype->size;
    (void)info;
    transfers_await(f); /* they go by the view that there was */
    int rc = file_agree_same(f, view_new(disp, etype, filetype, datarep, &v), &unit, 1);
    if (rc != MPI_SUCCESS) {
        view_free(v);
        return rc;
    }
    view_free(f->view);
    f->view = v;
    f->position = 0;
    return MPI_SUCCESS;
}

/* What the user gets is his to free; predefined types are themselves. */
static MPI_Datatype give(struct datatype *t)
{
    return datatype_handle(t->obj.predefined ? t : datatype_ref(t));
}

int mpi_file_get_view(struct file *f, MPI_Offset *disp, MPI_Datatype *etype, MPI_Datatype *filetype, char *datarep)
{
    *disp = f->view->disp;
    *etype = give(f->view->etype);
    *filetype = give(f->view->filetype);
    strcpy(datarep, f->view->datarep);
    return MPI_SUCCESS;
}

int mpi_file_get_byte_offset(struct file *f, MPI_Offset offset, MPI_Offset *disp)
{
    MPI_Count at = view_stream(f->view, offset);
    MPI_Offset place = at < 0 ? -1 : view_place(f->view, at);
    if (place < 0) {
        error_detail_set(MPI_ERR_ARG, "the offset is %lld", (long long)offset);
        return MPI_ERR_ARG;
    }
    *disp = place;
    return MPI_SUCCESS;
}

static int end_of(const struct file *f, MPI_Offset *end)
{
    int64_t size;
    int rc = access_error(f, "look at", f->fs->size(f->fd, &size));
    if (rc == MPI_SUCCESS)
        *end = (view_before(f->view, size) + f->view->unit - 1) / f->view->unit;
    return rc;
}

int mpi_file_seek(struct file *f, MPI_Offset offset, int whence)
{
    MPI_Offset from = 0, to;
    int rc = MPI_SUCCESS;
    if (f->amode & MPI_MODE_SEQUENTIAL)
        return MPI_ERR_UNSUPPORTED_OPERATION;
    if (whence == MPI_SEEK_CUR)
        from = f->position;
    else if (whence == MPI_SEEK_END)
        rc = end_of(f, &from);
    else if (whence != MPI_SEEK_SET)
        rc = MPI_ERR_ARG;
    if (rc != MPI_SUCCESS)
        return rc;
    if (__builtin_add_overflow(from, offset, &to) || view_stream(f->view, to) < 0) {
        error_detail_set(MPI_ERR_ARG, "the offset is %lld, from %lld on", (long long)offset, (long long)from);
        return MPI_ERR_ARG;
    }
    f->position = to;
    return MPI_SUCCESS;
}

int mpi_file_get_position(struct file *f, MPI_Offset *offset)
{
    if (f->amode & MPI_MODE_SEQUENTIAL)
        return MPI_ERR_UNSUPPORTED_OPERATION;
    *offset = f->position;
    return MPI_SUCCESS;
}

int mpi_file_get_type_extent(struct file *f, struct datatype *datatype, MPI_Count *extent)
{
    (void)f;
    *extent = datatype->extent;
    return MPI_SUCCESS;
}
