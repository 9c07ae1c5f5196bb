/* SPDX-License-Identifier: BSD-3-Clause
 *
 * far_type: the types that two processes have told each other of. */
#include "lib/rma/message.h"
#include "lib/rma/wire_type.h"

int far_type(struct target *t, const struct datatype *type, uint16_t *number)
{
    return MPI_ERR_UNSUPPORTED_OPERATION;
}

bool far_type_told(struct target *t, uint16_t number, int64_t from, int64_t all, const char *data, size_t n)
{
    return true;
}
struct wire_type *wire_type_ref(struct wire_type *t)
{
    return t;
}
void wire_type_unref(struct wire_type *t)
{
}
void wire_types_free(struct wire_types *t)
{
}
