/* SPDX-License-Identifier: BSD-3-Clause
 *
 * psets: the process sets of a job that its command line has named (mpiexec --pset), as its ranks are told them.
 */
#ifndef PROXY_PMIX_PSETS_H
#define PROXY_PMIX_PSETS_H

#include "proxy/proxy.h"
#include "wire/buf.h"

/* The next one of a list that begins with at == NULL; false: there is no other. name is valid while the job is. */
bool psets_next(const struct job *j, const char **at, struct bytes *name);
/* The ranks of the one that psets_next has just told, in their order: *n of them, malloc'ed. NULL: they are no ranks of
 * the job. */
uint32_t *psets_ranks(const struct job *j, struct bytes name, size_t *n);

#endif
