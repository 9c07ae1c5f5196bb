/* SPDX-License-Identifier: BSD-3-Clause
 *
 * options: the life of struct options, and the hosts that it names. Filling it is the work of opt*.c.
 */
#include "launcher/options.h"

#include "common/xalloc.h"

#include <stdlib.h>
#include <string.h>

void options_init(struct options *o)
{
    *o = (struct options){
        .connect_timeout = 10,
        .heartbeat = -1,
        .usize = -1,
        .pty = -1,
        .stdin_mode = STDIN_RANKS,
        .stdin_ranks = xstrdup("0"),
        .kill_timeout = 2,
    };
}

enum log_level options_loud(const struct options *o)
{
    return o->quiet ? LOG_FATAL_ONLY : o->verbose > 1 ? LOG_TO_TRACE : o->verbose ? LOG_TO_DEBUG : LOG_NORMAL;
}

void app_init(struct app *a)
{
    *a = (struct app){.np = -1, .umask = -1};
}

static void strings_free(char **all, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(all[i]);
    free(all);
}

static char **strings_copy(char *const *all, size_t n)
{
    char **copy = n ? xreallocarray(NULL, n, sizeof *copy) : NULL;
    for (size_t i = 0; i < n; i++)
        copy[i] = xstrdup(all[i]);
    return copy;
}

void env_rules_fini(struct env_rules *r)
{
    strings_free(r->names, r->nnames);
    strings_free(r->set, r->nset);
    strings_free(r->templates, r->ntemplates);
    *r = (struct env_rules){0};
}

static char *string_copy(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

void app_copy(struct app *to, const struct app *from)
{
    *to = *from;
    to->argv = NULL;
    to->argc = 0;
    to->where = NULL;
    to->wdir = string_copy(from->wdir);
    to->path = string_copy(from->path);
    to->hosts = string_copy(from->hosts);
    to->env.names = strings_copy(from->env.names, from->env.nnames);
    to->env.set = strings_copy(from->env.set, from->env.nset);
    to->env.templates = strings_copy(from->env.templates, from->env.ntemplates);
}

void app_fini(struct app *a)
{
    strings_free(a->argv, a->argc);
    env_rules_fini(&a->env);
    free(a->wdir);
    free(a->path);
    free(a->hosts);
    free(a->where);
    *a = (struct app){0};
}

void options_fini(struct options *o)
{
    for (size_t i = 0; i < o->napps; i++)
        app_fini(&o->apps[i]);
    free(o->apps);
    for (char **w = o->launcher_args; w && *w; w++)
        free(*w);
    free(o->launcher_args);
    env_rules_fini(&o->genv);
    char *const strings[] = {
        o->hosts,           o->hostfile,        o->launcher,    o->map_by,        o->rank_by,
        o->bind_to,         o->rankmap,         o->rankfile,    o->label_pattern, o->output_dir,
        o->outfile_pattern, o->errfile_pattern, o->stdin_ranks, o->report,        o->rmk,
        o->launcher_exec,   o->iface,           o->psets,       o->interface,     o->memory_kinds,
        o->stage_files,     o->cpu_set,         o->pmi,         o->names_server,  o->names_key,
    };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        free(strings[i]);
    *o = (struct options){0};
}

/* The hosts of --hosts, each of which must be in the file, with the file's slots where it gives none. */
static int narrow(const struct options *o, const struct hostlist *file, struct hostlist *l, struct err *e)
{
    if (hostlist_parse(l, o->hosts, e) < 0)
        return -1;
    for (size_t i = 0; i < l->n; i++) {
        struct hostlist_host *h = &l->hosts[i];
        long at = hostlist_find(file, h->name);
        if (at < 0)
            return err_set(e, "host %s of --hosts is not in %s; name it there, or give only one of the two", h->name,
                           o->hostfile);
        hostlist_complete(h, &file->hosts[at]);
    }
    return 0;
}

/* Adds the hosts of an application to those of the others: slots do not add up, the larger number stays. */
static int join(struct hostlist *l, const struct hostlist *of_app, struct err *e)
{
    for (size_t i = 0; i < of_app->n; i++) {
        const struct hostlist_host *h = &of_app->hosts[i];
        long at = hostlist_find(l, h->name);
        if (at < 0 && hostlist_add(l, h, e) < 0)
            return -1;
        if (at >= 0 && h->slots > l->hosts[at].slots)
            l->hosts[at].slots = h->slots;
    }
    return 0;
}

static int check_among(const struct hostlist *l, const struct hostlist *of_app, const struct app *a, struct err *e)
{
    for (size_t i = 0; i < of_app->n; i++)
        if (hostlist_find(l, of_app->hosts[i].name) < 0)
            return err_set(e, "host %s of --host (%s, for %s) is not among the hosts of the job", of_app->hosts[i].name,
                           a->where, a->argv[0]);
    return 0;
}

static int apps_hosts(const struct options *o, struct hostlist *l, bool given, struct err *e)
{
    for (size_t i = 0; i < o->napps; i++) {
        struct hostlist of_app = {0};
        int rc = 0;
        if (o->apps[i].hosts)
            rc = hostlist_parse(&of_app, o->apps[i].hosts, e);
        if (rc == 0)
            rc = given ? check_among(l, &of_app, &o->apps[i], e) : join(l, &of_app, e);
        hostlist_fini(&of_app);
        if (rc < 0)
            return -1;
    }
    return 0;
}

int options_hosts(const struct options *o, struct hostlist *l, struct err *e)
{
    struct hostlist file = {0};
    int rc = 0;
    if (o->hostfile)
        rc = hostlist_read(o->hosts ? &file : l, o->hostfile, e);
    if (rc == 0 && o->hosts)
        rc = o->hostfile ? narrow(o, &file, l, e) : hostlist_parse(l, o->hosts, e);
    hostlist_fini(&file);
    return rc < 0 ? rc : apps_hosts(o, l, o->hosts || o->hostfile, e);
}
