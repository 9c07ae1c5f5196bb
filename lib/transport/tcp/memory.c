/* SPDX-License-Identifier: BSD-3-Clause
 *
 * memory: a table of what is registered. A number is a place in it, and how often the place has been used, so that the
 * key of memory that is not registered any more names nothing. */
#include "lib/transport/tcp/memory.h"
#include <stdlib.h>
#include <string.h>

enum { ACCESS_AT = 60, FIRST = 16 };
static const uint64_t length_mask = (UINT64_C(1) << ACCESS_AT) - 1;

struct area {
    char *base;         /* NULL: free; of a stream what it is of */
    mem_pieces *pieces; /* NULL: it lies there */
    size_t len;
    unsigned access;
    uint32_t used, next; /* of a free one: the place of the next free one, and 1 */
};

static struct {
    struct area *areas;
    uint32_t count, free; /* the place of a free one, and 1; 0: none */
} table;

static bool table_grow(void)
{
    uint32_t count = table.count ? 2 * table.count : FIRST;
    struct area *areas = count > table.count ? realloc(table.areas, count * sizeof *areas) : NULL;
    if (!areas)
        return false;
    for (uint32_t i = table.count; i < count; i++) {
        areas[i] = (struct area){.next = table.free};
        table.free = i + 1;
    }
    table.areas = areas;
    table.count = count;
    return true;
}

static bool area_add(struct area what, void *key, void **handle)
{
    if (!what.base || what.len > length_mask || (table.free == 0 && !table_grow()))
        return false;
    uint32_t i = table.free - 1;
    struct area *a = &table.areas[i];
    table.free = a->next;
    what.used = a->used + 1;
    *a = what;
    uint64_t words[2] = {(uint64_t)a->used << 32 | i, a->len | (uint64_t)(a->access & 7) << ACCESS_AT};
    memcpy(key, words, sizeof words);
    *handle = (void *)((uintptr_t)i + 1);
    return true;
}

bool memory_register(void *base, size_t len, unsigned access, void *key, void **handle)
{
    return area_add((struct area){.base = base, .len = len, .access = access}, key, handle);
}

bool memory_offer(const void *of, mem_pieces *pieces, size_t len, void *key, void **handle)
{
    return area_add((struct area){.base = (char *)(uintptr_t)of, .pieces = pieces, .len = len, .access = MEM_GET}, key,
                    handle);
}

void memory_deregister(void *handle)
{
    uint32_t i = (uint32_t)((uintptr_t)handle - 1);
    table.areas[i].base = NULL;
    table.areas[i].next = table.free;
    table.free = i + 1;
}

void memory_fini(void)
{
    free(table.areas);
    memset(&table, 0, sizeof table);
}

enum remote_state memory_check(struct remote at, size_t n, unsigned access, uint64_t *number)
{
    uint64_t words[2];
    if (at.key_bytes != sizeof words)
        return REMOTE_FAULT;
    memcpy(words, at.key, sizeof words);
    uint64_t len = words[1] & length_mask;
    *number = words[0];
    bool within = at.offset <= len && n <= len - at.offset;
    return within && (words[1] >> ACCESS_AT & access) == access ? REMOTE_DONE : REMOTE_FAULT;
}

/* The area that has them; NULL: none has. */
static const struct area *area_of(uint64_t number, uint64_t offset, size_t n, unsigned access)
{
    uint32_t i = (uint32_t)number;
    if (i >= table.count)
        return NULL;
    const struct area *a = &table.areas[i];
    bool is = a->base && a->used == number >> 32 && (a->access & access) == access;
    return is && offset <= a->len && n <= a->len - offset ? a : NULL;
}

bool memory_holds(uint64_t number, uint64_t offset, size_t n, unsigned access)
{
    return area_of(number, offset, n, access) != NULL;
}

int memory_where(uint64_t number, uint64_t offset, size_t *n, struct iovec *v, int most)
{
    const struct area *a = area_of(number, offset, *n, MEM_GET);
    if (a && a->pieces)
        return a->pieces(a->base, offset, n, v, most);
    if (a)
        v[0] = (struct iovec){a->base + offset, *n};
    return a != NULL;
}

char *memory_at(uint64_t number, uint64_t offset, size_t n, unsigned access)
{
    const struct area *a = area_of(number, offset, n, access);
    return a && !a->pieces ? a->base + offset : NULL;
}
