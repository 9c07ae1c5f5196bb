/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The jobs' key-values: put by barriers and by themselves, read by the proxies below.
 */
#include "pmi-server/root_values.h"

#include "pmi-server/key.h"
#include "pmi-server/root_links.h"
#include "wire/pmi.h"

int pmi_root_put(struct pmi_root *r, uint32_t job, const char *key, const char *value)
{
    struct pmi_root_space *j = pmi_root_find(r, job);
    if (!j || !*key || strlen(key) > PMI_KEY_MAX || strlen(value) > PMI_VALUE_MAX)
        return -1;
    pmi_kvs_put(&j->store, bytes_of(key), bytes_of(value));
    return 0;
}

void pmi_root_take_puts(struct pmi_root_space *j, const struct list *puts)
{
    struct pmi_control_pair p;
    struct rbuf r = list_items(puts);
    while (pmi_control_pair_next(&r, &p))
        j->stale |= pmi_kvs_put(&j->store, p.key, p.value);
}

static void reader_send(struct pmi_root_space *j, uint32_t child)
{
    struct buf b;
    if (pmi_reader_take(&j->readers[child], &j->store, j->id, &b))
        pmi_root_send(j->root, child, &b);
}

bool pmi_root_take_get(struct pmi_root_space *j, uint32_t child, struct rbuf *r)
{
    struct pmi_reader *d = &j->readers[child];
    struct pmi_control_get m;
    struct pmi_control_key k;
    if (!pmi_control_get_get(r, &m))
        return false;
    d->credit = m.window < PMI_WINDOW_MAX ? m.window : PMI_WINDOW_MAX;
    struct rbuf keys = list_items(&m.keys);
    while (pmi_control_key_next(&keys, &k)) {
        const struct pmi_kv *kv = pmi_kvs_get(&j->store, k.key);
        if (kv)
            pmi_reader_value(d, k.key, pmi_kv_value(kv));
        else
            pmi_reader_absent(d, k.key);
        if (pmi_reader_full(d))
            reader_send(j, child);
    }
    reader_send(j, child);
    return true;
}
