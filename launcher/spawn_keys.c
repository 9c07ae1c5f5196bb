/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn_keys: one table of keys; what each does is a function.
 */
#include "launcher/spawn_keys.h"

#include "common/file.h"
#include "common/xalloc.h"
#include "launcher/spawn_soft.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_SIZE_MAX (1u << 20) /* of the file that the key "file" names */

struct taking {
    struct app *app;
    struct spawn_keys *keys;
    struct spawn_policy *policy;
    bool in_file;
    struct err *e;
};

struct key {
    const char *name;
    int (*take)(struct taking *t, const struct key *k, const char *value);
    size_t at; /* of what it sets */
};

static int set_text(char **to, const char *value)
{
    free(*to);
    *to = xstrdup(value);
    return 0;
}

static int take_app(struct taking *t, const struct key *k, const char *value)
{
    return set_text((char **)((char *)t->app + k->at), value);
}

static int take_host(struct taking *t, const struct key *k, const char *value)
{
    return set_text((char **)((char *)t->keys + k->at), value);
}

/* What is read at once, and waits for nobody: no pipe. */
static int check_file(const struct taking *t, const struct key *k, const char *name)
{
    struct stat st;
    if (stat(name, &st) < 0)
        return err_set(t->e, "info key %s: unable to read %.200s: %m", k->name, name);
    return S_ISREG(st.st_mode) ? 0 : err_set(t->e, "info key %s: %.200s is not a regular file", k->name, name);
}

static int take_hostfile(struct taking *t, const struct key *k, const char *value)
{
    return check_file(t, k, value) < 0 ? -1 : take_host(t, k, value);
}

static int take_policy(struct taking *t, const struct key *k, const char *value)
{
    return set_text((char **)((char *)t->policy + k->at), value);
}

/* NAME=VALUE, one a line. */
static int take_env(struct taking *t, const struct key *k, const char *value)
{
    struct env_rules *env = &t->app->env;
    for (const char *p = value; *p;) {
        size_t n = strcspn(p, "\n");
        if (n && (!memchr(p, '=', n) || *p == '='))
            return err_set(t->e, "info key env: '%.*s' is not NAME=VALUE", (int)(n < 80 ? n : 80), p);
        if (n) {
            env->set = xreallocarray(env->set, env->nset + 1, sizeof *env->set);
            env->set[env->nset++] = xstrndup(p, n);
        }
        p += n + (p[n] == '\n');
    }
    return 0;
}

static int take_soft(struct taking *t, const struct key *k, const char *value)
{
    return soft_check(value, t->e) < 0 ? -1 : set_text(&t->keys->soft, value);
}

/* Open MPI's: so many for each node. */
static int take_npernode(struct taking *t, const struct key *k, const char *value)
{
    char *end;
    unsigned long n = strtoul(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || n == 0 || n > UINT32_MAX)
        return err_set(t->e, "info key %s: '%.80s' is not a number of processes", k->name, value);
    t->policy->ppn = (uint32_t)n;
    return 0;
}

static int take_pernode(struct taking *t, const struct key *k, const char *value)
{
    if (strcmp(value, "true") == 0 || strcmp(value, "1") == 0 || strcmp(value, "yes") == 0)
        t->policy->ppn = 1;
    return 0;
}

/* "2:package". */
static int take_ppr(struct taking *t, const struct key *k, const char *value)
{
    char *text = xasprintf("ppr:%s", value);
    int rc = set_text(&t->policy->map_by, text);
    free(text);
    return rc;
}

static int take_file(struct taking *t, const struct key *k, const char *value);

#define APP(field) take_app, offsetof(struct app, field)
#define HOST(field) take_host, offsetof(struct spawn_keys, field)
#define HOSTFILE(field) take_hostfile, offsetof(struct spawn_keys, field)
#define POLICY(field) take_policy, offsetof(struct spawn_policy, field)

static const struct key keys[] = {
    {"host", HOST(host)},
    {"hosts", HOST(host)},
    {"hostfile", HOSTFILE(hostfile)},
    {"add-host", HOST(add_host)},
    {"add_host", HOST(add_host)},
    {"add-hostfile", HOSTFILE(add_hostfile)},
    {"add_hostfile", HOSTFILE(add_hostfile)},
    {"wdir", APP(wdir)},
    {"wd", APP(wdir)},
    {"path", APP(path)},
    {"env", take_env, 0},
    {"soft", take_soft, 0},
    {"file", take_file, 0},
    {"map-by", POLICY(map_by)},
    {"map_by", POLICY(map_by)},
    {"rank-by", POLICY(rank_by)},
    {"rank_by", POLICY(rank_by)},
    {"bind-to", POLICY(bind_to)},
    {"bind_to", POLICY(bind_to)},
    {"npernode", take_npernode, 0},
    {"pernode", take_pernode, 0},
    {"ppr", take_ppr, 0},
};

static int take_info(struct taking *t, const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i].name, name) == 0)
            return keys[i].take(t, &keys[i], value);
    return 0;
}

/* KEY=VALUE; blanks around both do not count, # begins a comment. */
static int take_line(struct taking *t, char *line, const char *file)
{
    line += strspn(line, " \t");
    line[strcspn(line, "\r")] = '\0';
    if (*line == '#' || *line == '\0')
        return 0;
    char *value = strchr(line, '=');
    if (!value || value == line)
        return err_set(t->e, "info key file: %.200s: '%.80s' is not KEY=VALUE", file, line);
    char *end = value;
    *value++ = '\0';
    while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = '\0';
    value += strspn(value, " \t");
    for (size_t n = strlen(value); n && (value[n - 1] == ' ' || value[n - 1] == '\t'); n--)
        value[n - 1] = '\0';
    return take_info(t, line, value);
}

/* More keys, in a file. */
static int take_file(struct taking *t, const struct key *k, const char *value)
{
    struct err why;
    if (t->in_file)
        return err_set(t->e, "info key file: %.200s names another file", value);
    if (check_file(t, k, value) < 0)
        return -1;
    char *text = file_read(value, FILE_SIZE_MAX, NULL, &why);
    if (!text)
        return err_set(t->e, "info key file: %.900s", why.text);
    int rc = 0;
    t->in_file = true;
    for (char *line = text, *next; line && rc == 0; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        rc = take_line(t, line, value);
    }
    t->in_file = false;
    free(text);
    return rc;
}

int spawn_command(const struct pmi_control_command *c, struct app *a, struct spawn_keys *k, struct spawn_policy *p,
                  struct err *e)
{
    app_init(a);
    a->np = (long)c->maxprocs;
    a->argc = c->argc + 1u;
    a->argv = xcalloc(a->argc + 1, sizeof *a->argv);
    a->argv[0] = xstrdup(c->exe);
    for (uint32_t i = 0; i < c->argc; i++)
        a->argv[i + 1] = xstrdup(c->argv[i]);
    struct taking t = {a, k, p, false, e};
    for (uint32_t i = 0; i < c->ninfo; i++)
        if (take_info(&t, c->info[i].key, c->info[i].value) < 0)
            return -1;
    return 0;
}

void spawn_keys_fini(struct spawn_keys *k)
{
    char *const all[] = {k->host, k->hostfile, k->add_host, k->add_hostfile, k->soft};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    *k = (struct spawn_keys){0};
}

void spawn_policy_fini(struct spawn_policy *p)
{
    free(p->map_by);
    free(p->rank_by);
    free(p->bind_to);
    *p = (struct spawn_policy){0};
}
