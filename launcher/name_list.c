/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_list: what is published, for people and for programs.
 */
#include "launcher/name_list.h"

#include "common/printable.h"
#include "common/xalloc.h"
#include "launcher/name_dir.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAME_SHOWN 64 /* bytes of a name, at least */

struct row {
    char *name, *port;
    int pid;
    uint32_t job, rank;
    char since[32]; /* ISO 8601, local */
};

struct rows {
    struct row *v;
    size_t n;
};

static void add_row(void *arg, const struct name_entry *n)
{
    struct rows *rows = arg;
    rows->v = xreallocarray(rows->v, rows->n + 1, sizeof *rows->v);
    struct row *r = &rows->v[rows->n++];
    *r = (struct row){.name = xstrndup(n->name.data, n->name.len),
                      .port = xstrndup(n->port.len ? n->port.data : "", n->port.len),
                      .pid = atoi(n->id),
                      .job = n->job,
                      .rank = n->rank};
    time_t t = (time_t)n->since;
    struct tm tm;
    if (localtime_r(&t, &tm))
        strftime(r->since, sizeof r->since, "%Y-%m-%dT%H:%M:%S%z", &tm);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

static void print_row(FILE *to, const struct row *r)
{
    char name[PRINTABLE_WIDTH * NAME_SHOWN + 1];
    printable_put(name, sizeof name, r->name, strlen(r->name));
    fprintf(to, "%-31s rank %-7" PRIu32 " job %-4" PRIu32 " mpiexec %-8d %s\n", name, r->rank, r->job, r->pid,
            r->since);
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

int name_list(FILE *to, bool json, struct err *e)
{
    struct rows rows = {NULL, 0};
    struct name_dir *d = name_dir_create();
    int rc = name_dir_each(d, add_row, &rows, e);
    name_dir_destroy(d);
    if (rows.n)
        qsort(rows.v, rows.n, sizeof *rows.v, by_name);
    if (rc == 0 && json)
        rc = print_json(to, &rows, e);
    for (size_t i = 0; i < rows.n; i++) {
        if (rc == 0 && !json)
            print_row(to, &rows.v[i]);
        free(rows.v[i].name);
        free(rows.v[i].port);
    }
    free(rows.v);
    return rc < 0 || fflush(to) == 0 ? rc : err_set(e, "unable to write to stdout: %m");
}
