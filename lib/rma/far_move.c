/* SPDX-License-Identifier: BSD-3-Clause
 *
 * far_move: operations on a rank that is reached by messages. What goes there is copied into packets, so that it is
 * done with here when the call returns; what comes back is waited for by an operation, which data name. */
#include <string.h>
#include "lib/datatype/layout.h"
#include "lib/rma/far_op.h"
#include "lib/rma/far_remote.h"
#include "lib/rma/far_type.h"

enum { OWED_MOST = 1 << 20 }; /* bytes that a target may have to keep for one origin */

static bool may_owe(const void *arg)
{
    const struct far *f = arg;
    return f->owed < OWED_MOST;
}

/* The elements of a type as a head names them. */
static int name_elements(struct target *t, struct message_head *h, const struct datatype *type, MPI_Count count)
{
    h->count = count;
    if (type >= basic_types && type < basic_types + BASIC_COUNT) {
        h->type = (uint16_t)(type - basic_types);
    } else if (datatype_is_run(type, count) && type->true_lb == 0) {
        const struct datatype *basic =
            type->basic >= 0 && basic_types[type->basic].dense ? &basic_types[type->basic] : &datatype_byte;
        h->type = (uint16_t)(basic - basic_types);
        h->count = count * type->size / basic->size;
    } else {
        return far_type_tell(t, type, &h->type);
    }
    return MPI_SUCCESS;
}

static int put(struct target *t, const struct origin *from, char *to, MPI_Count count, const struct datatype *type)
{
    MPI_Count whole = from->count * from->type->size, most = (MPI_Count)message_most(t);
    struct message_head h = {.kind = MESSAGE_PUT, .at = (int64_t)(intptr_t)to};
    bool moved;
    if (whole > count * type->size)
        return MPI_ERR_TRUNCATE;
    int rc = far_remote_put(t, from, to, count, type, &moved);
    if (rc != MPI_SUCCESS || moved)
        return rc;
    rc = name_elements(t, &h, type, count);
    for (MPI_Count n; rc == MPI_SUCCESS && h.from < whole; h.from += n) {
        char *data;
        n = whole - h.from < most ? whole - h.from : most;
        if ((rc = message_room(t, (size_t)n, &data)) != MPI_SUCCESS)
            break;
        datatype_pack(from->type, from->at, from->count, h.from, data, (size_t)n);
        message_send(t, &h, (size_t)n);
        far_soil(t);
    }
    return rc;
}

static int get(struct target *t, const struct origin *into, char *from, MPI_Count count, const struct datatype *type)
{
    struct message_head h = {.kind = MESSAGE_GET, .at = (int64_t)(intptr_t)from, .bytes = count * type->size};
    char *data;
    bool moved;
    if (h.bytes > into->count * into->type->size)
        return MPI_ERR_TRUNCATE;
    int rc = far_remote_get(t, into, from, count, type, &moved);
    if (rc != MPI_SUCCESS || moved)
        return rc;
    rc = name_elements(t, &h, type, count);
    if (rc == MPI_SUCCESS)
        rc = far_op_await(t);
    if (rc == MPI_SUCCESS)
        rc = message_room(t, 0, &data);
    if (rc != MPI_SUCCESS)
        return rc;
    struct far_op *o = far_op_new(t, into->at, into->count, into->type, h.bytes, into->request != NULL);
    if (!o)
        return MPI_ERR_NO_MEM;
    h.request = o->head.obj.handle;
    message_send(t, &h, 0);
    far_soil(t);
    if (into->request)
        *into->request = &o->head;
    return MPI_SUCCESS;
}

const struct target_verbs target_message = {put, get};

/* One packet of an accumulate: n bytes of elements from h->from on. */
static int accumulate_part(struct target *t, struct message_head *h, const struct combine *c, const void *compare,
                           size_t n)
{
    size_t size = (size_t)c->basic->size, sent = compare ? 2 * size : c->op == NO_OP ? 0 : n;
    char *data;
    int rc = h->request ? far_wait(t, may_owe, t->far) : MPI_SUCCESS;
    if (rc == MPI_SUCCESS)
        rc = message_room(t, sent, &data);
    if (rc != MPI_SUCCESS)
        return rc;
    if (compare)
        memcpy(data, compare, size);
    if (sent > 0)
        datatype_pack(c->origin.type, c->origin.at, c->origin.count, h->from, data + (compare ? size : 0), n);
    h->bytes = (int64_t)n;
    message_send(t, h, sent);
    if (h->request)
        t->far->owed += n;
    far_soil(t);
    return MPI_SUCCESS;
}

int far_accumulate(struct target *t, const struct combine *c, const void *compare, struct request **request)
{
    bool fetches = c->result.type != NULL;
    MPI_Count whole = c->target.count * c->target.type->size, size = c->basic->size;
    MPI_Count most = (MPI_Count)message_most(t) / size * size;
    struct far_op *o = NULL;
    struct message_head h = {.kind = (uint8_t)(compare   ? MESSAGE_COMPARE_SWAP
                                               : fetches ? MESSAGE_GET_ACCUMULATE
                                                         : MESSAGE_ACCUMULATE),
                             .op = (uint8_t)c->op,
                             .at = (int64_t)(intptr_t)c->target.at};
    if (whole == 0 || (c->op == NO_OP && !fetches))
        return MPI_SUCCESS;
    int rc = name_elements(t, &h, c->target.type, c->target.count);
    if (rc == MPI_SUCCESS && fetches)
        rc = far_op_await(t);
    if (rc == MPI_SUCCESS && fetches) {
        o = far_op_new(t, (void *)(uintptr_t)c->result.at, c->result.count, c->result.type, whole, request != NULL);
        rc = o ? MPI_SUCCESS : MPI_ERR_NO_MEM;
        h.request = o ? o->head.obj.handle : 0;
    }
    for (MPI_Count n; rc == MPI_SUCCESS && h.from < whole; h.from += n) {
        n = whole - h.from < most ? whole - h.from : most;
        rc = accumulate_part(t, &h, c, compare, (size_t)n);
    }
    if (o && rc != MPI_SUCCESS)
        far_op_cancel(t, h.request, rc);
    else if (o && request)
        *request = &o->head;
    return rc;
}
