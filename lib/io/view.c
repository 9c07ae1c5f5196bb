/* SPDX-License-Identifier: BSD-3-Clause
 *
 * view: a filetype, tiled over the file. The engine of datatypes walks it as if the file were memory. */
#include "lib/io/view.h"
#include <stdlib.h>
#include <string.h>
#include "lib/core/error.h"
#include "lib/datatype/layout.h"

static int wrong(int cls, const char *what, long long is)
{
    error_detail_set(cls, "%s (%lld)", what, is);
    return cls;
}

/* What the standard asks of the two (MPI 5.0, section 14.3). */
static int check(MPI_Offset disp, const struct datatype *etype, const struct datatype *filetype)
{
    if (disp < 0)
        return wrong(MPI_ERR_ARG, "the displacement is negative", disp);
    if (etype->size <= 0)
        return wrong(MPI_ERR_TYPE, "the etype holds no bytes", etype->size);
    if (filetype->size % etype->size != 0)
        return wrong(MPI_ERR_TYPE, "the filetype does not hold whole etypes", filetype->size);
    if (filetype->size > 0 && filetype->true_lb < 0)
        return wrong(MPI_ERR_IO, "the filetype begins before its origin", filetype->true_lb);
    if (filetype->extent < 0 || (filetype->extent == 0 && filetype->size > 0))
        return wrong(MPI_ERR_TYPE, "the filetype's extent is not positive", filetype->extent);
    return MPI_SUCCESS;
}

/* How the bytes of the stream lie in the file: in order, and once each if they are written. */
static int order_find(struct view *v, bool writes)
{
    const struct datatype *t = v->tile;
    if (t->size == 0) {
        v->tile_rises = v->rises = true;
        return MPI_SUCCESS;
    }
    struct layout_order o = layout_order(t->one_run ? NULL : t->layout, t->size);
    v->tile_rises = o.disjoint;
    v->rises = o.disjoint && o.first + t->extent >= o.end;
    if (!o.rises)
        return wrong(MPI_ERR_IO, "the filetype's displacements do not rise; elements", t->elements);
    if (writes && !o.disjoint)
        return wrong(MPI_ERR_IO, "of a file that may be written, the filetype has bytes twice; elements", t->elements);
    return MPI_SUCCESS;
}

static int forms_find(struct view *v, const char *datarep)
{
    int rc = represent_find(&v->represent, datarep);
    if (rc == MPI_SUCCESS)
        rc = represent_size(&v->represent, v->etype, &v->unit);
    if (rc == MPI_SUCCESS)
        rc = represent_type(&v->represent, v->filetype, &v->tile);
    if (rc == MPI_SUCCESS)
        strcpy(v->datarep, datarep);
    return rc;
}

int view_new(MPI_Offset disp, struct datatype *etype, struct datatype *filetype, const char *datarep, bool writes,
             struct view **out)
{
    int rc = check(disp, etype, filetype);
    if (rc != MPI_SUCCESS)
        return rc;
    struct view *v = calloc(1, sizeof *v);
    if (!v)
        return MPI_ERR_NO_MEM;
    v->disp = disp;
    v->etype = datatype_ref(etype);
    v->filetype = datatype_ref(filetype);
    rc = forms_find(v, datarep);
    if (rc == MPI_SUCCESS)
        rc = order_find(v, writes);
    if (rc == MPI_SUCCESS)
        *out = v;
    else
        view_free(v);
    return rc;
}

void view_free(struct view *v)
{
    if (!v)
        return;
    datatype_unref(v->etype);
    datatype_unref(v->filetype);
    datatype_unref(v->tile);
    free(v);
}

MPI_Count view_stream(const struct view *v, MPI_Offset offset)
{
    MPI_Count at;
    return offset < 0 || __builtin_mul_overflow(offset, v->unit, &at) || at > INT64_MAX / 4 ? -1 : at;
}

MPI_Offset view_place(const struct view *v, MPI_Count at)
{
    const struct datatype *t = v->tile;
    struct iovec piece;
    MPI_Offset start;
    size_t n = 1;
    if (t->size == 0)
        return v->disp;
    if (__builtin_mul_overflow(at / t->size, t->extent, &start) || start > INT64_MAX / 4 - v->disp)
        return -1;
    datatype_pieces(t, (void *)(uintptr_t)(v->disp + start), 1, at % t->size, &n, &piece, 1);
    return (MPI_Offset)(uintptr_t)piece.iov_base;
}

/* Bytes of one tile that lie before that byte of it, one run after the other. */
static MPI_Count before_in_heap(const struct view *v, MPI_Offset in)
{
    const struct datatype *t = v->tile;
    MPI_Count before = 0;
    for (MPI_Count at = 0; at < t->size;) {
        struct iovec run[64];
        size_t n = (size_t)(t->size - at);
        int runs = datatype_pieces(t, NULL, 1, at, &n, run, 64);
        for (int i = 0; i < runs; i++) {
            MPI_Count begin = (MPI_Count)(uintptr_t)run[i].iov_base, length = (MPI_Count)run[i].iov_len;
            if (begin < in)
                before += in - begin < length ? in - begin : length;
        }
        at += (MPI_Count)n;
    }
    return before;
}

/* The same by halves: places rise with the stream. */
static MPI_Count before_in_tile(const struct view *v, MPI_Offset in)
{
    MPI_Count low = 0, high = v->tile->size;
    if (!v->tile_rises)
        return before_in_heap(v, in);
    while (low < high) {
        MPI_Count middle = low + (high - low) / 2;
        if (view_place(v, middle) - v->disp < in)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

MPI_Count view_before(const struct view *v, MPI_Offset place)
{
    const struct datatype *t = v->tile;
    MPI_Offset in = place - v->disp;
    if (in <= 0 || t->size == 0)
        return 0;
    if (t->dense)
        return in > t->true_lb ? in - t->true_lb : 0;
    MPI_Count tiles = in / t->extent, low = datatype_high(t) / t->extent, whole = tiles > low ? tiles - low : 0;
    MPI_Count before = whole * t->size;
    for (MPI_Count i = whole; i <= tiles; i++) /* those that reach there */
        before += before_in_tile(v, in - i * t->extent);
    return before;
}

void view_extent(const struct view *v, MPI_Count at, MPI_Count n, MPI_Offset *begin, MPI_Offset *end)
{
    const struct datatype *t = v->tile;
    if (v->rises) {
        *begin = view_place(v, at);
        *end = view_place(v, at + n - 1) + 1;
        return;
    }
    *begin = v->disp + at / t->size * t->extent + t->true_lb;
    *end = v->disp + (at + n - 1) / t->size * t->extent + t->true_lb + t->true_extent;
}

int view_pieces(const struct view *v, MPI_Count at, size_t *n, struct iovec *out, int max)
{
    const struct datatype *t = v->tile;
    MPI_Count first = at / t->size;
    char *tile = (char *)(uintptr_t)(v->disp + first * t->extent);
    return datatype_pieces(t, tile, 2 + (MPI_Count)*n / t->size, at - first * t->size, n, out, max);
}

/* Where the tile with that byte of the stream begins, in a file that is memory. */
static char *tile_at(const struct view *v, MPI_Count at, const char *file)
{
    return (char *)(uintptr_t)file + v->disp + at / v->tile->size * v->tile->extent;
}

void view_gather(const struct view *v, MPI_Count at, const char *file, void *out, size_t n)
{
    const struct datatype *t = v->tile;
    datatype_pack(t, tile_at(v, at, file), 2 + (MPI_Count)n / t->size, at % t->size, out, n);
}

void view_scatter(const struct view *v, MPI_Count at, char *file, const void *in, size_t n)
{
    const struct datatype *t = v->tile;
    datatype_unpack(t, tile_at(v, at, file), 2 + (MPI_Count)n / t->size, at % t->size, in, n);
}
