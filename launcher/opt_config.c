/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_config: settings from the configuration file: lines of "name = value", values quoted as in a shell.
 */
#include "common/file.h"
#include "common/xalloc.h"
#include "launcher/opt.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_MAX ((size_t)1 << 20)

struct line {
    const struct opt_words *w;
    const char *where;     /* FILE:LINE */
    const char *name;      /* without dashes, - for _ */
    const char *values[3]; /* what follows the '=' */
    size_t nvalues;
};

/* Takes the '=' out, wherever it touches: "a = b", "a=b", "a= b", "a =b"; a line may be a name alone. */
static void split(struct line *l, char *name)
{
    const struct opt_words *w = l->w;
    size_t i = 1;
    char *equals = strchr(name, '=');
    if (equals) {
        *equals++ = '\0';
        if (*equals)
            l->values[l->nvalues++] = equals;
    } else if (i < w->n && w->all[i][0] == '=') {
        if (w->all[i][1])
            l->values[l->nvalues++] = w->all[i] + 1;
        i++;
    }
    for (; i < w->n && l->nvalues < 3; i++)
        l->values[l->nvalues++] = w->all[i];
    for (char *c = name; *c; c++)
        if (*c == '_')
            *c = '-';
    l->name = name + strspn(name, "-");
}

static int check_count(const struct line *l, const struct opt *o, struct err *e)
{
    size_t wanted = opt_nvalues(o);
    if (o->kind == OPT_ENV && l->nvalues == 1)
        return 0; /* NAME=VALUE, checked where it is used */
    if (wanted == 0 && l->nvalues <= 1)
        return 0; /* yes or no, or nothing for yes */
    if (l->nvalues == wanted)
        return 0;
    if (wanted == 0)
        return err_set(e, "%s: %s takes yes or no", l->where, l->name);
    return err_set(e, "%s: %s takes %zu value%s (%s), not %s; quote a value with blanks", l->where, l->name, wanted,
                   wanted > 1 ? "s" : "", o->values, l->nvalues > wanted ? "more" : "less");
}

static int no_option(const struct line *l, struct err *e)
{
    char near[64];
    const char *why = opt_refusal(l->name, strlen(l->name));
    if (why)
        return err_set(e, "%s: %.80s is not supported: %s", l->where, l->name, why);
    if (l->name[0] == '[')
        return err_set(e, "%s: there are no sections here, only lines of name = value", l->where);
    if (opt_nearest(l->name, strlen(l->name), near))
        return err_set(e, "%s: unknown option %.80s; did you mean %s?", l->where, l->name, near + strspn(near, "-"));
    return err_set(e, "%s: unknown option %.80s; see mpiexec --help", l->where, l->name);
}

static int take_line(struct opt_settings *to, struct line *l, struct err *e)
{
    const char *fixed;
    const struct opt *o = opt_find(l->name, strlen(l->name), &fixed);
    if (!o)
        return no_option(l, e);
    if (o->kind >= OPT_CONFIGFILE || o->topic == OPT_TOPIC_COMPAT)
        return err_set(e, "%s: %s belongs on the command line", l->where, l->name);
    if (fixed)
        return err_set(e, "%s: write %.*s = %s", l->where, (int)strcspn(o->names, " "), o->names, fixed);
    if (check_count(l, o, e) < 0)
        return -1;
    opt_settings_add(to, o, xasprintf("%s: %s", l->where, l->name), l->values, OPT_FROM_FILE, 0);
    return 0;
}

int opt_from_text(struct opt_settings *l, const char *text, const char *file, struct err *e)
{
    struct opt_text t = {text, 1, file};
    struct opt_words w = {0};
    int rc;
    while ((rc = opt_words_next(&w, &t, e)) > 0) {
        char *where = xasprintf("%s:%zu", file, w.line), *name = xstrdup(w.all[0]);
        struct line line = {.w = &w, .where = where};
        split(&line, name);
        int taken = take_line(l, &line, e);
        free(where);
        free(name);
        if (taken < 0) {
            rc = -1;
            break;
        }
    }
    opt_words_fini(&w);
    return rc;
}

/* The file's name, which the caller frees; NULL when there is no such file, unless it was asked for by name. */
static char *config_path(char **env)
{
    const char *named = opt_getenv(env, "MUSTER_CONFIG_FILE");
    const char *config = opt_getenv(env, "XDG_CONFIG_HOME"), *home = opt_getenv(env, "HOME");
    char *path;
    if (named)
        return *named ? xstrdup(named) : NULL; /* empty: no file at all */
    if (config && *config)
        path = xasprintf("%s/muster/config", config);
    else if (home && *home)
        path = xasprintf("%s/.config/muster/config", home);
    else
        return NULL;
    if (access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}

int opt_from_file(struct opt_settings *l, char **env, struct err *e)
{
    char *path = config_path(env);
    if (!path)
        return 0;
    char *text = file_read(path, CONFIG_MAX, NULL, e);
    int rc = text ? opt_from_text(l, text, path, e) : -1;
    free(text);
    free(path);
    return rc;
}
