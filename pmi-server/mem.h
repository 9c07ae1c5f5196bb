/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mem: memory for the engine. It runs in mpiexec and in proxies, which can do nothing without memory: the program ends
 * with one line on stderr, and all others see a lost process. Sizes that ranks choose are bounded before they come
 * here.
 */
#ifndef PMI_SERVER_MEM_H
#define PMI_SERVER_MEM_H

#include <stddef.h>
#include "wire/buf.h"

void *pmi_mem_zero(size_t n, size_t each); /* all zeros; free() it */
void *pmi_mem_grow(void *p, size_t n, size_t each);
char *pmi_mem_str(const char *s);             /* a copy */
char *pmi_mem_bytes(const char *p, size_t n); /* a copy with a NUL behind it */
void pmi_mem_check(const struct buf *b);      /* a buffer that failed ends the program too */
_Noreturn void pmi_mem_out(void);

#endif
