/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Names of ports go round, and what is none is known as such. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "lib/core/types.h"
#include "lib/dynamic/port_name.h"

static struct port_facts facts(void)
{
    struct port_facts f = {.id = UINT64_C(0x0123456789abcdef),
                           .place = {.machine = 77, .port = 40000, .count = 2, .prefix = {120, 64}}};
    memset(f.secret, 0xa5, sizeof f.secret);
    f.place.hosts[0].s6_addr[15] = 1;
    f.place.hosts[1].s6_addr[0] = 0xfd;
    return f;
}

static void a_name_goes_round(void **state)
{
    char name[PORT_NAME_MAX];
    struct port_facts f = facts(), back;
    port_name_write(&f, name);
    assert_true(strlen(name) < MPI_MAX_PORT_NAME);
    assert_true(port_name_read(name, &back));
    assert_memory_equal(&f, &back, sizeof f);
}

static void what_is_none_is_refused(void **state)
{
    char name[PORT_NAME_MAX], other[PORT_NAME_MAX + 8];
    struct port_facts f = facts(), back;
    port_name_write(&f, name);
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++) { /* each shorter one, and one with a letter that is none of its own */
        memcpy(other, name, i);
        other[i] = 0;
        assert_false(port_name_read(other, &back));
        strcpy(other, name);
        other[i] = 'X';
        assert_false(port_name_read(other, &back));
    }
    strcat(strcpy(other, name), "0");
    assert_false(port_name_read(other, &back));
    f.place.count = PLACE_HOSTS + 1;
    port_name_write(&f, name);
    assert_false(port_name_read(name, &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_name_goes_round), cmocka_unit_test(what_is_none_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
