/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shell_failure: the messages of OpenSSH, of shells and of the loader, as a table: what is most telling comes first.
 * What none of them is known for is shown as it was said.
 */
#include "launcher/start/shell_failure.h"

#include "common/printable.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define FIRST_LOGIN "log in once by hand to see and accept it: ssh {host}"
#define IS_IT_UP "is the host up, and does no firewall block the way to it?"
#define MAX_STARTUPS "its ssh server may refuse more logins at a time: see MaxStartups in its sshd_config"
#define KEYS "is your public key in ~/.ssh/authorized_keys there, and the private one loaded here (ssh-add -l)?"

static const struct known {
    const char *says;
    enum start_step step;
    const char *cause;  /* NULL: what was said, from `from` on */
    const char *from;   /* its last place in the line; NULL: the line's start */
    const char *remedy; /* {host} is its name */
} known[] = {
    {"Could not resolve hostname", START_RESOLVE, NULL, ": ",
     "is the name right? see /etc/hosts, DNS and ~/.ssh/config"},
    {"banner exchange", START_CONNECT, NULL, "Connection",
     "it is there but does not answer: is it overloaded, or stopped?"},
    {"Connection refused", START_CONNECT, NULL, "port ", "does an ssh server listen there?"},
    {"Connection timed out", START_CONNECT, NULL, "port ", IS_IT_UP},
    {"No route to host", START_CONNECT, NULL, "port ", IS_IT_UP},
    {"Network is unreachable", START_CONNECT, NULL, "port ", "does this machine have a route to its network?"},
    {"connect to host", START_CONNECT, NULL, "port ", IS_IT_UP},
    {"kex_exchange_identification", START_CONNECT, NULL, ": ", MAX_STARTUPS},
    {"HOST IDENTIFICATION HAS CHANGED", START_AUTHENTICATE, "its host key is not the one that it had", NULL,
     "if you know why: ssh-keygen -R {host}, then ssh {host}"},
    {"Host key verification failed", START_AUTHENTICATE, "its host key is not known here", NULL, FIRST_LOGIN},
    {"No matching host key type", START_AUTHENTICATE, NULL, NULL, "see HostKeyAlgorithms in ~/.ssh/config"},
    {"no matching", START_AUTHENTICATE, NULL, "no matching", "see ~/.ssh/config and its sshd_config"},
    {"Too many authentication failures", START_AUTHENTICATE, NULL, "Too many",
     "name the key: IdentityFile and IdentitiesOnly yes in ~/.ssh/config"},
    {"Permission denied (", START_AUTHENTICATE, NULL, "Permission", KEYS},
    {"account is", START_AUTHENTICATE, NULL, NULL, ""},
    {"muster-proxy: not found", START_PROGRAM, NULL, "not found",
     "install Muster there at the same path, or put it into PATH"},
    {"cannot execute binary file", START_PROGRAM, NULL, "cannot",
     "its processor is of another kind: install a Muster built for it"},
    {"Exec format error", START_PROGRAM, NULL, "Exec",
     "its processor is of another kind: install a Muster built for it"},
    {"error while loading shared libraries", START_PROGRAM, NULL, "error", "install that library there"},
    {"not found (required by", START_PROGRAM, NULL, NULL, "its C library is older: build Muster there"},
    {"didn't accept task", START_PROGRAM, NULL, NULL,
     "Grid Engine takes as many at a time on a host as the job has slots there: does another mpiexec run?"},
    {"No space left on device", START_PROGRAM, NULL, "No space", "make room there"},
    {"Connection closed by", START_CONNECT, NULL, "Connection", MAX_STARTUPS},
    {"Connection reset by", START_CONNECT, NULL, "Connection", MAX_STARTUPS},
};

#define KNOWN (sizeof known / sizeof *known)

static void put_remedy(char *to, size_t size, const char *remedy, const char *host)
{
    const char *at = remedy;
    size_t len = 0;
    for (const char *word; (word = strstr(at, "{host}")) && len < size; at = word + strlen("{host}"))
        len += (size_t)snprintf(to + len, size - len, "%.*s%s", (int)(word - at), at, host);
    if (len < size)
        snprintf(to + len, size - len, "%s", at);
}

static void put_line(char *to, size_t size, const char *line, const char *from)
{
    size_t n = strcspn(line, "\r\n");
    const char *at = NULL, *next = from ? strstr(line, from) : NULL;
    for (; next && next < line + n; next = strstr(next + 1, from))
        at = next;
    if (at) {
        at += strcmp(from, ": ") == 0 ? 2 : 0;
        n -= (size_t)(at - line);
        line = at;
    }
    printable_put(to, size, line, n);
}

static const char *line_start(const char *text, const char *at)
{
    while (at > text && at[-1] != '\n')
        at--;
    return at;
}

static const char *last_line(const char *text)
{
    const char *last = NULL;
    for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n')
        if (at[strspn(at, " \t\r")] != '\n' && at[strspn(at, " \t\r")])
            last = at;
    return last;
}

static void describe_status(struct start_failure *f, const char *program, int status)
{
    if (status == -1)
        start_failure_set(f, START_PROGRAM, "", "%s closed the link without saying why", program);
    else if (WIFSIGNALED(status))
        start_failure_set(f, START_PROGRAM, "", "%s was killed by signal %d (SIG%s)", program, WTERMSIG(status),
                          sigabbrev_np(WTERMSIG(status)));
    else
        start_failure_set(f, START_PROGRAM, "", "%s ended with code %d without saying why", program,
                          WEXITSTATUS(status));
}

void shell_failure(struct start_failure *f, const char *program, const char *host, const char *said, int status)
{
    for (size_t i = 0; i < KNOWN; i++) {
        const struct known *k = &known[i];
        const char *at = strstr(said, k->says);
        if (!at)
            continue;
        f->step = k->step;
        if (k->cause)
            snprintf(f->cause, sizeof f->cause, "%s", k->cause);
        else
            put_line(f->cause, sizeof f->cause, line_start(said, at), k->from);
        put_remedy(f->remedy, sizeof f->remedy, k->remedy, host);
        return;
    }
    const char *last = last_line(said);
    if (!last) {
        describe_status(f, program, status);
        return;
    }
    start_failure_set(f, START_PROGRAM, "", "%s", "");
    put_line(f->cause, sizeof f->cause, last, NULL);
}

const char *shell_connection_end(const char *line)
{
    static const char *const ends[] = {
        "Connection to ",    "Timeout, server ", "client_loop: ",         "Connection reset",
        "Connection closed", "packet_write_",    "ssh_dispatch_run_fatal"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (strncmp(line, ends[i], strlen(ends[i])) == 0)
            return line;
    return NULL;
}
