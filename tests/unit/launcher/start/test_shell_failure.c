/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_shell_failure: what ssh, shells and loaders say, as they were seen to say it, and what becomes of it.
 */
#include "launcher/start/shell_failure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void each_has_its_step_and_cause(void **state)
{
    static const struct {
        const char *said;
        enum start_step step;
        const char *cause, *remedy; /* the remedy holds this */
    } rows[] = {
        {"ssh: Could not resolve hostname n9: Name or service not known\r\n", START_RESOLVE,
         "Name or service not known", "is the name right"},
        {"ssh: connect to host n1 port 22: Connection refused\r\n", START_CONNECT, "port 22: Connection refused",
         "listen"},
        {"ssh: connect to host n1 port 22: No route to host\r\n", START_CONNECT, "port 22: No route to host", "up"},
        {"Connection timed out during banner exchange\r\nConnection to 10.0.0.1 port 22 timed out\r\n", START_CONNECT,
         "Connection timed out during banner exchange", "does not answer"},
        {"kex_exchange_identification: Connection closed by remote host\r\nConnection closed by 10.0.0.1 port 22\r\n",
         START_CONNECT, "Connection closed by remote host", "MaxStartups"},
        {"@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\nHost key verification failed.\r\n",
         START_AUTHENTICATE, "its host key is not the one that it had", "ssh-keygen -R n1, then ssh n1"},
        {"No ED25519 host key is known for n1 and you have requested strict checking.\r\nHost key verification "
         "failed.\r\n",
         START_AUTHENTICATE, "its host key is not known here", "ssh n1"},
        {"root@n1: Permission denied (publickey).\r\n", START_AUTHENTICATE, "Permission denied (publickey).",
         "ssh-add"},
        {"Welcome\nmuster-proxy: not found at /opt/x, nor in PATH\n", START_PROGRAM, "not found at /opt/x, nor in PATH",
         "PATH"},
        {"sh: 1: exec: /opt/x: Exec format error\n", START_PROGRAM, "Exec format error", "another kind"},
        {"/opt/x: error while loading shared libraries: libcjson.so.1: cannot open shared object file\n", START_PROGRAM,
         "error while loading shared libraries: libcjson.so.1: cannot open shared object file", "library"},
        {"something new\n\n", START_PROGRAM, "something new", ""},
        {"\033[2Jevil", START_PROGRAM, "\\x1b[2Jevil", ""},
        {"", START_PROGRAM, "ssh ended with code 1 without saying why", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct start_failure f = {0};
        shell_failure(&f, "ssh", "n1", rows[i].said, 1 << 8);
        f.remedy[sizeof f.remedy - 1] = '\0';
        assert_string_equal(f.cause, rows[i].cause);
        assert_int_equal(f.step, rows[i].step);
        assert_non_null(strstr(f.remedy, rows[i].remedy));
        assert_null(strchr(f.remedy, '{'));
    }
}

static void a_remedy_has_room_for_the_longest_host(void **state)
{
    char host[256];
    struct start_failure f = {0};
    memset(host, 'h', sizeof host - 1);
    host[255] = '\0';
    shell_failure(&f, "ssh", host, "Host key verification failed.", 255 << 8);
    assert_int_equal(strlen(f.remedy), sizeof f.remedy - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_its_step_and_cause),
        cmocka_unit_test(a_remedy_has_room_for_the_longest_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
