/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_apply: settings into struct options, one after the other, and what they mean together.
 */
#include "common/cpulist.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "launcher/opt_multi_prog.h"
#include "launcher/opt_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int (*const setters[])(struct opt_target *) = {
    [OPT_FLAG] = opt_set_flag,
    [OPT_TEXT] = opt_set_text,
    [OPT_NUMBER] = opt_set_number,
    [OPT_SECONDS] = opt_set_seconds,
    [OPT_UMASK] = opt_set_umask,
    [OPT_ENV] = opt_set_env,
    [OPT_ENVLIST] = opt_set_envlist,
    [OPT_ENVMODE] = opt_set_envmode,
    [OPT_EXPORT] = opt_set_export,
    [OPT_TEMPLATE] = opt_set_template,
    [OPT_DIALECT] = opt_set_dialect,
    [OPT_USIZE] = opt_set_usize,
    [OPT_DISPLAY] = opt_set_display,
    [OPT_STDIN] = opt_set_stdin,
    [OPT_PTY] = opt_set_pty,
    [OPT_LABEL] = opt_set_label,
    [OPT_PATTERN] = opt_set_pattern,
    [OPT_LAUNCHER] = opt_set_launcher,
    [OPT_PMI] = opt_set_pmi,
    [OPT_WORDS] = opt_set_words,
    [OPT_PORTS] = opt_set_ports,
    [OPT_INTERFACE] = opt_set_interface,
    [OPT_PSET] = opt_set_pset,
    [OPT_NOTHING] = opt_set_nothing,
    [OPT_MINUTES] = opt_set_minutes,
    [OPT_LEVEL] = opt_set_level,
    [OPT_OUTPUT] = opt_set_output,
    [OPT_ERROR_FILE] = opt_set_error_file,
    [OPT_OUTPUT_DIR] = opt_set_output_dir,
    [OPT_INPUT] = opt_set_input,
    [OPT_EXPORT_LIST] = opt_set_export_list,
    [OPT_ORDER] = opt_set_order,
    [OPT_CPU_BIND] = opt_set_cpu_bind,
    [OPT_MCA] = opt_set_mca,
    [OPT_NOTE] = opt_set_note,
    [OPT_DEADLOCK] = opt_set_deadlock,
    [OPT_TRANSPORT] = opt_set_transport,
};

static bool repeats(const struct opt *o)
{
    return o->kind == OPT_ENV || o->kind == OPT_ENVLIST || o->kind == OPT_TEMPLATE || o->kind == OPT_DIALECT ||
           o->kind == OPT_DISPLAY || o->kind == OPT_PSET || o->kind == OPT_MCA || o->kind == OPT_NOTE ||
           o->kind == OPT_LEVEL;
}

/* What speaks for the whole job cannot say one thing at one program and another at the next. */
static int check_once(const struct opt_target *a, const struct opt_setting *last)
{
    const struct opt_setting *s = a->s;
    if (!last || s->opt->of_app || last->app == s->app || repeats(s->opt))
        return 0;
    const char *v = s->values[0] ? s->values[0] : "", *w = last->values[0] ? last->values[0] : "";
    if (!strcmp(v, w))
        return 0;
    return err_set(a->e, "%s applies to the whole job, but is \"%.80s\" for one program and \"%.80s\" for another",
                   s->shown, w, v);
}

static int apply_one(struct opt_target *a, const struct opt_setting *s, struct app *app)
{
    size_t id = (size_t)(s->opt - opt_table);
    const struct opt_setting *last = a->last[id];
    if (s->opt->kind >= OPT_CONFIGFILE)
        return 0; /* done while scanning */
    if (last && (last->source != s->source))
        last = NULL;
    a->s = s;
    if (check_once(a, last) < 0)
        return -1;
    a->again = last && (!s->opt->of_app || last->app == s->app);
    a->last[id] = s;
    a->field = (char *)(s->opt->of_app ? (void *)app : (void *)a->o) + s->opt->field;
    return setters[s->opt->kind](a);
}

/* --hosts on the command line does not choose among the hosts of a default host file, it replaces it; and so on. */
static void settle_hosts(struct opt_target *a)
{
    const struct opt_setting *hosts = a->last[OPT_ID_HOSTS], *file = a->last[OPT_ID_HOSTFILE];
    const struct opt_setting *host = a->last[OPT_ID_HOST];
    bool apps = host && host->source == OPT_FROM_COMMAND;
    char **weaker[2] = {NULL, NULL};
    if (hosts && ((file && hosts->source < file->source) || (apps && hosts->source < OPT_FROM_COMMAND)))
        weaker[0] = &a->o->hosts;
    if (file && ((hosts && file->source < hosts->source) || (apps && file->source < OPT_FROM_COMMAND)))
        weaker[1] = &a->o->hostfile;
    for (int i = 0; i < 2; i++)
        if (weaker[i]) {
            free(*weaker[i]);
            *weaker[i] = NULL;
        }
}

/* Who names a remote shell wants one. */
static void settle_launcher(struct opt_target *a)
{
    if (!a->o->launcher_exec || a->last[OPT_ID_LAUNCHER])
        return;
    free(a->o->launcher);
    a->o->launcher = xstrdup("ssh-exec");
}

/* --cpu-set 3,0-1 is user:3,0,1 then. The list has been checked. */
static char *user_binding(const char *list)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    const char *sep = "user:";
    for (const char *at = list; out && *at; at += strcspn(at, ",\n"), at += *at != '\0') {
        unsigned first = 0, last = 0;
        int n = sscanf(at, "%u-%u", &first, &last);
        for (unsigned cpu = first; n > 0 && cpu <= (n == 2 ? last : first); cpu++, sep = ",")
            fprintf(out, "%s%u", sep, cpu);
    }
    if (!out || fclose(out))
        log_fatal("out of memory");
    return text;
}

/* mpirun's --bind-to cpu-list:ordered: the processors in the order in which they were named, a rank each. */
static int settle_ordered(struct opt_target *a)
{
    static const char *const words[] = {"cpu-list:ordered", "cpulist:ordered"};
    const char *given = a->o->bind_to ? a->o->bind_to : "";
    struct cpulist l;
    struct err why;
    if (strcasecmp(given, words[0]) != 0 && strcasecmp(given, words[1]) != 0)
        return 0;
    if (!a->o->cpu_set)
        return err_set(a->e, "--bind-to %s: the processors are those of --cpu-set, which is not given", given);
    cpulist_init(&l);
    int rc = cpulist_parse(&l, a->o->cpu_set, &why);
    cpulist_fini(&l);
    if (rc < 0)
        return err_set(a->e, "--cpu-set: %s", why.text);
    opt_replace(&a->o->bind_to, user_binding(a->o->cpu_set));
    return 0;
}

/* -c is the number of ranks to mpirun, and processors for each to srun, whose users say -n as well. */
static int check_c(const struct opt_target *a)
{
    if (!a->last[OPT_ID_C] || a->last[OPT_ID_N])
        return 0;
    return err_set(a->e,
                   "%s: the number of ranks is meant by mpirun, processors for each rank by srun: say -n N or "
                   "--cpus-per-rank N",
                   a->last[OPT_ID_C]->shown);
}

static bool is_typed(const struct opt_target *a, enum opt_id id)
{
    return a->last[id] && a->last[id]->source == OPT_FROM_COMMAND;
}

/* srun writes both streams to the file of -o. */
static void settle_streams(struct opt_target *a)
{
    if (a->file_for_both && !a->o->errfile_pattern)
        a->o->merge_stderr = true;
}

/* Who works in a terminal reads what is typed there, and nobody else does. */
static int settle_terminal(struct opt_target *a)
{
    static const enum opt_id others[] = {OPT_ID_STDIN, OPT_ID_INPUT};
    if (a->o->pty < 0)
        return 0;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (is_typed(a, others[i]))
            return err_set(a->e, "%s: stdin goes to the rank of --pty", a->last[others[i]]->shown);
    struct options *o = a->o;
    if (o->napps == 1 && o->apps[0].np < 0 && !o->ppn && !o->rankmap && !o->rankfile)
        o->apps[0].np = o->pty + 1; /* somebody wants one shell, not as many as there are processors */
    a->o->stdin_mode = STDIN_RANKS;
    opt_replace(&a->o->stdin_ranks, xasprintf("%ld", a->o->pty));
    return 0;
}

static int apply_all(struct opt_target *a, const struct opt_settings *defaults, const struct opt_settings *command)
{
    for (size_t i = 0; i < defaults->n; i++)
        if (apply_one(a, &defaults->all[i], &a->proto) < 0)
            return -1;
    for (size_t i = 0; i < a->o->napps; i++) {
        struct app app;
        app_copy(&app, &a->proto);
        app.argv = a->o->apps[i].argv;
        app.argc = a->o->apps[i].argc;
        app.where = a->o->apps[i].where;
        a->o->apps[i] = app;
    }
    for (size_t i = 0; i < command->n; i++) {
        const struct opt_setting *s = &command->all[i];
        if (apply_one(a, s, s->app < a->o->napps ? &a->o->apps[s->app] : &a->proto) < 0)
            return -1;
    }
    settle_hosts(a);
    settle_launcher(a);
    settle_streams(a);
    a->o->back_typed = is_typed(a, OPT_ID_IFACE);
    if (check_c(a) < 0 || settle_ordered(a) < 0 || settle_terminal(a) < 0)
        return -1;
    return a->o->multi_prog ? opt_multi_prog(a->o, a->e) : 0;
}

int opt_apply(const struct opt_settings *defaults, const struct opt_settings *command, struct options *o, char **env,
              char **remarks, struct err *e)
{
    struct opt_target a = {.o = o, .env = env, .e = e};
    app_init(&a.proto);
    int rc = apply_all(&a, defaults, command);
    app_fini(&a.proto);
    *remarks = a.remarks;
    return rc;
}

void opt_settings_add(struct opt_settings *l, const struct opt *o, char *shown, const char *const values[2],
                      enum opt_source source, size_t app)
{
    if (l->n == l->cap)
        l->all = xreallocarray(l->all, l->cap = l->cap ? 2 * l->cap : 16, sizeof *l->all);
    struct opt_setting *s = &l->all[l->n++];
    *s = (struct opt_setting){.opt = o, .shown = shown, .source = source, .app = app};
    for (int i = 0; i < 2; i++)
        s->values[i] = values[i] ? xstrdup(values[i]) : NULL;
}

void opt_settings_fini(struct opt_settings *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->all[i].shown);
        free(l->all[i].values[0]);
        free(l->all[i].values[1]);
    }
    free(l->all);
    *l = (struct opt_settings){0};
}
