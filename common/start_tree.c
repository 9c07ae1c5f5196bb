/* SPDX-License-Identifier: BSD-3-Clause
 *
 * start_tree: the backend of a proxy that starts those below it on other machines: by the ssh program, as ssh is
 * configured on its own. Whatever does not work, or writes before the proxy does, is a failed start, after which
 * mpiexec, which has better ways, reaches those hosts itself.
 */
#include "common/log.h"
#include "common/spawn.h"
#include "common/start_process.h"
#include "common/xalloc.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 20000

/* In single quotes, for any login shell. */
#define SCRIPT "p=$1; test -x \"$p\" || p=`command -v muster-proxy` || exit 127; exec \"$p\" --stdio --far"

static char *command_for(const char *proxy)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        log_fatal("out of memory");
    fputs("/bin/sh -c '" SCRIPT "' sh ", to);
    for (; *proxy; proxy++)
        fprintf(to, isalnum((unsigned char)*proxy) || *proxy == '/' ? "%c" : "\\%c", *proxy);
    if (fclose(to) < 0)
        log_fatal("out of memory");
    return text;
}

static void begin_one(struct start *s, char *ssh, char *command)
{
    char *argv[] = {ssh,
                    (char *)"-x",
                    (char *)"-T",
                    (char *)"-o",
                    (char *)"BatchMode=yes",
                    (char *)"-o",
                    (char *)"ClearAllForwardings=yes",
                    (char *)"-o",
                    (char *)"ControlMaster=no",
                    (char *)"-o",
                    (char *)"ConnectTimeout=10",
                    (char *)"-o",
                    (char *)"ServerAliveInterval=3",
                    (char *)"-o",
                    (char *)"ServerAliveCountMax=2",
                    (char *)"--",
                    (char *)s->host,
                    command,
                    NULL};
    int stream[2];
    if (start_process_begin(s, argv, true, stream, NULL) < 0)
        start_fail_later(s);
    else
        s->events->stream(s->arg, stream[0], stream[1]);
}

static void tree_begin(struct starter *st, struct start **v, size_t n)
{
    char ssh[PATH_MAX];
    const char *in = getenv("PATH");
    int error = spawn_find("ssh", in ? in : "/usr/bin:/bin", "/", ssh);
    char *command = command_for(st->proxy);
    for (size_t i = 0; i < n; i++) {
        if (!error) {
            begin_one(v[i], ssh, command);
            continue;
        }
        start_failure_set(&v[i]->failure, START_PROGRAM, "", "the program ssh: %s", strerror(error));
        start_fail_later(v[i]);
    }
    free(command);
}

const struct start_ops start_tree = {.name = START_TREE,
                                     .patience_ms = PATIENCE_MS,
                                     .is_far = true,
                                     .descriptors = 2,
                                     .begin = tree_begin,
                                     .end = start_process_end,
                                     .cancel = start_process_cancel};
