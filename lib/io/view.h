/* SPDX-License-Identifier: BSD-3-Clause
 *
 * view: which bytes of a file a process sees (MPI 5.0, section 14.3). They are a stream: those of the first filetype
 * from the displacement on, then those of the next, one extent further. Offsets of the user count etypes of it; the
 * library counts its bytes. */
#ifndef LIB_IO_VIEW_H
#define LIB_IO_VIEW_H

#include <sys/uio.h>
#include "lib/io/represent.h"
#include "lib/object/file.h"

struct view {
    MPI_Offset disp;
    struct datatype *etype, *filetype; /* references */
    char datarep[MPI_MAX_DATAREP_STRING];
    MPI_Count unit;        /* bytes of an etype in the file */
    struct datatype *tile; /* the filetype, as it lies in the file; a reference */
    struct represent represent;
    bool tile_rises; /* its bytes do, in the order of the stream: none is there twice */
    bool rises;      /* and all of the stream, that has no byte twice */
};

/* A view of its own references; *out. `writes`: of a file that may be written. MPI_ERR_IO (its places), MPI_ERR_TYPE,
 * MPI_ERR_ARG, MPI_ERR_CONVERSION, MPI_ERR_UNSUPPORTED_DATAREP, MPI_ERR_NO_MEM with a note. */
int view_new(MPI_Offset disp, struct datatype *etype, struct datatype *filetype, const char *datarep, bool writes,
             struct view **out);
void view_free(struct view *v); /* NULL is fine */

/* The byte of the stream at which that etype begins; -1: beyond what 63 bits count. */
MPI_Count view_stream(const struct view *v, MPI_Offset offset);
/* Where a byte of the stream lies in the file; -1: beyond all files. */
MPI_Offset view_place(const struct view *v, MPI_Count at);
/* The places that n > 0 bytes of the stream lie between: [*begin, *end). */
void view_extent(const struct view *v, MPI_Count at, MPI_Count n, MPI_Offset *begin, MPI_Offset *end);
/* Bytes of the stream that lie before that place of the file. */
MPI_Count view_before(const struct view *v, MPI_Offset place);
/* The next *n bytes of the stream from `at` on, as pieces of the file, max at most: iov_base is a place in the file.
 * *n becomes what they cover. */
int view_pieces(const struct view *v, MPI_Count at, size_t *n, struct iovec *out, int max);

/* Moves n bytes of the stream from `at` on, between a row of bytes and the file, as if that were memory from `file` on.
 */
void view_gather(const struct view *v, MPI_Count at, const char *file, void *out, size_t n);
void view_scatter(const struct view *v, MPI_Count at, char *file, const void *in, size_t n);

#endif
