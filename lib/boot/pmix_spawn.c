/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmix_spawn: what the new processes are to find goes into their environment: OpenPMIx gives them no values, and a
 * published name would be everybody's. A program that one of them starts by another launcher inherits it as well, so
 * that it names the job whose gift it is. */
#include "lib/boot/pmix_spawn.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/boot/boot_ops.h"
#include "lib/boot/pmix_reply.h"

#define GIFT "MUSTER_GIFT" /* PARENT-NAMESPACE KEY=VALUE ... */

static struct question {
    struct pmix_reply reply;
    pmix_app_t *apps; /* kept until it is answered, since the library does not copy them */
    int count;
    char job[PMIX_MAX_NSLEN + 1];
} question = {PMIX_REPLY_INITIALIZER};

/* ---- the parent ---- */

/* Info keys of MPI, and of ours, that OpenPMIx has too. */
static const struct {
    const char *ours, *key;
} keys[] = {{"host", PMIX_HOST},
            {"hosts", PMIX_HOST},
            {"hostfile", PMIX_HOSTFILE},
            {"add-host", PMIX_ADD_HOST},
            {"add_host", PMIX_ADD_HOST},
            {"add-hostfile", PMIX_ADD_HOSTFILE},
            {"map-by", PMIX_MAPBY},
            {"map_by", PMIX_MAPBY},
            {"bind-to", PMIX_BINDTO},
            {"bind_to", PMIX_BINDTO},
            {"add_hostfile", PMIX_ADD_HOSTFILE}};

static const char *pmix_key(const char *ours)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i].ours, ours) == 0)
            return keys[i].key;
    return NULL;
}

static const char *info_value(const struct boot_command *c, const char *key)
{
    for (int i = 0; i < c->info_count; i++)
        if (strcmp(c->info[i].key, key) == 0)
            return c->info[i].value;
    return NULL;
}

static bool info_fill(pmix_app_t *app, const struct boot_command *c)
{
    app->info = calloc((size_t)c->info_count + 1, sizeof *app->info);
    for (int i = 0; app->info && i < c->info_count; i++) {
        const char *key = pmix_key(c->info[i].key);
        if (!key)
            continue;
        pmix_info_t *p = &app->info[app->ninfo++];
        snprintf(p->key, sizeof p->key, "%s", key);
        p->value = (pmix_value_t){.type = PMIX_STRING, .data.string = (char *)c->info[i].value};
    }
    if (!app->info)
        return false;
    if (app->ninfo == 0) { /* Open MPI's mpirun takes an empty array for one of an unknown key, and tells the user */
        free(app->info);
        app->info = NULL;
    }
    return true;
}

static bool argv_fill(pmix_app_t *app, const struct boot_command *c)
{
    size_t n = 0;
    while (c->argv && c->argv[n])
        n++;
    app->cmd = (char *)c->program;
    app->argv = calloc(n + 2, sizeof *app->argv);
    if (!app->argv)
        return false;
    app->argv[0] = app->cmd;
    if (n > 0)
        memcpy(app->argv + 1, c->argv, n * sizeof *app->argv);
    return true;
}

static char *gift_text(const pmix_proc_t *self, const struct boot_ask *a)
{
    size_t room =
        sizeof GIFT + PMIX_MAX_NSLEN + 1 + (size_t)a->preput_count * (BOOT_KEY_MAX + 9 + 2 * BOOT_VALUE_MAX) + 1;
    char *text = malloc(room), value[2 * BOOT_VALUE_MAX + 1];
    int at = text ? snprintf(text, room, GIFT "=%s", self->nspace) : 0;
    for (int i = 0; text && i < a->preput_count; i++) {
        boot_value_text(a->preput[i].value, a->preput[i].n, value);
        at += snprintf(text + at, room - (size_t)at, " muster-%s=%s", a->preput[i].key, value);
    }
    return text;
}

static size_t lines_of(const char *text)
{
    size_t n = 1;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

/* The gift, and what the info key env says: a variable on each line. */
static bool env_fill(pmix_app_t *app, const struct boot_command *c, const pmix_proc_t *self, const struct boot_ask *a)
{
    const char *more = info_value(c, "env");
    size_t n = 0;
    app->env = calloc(more ? lines_of(more) + 2 : 2, sizeof *app->env);
    if (!app->env || !(app->env[n++] = gift_text(self, a)))
        return false;
    for (size_t length; more; more = more[length] ? more + length + 1 : NULL) {
        length = strcspn(more, "\n");
        if (memchr(more, '=', length) && !(app->env[n++] = strndup(more, length)))
            return false;
    }
    return true;
}

static void question_free(void)
{
    for (int i = 0; i < question.count; i++) {
        pmix_app_t *app = &question.apps[i];
        for (char **v = app->env; v && *v; v++)
            free(*v);
        free(app->env);
        free(app->argv);
        free(app->info);
    }
    free(question.apps);
    question.apps = NULL;
    question.count = 0;
}

static bool question_fill(const pmix_proc_t *self, const struct boot_ask *a)
{
    question.job[0] = '\0';
    question.apps = calloc((size_t)a->command_count, sizeof *question.apps);
    for (int i = 0; question.apps && i < a->command_count; i++) {
        const struct boot_command *c = &a->commands[i];
        pmix_app_t *app = &question.apps[question.count++];
        const char *directory = info_value(c, "wdir");
        app->maxprocs = c->maxprocs;
        app->cwd = (char *)(directory ? directory : info_value(c, "wd"));
        if (!argv_fill(app, c) || !info_fill(app, c) || !env_fill(app, c, self, a))
            return false;
    }
    return question.apps != NULL;
}

static void started(pmix_status_t status, char *job, void *unused)
{
    if (status == PMIX_SUCCESS && job)
        snprintf(question.job, sizeof question.job, "%s", job);
    pmix_reply_come(&question.reply, status);
}

static const char *refusal(const struct pmix_library *l, pmix_status_t rc)
{
    return rc == PMIX_ERR_NOT_SUPPORTED ? "its launcher starts nothing for its ranks" : l->PMIx_Error_string(rc);
}

const char *pmix_spawn_begin(const struct pmix_library *l, const pmix_proc_t *self, const struct boot_ask *a)
{
    bool filled = question_fill(self, a);
    pmix_reply_expect(&question.reply);
    pmix_status_t rc =
        filled ? l->PMIx_Spawn_nb(NULL, 0, question.apps, (size_t)question.count, started, NULL) : PMIX_ERR_NOMEM;
    if (rc == PMIX_SUCCESS)
        return NULL;
    question_free();
    return refusal(l, rc);
}

bool pmix_spawn_end(const struct pmix_library *l, struct boot_ask *a, bool block, bool *granted, char *why, size_t n)
{
    if (!pmix_reply_here(&question.reply, block))
        return false;
    pmix_status_t rc = question.reply.status;
    *granted = rc == PMIX_SUCCESS;
    if (*granted) {
        for (int i = 0, at = 0; i < a->command_count; i++)
            for (int k = 0; k < a->commands[i].maxprocs; k++)
                a->codes[at++] = MPI_SUCCESS;
        strcpy(a->job, question.job);
    } else {
        snprintf(why, n, "%s", refusal(l, rc));
    }
    question_free();
    return true;
}

/* ---- the child ---- */

static const char *gift; /* of this job; NULL: there is none */

bool pmix_spawn_child(const char *parent)
{
    const char *text = getenv(GIFT);
    size_t n = text ? strcspn(text, " ") : 0;
    bool ours = text && text[n] && (!parent || (strlen(parent) == n && memcmp(parent, text, n) == 0));
    gift = ours ? text + n : NULL;
    return ours;
}

char *pmix_spawn_gift(const char *key)
{
    size_t n = strlen(key);
    for (const char *p = gift; p && *p; p += strcspn(p, " ")) {
        p++;
        if (strncmp(p, key, n) == 0 && p[n] == '=')
            return strndup(p + n + 1, strcspn(p + n + 1, " "));
    }
    return NULL;
}
