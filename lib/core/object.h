/* SPDX-License-Identifier: BSD-3-Clause
 *
 * object: handles, and what they stand for.
 *
 * A predefined handle is a small integer of the ABI, and a table leads to its object. Any other handle is the address
 * of an object in the arena of its kind, with a generation in the low 8 bits, which the alignment leaves free. An
 * object keeps its own handle in its first word and forgets it when it is freed; arenas are never given back. So a
 * handle is valid exactly if it lies in the arena of its kind and the object there names that very value: null, freed,
 * wrong-kind and made-up handles are all recognised without touching memory that is not ours. (A freed handle whose
 * place has been reused 255 times exactly is taken for the new one.)
 *
 * Objects are made and freed under the library's lock.
 */
#ifndef LIB_CORE_OBJECT_H
#define LIB_CORE_OBJECT_H

#include "lib/core/types.h"

enum obj_kind {
    OBJ_NONE,
    OBJ_COMM,
    OBJ_GROUP,
    OBJ_DATATYPE,
    OBJ_OP,
    OBJ_WIN,
    OBJ_FILE,
    OBJ_SESSION,
    OBJ_MESSAGE,
    OBJ_INFO,
    OBJ_ERRHANDLER,
    OBJ_REQUEST,
    OBJ_CVAR_HANDLE, /* of MPI_T: */
    OBJ_PVAR_SESSION,
    OBJ_PVAR_HANDLE,
    OBJ_EVENT_REGISTRATION,
    OBJ_EVENT_INSTANCE,
    OBJ_KINDS
};

struct obj {
    uintptr_t handle; /* 0: freed */
    int refs;
    uint8_t kind;
    bool predefined; /* lives in static memory, is never freed */
    uint16_t unused; /* all of it is written, so that it takes one store */
};

enum { OBJ_ALIGN = 256, OBJ_PREDEFINED_END = 0x300, OBJ_HANDLE_MIN = 0x1000 };

struct obj_arena {
    uintptr_t base;
    size_t used;      /* bytes handed out so far */
    struct obj *free; /* free objects, each behind its head with the next one; `refs` keeps the last generation */
};
extern struct obj_arena obj_arenas[OBJ_KINDS];
extern struct obj *obj_predefined[OBJ_PREDEFINED_END];

/* The object of a handle, or NULL if the handle is not a valid one of that kind. */
ALWAYS_INLINE void *obj_of(uintptr_t h, enum obj_kind kind)
{
    struct obj *o;
    if (h - obj_arenas[kind].base < obj_arenas[kind].used)
        o = (struct obj *)(h & ~(uintptr_t)(OBJ_ALIGN - 1));
    else if (h < OBJ_PREDEFINED_END)
        o = obj_predefined[h];
    else
        return NULL;
    return LIKELY(o && o->handle == h && o->kind == kind) ? o : NULL;
}

/* A new object of `size` bytes, one reference, zeroed but for its head; NULL without memory. */
void *obj_new(enum obj_kind kind, size_t size);
struct obj *obj_grow(enum obj_kind kind, size_t size); /* for obj_new_raw */

static inline struct obj **obj_next_free(struct obj *o)
{
    return (struct obj **)(o + 1);
}

/* The same, not zeroed, for objects that are made on the fast path. */
ALWAYS_INLINE void *obj_new_raw(enum obj_kind kind, size_t size)
{
    struct obj_arena *a = &obj_arenas[kind];
    struct obj *o = a->free;
    if (LIKELY(o != NULL))
        a->free = *obj_next_free(o);
    else if (!(o = obj_grow(kind, size)))
        return NULL;
    o->handle = (uintptr_t)o | (unsigned)(o->refs + 1) % OBJ_ALIGN;
    o->refs = 1;
    o->kind = (uint8_t)kind;
    o->predefined = false;
    o->unused = 0;
    return o;
}

/* The memory back to its arena; the handle is no longer valid. */
ALWAYS_INLINE void obj_free_as(struct obj *o, enum obj_kind kind)
{
    struct obj_arena *a = &obj_arenas[kind];
    o->refs = (int)(o->handle % OBJ_ALIGN);
    o->handle = 0;
    *obj_next_free(o) = a->free;
    a->free = o;
}

static inline void obj_free(struct obj *o)
{
    obj_free_as(o, (enum obj_kind)o->kind);
}

/* Makes a static object reachable by its predefined handle. */
void obj_predefine(struct obj *o, enum obj_kind kind, uintptr_t handle);
/* And no longer so: the handle is invalid, the object stays as it is. */
void obj_unpredefine(const struct obj *o);
/* The objects of a kind that are alive, one after the other, predefined ones not counted: NULL, then the last one. For
 * rare events: all places of the arena are looked at. */
void *obj_next(enum obj_kind kind, const void *last);
/* The integer that stands for a handle in Fortran, and back (from OBJ_HANDLE_MIN on: given out at first use). */
int obj_toint(uintptr_t handle);
uintptr_t obj_fromint(int i);

#define OBJ_ACCESSOR(name, KIND, ctype)                                                                                \
    ALWAYS_INLINE struct name *name##_of(ctype h)                                                                      \
    {                                                                                                                  \
        return obj_of((uintptr_t)h, KIND);                                                                             \
    }
OBJ_ACCESSOR(comm, OBJ_COMM, MPI_Comm)
OBJ_ACCESSOR(group, OBJ_GROUP, MPI_Group)
OBJ_ACCESSOR(datatype, OBJ_DATATYPE, MPI_Datatype)
OBJ_ACCESSOR(op, OBJ_OP, MPI_Op)
OBJ_ACCESSOR(win, OBJ_WIN, MPI_Win)
OBJ_ACCESSOR(file, OBJ_FILE, MPI_File)
OBJ_ACCESSOR(session, OBJ_SESSION, MPI_Session)
OBJ_ACCESSOR(message, OBJ_MESSAGE, MPI_Message)
OBJ_ACCESSOR(info, OBJ_INFO, MPI_Info)
OBJ_ACCESSOR(errhandler, OBJ_ERRHANDLER, MPI_Errhandler)
OBJ_ACCESSOR(request, OBJ_REQUEST, MPI_Request)

#endif
