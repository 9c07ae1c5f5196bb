/* SPDX-License-Identifier: BSD-3-Clause
 *
 * prefetch: what goes down to a child that reads a job's values. It gets the values that it asks for; and once its
 * ranks read widely it asks for so many more with each answer (its window, doubled every time), which are then the next
 * ones in the order of the store. So all values reach it in few messages, and one who reads a neighbour's value gets
 * just that.
 */
#ifndef PMI_SERVER_PREFETCH_H
#define PMI_SERVER_PREFETCH_H

#include "pmi-server/kvs.h"
#include "pmi-server/pending.h"

#define PMI_BATCH_MAX (256 * 1024) /* bytes of key-values in one message between the halves, about */
#define PMI_WINDOW_MIN 32
#define PMI_WINDOW_MAX 65536

struct pmi_prefetch {
    struct pmi_kvs_walk walk;
    uint32_t credit;   /* further values that it will take with the next answer */
    struct buf absent; /* an answer in the making: modes and keys, */
    uint32_t nabsent;
    struct buf pairs; /* and values */
    uint32_t npairs;
};

void pmi_prefetch_absent(struct pmi_prefetch *d, enum pmi_get_mode mode, struct bytes key);
void pmi_prefetch_value(struct pmi_prefetch *d, struct bytes key, struct bytes value);
bool pmi_prefetch_full(const struct pmi_prefetch *d);
/* The answer so far, filled up from the store, as a VALUES message; false: there is nothing to answer. */
bool pmi_prefetch_take(struct pmi_prefetch *d, const struct pmi_kvs *store, uint32_t job, struct buf *message);
void pmi_prefetch_fini(struct pmi_prefetch *d);

#endif
