/* SPDX-License-Identifier: BSD-3-Clause
 *
 * reader: a proxy that reads a job's values from the process above it. It gets the values that it asks for; and once
 * its ranks read widely it asks for so many more with each answer (its window, doubled every time), which are then the
 * next ones in the order of the store. So all values reach it in few messages, and one who reads a neighbour's value
 * gets just that.
 */
#ifndef PMI_SERVER_READER_H
#define PMI_SERVER_READER_H

#include "pmi-server/kvs.h"
#include "pmi-server/pending.h"

#define PMI_BATCH_MAX (256 * 1024) /* bytes of key-values in one message between the halves, about */
#define PMI_WINDOW_MIN 32
#define PMI_WINDOW_MAX 65536

struct pmi_reader {
    struct pmi_kvs_walk walk;
    uint32_t credit;   /* further values that it will take with the next answer */
    struct buf absent; /* an answer in the making: modes and keys, */
    uint32_t nabsent;
    struct buf pairs; /* and values */
    uint32_t npairs;
};

void pmi_reader_absent(struct pmi_reader *d, enum pmi_get_mode mode, struct bytes key);
void pmi_reader_value(struct pmi_reader *d, struct bytes key, struct bytes value);
bool pmi_reader_full(const struct pmi_reader *d);
/* The answer so far, filled up from the store, as a VALUES message; false: there is nothing to answer. */
bool pmi_reader_take(struct pmi_reader *d, const struct pmi_kvs *store, uint32_t job, struct buf *message);
void pmi_reader_fini(struct pmi_reader *d);

#endif
