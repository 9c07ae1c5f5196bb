/* SPDX-License-Identifier: BSD-3-Clause
 *
 * kvs_ops: the keeper of a job's key-values, who also knows names and spawns, whatever it speaks: for kvs.c, ask.c and
 * place.c. After the first call that fails all fail, and `why` says what it was. */
#ifndef LIB_BOOT_KVS_OPS_H
#define LIB_BOOT_KVS_OPS_H

#include <stdbool.h>
#include <stddef.h>

struct boot_ask; /* boot.h */

struct kvs {
    const struct kvs_ops *ops;
    bool waits;    /* a get may wait until its key is put (pmi-server/README.md) */
    int asked;     /* not 0: an answer has not been taken, and nothing else may be asked; which, is for ops to say */
    char why[160]; /* "": nothing has failed */
};

struct kvs_ops {
    bool (*put)(struct kvs *k, const char *key, const char *value);
    /* What all ranks have put before is there afterwards. */
    bool (*fence)(struct kvs *k);
    /* Asks for what rank `owner` has put; -1: somebody. wait: the answer comes when the key has been put, if k->waits.
     * get_end is true when the answer is taken: *value is from malloc, or NULL: there is no such key, or it failed. It
     * does not block unless `block`. */
    bool (*get_begin)(struct kvs *k, int owner, const char *key, bool wait);
    bool (*get_end)(struct kvs *k, bool block, char **value);
    /* The questions of boot_ask_test. begin: NULL, or why it cannot be said, and nothing was sent; k->why may be set.
     */
    const char *(*ask_begin)(struct kvs *k, const struct boot_ask *a);
    /* False: the answer is not there. Else *granted, a's answer is filled, or why says why not. */
    bool (*ask_end)(struct kvs *k, struct boot_ask *a, bool block, bool *granted, char *why, size_t n);
};

/* What that rank has put before a fence, from malloc; NULL: nothing, or it failed. */
static inline char *kvs_get(struct kvs *k, int owner, const char *key)
{
    char *value = NULL;
    return k->ops->get_begin(k, owner, key, false) && k->ops->get_end(k, true, &value) ? value : NULL;
}

#endif
