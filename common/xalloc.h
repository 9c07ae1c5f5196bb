/* SPDX-License-Identifier: BSD-3-Clause
 *
 * xalloc: memory for the programs (mpiexec, the proxy). Without memory the program ends with one clear line and
 * status 1: neither can do its work, and losing a process of the tree is a failure that all others already handle.
 * Never for a size that a peer chose without a bound; never in lib.
 */
#ifndef COMMON_XALLOC_H
#define COMMON_XALLOC_H

#include <stddef.h>

void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t each);
void *xrealloc(void *p, size_t n);
void *xreallocarray(void *p, size_t n, size_t each);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
