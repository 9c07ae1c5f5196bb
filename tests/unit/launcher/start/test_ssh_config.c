/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_ssh_config: what ssh -G prints, and when only the ssh program can do it.
 */
#include "launcher/start/ssh_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const char usual[] = "host a\nuser me\nhostname a.example\nport 2222\naddressfamily any\ncompression no\n"
                            "canonicalizehostname false\ncontrolmaster false\ngssapiauthentication yes\n"
                            "pubkeyauthentication true\nverifyhostkeydns false\ntunnel false\n"
                            "identityfile ~/.ssh/id_rsa\nidentityfile /k/%h\nidentityfile /k/id\n"
                            "globalknownhostsfile /etc/g1 /etc/g2\nuserknownhostsfile ~/.ssh/known_hosts none\n"
                            "connecttimeout 7\nidentityagent SSH_AUTH_SOCK\nproxycommand none\n";

static void what_matters_is_read(void **state)
{
    struct ssh_config c;
    ssh_config_parse(&c, usual, "/home/me");
    assert_string_equal(c.hostname, "a.example");
    assert_string_equal(c.user, "me");
    assert_string_equal(c.port, "2222");
    assert_string_equal(c.identities[0], "/home/me/.ssh/id_rsa");
    assert_string_equal(c.identities[1], "/k/id");
    assert_null(c.identities[2]);
    assert_string_equal(c.known_hosts[0], "/etc/g1");
    assert_string_equal(c.known_hosts[2], "/home/me/.ssh/known_hosts");
    assert_null(c.known_hosts[3]);
    assert_int_equal(c.connect_s, 7);
    assert_false(c.no_agent);
    assert_null(c.agent);
    assert_null(c.needs_ssh);
    ssh_config_fini(&c);
}

static void some_words_need_ssh(void **state)
{
    static const char *const lines[] = {"proxyjump b",         "proxycommand nc %h",    "certificatefile /c",
                                        "bindaddress 1.2.3.4", "addressfamily inet6",   "pubkeyauthentication no",
                                        "compression yes",     "controlpath /dev/null", "canonicalizehostname always"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char text[2048];
        struct ssh_config c;
        snprintf(text, sizeof text, "%s%s\n", usual, lines[i]);
        ssh_config_parse(&c, text, "/");
        assert_non_null(c.needs_ssh);
        assert_memory_equal(c.needs_ssh, lines[i], strlen(c.needs_ssh));
        ssh_config_fini(&c);
    }
}

static void agents(void **state)
{
    struct ssh_config c;
    ssh_config_parse(&c, "identityagent none\n", "/");
    assert_true(c.no_agent);
    ssh_config_fini(&c);
    ssh_config_parse(&c, "identityagent /run/agent\nidentitiesonly yes\nno value\n\n  odd", "/");
    assert_string_equal(c.agent, "/run/agent");
    assert_true(c.no_agent);
    assert_string_equal(c.port, "22");
    assert_null(c.hostname);
    ssh_config_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_matters_is_read),
        cmocka_unit_test(some_words_need_ssh),
        cmocka_unit_test(agents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
