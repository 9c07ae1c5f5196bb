/* SPDX-License-Identifier: BSD-3-Clause
 *
 * far_type: a few slots at each side. Messages come in order, so that what is told last is what is meant next. */
#include "lib/rma/far_type.h"
#include <stdlib.h>
#include <string.h>
#include "lib/rma/message.h"

enum { SLOTS = 8 };

struct far_types {
    int next; /* the slot that is taken next */
    struct {
        struct datatype *own;    /* at who tells: a reference */
        struct wire_type *known; /* at who is told: a reference */
        struct buf coming;       /* a description of which part has come */
    } slot[SLOTS];
};

void far_types_free(struct far_types *types)
{
    for (int i = 0; types && i < SLOTS; i++) {
        datatype_unref(types->slot[i].own);
        wire_type_unref(types->slot[i].known);
        buf_fini(&types->slot[i].coming);
    }
    free(types);
}

static bool types_begin(struct far_types **types)
{
    if (!*types)
        *types = calloc(1, sizeof **types);
    return *types != NULL;
}

static int send(struct target *t, const struct buf *b, int slot)
{
    size_t most = message_most(t);
    struct message_head h = {.kind = MESSAGE_TYPE, .type = (uint16_t)(FAR_TYPE_FIRST + slot), .bytes = (int64_t)b->len};
    int rc = MPI_SUCCESS;
    for (size_t at = 0, n; at < b->len && rc == MPI_SUCCESS; at += n) {
        char *data;
        n = b->len - at < most ? b->len - at : most;
        if ((rc = message_room(t, n, &data)) != MPI_SUCCESS)
            break;
        memcpy(data, b->data + at, n);
        h.from = (int64_t)at;
        message_send(t, &h, n);
    }
    return rc;
}

static int tell(struct target *t, const struct datatype *type, int slot)
{
    struct buf b;
    buf_init(&b);
    wire_type_encode(&b, type);
    int rc = b.failed ? MPI_ERR_NO_MEM : send(t, &b, slot);
    buf_fini(&b);
    return rc;
}

int far_type_tell(struct target *t, const struct datatype *type, uint16_t *number)
{
    if (!types_begin(&t->far->told))
        return MPI_ERR_NO_MEM;
    struct far_types *types = t->far->told;
    for (int i = 0; i < SLOTS; i++)
        if (types->slot[i].own == type) {
            *number = (uint16_t)(FAR_TYPE_FIRST + i);
            return MPI_SUCCESS;
        }
    int slot = types->next;
    types->next = (slot + 1) % SLOTS;
    datatype_unref(types->slot[slot].own);
    types->slot[slot].own = NULL;
    int rc = tell(t, type, slot);
    if (rc != MPI_SUCCESS)
        return rc;
    types->slot[slot].own = datatype_ref((struct datatype *)(uintptr_t)type);
    *number = (uint16_t)(FAR_TYPE_FIRST + slot);
    return MPI_SUCCESS;
}

/* They come in order, from 0 on. What is none is forgotten: who uses it is refused. */
bool far_type_told(struct target *t, uint16_t number, int64_t from, int64_t all, const char *data, size_t n)
{
    int slot = number - FAR_TYPE_FIRST;
    if (slot < 0 || slot >= SLOTS || all < 0)
        return true;
    if (!types_begin(&t->far->learnt))
        return false;
    struct buf *b = &t->far->learnt->slot[slot].coming;
    struct wire_type **known = &t->far->learnt->slot[slot].known, *type = NULL;
    if (from == 0)
        buf_clear(b);
    if ((size_t)from != b->len || (uint64_t)n > (uint64_t)all - b->len)
        return true;
    buf_put(b, data, n);
    int rc = b->failed ? MPI_ERR_NO_MEM : b->len < (size_t)all ? MPI_ERR_PENDING : MPI_SUCCESS;
    if (rc == MPI_SUCCESS)
        rc = wire_type_decode(b->data, b->len, &type);
    if (rc == MPI_ERR_NO_MEM) {
        b->failed = false;
        b->len = (size_t)from; /* this part comes again */
        return false;
    }
    if (rc == MPI_ERR_PENDING)
        return true;
    buf_fini(b);
    wire_type_unref(*known);
    *known = type;
    return true;
}

struct wire_type *far_type_of(const struct target *t, uint16_t number)
{
    int slot = number - FAR_TYPE_FIRST;
    return t->far->learnt && slot >= 0 && slot < SLOTS ? t->far->learnt->slot[slot].known : NULL;
}
