/* SPDX-License-Identifier: BSD-3-Clause
 *
 * check: what the exported functions say of wrong arguments, and what becomes of an error that leaves one. */
#ifndef LIB_BINDINGS_CHECK_H
#define LIB_BINDINGS_CHECK_H

#include "lib/core/object.h"

/* An error of class or code rc came out of function id: runs the error handler of `on` (NULL: lib.error_on, else
 * MPI_COMM_SELF), and returns what the function returns, if it does. */
int call_failed(int id, struct obj *on, int rc);
/* Note which argument is wrong, and how, for the line of a fatal error; return the class. */
int call_wrong(int cls, const char *name) COLD;
int call_wrong_as(int cls, const char *name, const char *how) COLD;
int call_wrong_buffer(const char *name, const void *buf) COLD;
int call_wrong_value(int cls, const char *name, long long value) COLD;
int call_wrong_rank(int cls, const char *name, int rank, int size) COLD;
/* Of a count that datatype_count_ok does not allow. */
int call_wrong_count(const char *name, MPI_Count count, const struct datatype *t) COLD;
/* Is NULL, or MPI_IN_PLACE, no buffer for that? NULL is MPI_BOTTOM, from where absolute addresses count. */
bool call_no_buffer(const void *buf, MPI_Count count, const struct datatype *t) COLD;
/* A function is called that is not written: the class, with a note. */
int call_unwritten(int id) COLD;
/* A function was called before initialization or after finalization. */
int call_inactive(int id);

#endif
