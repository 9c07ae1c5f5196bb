/* SPDX-License-Identifier: BSD-3-Clause
 *
 * table: published names and the lookups that wait for one, with the owners with whom both go. It knows no sockets.
 */
#ifndef REGISTRY_TABLE_H
#define REGISTRY_TABLE_H

#include "wire/registry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct name_slot;
struct name_table;
struct name_wait;

/* Who publishes and waits; all zeros at first, and left before its memory goes. */
struct name_owner {
    LIST_HEAD(, name_slot) names;
    struct name_wait *waits; /* hash by id */
};

/* A lookup that waited is over: the name was published. port is borrowed. */
typedef void name_table_found_fn(void *arg, struct name_owner *of, uint64_t id, struct bytes port);

/* Names, ports and lookups take at most so many bytes. */
struct name_table *name_table_create(size_t bytes_max, name_table_found_fn *found, void *arg);
void name_table_destroy(struct name_table *t); /* all owners have left; NULL is allowed */

/* DONE_WELL, TAKEN or FULL; who waits for it is told before the return. */
enum registry_result name_table_publish(struct name_table *t, struct name_owner *o, const struct registry_entry *e);
/* DONE_WELL: *port is borrowed until the next call. ABSENT. FULL: it cannot wait. REGISTRY_RESULTS: it waits. */
enum registry_result name_table_lookup(struct name_table *t, struct name_owner *o, const struct registry_lookup *l,
                                       struct bytes *port);
/* DONE_WELL, ABSENT or FOREIGN. */
enum registry_result name_table_unpublish(struct name_table *t, struct name_owner *o, struct bytes name);
void name_table_forget(struct name_table *t, struct name_owner *o, uint64_t id); /* nothing where it does not wait */
void name_table_leave(struct name_table *t, struct name_owner *o);

typedef void name_table_fn(void *arg, const struct name_owner *of, const struct registry_entry *e);
void name_table_each(const struct name_table *t, name_table_fn *fn, void *arg); /* in no order */
size_t name_table_count(const struct name_table *t);

#endif
