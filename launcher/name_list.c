/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_list: what is published, for people and for programs.
 */
#include "launcher/name_list.h"

#include "common/printable.h"
#include "common/xalloc.h"
#include "launcher/name_dir.h"
#include "launcher/name_registry.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAME_SHOWN 64 /* bytes of a name, at least */

struct row {
    char *name, *port;
    char *host; /* NULL: this one */
    int pid;
    uint32_t job, rank;
    char since[32]; /* ISO 8601, local */
};

struct rows {
    struct row *v;
    size_t n;
};

static char *text_of(struct bytes b)
{
    return xstrndup(b.len ? b.data : "", b.len);
}

static struct row *add_row(struct rows *rows, struct bytes name, struct bytes port, uint64_t since)
{
    rows->v = xreallocarray(rows->v, rows->n + 1, sizeof *rows->v);
    struct row *r = &rows->v[rows->n++];
    *r = (struct row){.name = text_of(name), .port = text_of(port)};
    time_t t = (time_t)since;
    struct tm tm;
    if (localtime_r(&t, &tm))
        strftime(r->since, sizeof r->since, "%Y-%m-%dT%H:%M:%S%z", &tm);
    return r;
}

static void add_near(void *arg, const struct name_entry *n)
{
    struct row *r = add_row(arg, n->name, n->port, n->since);
    r->pid = atoi(n->id);
    r->job = n->job;
    r->rank = n->rank;
}

/* --- those of muster-names */

struct query {
    struct rows *rows;
    struct event_base *base;
    struct err *e;
    int rc;
};

static void add_far(void *arg, const struct registry_listed *l)
{
    const struct query *q = arg;
    struct row *r = add_row(q->rows, l->entry.name, l->entry.port, l->entry.since);
    r->host = text_of(l->owner);
    char *pid = strrchr(r->host, ' ');
    if (pid) {
        r->pid = atoi(pid + 1);
        *pid = '\0';
    }
    r->job = l->entry.job;
    r->rank = l->entry.rank;
}

static void on_done(void *arg, uint32_t id, enum registry_result result, struct bytes port, const char *why)
{
    struct query *q = arg;
    q->rc = why ? err_set(q->e, "%s", why) : 0;
    event_base_loopbreak(q->base);
}

static int ask_far(struct rows *rows, const char *server, const char *key, struct err *e)
{
    static const struct name_registry_ops ops = {on_done, NULL, add_far};
    struct query q = {rows, event_base_new(), e, 0};
    if (!q.base)
        return err_set(e, "unable to make an event loop");
    struct name_registry *n = name_registry_create(q.base, server, key, &ops, &q);
    name_registry_list(n, 1);
    event_base_dispatch(q.base);
    name_registry_destroy(n);
    event_base_free(q.base);
    return q.rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

static void print_row(FILE *to, const struct row *r)
{
    char name[PRINTABLE_WIDTH * NAME_SHOWN + 1], host[PRINTABLE_WIDTH * NAME_SHOWN + 1] = "";
    printable_put(name, sizeof name, r->name, strlen(r->name));
    if (r->host)
        printable_put(host, sizeof host, r->host, strlen(r->host));
    fprintf(to, "%-31s rank %-7" PRIu32 " job %-4" PRIu32 " mpiexec %-8d %s%s%s\n", name, r->rank, r->job, r->pid,
            r->since, r->host ? " on " : "", host);
}

static int print_json(FILE *to, const struct rows *rows, struct err *e)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < rows->n; i++) {
        const struct row *r = &rows->v[i];
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "name", r->name);
        cJSON_AddStringToObject(o, "port", r->port);
        cJSON_AddNumberToObject(o, "rank", r->rank);
        cJSON_AddNumberToObject(o, "job", r->job);
        cJSON_AddNumberToObject(o, "mpiexec", r->pid);
        if (r->host)
            cJSON_AddStringToObject(o, "host", r->host);
        cJSON_AddStringToObject(o, "since", r->since);
        cJSON_AddItemToArray(list, o);
    }
    char *text = cJSON_Print(list);
    cJSON_Delete(list);
    if (!text)
        return err_set(e, "unable to list the names: out of memory");
    fprintf(to, "%s\n", text);
    free(text);
    return 0;
}

static int print_rows(FILE *to, bool json, struct rows *rows, struct err *e)
{
    int rc = 0;
    if (rows->n)
        qsort(rows->v, rows->n, sizeof *rows->v, by_name);
    if (json)
        rc = print_json(to, rows, e);
    for (size_t i = 0; i < rows->n && !json; i++)
        print_row(to, &rows->v[i]);
    return rc < 0 || fflush(to) == 0 ? rc : err_set(e, "unable to write to stdout: %m");
}

static void rows_fini(struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        free(rows->v[i].name);
        free(rows->v[i].port);
        free(rows->v[i].host);
    }
    free(rows->v);
}

int name_list(FILE *to, bool json, const char *server, const char *key, struct err *e)
{
    struct rows rows = {NULL, 0};
    struct name_dir *d = name_dir_create();
    int rc = name_dir_each(d, add_near, &rows, e);
    name_dir_destroy(d);
    if (rc == 0 && server && *server)
        rc = ask_far(&rows, server, key, e);
    if (print_rows(to, json, &rows, rc < 0 ? NULL : e) < 0)
        rc = -1;
    rows_fini(&rows);
    return rc;
}
