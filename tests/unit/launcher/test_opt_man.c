/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_opt_man: the manual is complete.
 *
 * Every name that the parser knows is in the manual, which is the argument of this program.
 */
#include "common/file.h"
#include "launcher/opt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char *manual;

/* Each of names stands behind a Fl macro at the end of a line, or before what follows the names. */
static void expect_names(const char *text, const char *names)
{
    size_t n;
    for (const char *at = names, *s; (s = opt_next_name(&at, &n));) {
        char flag[80];
        snprintf(flag, sizeof flag, "Fl %s%.*s", n > 1 ? "-" : "", (int)n, s);
        const char *found = text;
        while ((found = strstr(found, flag)) && !strchr(" \n", found[strlen(flag)]))
            found++;
        if (!found)
            fail_msg("%.*s is not in %s", (int)n, s, manual);
    }
}

static void the_manual_has_every_option(void **state)
{
    struct err e;
    char *text = file_read(manual, 1 << 20, NULL, &e);
    if (!text)
        fail_msg("%s", e.text);
    for (size_t i = 0; i < OPT_COUNT; i++)
        expect_names(text, opt_table[i].names);
    for (size_t i = 0; i < opt_naliases; i++)
        expect_names(text, opt_aliases[i].name);
    for (size_t i = 0; i < opt_nrefusals; i++)
        expect_names(text, opt_refusals[i].names);
    assert_null(strstr(text, "\n@"));
    free(text);
}

int main(int argc, char **argv)
{
    manual = argc > 1 ? argv[1] : "mpiexec.1";
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_manual_has_every_option)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
