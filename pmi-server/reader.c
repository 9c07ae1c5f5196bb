/* SPDX-License-Identifier: BSD-3-Clause */
#include "pmi-server/reader.h"

#include "pmi-server/mem.h"
#include "wire/pmi_control.h"

void pmi_reader_absent(struct pmi_reader *d, struct bytes key)
{
    buf_put_bytes(&d->absent, key.data, key.len);
    d->nabsent++;
}

void pmi_reader_value(struct pmi_reader *d, const struct pmi_kv *kv)
{
    pmi_kvs_pair_put(&d->pairs, (struct bytes){kv->key, kv->klen}, (struct bytes){kv->value, kv->vlen});
    d->npairs++;
}

bool pmi_reader_full(const struct pmi_reader *d)
{
    return d->pairs.len + d->absent.len > PMI_BATCH_MAX;
}

static void fill_up(struct pmi_reader *d, const struct pmi_kvs *store)
{
    const struct pmi_kv *kv;
    while (d->credit && !pmi_reader_full(d) && (kv = pmi_kvs_next(store, &d->walk))) {
        pmi_reader_value(d, kv);
        d->credit--;
    }
    d->credit = 0;
}

bool pmi_reader_take(struct pmi_reader *d, const struct pmi_kvs *store, uint32_t job, struct buf *b)
{
    if (!d->nabsent && !d->npairs)
        return false;
    fill_up(d, store);
    buf_init(b);
    buf_put_u8(b, PMI_CONTROL_VALUES);
    buf_put_u32(b, job);
    buf_put_u32(b, d->nabsent);
    buf_put(b, d->absent.data, d->absent.len);
    buf_put_u32(b, d->npairs);
    buf_put(b, d->pairs.data, d->pairs.len);
    if (d->absent.failed || d->pairs.failed)
        pmi_mem_out();
    pmi_reader_fini(d);
    return true;
}

void pmi_reader_fini(struct pmi_reader *d)
{
    buf_fini(&d->absent);
    buf_fini(&d->pairs);
    d->nabsent = d->npairs = 0;
}
