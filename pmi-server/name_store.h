/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_store: published names in the memory of this process. All operations but a lookup that waits complete inside the
 * call.
 */
#ifndef PMI_SERVER_NAME_STORE_H
#define PMI_SERVER_NAME_STORE_H

#include "pmi-server/names.h"

struct pmi_name_store;

extern const struct pmi_name_ops pmi_name_store_ops; /* their ctx is the store */

struct pmi_name_store *pmi_name_store_create(pmi_name_done_fn *done, void *arg);
/* Completes an operation of somebody with a reason; NULL: it is done. */
void pmi_name_store_answer(struct pmi_name_store *s, uint32_t id, const char *why);
/* What the store has, or port as it was; borrowed until it goes. */
bool pmi_name_store_find(const struct pmi_name_store *s, struct bytes name, struct bytes *port);
/* A name goes: unpublished, or with its owner, or with the store. */
typedef void pmi_name_gone_fn(void *arg, struct bytes name, bool inside);
void pmi_name_store_watch(struct pmi_name_store *s, pmi_name_gone_fn *gone, void *arg);
/* Lookups that wait. For each that may look outside: does anybody else have the name? Then it is completed. */
typedef bool pmi_name_found_fn(void *arg, struct bytes name, struct bytes *port);
bool pmi_name_store_waits(const struct pmi_name_store *s);
void pmi_name_store_offer(struct pmi_name_store *s, pmi_name_found_fn *found, void *arg);
void pmi_name_store_destroy(struct pmi_name_store *s); /* what waits is not completed; NULL is allowed */

#endif
