/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_pmi_mapping: which ranks share a node, in the words of PMI. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/boot/pmi_client.h"

enum { MOST = 16 };

/* nodes: a digit for each rank; NULL: the text is refused. */
static const struct {
    const char *text, *nodes;
} cases[] = {
    {"(vector,(0,1,1))", "0"},
    {"(vector,(0,1,4))", "0000"},
    {"(vector,(0,2,2))", "0011"},
    {"(vector,(0,2,1))", "010101"},        /* it begins again */
    {"(vector,(0,2,2),(2,1,1))", "00112"}, /* two blocks */
    {"(vector,(0,1,3),(1,1,1),(0,1,2))", "000100"},
    {"(vector,0,1,0,1)", "0101"}, /* nodes by their numbers alone */
    {"(vector,[(0,2,1),3]x2,(1,1,1))", "0130131"},
    {"(vector,[0]x3,1)", "0001"},
    {"(vector,(1,1,1),[(0,1,1)]x2)", "100"},
    {"(vector,(5,1,2),(7,1,1))", "557"},
    {"", NULL},
    {"(vector", NULL},
    {"(vector,)", NULL},
    {"(vector,(0,1,1)", NULL}, /* two ranks: its end is missing */
    {"(matrix,(0,1,2))", NULL},
    {"(vector,(0,0,1))", NULL},
    {"(vector,(0,1,0))", NULL},
    {"(vector,(-1,1,1))", NULL},
    {"(vector,(0,99999999999,1))", NULL},
    {"(vector,(4294967295,1,1))", NULL},
    {"(vector,(0,1))", NULL},
    {"(vector,[(0,1,1)]x0)", NULL},
    {"(vector,[(0,1,1))", NULL},
};

static void read_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t node[MOST], nodes = 0, size = cases[i].nodes ? (uint32_t)strlen(cases[i].nodes) : 2;
        bool ok = pmi_mapping_read(cases[i].text, node, size, &nodes);
        if (ok != (cases[i].nodes != NULL))
            fail_msg("%s", cases[i].text);
        for (uint32_t r = 0; ok && r < size; r++)
            if (node[r] != (uint32_t)(cases[i].nodes[r] - '0') || node[r] >= nodes)
                fail_msg("%s: rank %u is on node %u", cases[i].text, r, node[r]);
    }
}

/* Ranks on hosts, a letter each; how long the text is at most. */
static const struct {
    const char *hosts;
    size_t most;
} host_cases[] = {{"a", 20},        {"aaaa", 20},      {"abcd", 20},       {"aabbccdd", 20}, {"abababab", 24},
                  {"aabbaabb", 24}, {"abbbccadd", 60}, {"aabcabcabc", 40}, {"zyxzyxaab", 60}};

static void hosts_written_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof host_cases / sizeof *host_cases; i++) {
        const char *hosts = host_cases[i].hosts;
        uint32_t size = (uint32_t)strlen(hosts), nodes, node[MOST];
        uint64_t host[MOST];
        for (uint32_t r = 0; r < size; r++)
            host[r] = (uint64_t)hosts[r] << 56 | 7; /* alike in the bits that a table looks at first */
        char *text = pmi_hosts_text(host, size);
        assert_non_null(text);
        if (strlen(text) > host_cases[i].most || !pmi_mapping_read(text, node, size, &nodes))
            fail_msg("%s: %s", hosts, text);
        for (uint32_t r = 0; r < size; r++)
            for (uint32_t q = 0; q < size; q++)
                if ((hosts[r] == hosts[q]) != (node[r] == node[q]) || node[r] >= nodes)
                    fail_msg("%s: %s: ranks %u and %u", hosts, text, r, q);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(read_cases), cmocka_unit_test(hosts_written_and_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
