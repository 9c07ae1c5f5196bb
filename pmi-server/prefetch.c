/* SPDX-License-Identifier: BSD-3-Clause
 *
 * prefetch.c: makes the answers to a child.
 */
#include "pmi-server/prefetch.h"

#include "pmi-server/mem.h"
#include "wire/pmi_control.h"

void pmi_prefetch_absent(struct pmi_prefetch *d, enum pmi_get_mode mode, struct bytes key)
{
    pmi_control_pending_put(&d->absent, &(struct pmi_control_pending){(uint8_t)mode, key});
    d->nabsent++;
}

void pmi_prefetch_value(struct pmi_prefetch *d, struct bytes key, struct bytes value)
{
    pmi_control_pair_put(&d->pairs, &(struct pmi_control_pair){key, value});
    d->npairs++;
}

bool pmi_prefetch_full(const struct pmi_prefetch *d)
{
    return d->pairs.len + d->absent.len > PMI_BATCH_MAX;
}

static void fill_up(struct pmi_prefetch *d, const struct pmi_kvs *store)
{
    const struct pmi_kv *kv;
    while (d->credit && !pmi_prefetch_full(d) && (kv = pmi_kvs_next(store, &d->walk))) {
        pmi_prefetch_value(d, (struct bytes){kv->key, kv->klen}, pmi_kv_value(kv));
        d->credit--;
    }
    d->credit = 0;
}

bool pmi_prefetch_take(struct pmi_prefetch *d, const struct pmi_kvs *store, uint32_t job, struct buf *b)
{
    if (!d->nabsent && !d->npairs)
        return false;
    fill_up(d, store);
    buf_init(b);
    pmi_control_head_put(b, &(struct pmi_control_head){PMI_CONTROL_VALUES, job});
    pmi_control_values_put(
        b, &(struct pmi_control_values){list_of(d->nabsent, &d->absent), list_of(d->npairs, &d->pairs)});
    if (d->absent.failed || d->pairs.failed)
        pmi_mem_out();
    pmi_prefetch_fini(d);
    return true;
}

void pmi_prefetch_fini(struct pmi_prefetch *d)
{
    buf_fini(&d->absent);
    buf_fini(&d->pairs);
    d->nabsent = d->npairs = 0;
}
