/* SPDX-License-Identifier: BSD-3-Clause
 *
 * report: the run as a tree of JSON.
 */
#include "launcher/report.h"

#include "common/printable.h"
#include "common/xalloc.h"
#include "launcher/exit_status.h"
#include "launcher/failure.h"
#include "launcher/watch_table.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

/* JSON is UTF-8; what ranks print and files are called may be anything. */
static char *utf8_copy(const char *text)
{
    size_t len = strlen(text);
    char *copy = xmalloc(3 * len + 1), *at = copy;
    const unsigned char *end = (const unsigned char *)text + len;
    for (const unsigned char *p = (const unsigned char *)text; p < end;) {
        size_t n = utf8_length(p, (size_t)(end - p));
        memcpy(at, n ? (const char *)p : "\xef\xbf\xbd", n ? n : 3);
        at += n ? n : 3;
        p += n ? n : 1;
    }
    *at = 0;
    return copy;
}

static void add_text(cJSON *to, const char *name, const char *text)
{
    char *copy = utf8_copy(text);
    cJSON_AddStringToObject(to, name, copy);
    free(copy);
}

/* Seconds since mpiexec began; null: that stage was not reached. */
static void add_time(cJSON *to, const char *name, const struct run *run, uint64_t at)
{
    if (at)
        cJSON_AddNumberToObject(to, name, ((double)at - (double)run->at.begun) / 1e9);
    else
        cJSON_AddNullToObject(to, name);
}

static cJSON *stages(const struct run *run)
{
    const struct stages *s = &run->at;
    cJSON *o = cJSON_CreateObject();
    add_time(o, "options_parsed", run, s->parsed);
    add_time(o, "proxies_started", run, s->proxies_started);
    add_time(o, "planned", run, s->planned);
    add_time(o, "launched", run, s->launched);
    add_time(o, "all_ranks_started", run, s->started);
    add_time(o, "first_rank_ended", run, s->first_exit);
    add_time(o, "last_rank_ended", run, s->last_exit);
    add_time(o, "ended", run, s->ended);
    return o;
}

static cJSON *versions(void)
{
    cJSON *o = cJSON_CreateObject();
    struct utsname system;
    cJSON_AddStringToObject(o, "muster", MUSTER_VERSION);
    cJSON_AddStringToObject(o, "libevent", event_get_version());
    if (uname(&system) == 0)
        cJSON_AddStringToObject(o, "kernel", system.release);
    return o;
}

static cJSON *command(const struct run *run)
{
    cJSON *o = cJSON_CreateArray();
    for (char *const *w = run->argv; w && *w; w++) {
        char *text = utf8_copy(*w);
        cJSON_AddItemToArray(o, cJSON_CreateString(text));
        free(text);
    }
    return o;
}

/* "2026-11-29T05:06:58Z" */
static void add_date(cJSON *to, const char *name, uint64_t at)
{
    char text[32] = "";
    struct tm tm;
    time_t t = (time_t)(at / 1000000000u);
    if (gmtime_r(&t, &tm))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    cJSON_AddStringToObject(to, name, text);
}

/* The processors that the rank was bound to; null: it was not. */
static void add_binding(cJSON *to, const struct job *j, uint32_t number)
{
    uint32_t binding = rank_runs_at(&j->spec.binding_of_rank, number);
    if (binding)
        cJSON_AddStringToObject(to, "processors", j->spec.bindings.v[binding - 1]);
    else
        cJSON_AddNullToObject(to, "processors");
}

static const char *outcome(const struct rank_info *r)
{
    if (r->lost)
        return "lost";
    if (!r->started)
        return "not started";
    if (!r->ended)
        return "running";
    if (r->stopped)
        return "stopped";
    if (WIFSIGNALED((int)r->status))
        return "signal";
    return r->status || (r->flags & EXIT_IN_PMI) ? "failed" : "ok";
}

/* Of a wait for a rank that is reached over a network. */
static void add_flight(cJSON *to, const struct control_rank_state *s)
{
    if (s->outgoing == UINT64_MAX) {
        cJSON_AddBoolToObject(to, "connected", false);
        return;
    }
    if (s->outgoing)
        cJSON_AddNumberToObject(to, "bytes_outgoing", (double)s->outgoing);
    if (s->incoming)
        cJSON_AddNumberToObject(to, "bytes_incoming", (double)s->incoming);
}

/* What the rank was doing when it was last asked: after a timeout, who waited for whom. */
static void add_seen(cJSON *to, const struct watch_row *r)
{
    if (!r->heard || !r->state.pid)
        return;
    cJSON *o = cJSON_AddObjectToObject(to, "last_seen");
    cJSON_AddStringToObject(o, "state", watch_table_state(r));
    cJSON_AddNumberToObject(o, "cpu_seconds", (double)r->state.cpu / 1e6);
    if (*r->what) {
        add_text(o, "waits_in", r->what);
        cJSON_AddNumberToObject(o, "seconds", (double)r->state.since / 1e9);
        add_flight(o, &r->state);
    } else {
        cJSON_AddNullToObject(o, "waits_in");
    }
}

static cJSON *rank(const struct job *j, uint32_t number)
{
    const struct rank_info *r = &j->ranks[number];
    int status = (int)r->status;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "rank", number);
    add_text(o, "host", cluster_node_name(j->run->cluster, rankmap_node(&j->spec.map, number)));
    add_binding(o, j, number);
    cJSON_AddNumberToObject(o, "pid", r->pid);
    cJSON_AddStringToObject(o, "outcome", outcome(r));
    if (j->seen)
        add_seen(o, &j->seen[number]);
    if (!r->started || !r->ended || r->lost) {
        char text[1024];
        failure_describe_rank(j, number, text, sizeof text);
        add_text(o, "reason", text);
        return o;
    }
    if (WIFSIGNALED(status)) {
        cJSON_AddNullToObject(o, "exit_code");
        cJSON_AddNumberToObject(o, "signal", WTERMSIG(status));
    } else {
        cJSON_AddNumberToObject(o, "exit_code", WEXITSTATUS(status));
        cJSON_AddNullToObject(o, "signal");
    }
    cJSON_AddBoolToObject(o, "core_dumped", r->flags & EXIT_CORE);
    cJSON_AddBoolToObject(o, "out_of_memory", r->flags & EXIT_OOM);
    cJSON_AddNumberToObject(o, "user_seconds", (double)r->utime / 1e6);
    cJSON_AddNumberToObject(o, "system_seconds", (double)r->stime / 1e6);
    cJSON_AddNumberToObject(o, "max_rss_kib", (double)r->maxrss);
    cJSON_AddNumberToObject(o, "bytes_streamed", (double)r->streamed);
    cJSON_AddNumberToObject(o, "bytes_read", (double)r->read);
    add_time(o, "started", j->run, r->started_at);
    add_time(o, "ended", j->run, r->ended_at);
    if (r->tail)
        add_text(o, "stderr_tail", r->tail);
    return o;
}

static cJSON *job(const struct job *j)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "job", j->spec.job);
    if (j->world)
        cJSON_AddStringToObject(o, "world", j->world);
    cJSON_AddNumberToObject(o, "size", j->spec.map.nranks);
    cJSON *ranks = cJSON_AddArrayToObject(o, "ranks");
    for (uint32_t i = 0; i < j->spec.map.nranks; i++)
        cJSON_AddItemToArray(ranks, rank(j, i));
    return o;
}

static cJSON *first_failure(const struct run *run)
{
    static const char *const kinds[] = {
        [FAILURE_NONE] = "none",     [FAILURE_START] = "start",   [FAILURE_EXIT] = "exit",
        [FAILURE_ABORT] = "abort",   [FAILURE_PMI] = "pmi",       [FAILURE_NODE] = "node",
        [FAILURE_STUCK] = "stuck",   [FAILURE_LAUNCH] = "launch", [FAILURE_TIMEOUT] = "timeout",
        [FAILURE_SIGNAL] = "signal", [FAILURE_OUTPUT] = "output",
    };
    const struct failure *f = &run->failure;
    if (f->kind == FAILURE_NONE)
        return cJSON_CreateNull();
    cJSON *o = cJSON_CreateObject();
    char text[1024];
    snprintf(text, sizeof text, "%s", f->text);
    if (f->job && (f->kind == FAILURE_EXIT || f->kind == FAILURE_START))
        failure_describe_rank(f->job, f->rank, text, sizeof text);
    cJSON_AddStringToObject(o, "kind", kinds[f->kind]);
    if (f->job) {
        cJSON_AddNumberToObject(o, "job", f->job->spec.job);
        cJSON_AddNumberToObject(o, "rank", f->rank);
    }
    add_text(o, "text", text);
    return o;
}

int report_write(const struct run *run, struct err *e)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "version", MUSTER_VERSION);
    cJSON_AddItemToObject(o, "versions", versions());
    cJSON_AddItemToObject(o, "command", command(run));
    add_date(o, "began", run->at.begun);
    cJSON_AddNumberToObject(o, "exit_status", exit_status(run));
    cJSON_AddItemToObject(o, "first_failure", first_failure(run));
    cJSON_AddItemToObject(o, "seconds", stages(run));
    cJSON *jobs = cJSON_AddArrayToObject(o, "jobs");
    struct job *j;
    TAILQ_FOREACH(j, &run->jobs, link)
    cJSON_AddItemToArray(jobs, job(j));
    char *text = cJSON_Print(o);
    cJSON_Delete(o);
    if (!text)
        return err_set(e, "unable to write the report: out of memory");
    FILE *f = run->report;
    bool ok = fputs(text, f) >= 0 && fputc('\n', f) >= 0;
    ok = (f == stdout ? fflush(f) : fclose(f)) == 0 && ok;
    free(text);
    return ok ? 0 : err_set(e, "unable to write the report to %s: %m", run->opt.report);
}

int report_open(struct run *run, struct err *e)
{
    if (!run->opt.report || run->opt.dry_run)
        return 0;
    run->report = strcmp(run->opt.report, "-") == 0 ? stdout : fopen(run->opt.report, "we");
    return run->report ? 0 : err_set(e, "unable to write the report to %s: %m", run->opt.report);
}
