/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The fake front end.
 */
#include "fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void answer(const struct pmi_request *q, const struct pmi_result *r)
{
    struct fake_call *call = q->opaque;
    call->completed++;
    call->rc = r->rc;
    snprintf(call->why, sizeof call->why, "%s", r->rc ? r->why : "");
    call->len = r->value.len;
    call->value = calloc(1, call->len + 1);
    if (call->len)
        memcpy(call->value, r->value.data, call->len);
    call->ncodes = r->ncodes;
    for (uint32_t i = 0; i < r->ncodes && i < 8; i++)
        call->codes[i] = r->codes[i];
}

static void release(void *opaque)
{
    ((struct fake_call *)opaque)->released++;
}

static const struct pmi_front fake = {.name = "fake", .answer = answer, .release = release, .mapping_max = SIZE_MAX};

struct pmi_request *fake_request(struct tree *t, uint32_t rank, enum pmi_verb verb, struct fake_call *call)
{
    *call = (struct fake_call){0};
    return pmi_request_new(t->ranks[rank].client, &fake, verb, false, call);
}

void fake_fini(struct fake_call *call)
{
    free(call->value);
    call->value = NULL;
}

void fake_expect(struct tree *t, struct fake_call *call, const void *value, size_t n)
{
    tree_run(t);
    assert_string_equal(call->why, "");
    assert_int_equal(call->completed, 1);
    assert_int_equal(call->released, 1);
    assert_int_equal(call->rc, 0);
    assert_int_equal(call->len, n);
    if (n)
        assert_memory_equal(call->value, value, n);
    fake_fini(call);
}

void fake_refused(struct tree *t, struct fake_call *call, const char *why)
{
    tree_run(t);
    assert_int_equal(call->completed, 1);
    assert_int_equal(call->released, 1);
    assert_int_not_equal(call->rc, 0);
    assert_string_equal(call->why, why);
    fake_fini(call);
}

void fake_pending(struct tree *t, const struct fake_call *call)
{
    tree_run(t);
    assert_int_equal(call->completed, 0);
    assert_int_equal(call->released, 0);
}
