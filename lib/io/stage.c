/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stage: where the file represents data otherwise than memory, an access moves bytes of a buffer that is converted as a
 * whole, before it writes and after it has read: so whatever moves them knows nothing of it. */
#include <stdlib.h>
#include "lib/io/access.h"

int access_stage(struct access *a)
{
    const struct view *v = a->file->view;
    if (!v->represent.converts || a->bytes == 0)
        return MPI_SUCCESS;
    a->stages = true;
    a->staged = malloc((size_t)a->bytes);
    int rc = a->staged ? MPI_SUCCESS : MPI_ERR_NO_MEM;
    if (rc == MPI_SUCCESS && a->write)
        rc = represent_write(&v->represent, a->type, a->buf, a->count, a->staged);
    if (rc != MPI_SUCCESS) {
        access_drop(a);
        return rc;
    }
    a->buf = a->staged;
    a->count = a->bytes;
    a->type = &datatype_byte;
    return MPI_SUCCESS;
}

void access_drop(struct access *a)
{
    free(a->staged);
    a->staged = NULL;
}

void access_unstage(struct access *a)
{
    const struct access_memory *m = &a->user;
    const struct represent *r = &a->file->view->represent;
    if (!a->staged)
        return;
    a->moved = represent_whole(r, m->type, a->done).bytes;
    if (!a->write)
        a->converted = represent_read(r, m->type, m->buf, m->count, a->staged, a->done);
    access_drop(a);
}
