/* SPDX-License-Identifier: BSD-3-Clause
 *
 * set_view: views are set and asked for (MPI 5.0, section 14.3). */
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/io/access.h"
#include "lib/io/file.h"
#include "lib/io/hints.h"
#include "lib/io/shared.h"
#include "lib/io/transfers.h"
#include "lib/object/info.h"

/* Of a file that is a sequence the view goes on where the shared pointer is. */
static int begin_of(struct file *f, MPI_Offset *disp)
{
    MPI_Offset at;
    if (!(f->amode & MPI_MODE_SEQUENTIAL) != (*disp != MPI_DISPLACEMENT_CURRENT)) {
        error_detail_set(MPI_ERR_ARG, "MPI_DISPLACEMENT_CURRENT is for files opened with MPI_MODE_SEQUENTIAL, and they "
                                      "have no other");
        return MPI_ERR_ARG;
    }
    if (*disp != MPI_DISPLACEMENT_CURRENT)
        return MPI_SUCCESS;
    int rc = shared_get(f, &at);
    return rc == MPI_SUCCESS ? mpi_file_get_byte_offset(f, at, disp) : rc;
}

static MPI_Offset name_sum(const char *s)
{
    uint64_t sum = 0;
    for (; *s; s++)
        sum = sum * 31 + (unsigned char)*s;
    return (MPI_Offset)(sum >> 1);
}

static int replace(struct file *f, struct view *v, const struct hints *h)
{
    view_free(f->view);
    f->view = v;
    f->position = 0;
    shared_next(f);
    return file_hints(f, h);
}

int mpi_file_set_view(struct file *f, MPI_Offset disp, struct datatype *etype, struct datatype *filetype,
                      const char *datarep, struct info *info)
{
    struct view *v = NULL;
    struct hints hints = *f->hints;
    hints_take(&hints, info);
    hints.file_perm = f->hints->file_perm; /* it is made */
    transfers_await(f);                    /* they go by the view that there was */
    int rc = f->amode & MPI_MODE_SEQUENTIAL ? file_agree(f, MPI_SUCCESS) : MPI_SUCCESS; /* the pointer is at rest */
    if (rc == MPI_SUCCESS)
        rc = begin_of(f, &disp);
    if (rc == MPI_SUCCESS)
        rc = view_new(disp, etype, filetype, datarep, !(f->amode & MPI_MODE_RDONLY), &v);
    shared_next_set(f, 0);
    MPI_Offset same[3] = {v ? v->unit : 0, name_sum(datarep), hints_sum(&hints)};
    rc = file_agree_same(f, rc, same, 3);
    if (rc == MPI_SUCCESS)
        return replace(f, v, &hints);
    view_free(v);
    return rc;
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

int mpi_file_get_type_extent(struct file *f, struct datatype *datatype, MPI_Count *extent)
{
    struct datatype *there;
    int rc = represent_type(&f->view->represent, datatype, &there);
    if (rc != MPI_SUCCESS)
        return rc;
    *extent = there->extent;
    datatype_unref(there);
    return MPI_SUCCESS;
}
