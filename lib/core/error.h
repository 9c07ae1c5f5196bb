/* SPDX-License-Identifier: BSD-3-Clause
 *
 * error: classes, codes and strings, the predefined and the user's. */
#ifndef LIB_CORE_ERROR_H
#define LIB_CORE_ERROR_H

/* "MPI_ERR_RANK: invalid rank"; for a code of the user his string. Never NULL; valid until the code is removed. */
const char *error_text(int code);
/* The class of a code, or MPI_ERR_UNKNOWN. */
int error_class(int code);
/* Points to the value of the attribute MPI_LASTUSEDCODE. */
int *error_last_used(void);

#endif
