/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_set_pset: process sets, "NAME=LIST;NAME=LIST" in the field. The names are held to what the runtime's reader
 * needs, so that nothing of them has to be quoted; whether there are such ranks is seen later (pset.h).
 */
#include "common/xalloc.h"
#include "launcher/opt_set.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NAME_MAX_LENGTH = 1023 }; /* MPI_MAX_PSET_NAME_LEN less its end */

static bool is_taken(const char *name, size_t n, const char *sets)
{
    for (const char *at = sets; at; at = strchr(at, ';'), at += at != NULL)
        if (strncmp(at, name, n) == 0 && at[n] == '=')
            return true;
    return false;
}

static int check(const char *text, const char *sets, const char **why)
{
    size_t n = strcspn(text, "=");
    *why = NULL;
    if (n == 0 || text[n] != '=' || text[n + 1] == '\0')
        *why = "NAME=LIST (ocean=0-3,7)";
    else if (n > NAME_MAX_LENGTH)
        *why = "a name of at most 1023 bytes";
    else if (strspn(text + n + 1, "0123456789,-") != strlen(text + n + 1))
        *why = "a list of ranks (0-3,7) after NAME=";
    else if (strcspn(text, "; \t\n\r") < n)
        *why = "a name without blanks and semicolons";
    else if (strncasecmp(text, "mpi://", 6) == 0 || strncasecmp(text, "muster://", 9) == 0)
        *why = "a name that does not begin with mpi:// or muster://";
    else if (is_taken(text, n, sets))
        *why = "another name for each set";
    return *why ? -1 : 0;
}

/* One more; the first of the command line replaces those of the defaults. */
int opt_set_pset(struct opt_target *a)
{
    const char *v = a->s->values[0] ? a->s->values[0] : "", *why;
    char **field = a->field, *old = a->again ? *field : NULL;
    if (check(v, old, &why) < 0)
        return opt_expected(a, "%s", why);
    char *sets = old ? xasprintf("%s;%s", old, v) : xstrdup(v);
    free(*field);
    *field = sets;
    return 0;
}
