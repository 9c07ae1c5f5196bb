/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_registry: names at a muster-names (wire/registry.def), which mpiexecs of other machines ask too. The connection
 * is made when it is first needed. Where it is lost, what is asked for fails, and what we have published is published
 * again once muster-names answers, for which we look as long as there is any.
 */
#ifndef LAUNCHER_NAME_REGISTRY_H
#define LAUNCHER_NAME_REGISTRY_H

#include "wire/registry.h"

#include <event2/event.h>

struct name_registry;

struct name_registry_ops {
    /* The answer to what was asked under that id; never inside the call that asks. port is that of a lookup; all is
     * borrowed. why not NULL: muster-names could not be asked, in one line. */
    void (*done)(void *arg, uint32_t id, enum registry_result r, struct bytes port, const char *why);
    /* NULL: nobody asks. Once until it answers again, before those who asked are told. */
    void (*lost)(void *arg, const char *why);
    void (*listed)(void *arg, const struct registry_listed *l); /* one of name_registry_list; NULL: nobody asks */
};

/* addresses and key: as in name_call.h; ops and arg are borrowed. */
struct name_registry *name_registry_create(struct event_base *base, const char *addresses, const char *key,
                                           const struct name_registry_ops *ops, void *arg);
void name_registry_destroy(struct name_registry *n); /* what we have published goes; NULL is allowed */

/* Each is answered once, unless it is forgotten. Ids are those of the caller, each in use once. Everything is copied.
 */
void name_registry_publish(struct name_registry *n, uint32_t id, const struct registry_entry *e);
void name_registry_lookup(struct name_registry *n, uint32_t id, struct bytes name, bool wait);
void name_registry_unpublish(struct name_registry *n, uint32_t id, struct bytes name);
void name_registry_list(struct name_registry *n, uint32_t id);
/* Nobody waits for that one any more: what it publishes goes at once. Nothing where it is not known. */
void name_registry_forget(struct name_registry *n, uint32_t id);
/* Unpublishes what we have published; nobody waits for it. Nothing where we have not. */
void name_registry_drop(struct name_registry *n, struct bytes name);

#endif
