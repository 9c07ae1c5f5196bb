/* SPDX-License-Identifier: BSD-3-Clause
 *
 * fuzz_wire_type: a datatype that another rank describes. What is accepted moves bytes within what it says that it
 * spans, and is described again as it came. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "lib/rma/elements.h"
#include "lib/rma/wire_type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SPAN_MOST = 1 << 16, LB_MOST = 1 << 30, BYTES = 4096 };

/* Exactly as large as the type spans, so that a sanitizer sees what lies beside it. */
static void moves(const struct datatype *t)
{
    char packed[BYTES] = {0};
    size_t n = t->size < BYTES ? (size_t)t->size : BYTES;
    if (t->true_extent > SPAN_MOST || llabs(t->true_lb) > LB_MOST || !datatype_count_ok(t, 1))
        return; /* addresses that no process has */
    char *memory = calloc(1, (size_t)t->true_extent);
    if (!memory)
        abort();
    char *base = (char *)((uintptr_t)memory - (uintptr_t)t->true_lb);
    datatype_unpack(t, base, 1, 0, packed, n);
    datatype_pack(t, base, 1, t->size - (MPI_Count)n, packed, n);
    free(memory);
}

/* All elements come, a few at a time, and the walk ends. So far from both ends of memory that no address overflows. */
static void walks(const struct datatype *t)
{
    struct elements e;
    char *at[ELEMENTS_SIDES];
    if (t->basic < 0 || t->size > SPAN_MOST || !datatype_count_ok(t, 1))
        return;
    MPI_Count n = t->size / basic_types[t->basic].size, k;
    elements_init(&e, &basic_types[t->basic], n);
    elements_add(&e, (struct operand){(void *)(UINTPTR_MAX / 2), 1, t});
    while ((k = elements_next(&e, n, at)) > 0)
        n -= k;
    if (n != 0)
        abort();
}

static void describes(const struct datatype *t)
{
    struct buf b;
    struct wire_type *again;
    buf_init(&b);
    wire_type_encode(&b, t);
    if (b.failed || wire_type_decode(b.data, b.len, &again) != MPI_SUCCESS)
        abort();
    if (again->type.size != t->size || again->type.true_lb != t->true_lb || again->type.true_extent != t->true_extent ||
        again->type.extent != t->extent || again->type.basic != t->basic)
        abort();
    wire_type_unref(again);
    buf_fini(&b);
}

__attribute__((constructor)) static void begin(void)
{
    datatype_init();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_type *t;
    if (wire_type_decode(data, size, &t) != MPI_SUCCESS)
        return 0;
    moves(&t->type);
    walks(&t->type);
    describes(&t->type);
    wire_type_unref(t);
    return 0;
}
