/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_watch_table: the table of who waits for whom. */
#include "launcher/watch_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define N 64
#define SUM "MPI_Allreduce on MPI_COMM_WORLD"

static struct watch_row rows[4096];
static char text[16384];

static const char *name(const void *arg, uint32_t node)
{
    static char host[16];
    snprintf(host, sizeof host, "n%u", node);
    return host;
}

/* One rank in `what`, caught in that state. */
static struct watch_row *set(uint32_t rank, char state, const char *what)
{
    struct watch_row *r = &rows[rank];
    *r = (struct watch_row){.state = {.rank = rank, .pid = 1000 + rank, .state = (unsigned char)state}, .heard = true};
    snprintf(r->what, sizeof r->what, "%s", what);
    return r;
}

static void set_all(uint32_t n, const char *states, const char *what)
{
    for (uint32_t i = 0; i < n; i++)
        set(i, states[i % strlen(states)], what);
}

/* The table of the first n rows; returns the number of its lines without the headline. */
static unsigned print(uint32_t n)
{
    FILE *out = fmemopen(text, sizeof text, "w");
    unsigned lines = 0;
    watch_table_print(out, rows, n, name, NULL);
    fclose(out);
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        lines++;
    return lines - 1;
}

/* The columns that do not depend on widths, of the line that begins with those ranks. */
static void shows(const char *ranks, const char *state, const char *what)
{
    char begin[64], line[256];
    snprintf(begin, sizeof begin, "  %-17s", ranks);
    const char *at = strstr(text, begin);
    assert_non_null(at);
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
    assert_non_null(strstr(line, state));
    assert_non_null(strstr(line, what));
}

/* What a rank waits in is text of its own: a key, a name. */
static void text_of_ranks_is_made_printable(void **state)
{
    set_all(N, "SSSSSSS", SUM);
    set(0, 'S', "PMI get \x1b[2Jkey\n");
    print(N);
    assert_null(strchr(text, 0x1b));
    assert_non_null(strstr(text, "PMI get \\x1b[2Jkey\\x0a for"));
}

static void the_instant_does_not_part_those_that_wait(void **state)
{
    set_all(N, "RSSRSSS", SUM);
    set(N - 1, 'R', "MPI_Recv from 3 tag 7 on MPI_COMM_WORLD");
    assert_int_equal(print(N), 2);
    shows("0-62", " waiting ", SUM);
    shows("63", " waiting ", "MPI_Recv from 3 tag 7 on MPI_COMM_WORLD");
    assert_null(strstr(text, "running"));
    assert_null(strstr(text, "sleeping"));
}

static void nor_do_ages_times_and_memory(void **state)
{
    set_all(N, "SR", SUM);
    for (uint32_t i = 0; i < N; i++) {
        rows[i].state.since = UINT64_C(3600000000) + i * 20000000u;
        rows[i].state.cpu = i * 100000;
        rows[i].state.rss = 1024 * (i + 1);
    }
    assert_int_equal(print(N), 1);
    shows("0-63", " 6.3 s    64.0 MB  " SUM " for 4.9 s", "1000.. ");
}

static void who_is_in_no_call_is_as_the_kernel_says(void **state)
{
    set_all(4, "RS", "");
    assert_int_equal(print(4), 2);
    shows("0,2", " running ", " -");
    shows("1,3", " sleeping ", " -");
}

static void other_states_stand_out_of_those_that_wait(void **state)
{
    static const char *const names[] = {"stopped", "in kernel", "ended", "?"};
    set_all(N, "SR", SUM);
    for (uint32_t i = 0; i < 4; i++)
        set(10 * i + 9, "TDZW"[i], SUM);
    set(20, 't', SUM);
    assert_int_equal(print(N), 5);
    shows("0-8,10-18,..", " waiting ", SUM);
    shows("9,20", names[0], SUM);
    for (uint32_t i = 1; i < 4; i++)
        shows((const char *[]){"", "19", "29", "39"}[i], names[i], SUM);
}

/* What was last known of them, or is left in their place, does not part them either. */
static void ended_and_silent_ones_are_a_line_each(void **state)
{
    set_all(N, "SR", SUM);
    for (uint32_t i = 4; i < 16; i++)
        set(i, "RSZ"[i % 3], i % 2 ? SUM : "")->state.pid = 0;
    for (uint32_t i = 16; i < 32; i++)
        set(i, "RS"[i % 2], i % 3 ? SUM : "")->heard = false;
    assert_int_equal(print(N), 3);
    shows("0-3,32-63", " waiting ", SUM);
    shows("4-15", " ended", "n0");
    shows("16-31", " no answer", "n0");
}

static void nodes_are_parted_while_a_screen_has_room(void **state)
{
    for (unsigned nodes = 2; nodes <= 64; nodes *= 4) {
        set_all(N, "SRR", SUM);
        for (uint32_t i = 0; i < N; i++)
            rows[i].node = i % nodes;
        assert_int_equal(print(N), nodes <= 20 ? nodes : 1);
    }
    shows("0-63", "(several)", SUM);
}

/* Each rank in a call of its own: no more than fits, and the rest is counted. */
static void a_table_is_bounded(void **state)
{
    uint32_t n = sizeof rows / sizeof *rows;
    char what[CONTROL_STATE_WHAT_MAX + 1];
    memset(what, 'x', sizeof what);
    for (uint32_t i = 0; i < n; i++) {
        snprintf(what, sizeof what, "MPI_Recv from %u", i);
        what[strlen(what)] = 'x'; /* as long as can be */
        what[CONTROL_STATE_WHAT_MAX] = 0;
        set(i, 'S', what)->node = i;
    }
    assert_int_equal(print(n), 33);
    assert_non_null(strstr(text, "  ... and 4064 ranks more\n"));
    for (const char *p = text, *end; (end = strchr(p, '\n')); p = end + 1)
        assert_true(end - p < 180);
}

static void random_states_never_part_one_call(void **state)
{
    srand(1);
    for (int round = 0; round < 200; round++) {
        uint32_t n = 1 + (uint32_t)rand() % N;
        for (uint32_t i = 0; i < n; i++) {
            struct watch_row *r = set(i, "RS"[rand() % 2], SUM);
            r->state.since = (uint64_t)rand() << rand() % 33;
            r->state.cpu = (uint64_t)rand() << rand() % 33;
            r->state.rss = (uint64_t)rand() << rand() % 33;
        }
        assert_int_equal(print(n), 1);
    }
}

static void who_is_missing(void **state)
{
    set_all(N, "SR", SUM);
    set(7, 'R', "");
    set(9, 'S', "");
    set(11, 'S', "")->state.pid = 0;
    FILE *out = fmemopen(text, sizeof text, "w");
    watch_table_missing(out, rows, N);
    fclose(out);
    assert_string_equal(text, "  not waiting: 7 9\n");
}

/* The most of all that stand on a line. */
static void what_is_under_way(void **state)
{
    set_all(2, "S", "MPI_Recv from 2");
    rows[0].state.outgoing = 9999;
    print(2);
    assert_non_null(strstr(text, "MPI_Recv from 2 for 0.0 s, 9999 B to it under way\n"));
    rows[1].state.outgoing = 10000;
    rows[1].state.incoming = 123456789;
    print(2);
    assert_non_null(strstr(text, " for 0.0 s, 10.0 kB to it and 123.5 MB from it under way\n"));
    rows[1].state.outgoing = rows[0].state.outgoing = 0;
    print(2);
    assert_non_null(strstr(text, " for 0.0 s, 123.5 MB from it under way\n"));
    rows[0].state.outgoing = UINT64_MAX;
    print(2);
    assert_non_null(strstr(text, " for 0.0 s, not connected so far\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_under_way),
        cmocka_unit_test(text_of_ranks_is_made_printable),
        cmocka_unit_test(the_instant_does_not_part_those_that_wait),
        cmocka_unit_test(nor_do_ages_times_and_memory),
        cmocka_unit_test(who_is_in_no_call_is_as_the_kernel_says),
        cmocka_unit_test(other_states_stand_out_of_those_that_wait),
        cmocka_unit_test(ended_and_silent_ones_are_a_line_each),
        cmocka_unit_test(nodes_are_parted_while_a_screen_has_room),
        cmocka_unit_test(a_table_is_bounded),
        cmocka_unit_test(random_states_never_part_one_call),
        cmocka_unit_test(who_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
