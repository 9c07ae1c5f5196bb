/* SPDX-License-Identifier: BSD-3-Clause
 *
 * kvs: the key-values of one job, or what one process knows of them, in the order in which the keys came. Read one by
 * one, or walked in that order by readers who want everything (struct pmi_kvs_walk).
 */
#ifndef PMI_SERVER_KVS_H
#define PMI_SERVER_KVS_H

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>
#include "wire/codec.h"

/* Values are bytes of any kind, keys are those of key.h; a NUL stands behind both. */
struct pmi_kv {
    UT_hash_handle hh;
    uint32_t klen;
    uint32_t vlen;
    char *value;
    char key[];
};

struct pmi_kvs {
    struct pmi_kv *all;
    uint64_t generation; /* changes when entries are dropped: walks start again */
};

/* How far a reader has walked; all zeros is the beginning. */
struct pmi_kvs_walk {
    const struct pmi_kv *last;
    uint64_t generation;
};

/* The last put of a key wins. true: the key was there with another value. */
bool pmi_kvs_put(struct pmi_kvs *s, struct bytes key, struct bytes value);
const struct pmi_kv *pmi_kvs_get(const struct pmi_kvs *s, struct bytes key); /* NULL: absent */
void pmi_kvs_clear(struct pmi_kvs *s);
const struct pmi_kv *pmi_kvs_next(const struct pmi_kvs *s, struct pmi_kvs_walk *w); /* NULL: no more so far */

static inline struct bytes pmi_kv_value(const struct pmi_kv *kv)
{
    return (struct bytes){kv->value, kv->vlen};
}

#endif
