/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_start: how nodes are shared out among proxies.
 */
#include "common/start.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void every_node_once_and_evenly(void **state)
{
    uint32_t part[64];
    for (uint32_t n = 0; n < 300; n++) {
        for (uint32_t radix = 1; radix < 64; radix++) {
            uint32_t k = start_split(n, radix, part), sum = 0;
            assert_int_equal(k, n < radix ? n : radix);
            for (uint32_t i = 0; i < k; i++) {
                assert_true(part[i] >= n / k && part[i] <= n / k + 1);
                sum += part[i];
            }
            assert_int_equal(sum, n);
        }
    }
}

static const char *ended(struct start_process *p, const char *why)
{
    static char text[128];
    start_describe_end(p, why, text, sizeof text);
    return text;
}

static void how_it_ended(void **state)
{
    struct start_process p = {.pid = fork()};
    if (p.pid == 0)
        _exit(3);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)p.pid, &info, WEXITED | WNOWAIT), 0);
    assert_string_equal(ended(&p, "closed the link"), "it exited with code 3");
    p = (struct start_process){.pid = 0, .status = SIGKILL};
    assert_string_equal(ended(&p, "closed the link"), "it was killed by signal 9 (SIGKILL)");
    p = (struct start_process){.pid = fork()};
    if (p.pid == 0) {
        pause();
        _exit(0);
    }
    assert_string_equal(ended(&p, "closed the link"), "closed the link");
    kill(p.pid, SIGKILL);
    while (p.pid)
        ended(&p, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_node_once_and_evenly), cmocka_unit_test(how_it_ended)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
