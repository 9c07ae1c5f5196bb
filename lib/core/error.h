/* SPDX-License-Identifier: BSD-3-Clause
 *
 * error: classes, codes and strings, the predefined and the user's. */
#ifndef LIB_CORE_ERROR_H
#define LIB_CORE_ERROR_H

#include <stddef.h>

/* "MPI_ERR_RANK: invalid rank"; for a code of the user his string. Never NULL; valid until the code is removed. */
const char *error_text(int code);
/* What is wrong in this very case, for the line of a fatal error: kept until the next one, shown with `code` only. */
void error_detail_set(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *error_detail_get(int code); /* "": nothing */
/* Both in one: "MPI_ERR_RANK: invalid rank: dest is 99, and there are 2 ranks". */
void error_line(int code, char *text, size_t n);
/* The class of a code, or MPI_ERR_UNKNOWN. */
int error_class(int code);
/* Points to the value of the attribute MPI_LASTUSEDCODE. */
int *error_last_used(void);

#endif
