/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_env: settings from variables. MUSTER_ and the first name of the option, in capitals and with _ for -; an empty
 * one is as good as none. They reach programs that start mpiexec themselves, as variables do.
 */
#include "common/xalloc.h"
#include "launcher/opt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void variable_name(const struct opt *o, char name[64])
{
    size_t n = strcspn(o->names, " ");
    char *to = stpcpy(name, "MUSTER_");
    for (size_t i = 0; i < n && i < 50; i++)
        *to++ = o->names[i] == '-' ? '_' : (char)toupper((unsigned char)o->names[i]);
    *to = '\0';
}

/* The two values of OPT_ENV: "NAME VALUE" or "NAME=VALUE", the value being all of the rest. */
static void split_env(const char *text, char **copy, const char *values[2])
{
    *copy = xstrdup(text);
    size_t n = strcspn(*copy, "= ");
    values[0] = *copy;
    if ((*copy)[n] != ' ')
        return;
    (*copy)[n] = '\0';
    values[1] = *copy + n + 1;
}

static void add(struct opt_settings *l, const struct opt *o, const char *name, const char *value)
{
    const char *values[2] = {value, NULL};
    char *copy = NULL;
    if (o->kind == OPT_ENV)
        split_env(value, &copy, values);
    opt_settings_add(l, o, xstrdup(name), values, OPT_FROM_VARIABLE, 0);
    free(copy);
}

int opt_from_variables(struct opt_settings *l, char **env, struct err *e)
{
    const char *value = opt_getenv(env, "MPIEXEC_TIMEOUT");
    if (value && *value)
        add(l, &opt_table[OPT_ID_TIMEOUT], "MPIEXEC_TIMEOUT", value);
    value = opt_getenv(env, "MPIEXEC_PORT_RANGE");
    if (value && *value)
        add(l, &opt_table[OPT_ID_PORT_RANGE], "MPIEXEC_PORT_RANGE", value);
    for (size_t i = 0; i < OPT_COUNT; i++) {
        char name[64];
        const struct opt *o = &opt_table[i];
        variable_name(o, name);
        value = o->kind < OPT_CONFIGFILE && o->topic != OPT_TOPIC_COMPAT ? opt_getenv(env, name) : NULL;
        if (value && *value)
            add(l, o, name, value);
    }
    return 0;
}
