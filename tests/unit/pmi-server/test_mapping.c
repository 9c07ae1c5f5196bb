/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Each text is read back by a reader of the mapping grammar that is written here, the old one without repetitions.
 */
#include "pmi-server/mapping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The nodes of n ranks, as clients read them. */
static void read_back(const char *text, uint32_t *node, uint32_t n)
{
    unsigned first, nodes, ranks;
    uint32_t r = 0;
    assert_int_equal(strncmp(text, "(vector,", 8), 0);
    const char *begin = text + 7, *p = begin;
    while (r < n) {
        int len = 0;
        if (*p == ')') {
            for (p = begin; strncmp(p, ",(0,", 4); p++)
                assert_int_not_equal(*p, 0);
        }
        assert_int_equal(sscanf(p, ",(%u,%u,%u)%n", &first, &nodes, &ranks, &len), 3);
        p += len;
        for (unsigned i = 0; i < nodes; i++)
            for (unsigned k = 0; k < ranks && r < n; k++)
                node[r++] = first + i;
    }
}

static char *text_of(const uint32_t *node, uint32_t n, uint32_t nnodes, size_t max)
{
    struct rankmap m;
    assert_int_equal(rankmap_build(&m, node, n, nnodes), 0);
    char *text = pmi_mapping_text(&m, max);
    rankmap_fini(&m);
    if (!*text)
        return text;
    uint32_t *back = calloc(n, sizeof *back);
    read_back(text, back, n);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(back[i], node[i]);
    free(back);
    return text;
}

static void check(const char *expected, const uint32_t *node, uint32_t n)
{
    char *text = text_of(node, n, 100, 1023);
    assert_string_equal(text, expected);
    free(text);
}

#define CHECK(expected, ...)                                                                                           \
    do {                                                                                                               \
        const uint32_t node[] = {__VA_ARGS__};                                                                         \
        check(expected, node, sizeof node / sizeof *node);                                                             \
    } while (0)

static void shapes_have_their_shortest_text(void **state)
{
    CHECK("(vector,(0,1,1))", 0);
    CHECK("(vector,(0,1,3))", 0, 0, 0);
    CHECK("(vector,(0,2,2))", 0, 0, 1, 1);
    CHECK("(vector,(0,3,1))", 0, 1, 2, 0, 1, 2, 0, 1);
    CHECK("(vector,(0,2,2))", 0, 0, 1, 1, 0, 0, 1);
    CHECK("(vector,(0,2,2),(2,1,1))", 0, 0, 1, 1, 2);
    CHECK("(vector,(2,1,1),(0,1,1))", 2, 0);
    CHECK("(vector,(0,1,1),(5,1,2),(3,1,1))", 0, 5, 5, 3);
    CHECK("(vector,(0,1,1),(2,1,1),(1,1,1))", 0, 2, 1, 0, 2, 1, 0, 2, 1, 0, 2);
}

static void a_million_ranks_are_a_short_text(void **state)
{
    uint32_t n = 1000000, *node = calloc(n, sizeof *node);
    for (uint32_t i = 0; i < n; i++)
        node[i] = i % 10000;
    char *text = text_of(node, n, 10000, 1023);
    assert_string_equal(text, "(vector,(0,10000,1))");
    free(text);
    free(node);
}

static void irregular_maps_fit_or_are_not_told(void **state)
{
    uint32_t node[900], state_x = 1;
    for (uint32_t i = 0; i < 900; i++) {
        state_x = state_x * 1103515245 + 12345;
        node[i] = (state_x >> 16) % 7;
    }
    char *text = text_of(node, 100, 7, 1023);
    assert_true(strlen(text) > 100);
    free(text);
    text = text_of(node, 900, 7, 1023);
    assert_string_equal(text, "");
    free(text);
    text = text_of(node, 900, 7, 100000);
    assert_true(strlen(text) > 1023);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_have_their_shortest_text),
        cmocka_unit_test(a_million_ranks_are_a_short_text),
        cmocka_unit_test(irregular_maps_fit_or_are_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
