/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shell_command: a remote shell joins its words with blanks and gives them to the user's login shell.
 */
#include "launcher/start/shell_command.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "launcher/start/stage.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGV_MAX 32 /* of ours, besides the user's */

/* In single quotes, so neither a quote nor an exclamation mark (csh) nor an end of line stands in them. */
#define RUN "exec \"$p\" --stdio --mark"
#define SCRIPT SHELL_FIND RUN

/* Its words are a path and a hash for each file, the proxy first. w: which are missing. */
#define STAGE_SCRIPT                                                                                                   \
    "has() { test -e \"$1\" || return 1; test \"$2\" = - && return 0; h=`sha256sum 2>/dev/null <\"$1\"`; "             \
    "test \"$h\" = \"$2  -\"; }; p=$1; w=0; d=; "                                                                      \
    "if test \"$2\" = - && test ! -x \"$p\"; then p=`command -v muster-proxy` || w=1; "                                \
    "elif has \"$1\" \"$2\" && test -x \"$p\"; then :; else w=1; fi; shift 2; "                                        \
    "while test $# -gt 1; do if has \"$1\" \"$2\"; then w=${w}0; else w=${w}1; fi; shift 2; done; "                    \
    "case $w in *1*) d=`mktemp -d \"${TMPDIR:-/tmp}/muster.XXXXXX\"` || exit 73; trap \"rm -rf \\\"$d\\\"\" 0; "       \
    "printf \"\\001muster-want %s\\n\" $w; "                                                                           \
    "while read -r m s f && test \"$m\" != 0; do head -c \"$s\" >\"$d/$f\" && chmod \"$m\" \"$d/$f\" || exit 73; "     \
    "done; test \"$m\" = 0 || exit 73; test -x \"$d/muster-proxy\" && p=$d/muster-proxy;; esac; " RUN                  \
    " ${d:+--stage \"$d\"}"

/* A backslash before what a shell might read something into. */
void shell_quote(FILE *to, const char *text)
{
    for (; *text; text++) {
        if (!isalnum((unsigned char)*text) && !((unsigned char)*text & 0x80) && !strchr("/._-+,:@%=", *text))
            fputc('\\', to);
        fputc(*text, to);
    }
}

char *shell_command(const struct starter *st)
{
    const struct stage *stage = st->remote.stage;
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (to) {
        fprintf(to, "/bin/sh -c '%s' sh ", stage ? STAGE_SCRIPT : SCRIPT);
        if (!stage)
            shell_quote(to, st->proxy);
        for (size_t i = 0; stage && i < stage->n; i++) {
            shell_quote(to, stage->v[i].there);
            fprintf(to, " %s ", stage->v[i].hash);
        }
    }
    if (!to || fclose(to) < 0)
        log_fatal("out of memory");
    return text;
}

struct words {
    char **v;
    size_t n;
};

static void add_word(struct words *w, const char *word)
{
    w->v[w->n++] = xstrdup(word);
}

static void add_words(struct words *w, const char *first, const char *second)
{
    add_word(w, first);
    add_word(w, second);
}

/* What of the user's own settings would change the link or ask for something on a terminal. */
static void add_ssh_options(struct words *w, const struct start *s)
{
    const struct start_remote *r = &s->starter->remote;
    char text[64];
    add_words(w, "-x", "-T");
    add_words(w, "-o", "BatchMode=yes");
    add_words(w, "-o", "ClearAllForwardings=yes");
    add_words(w, "-o", "ControlMaster=no"); /* one that is there is used; none is left behind */
    add_words(w, "-o", "RemoteCommand=none");
    add_words(w, "-o", "ServerAliveInterval=3");
    add_words(w, "-o", "ServerAliveCountMax=2");
    snprintf(text, sizeof text, "ConnectTimeout=%u", (r->connect_ms + 999) / 1000);
    add_words(w, "-o", text);
}

static void add_place(struct words *w, const struct hostlist_host *h)
{
    char port[16], *key = xasprintf("IdentityFile=%s", h->key ? h->key : ""); /* -i would not know a tilde */
    snprintf(port, sizeof port, "%u", h->port);
    if (h->port)
        add_words(w, "-p", port);
    if (h->key)
        add_words(w, "-o", key);
    free(key);
}

static bool is_called(const char *program, const char *name)
{
    const char *slash = strrchr(program, '/');
    return strcmp(slash ? slash + 1 : program, name) == 0;
}

static bool is_ssh(const char *program)
{
    return is_called(program, "ssh");
}

/* Within a job, as the job's user, with the job's variables. */
static bool is_schedulers(const char *program)
{
    return is_called(program, "qrsh") || is_called(program, "blaunch");
}

/* Up to the name of the host. */
static struct words host_words(const struct start *s, const char *program, bool config)
{
    const struct start_remote *r = &s->starter->remote;
    const struct hostlist_host *h = r->hosts ? &r->hosts[s->node] : NULL;
    size_t more = 0;
    while (r->args && r->args[more])
        more++;
    struct words w = {xcalloc(more + ARGV_MAX, sizeof *w.v), 0};
    add_word(&w, program);
    for (size_t i = 0; i < more; i++)
        add_word(&w, r->args[i]);
    if (config)
        add_words(&w, "-T", "-G");
    else if (is_ssh(program))
        add_ssh_options(&w, s);
    if (is_called(program, "qrsh"))
        add_words(&w, "-inherit", "-V");
    if (h && h->user && !is_schedulers(program))
        add_words(&w, "-l", h->user);
    if (h && is_ssh(program))
        add_place(&w, h);
    if (is_ssh(program))
        add_word(&w, "--");
    add_word(&w, s->host);
    return w;
}

char **shell_argv(const struct start *s, const char *program)
{
    struct words w = host_words(s, program, false);
    char *command = shell_command(s->starter);
    add_word(&w, command);
    free(command);
    return w.v;
}

char **shell_argv_config(const struct start *s, const char *program)
{
    return host_words(s, program, true).v;
}

void shell_argv_free(char **argv)
{
    for (size_t i = 0; argv[i]; i++)
        free(argv[i]);
    free(argv);
}
