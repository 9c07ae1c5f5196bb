/* SPDX-License-Identifier: BSD-3-Clause
 *
 * object: one arena a kind. An arena reserves address space, which costs nothing, and takes memory as it grows. */
#include "lib/core/object.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

struct obj_arena obj_arenas[OBJ_KINDS];
struct obj *obj_predefined[OBJ_PREDEFINED_END];

/* What the fast paths do not need. */
static struct {
    size_t slot;
    size_t reserved, committed;
} arena_rest[OBJ_KINDS];

enum { RESERVE_SHIFT = 34, CHUNK = 64 * 1024 };
#define RESERVE ((size_t)1 << RESERVE_SHIFT)

/* With a limit on address space (ulimit -v) most of it is the program's. */
static size_t wish(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur / 64 >= RESERVE)
        return RESERVE;
    return limit.rlim_cur / 64 / CHUNK * CHUNK + CHUNK;
}

static bool arena_open(enum obj_kind k, size_t size)
{
    size_t want = wish();
    void *p = MAP_FAILED;
    while (p == MAP_FAILED && want >= CHUNK) {
        p = mmap(NULL, want, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p == MAP_FAILED)
            want /= 2;
    }
    if (p == MAP_FAILED)
        return false;
    obj_arenas[k].base = (uintptr_t)p;
    arena_rest[k].reserved = want;
    arena_rest[k].slot = (size + OBJ_ALIGN - 1) / OBJ_ALIGN * OBJ_ALIGN;
    return true;
}

struct obj *obj_grow(enum obj_kind k, size_t size)
{
    if (!obj_arenas[k].base && !arena_open(k, size))
        return NULL;
    struct obj_arena *a = &obj_arenas[k];
    size_t end = a->used + arena_rest[k].slot;
    if (end > arena_rest[k].committed) {
        size_t more = CHUNK;
        if (arena_rest[k].committed + more > arena_rest[k].reserved ||
            mprotect((char *)a->base + arena_rest[k].committed, more, PROT_READ | PROT_WRITE) != 0)
            return NULL;
        arena_rest[k].committed += more;
    }
    struct obj *o = (struct obj *)(a->base + a->used);
    a->used = end;
    o->refs = 0;
    return o;
}

void *obj_new(enum obj_kind kind, size_t size)
{
    struct obj *o = obj_new_raw(kind, size);
    if (o)
        memset(o + 1, 0, size - sizeof *o);
    return o;
}

void obj_predefine(struct obj *o, enum obj_kind kind, uintptr_t handle)
{
    *o = (struct obj){.handle = handle, .refs = 1, .kind = (uint8_t)kind, .predefined = true};
    obj_predefined[handle] = o;
}

void obj_unpredefine(const struct obj *o)
{
    obj_predefined[o->handle] = NULL;
}

void *obj_next(enum obj_kind kind, const void *last)
{
    const struct obj_arena *a = &obj_arenas[kind];
    size_t slot = arena_rest[kind].slot;
    uintptr_t at = last ? (uintptr_t)last + slot : a->base;
    for (; at < a->base + a->used; at += slot)
        if (((struct obj *)at)->handle)
            return (void *)at;
    return NULL;
}

/* Handles given to Fortran. An integer stays with its handle for good: freed handles come back to the same address with
 * another generation, so the table grows with what Fortran has seen at most. */
static struct {
    uintptr_t *handle;
    int count, cap;
} ints;

int obj_toint(uintptr_t handle)
{
    if (handle < OBJ_HANDLE_MIN)
        return (int)handle;
    for (int i = ints.count; i-- > 0;)
        if (ints.handle[i] == handle)
            return OBJ_HANDLE_MIN + i;
    if (ints.count == ints.cap) {
        int cap = ints.cap ? 2 * ints.cap : 64;
        uintptr_t *p = realloc(ints.handle, (size_t)cap * sizeof *p);
        if (!p)
            return 0;
        ints.handle = p;
        ints.cap = cap;
    }
    ints.handle[ints.count] = handle;
    return OBJ_HANDLE_MIN + ints.count++;
}

uintptr_t obj_fromint(int i)
{
    if (i >= OBJ_HANDLE_MIN && i - OBJ_HANDLE_MIN < ints.count)
        return ints.handle[i - OBJ_HANDLE_MIN];
    return i >= 0 && i < OBJ_HANDLE_MIN ? (uintptr_t)i : 0;
}
