/* SPDX-License-Identifier: BSD-3-Clause
 *
 * choose: which row of its table a collective takes: the first that fits, or one that the variable MUSTER_COLL names
 * ("bcast=binomial,allreduce=ring"), wherever that fits. */
#ifndef LIB_COLL_CHOOSE_H
#define LIB_COLL_CHOOSE_H

#include "lib/coll/table.h"

const struct coll_algorithm *choose_row(const struct coll_kind *k, const struct coll_shape *x);
/* Does the variable name any? */
bool choose_forced(void);
/* Takes the variable's text, or NULL: 0, or MPI_ERR_OTHER with a note of what there is instead. */
int choose_init(const char *text);

#endif
