/* SPDX-License-Identifier: BSD-3-Clause
 *
 * owner: small operations on the private memory of another process of this node, as created windows have it, done by
 * that process itself where it is in MPI and looks: a cache line to it and one back take a fraction of a system call,
 * and of the two that an atomic operation needs.
 *
 * A slot for each pair of ranks takes one question. Who asks waits for the answer; if nobody looks soon he takes the
 * question back, does it by the kernel, and does not ask for a while. So nobody is ever waited for, but who has begun.
 */
#ifndef LIB_RMA_OWNER_H
#define LIB_RMA_OWNER_H

#include "lib/rma/combine.h"
#include "lib/rma/target.h"

/* By who asks: done, with *rc, or (false) nothing has been. `here` and `there` lie in a row each; bytes <=
 * QUESTION_BYTES. */
bool owner_copy(struct target *t, bool write, void *here, const char *there, size_t bytes, int *rc);
/* The same of an accumulate as combine.h knows it, or of a compare and swap where compare is not NULL. */
bool owner_combine(struct target *t, const struct combine *c, const void *compare, int *rc);

/* By the owner, while the window is there. MPI_ERR_NO_MEM. */
int owner_begin(struct win *w);
void owner_end(struct win *w);

#endif
