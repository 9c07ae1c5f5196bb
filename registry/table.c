/* SPDX-License-Identifier: BSD-3-Clause
 *
 * table: one slot for each name that is published or waited for.
 */
#include "registry/table.h"

#include "common/xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uthash.h>

struct name_wait {
    UT_hash_handle hh; /* by id, of its owner */
    TAILQ_ENTRY(name_wait) of_slot;
    uint64_t id;
    struct name_owner *owner;
    struct name_slot *slot;
};

struct name_slot {
    UT_hash_handle hh;
    LIST_ENTRY(name_slot) of_owner;
    struct name_owner *owner; /* NULL: it is only waited for */
    TAILQ_HEAD(, name_wait) waits;
    struct registry_entry entry; /* its name is the slot's; its port is owned */
    char name[];
};

struct name_table {
    struct name_slot *slots;
    size_t bytes, bytes_max, published;
    name_table_found_fn *found;
    void *arg;
};

struct name_table *name_table_create(size_t bytes_max, name_table_found_fn *found, void *arg)
{
    struct name_table *t = xcalloc(1, sizeof *t);
    *t = (struct name_table){.bytes_max = bytes_max, .found = found, .arg = arg};
    return t;
}

void name_table_destroy(struct name_table *t)
{
    free(t);
}

static struct name_slot *find_slot(const struct name_table *t, struct bytes name)
{
    struct name_slot *s;
    HASH_FIND(hh, t->slots, name.data, name.len, s);
    return s;
}

static size_t slot_bytes(struct bytes name)
{
    return sizeof(struct name_slot) + name.len;
}

/* Room for this many more, in a slot that may have to be made. */
static bool has_room(const struct name_table *t, const struct name_slot *s, struct bytes name, size_t more)
{
    return t->bytes_max - t->bytes >= more + (s ? 0 : slot_bytes(name));
}

static struct name_slot *make_slot(struct name_table *t, struct bytes name)
{
    struct name_slot *s = xcalloc(1, slot_bytes(name));
    if (name.len)
        memcpy(s->name, name.data, name.len);
    s->entry.name = (struct bytes){s->name, name.len};
    TAILQ_INIT(&s->waits);
    HASH_ADD_KEYPTR(hh, t->slots, s->name, name.len, s);
    t->bytes += slot_bytes(name);
    return s;
}

static void drop_unused(struct name_table *t, struct name_slot *s)
{
    if (s->owner || !TAILQ_EMPTY(&s->waits))
        return;
    t->bytes -= slot_bytes(s->entry.name);
    HASH_DEL(t->slots, s);
    free(s);
}

static void drop_wait(struct name_table *t, struct name_wait *w)
{
    TAILQ_REMOVE(&w->slot->waits, w, of_slot);
    HASH_DEL(w->owner->waits, w);
    t->bytes -= sizeof *w;
    free(w);
}

static void drop_published(struct name_table *t, struct name_slot *s)
{
    LIST_REMOVE(s, of_owner);
    s->owner = NULL;
    t->published--;
    t->bytes -= s->entry.port.len;
    free((char *)s->entry.port.data);
    s->entry.port = (struct bytes){NULL, 0};
    drop_unused(t, s);
}

static void wake_waits(struct name_table *t, struct name_slot *s)
{
    for (struct name_wait *w; (w = TAILQ_FIRST(&s->waits));) {
        struct name_owner *of = w->owner;
        uint64_t id = w->id;
        drop_wait(t, w);
        t->found(t->arg, of, id, s->entry.port);
    }
}

enum registry_result name_table_publish(struct name_table *t, struct name_owner *o, const struct registry_entry *e)
{
    struct name_slot *s = find_slot(t, e->name);
    if (s && s->owner)
        return REGISTRY_TAKEN;
    if (!has_room(t, s, e->name, e->port.len))
        return REGISTRY_FULL;
    if (!s)
        s = make_slot(t, e->name);
    char *port = xmalloc(e->port.len + 1);
    if (e->port.len)
        memcpy(port, e->port.data, e->port.len);
    s->entry.port = (struct bytes){port, e->port.len};
    s->entry.job = e->job;
    s->entry.rank = e->rank;
    s->entry.since = (uint64_t)time(NULL);
    s->owner = o;
    LIST_INSERT_HEAD(&o->names, s, of_owner);
    t->published++;
    t->bytes += e->port.len;
    wake_waits(t, s);
    return REGISTRY_DONE_WELL;
}

static struct name_wait *find_wait(const struct name_owner *o, uint64_t id)
{
    struct name_wait *w;
    HASH_FIND(hh, o->waits, &id, sizeof id, w);
    return w;
}

/* Of one number only one waits. */
static enum registry_result add_wait(struct name_table *t, struct name_owner *o, const struct registry_lookup *l)
{
    struct name_slot *s = find_slot(t, l->name);
    if (find_wait(o, l->id) || !has_room(t, s, l->name, sizeof(struct name_wait)))
        return REGISTRY_FULL;
    struct name_wait *w = xcalloc(1, sizeof *w);
    w->id = l->id;
    w->owner = o;
    w->slot = s ? s : make_slot(t, l->name);
    TAILQ_INSERT_TAIL(&w->slot->waits, w, of_slot);
    HASH_ADD(hh, o->waits, id, sizeof w->id, w);
    t->bytes += sizeof *w;
    return REGISTRY_RESULTS;
}

enum registry_result name_table_lookup(struct name_table *t, struct name_owner *o, const struct registry_lookup *l,
                                       struct bytes *port)
{
    const struct name_slot *s = find_slot(t, l->name);
    if (s && s->owner) {
        *port = s->entry.port;
        return REGISTRY_DONE_WELL;
    }
    return l->wait ? add_wait(t, o, l) : REGISTRY_ABSENT;
}

enum registry_result name_table_unpublish(struct name_table *t, struct name_owner *o, struct bytes name)
{
    struct name_slot *s = find_slot(t, name);
    if (!s || !s->owner)
        return REGISTRY_ABSENT;
    if (s->owner != o)
        return REGISTRY_FOREIGN;
    drop_published(t, s);
    return REGISTRY_DONE_WELL;
}

static void end_wait(struct name_table *t, struct name_wait *w)
{
    struct name_slot *s = w->slot;
    drop_wait(t, w);
    drop_unused(t, s);
}

void name_table_forget(struct name_table *t, struct name_owner *o, uint64_t id)
{
    struct name_wait *w = find_wait(o, id);
    if (w)
        end_wait(t, w);
}

void name_table_leave(struct name_table *t, struct name_owner *o)
{
    while (!LIST_EMPTY(&o->names))
        drop_published(t, LIST_FIRST(&o->names));
    while (o->waits)
        end_wait(t, o->waits);
}

void name_table_each(const struct name_table *t, name_table_fn *fn, void *arg)
{
    for (const struct name_slot *s = t->slots; s; s = s->hh.next)
        if (s->owner)
            fn(arg, s->owner, &s->entry);
}

size_t name_table_count(const struct name_table *t)
{
    return t->published;
}
