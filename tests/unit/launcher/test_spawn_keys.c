/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_spawn_keys: the info keys of a spawn in all their spellings, and the numbers that "soft" allows.
 */
#include "launcher/spawn_keys.h"

#include "launcher/spawn_soft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct app app;
static struct spawn_keys keys;
static struct spawn_policy policy;
static struct err why;

static void forget(void)
{
    app_fini(&app);
    spawn_keys_fini(&keys);
    spawn_policy_fini(&policy);
}

/* A command with one info key. */
static int take(const char *key, const char *value)
{
    char *argv[] = {"x", "a b"};
    struct pmi_control_info info = {(char *)key, (char *)value};
    struct pmi_control_command c = {"prog", 3, argv, 2, &info, 1};
    forget();
    return spawn_command(&c, &app, &keys, &policy, &why);
}

static void a_command(void **state)
{
    assert_int_equal(take("arch", "none that is known"), 0);
    assert_int_equal(app.np, 3);
    assert_int_equal(app.argc, 3);
    assert_string_equal(app.argv[0], "prog");
    assert_string_equal(app.argv[2], "a b");
    assert_null(app.argv[3]);
    assert_null(keys.host);
    assert_null(policy.map_by);
    forget();
}

static void every_key_has_its_place(void **state)
{
    static const struct {
        const char *key;
        char **to;
    } all[] = {
        {"host", &keys.host},
        {"hosts", &keys.host},
        {"hostfile", &keys.hostfile},
        {"add-host", &keys.add_host},
        {"add_host", &keys.add_host},
        {"add-hostfile", &keys.add_hostfile},
        {"add_hostfile", &keys.add_hostfile},
        {"wdir", &app.wdir},
        {"wd", &app.wdir},
        {"path", &app.path},
        {"map-by", &policy.map_by},
        {"map_by", &policy.map_by},
        {"rank-by", &policy.rank_by},
        {"rank_by", &policy.rank_by},
        {"bind-to", &policy.bind_to},
        {"bind_to", &policy.bind_to},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        bool is_file = strstr(all[i].key, "hostfile") != NULL;
        const char *value = is_file ? "/proc/self/status" : "value";
        assert_int_equal(take(all[i].key, value), 0);
        assert_non_null(*all[i].to);
        assert_string_equal(*all[i].to, value);
        assert_int_equal(take(all[i].key, "/dev/zero"), is_file ? -1 : 0);
    }
    assert_int_equal(take("ppr", "2:package"), 0);
    assert_string_equal(policy.map_by, "ppr:2:package");
    forget();
}

static void ranks_per_node(void **state)
{
    assert_int_equal(take("npernode", "3"), 0);
    assert_int_equal(policy.ppn, 3);
    assert_int_equal(take("pernode", "true"), 0);
    assert_int_equal(policy.ppn, 1);
    assert_int_equal(take("pernode", "false"), 0);
    assert_int_equal(policy.ppn, 0);
    static const char *const wrong[] = {"", "0", "-1", "x", "2x", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(take("npernode", wrong[i]), -1);
    forget();
}

static void variables(void **state)
{
    assert_int_equal(take("env", "A=1\nB=two words\n\nC="), 0);
    assert_int_equal(app.env.nset, 3);
    assert_string_equal(app.env.set[1], "B=two words");
    assert_string_equal(app.env.set[2], "C=");
    assert_int_equal(take("env", "A=1\nnovalue"), -1);
    assert_non_null(strstr(why.text, "'novalue'"));
    assert_int_equal(take("env", "=x"), -1);
    forget();
}

static void keys_of_a_file(void **state)
{
    char name[] = "/tmp/muster_keys_XXXXXX", other[64];
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    dprintf(fd, "# comment\n\n  host = b:2 \nenv=A=1\nbind_to=none\r\nunknown=x\n");
    assert_int_equal(take("file", name), 0);
    assert_string_equal(keys.host, "b:2");
    assert_string_equal(app.env.set[0], "A=1");
    assert_string_equal(policy.bind_to, "none");
    dprintf(fd, "file=%s\n", name);
    assert_int_equal(take("file", name), -1);
    assert_int_equal(ftruncate(fd, 0), 0);
    dprintf(fd, "no equals sign\n");
    assert_int_equal(take("file", name), -1);
    close(fd);
    unlink(name);
    snprintf(other, sizeof other, "%s.none", name);
    assert_int_equal(take("file", other), -1);
    assert_int_equal(take("file", "/dev/zero"), -1);
    forget();
}

static void soft_numbers(void **state)
{
    static const struct {
        const char *soft;
        uint32_t most, found;
    } all[] = {
        {"4", 8, 4},
        {"4", 3, 0},
        {"0:8", 8, 8},
        {"0:8", 5, 5},
        {"2,4,8", 7, 4},
        {"2:10:2,7", 9, 8},
        {"2:10:2,7", 7, 7},
        {"1:9:3", 9, 7},
        {"9:1:-3", 8, 6},
        {"9:1:-3", 2, 0},
        {"-5:-1", 8, 0},
        {"-5:3", 8, 3},
        {" 1 : 3 , 5", 4, 3},
        {"8:1", 8, 0},
        {"0", 8, 0},
        {"1:2147483647", 16777216, 16777216},
        {"-2147483648:2147483647:2147483647", 5, 0},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        assert_int_equal(soft_check(all[i].soft, &why), 0);
        assert_int_equal(soft_most(all[i].soft, all[i].most), all[i].found);
    }
    static const char *const wrong[] = {
        "", "some", "1,", ",1", "1:2:0", "1:", "1:2:", "1:2:3:4", "99999999999999", "1 2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(soft_check(wrong[i], &why), -1);
    assert_int_equal(take("soft", "1:8"), 0);
    assert_string_equal(keys.soft, "1:8");
    assert_int_equal(take("soft", "some"), -1);
    forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command), cmocka_unit_test(every_key_has_its_place), cmocka_unit_test(ranks_per_node),
        cmocka_unit_test(variables), cmocka_unit_test(keys_of_a_file),          cmocka_unit_test(soft_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
