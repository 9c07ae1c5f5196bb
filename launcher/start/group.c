/* SPDX-License-Identifier: BSD-3-Clause
 *
 * group: a member is out until its proxy has connected back, in from then on, and done when nothing more is told of it.
 * When the program ends, those that are still out have failed, for what it has said.
 */
#include "launcher/start/group.h"

#include "common/back.h"
#include "common/hostlist.h"
#include "common/log.h"
#include "common/this_host.h"
#include "common/xalloc.h"
#include "launcher/start/callers.h"
#include "launcher/start/shell_command.h"
#include "launcher/start/shell_failure.h"
#include "launcher/start/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <uthash.h>

#define REASON_MS 200 /* between what the program says of a task that has ended, and what it passes on from there */
#define WORD_MS 2000  /* for the program to say why a link has ended */
#define FIREWALL "is there a firewall in between? --iface and --port-range say where mpiexec listens"

extern char **environ;

struct member {
    struct group *group;
    struct start *start;
    char id[BACK_NAME_MAX + 1];
    bool done;
    bool ending;     /* start_end waits for an answer */
    char words[256]; /* its proxy's own, before it is in */
    char said[256];  /* by the program, of it */
    UT_hash_handle hh;
};

struct group {
    const struct group_kind *kind;
    struct starter *st;
    struct callers *callers;
    struct tool tool;
    struct member *members; /* hash by id */
    size_t left;            /* not done */
    bool stopped;           /* was asked to end */
    char text[4096];        /* what the program has said of nobody, the last of it */
    size_t len;
    struct group *next;
};

static void member_done(struct member *m)
{
    struct group *g = m->group;
    if (m->done)
        return;
    m->done = true;
    g->left--;
    callers_forget(g->callers, m->id);
}

/* --- a start that fails */

static void explain(struct member *m)
{
    struct group *g = m->group;
    struct start_failure *f = &m->start->failure;
    const char *connect = strstr(m->words, "unable to connect");
    if (connect)
        start_failure_set(f, START_CONNECT, FIREWALL, "%s", connect + strlen("unable to connect "));
    else if (!*m->words && g->len == 0 && *m->said)
        start_failure_set(f, START_PROGRAM, "", "%s says: %s", g->kind->program, m->said);
    else
        shell_failure(f, g->kind->program, m->start->host, *m->words ? m->words : g->text,
                      g->tool.over ? g->tool.process.status : -1);
}

static void member_fail(struct member *m)
{
    explain(m);
    member_done(m);
    m->start->events->failed(m->start->arg, &m->start->failure);
}

static bool is_out(const struct member *m)
{
    return !m->done && callers_expects(m->group->callers, m->id);
}

static void start_failed(struct start *s)
{
    struct member *m = s->own;
    if (is_out(m))
        member_fail(m);
}

static void fail_out(struct group *g)
{
    struct member *m, *next;
    HASH_ITER(hh, g->members, m, next)
    if (is_out(m))
        member_fail(m);
}

/* --- the end of one that was in */

static void tell_ended(struct start *s)
{
    struct member *m = s->own;
    char how[400];
    m->ending = false;
    member_done(m);
    const struct start *tool = &m->group->tool.process;
    if (*m->said)
        snprintf(how, sizeof how, "%s says: %s", m->group->kind->program, m->said);
    else if (tool->waited && WIFSIGNALED(tool->status))
        snprintf(how, sizeof how, "%s was killed by signal %d (SIG%s)", m->group->kind->program, WTERMSIG(tool->status),
                 sigabbrev_np(WTERMSIG(tool->status)));
    else
        snprintf(how, sizeof how, "%s", s->why);
    s->events->ended(s->arg, how);
}

void group_end(struct start *s, const char *why)
{
    struct member *m = s->own;
    snprintf(s->why, sizeof s->why, "%s", why);
    m->ending = true;
    start_later(s, *m->said || m->group->tool.over ? 0 : WORD_MS, tell_ended);
}

/* --- what the program says */

static void note_said(struct member *m, const char *what)
{
    snprintf(m->said, sizeof m->said, "%s", what);
    if (m->ending)
        start_later(m->start, 0, tell_ended);
    else if (is_out(m))
        start_later(m->start, REASON_MS, start_failed);
}

static struct member *find_member(struct group *g, const char *id)
{
    struct member *m;
    HASH_FIND_STR(g->members, id, m);
    return m;
}

/* "proxy(h2): text": one that cannot connect back says why, and ends. */
static bool proxy_speaks(struct group *g, const char *line)
{
    static const char head[] = "proxy(";
    char id[BACK_NAME_MAX + 1];
    const char *end = strstr(line, "): ");
    if (strncmp(line, head, sizeof head - 1) != 0 || !end)
        return false;
    snprintf(id, sizeof id, "%.*s", (int)(end - line - (long)sizeof head + 1), line + sizeof head - 1);
    struct member *m = find_member(g, id);
    if (!m)
        return true; /* of a host that was not asked for */
    if (!is_out(m))
        return false;
    snprintf(m->words, sizeof m->words, "%.255s", end + 3);
    start_later(m->start, REASON_MS, start_failed);
    return true;
}

static bool program_speaks(struct group *g, const char *line)
{
    struct hostlist l = {.max = HOSTLIST_MAX};
    const char *hosts, *what;
    size_t len;
    if (!g->kind->speaks_of || !g->kind->speaks_of(line, &hosts, &len, &what))
        return false;
    bool ok = hostlist_mention(&l, hosts, len, 0, "", NULL) == 0;
    for (size_t i = 0; ok && i < l.n; i++) {
        struct member *m = find_member(g, l.hosts[i].name);
        if (m)
            note_said(m, what);
    }
    hostlist_fini(&l);
    return ok;
}

static void keep_text(struct group *g, const char *line)
{
    size_t n = strlen(line) + 1;
    if (n >= sizeof g->text)
        return;
    if (g->len + n >= sizeof g->text) {
        size_t drop = g->len + n + 1 - sizeof g->text;
        memmove(g->text, g->text + drop, g->len -= drop);
    }
    memcpy(g->text + g->len, line, n - 1);
    g->text[g->len += n - 1] = '\n';
    g->text[++g->len] = '\0';
}

static void on_line(void *arg, const char *line)
{
    struct group *g = arg;
    bool chatter = g->kind->is_chatter && g->kind->is_chatter(line);
    if (chatter || proxy_speaks(g, line) || program_speaks(g, line)) {
        log_debug("%s", line); /* what it says of a host is told where the host is */
        return;
    }
    keep_text(g, line);
    if (g->stopped || g->left == 0)
        log_debug("%s", line);
    else
        log_info("%s", line);
}

static void on_over(void *arg)
{
    struct group *g = arg;
    struct member *m, *next;
    log_debug("%s has ended", g->kind->program);
    fail_out(g);
    HASH_ITER(hh, g->members, m, next)
    if (m->ending)
        start_later(m->start, 0, tell_ended);
}

static const struct tool_ops tool_ops = {on_line, on_over};

/* --- a start */

static void add_command(struct words *w, const struct group *g)
{
    words_add(w, "/bin/sh");
    words_add(w, "-c");
    const char *secret = g->kind->shell_secret;
    words_addf(w, "n=%s; w=\"proxy($n): \"; %s%s%s" SHELL_FIND "exec \"$p\" --call \"$2\" --name \"$n\"",
               g->kind->shell_id, secret ? BACK_SECRET "=" : "", secret ? secret : "",
               secret ? "; export " BACK_SECRET "; " : "");
    words_add(w, "sh");
    words_add(w, g->st->proxy);
    words_add(w, callers_addresses(g->callers));
}

static void make_environment(struct words *w, const struct group *g)
{
    for (char **e = environ; *e; e++)
        if (!g->kind->withholds || !g->kind->withholds(*e))
            words_add(w, *e);
    if (!g->kind->shell_secret)
        words_addf(w, BACK_SECRET "=%s", g->st->secret);
}

static int run_tool(struct group *g, struct start **v, size_t n)
{
    struct words argv = {0}, envp = {0};
    words_add(&argv, g->st->remote.program ? g->st->remote.program : g->kind->program);
    g->kind->words(&argv, v, n);
    add_command(&argv, g);
    make_environment(&envp, g);
    int rc = tool_begin(&g->tool, g->st, argv.v, envp.v, &tool_ops, g);
    words_fini(&argv);
    words_fini(&envp);
    return rc;
}

static void add_member(struct group *g, struct start *s)
{
    struct member *m = s->own = xcalloc(1, sizeof *m);
    *m = (struct member){.group = g, .start = s};
    g->kind->id(s, m->id, sizeof m->id);
    const struct member *same = find_member(g, m->id);
    if (same)
        log_fatal("%s and %s are both called %s where proxies are started by %s (--launcher ssh reaches them)",
                  same->start->host, s->host, m->id, g->kind->program);
    HASH_ADD_STR(g->members, id, m);
    g->left++;
    callers_expect(g->callers, s, m->id);
}

/* A host that reaches this machine from elsewhere. */
static const char *some_other(struct start *const *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!this_host_is(v[i]->host))
            return v[i]->host;
    return NULL;
}

static void fail_all(struct start **v, size_t n, const struct start_failure *f)
{
    for (size_t i = 0; i < n; i++) {
        v[i]->failure = *f;
        start_fail_later(v[i]);
    }
}

void group_begin(const struct group_kind *kind, struct starter *st, struct start **v, size_t n)
{
    struct start_failure f;
    struct err e;
    struct callers *callers = callers_create(st, some_other(v, n), &e);
    if (!callers) {
        start_failure_set(&f, START_CONNECT, "", "%s", e.text);
        fail_all(v, n, &f);
        return;
    }
    struct group *g = xcalloc(1, sizeof *g);
    *g = (struct group){.kind = kind, .st = st, .callers = callers, .next = st->own};
    st->own = g;
    for (size_t i = 0; i < n; i++)
        add_member(g, v[i]);
    if (run_tool(g, v, n) == 0)
        return;
    g->tool.over = true;
    f = g->tool.process.failure;
    for (size_t i = 0; i < n; i++)
        member_done(v[i]->own);
    fail_all(v, n, &f);
}

/* --- its end */

void group_cancel(struct start *s)
{
    struct member *m = s->own;
    if (!m)
        return;
    member_done(m);
    struct group *g = m->group;
    if (g->left || g->stopped || g->tool.over)
        return;
    g->stopped = true;
    tool_stop(&g->tool);
}

void group_fini(struct start *s)
{
    struct member *m = s->own;
    HASH_DEL(m->group->members, m);
    free(m);
    s->own = NULL;
}

void group_leave(struct starter *st)
{
    for (struct group *g = st->own; g; g = g->next) {
        tool_leave(&g->tool);
        callers_destroy(g->callers);
        g->callers = NULL;
    }
}
