/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pending: gets of keys that are not here: who waits for each, local requests and children. The same key may be asked
 * for in several ways, whose answers differ as long as it is absent.
 */
#ifndef PMI_SERVER_PENDING_H
#define PMI_SERVER_PENDING_H

#include <uthash.h>
#include "pmi-server/request.h"
#include "wire/pmi_control.h"

struct pmi_pending {
    UT_hash_handle hh;
    struct pmi_requests requests;
    uint32_t *children;
    uint32_t nchildren;
    bool sent; /* towards mpiexec */
    uint32_t klen;
    char key[]; /* the mode in a byte, the key */
};

struct pmi_pending *pmi_pending_find(struct pmi_pending *all, enum pmi_get_mode mode, struct bytes key);
/* The one of that key, made if there is none: *is_new. */
struct pmi_pending *pmi_pending_take(struct pmi_pending **all, enum pmi_get_mode mode, struct bytes key, bool *is_new);
void pmi_pending_add_child(struct pmi_pending *p, uint32_t child);
void pmi_pending_del(struct pmi_pending **all, struct pmi_pending *p);
enum pmi_get_mode pmi_pending_mode(const struct pmi_pending *p);
struct bytes pmi_pending_key(const struct pmi_pending *p);

#endif
