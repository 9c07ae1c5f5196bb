/* SPDX-License-Identifier: BSD-3-Clause
 *
 * choose: which row of its table a collective takes: the first that fits and pays, or one that the variable MUSTER_COLL
 * names (or a tool: "bcast=binomial,allreduce=ring"), wherever that fits. */
#ifndef LIB_COLL_CHOOSE_H
#define LIB_COLL_CHOOSE_H

#include "lib/coll/table.h"

const struct coll_algorithm *choose_row(const struct coll_kind *k, const struct coll_shape *x);
/* Is any named? */
bool choose_forced(void);
/* The place of the row that is named for a kind, from 1 on; 0: it is the first that fits. Kinds by their place, too. */
int choose_get(int kind);
/* Names it from now on, whatever the variable says. For all members alike, while no collective is under way. False:
 * there is no such row. */
bool choose_set(int kind, int row);
/* Takes the variable's text, or NULL: 0, or MPI_ERR_OTHER with a note of what there is instead. */
int choose_init(const char *text);

#endif
