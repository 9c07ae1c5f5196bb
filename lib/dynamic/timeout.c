/* SPDX-License-Identifier: BSD-3-Clause
 *
 * timeout: a number of seconds in an info. */
#include "lib/dynamic/timeout.h"
#include <stdlib.h>
#include "lib/core/error.h"

int timeout_read(const struct info *info, double *seconds)
{
    static const double most = 1e9; /* so that nanoseconds are counted in 64 bits */
    const char *text = info ? info_find(info, "timeout") : NULL;
    char *end;
    if (!text)
        return MPI_SUCCESS;
    double told = strtod(text, &end);
    if (!*text || *end || !(told >= 0)) {
        error_detail_set(MPI_ERR_INFO_VALUE, "info key timeout: '%.60s' is not a number of seconds", text);
        return MPI_ERR_INFO_VALUE;
    }
    *seconds = told <= most ? told : -1;
    return MPI_SUCCESS;
}
