/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_catalogue.c: every message of the catalogues comes back with every field, and never from fewer bytes or more.
 */
#include "wire/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "wire/control.h"
#include "wire/pmi_control.h"
#include "wire/registry.h"

/* What the decoder says of the first n bytes, in memory of their size. */
static int cut(const struct check *c, const struct buf *b, size_t n)
{
    void *exact = malloc(n ? n : 1);
    if (n)
        memcpy(exact, b->data, n);
    int rc = c->same(exact, n);
    free(exact);
    return rc;
}

static void expect(const struct check *c, const struct buf *b, size_t n, bool taken)
{
    int rc = cut(c, b, n);
    if (rc != taken)
        fail_msg("%s of %zu bytes, cut to %zu: %d", c->name, b->len, n, rc);
}

static unsigned check_all(const struct check *c)
{
    unsigned n = 0;
    for (; c->name; c++) {
        struct buf b;
        if (!c->sample)
            continue;
        buf_init(&b);
        c->sample(&b);
        size_t needed = b.len - (c->rest ? strlen(c->rest) : 0);
        for (size_t i = 0; i <= b.len; i++)
            expect(c, &b, i, i >= needed);
        buf_put_u8(&b, 0);
        expect(c, &b, b.len, c->rest != NULL);
        buf_fini(&b);
        check_clear();
        n++;
    }
    return n;
}

static void control(void **state)
{
    assert_true(check_all(control_checks) > CONTROL_END / 2);
}

static void pmi_control(void **state)
{
    assert_true(check_all(pmi_control_checks) >= PMI_CONTROL_END);
}

/* But for the whole, whose parts have to fit: test_launch_spec.c. */
static void launch_spec(void **state)
{
    assert_true(check_all(launch_spec_checks) > 3);
}

static void registry(void **state)
{
    assert_true(check_all(registry_checks) >= REGISTRY_END - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control),
        cmocka_unit_test(pmi_control),
        cmocka_unit_test(launch_spec),
        cmocka_unit_test(registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
