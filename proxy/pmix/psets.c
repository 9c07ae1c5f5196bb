/* SPDX-License-Identifier: BSD-3-Clause
 *
 * They stand in the environment of the job's ranks: "NAME=0-3,7;NAME=LIST".
 */
#include "proxy/pmix/psets.h"

#include "common/xalloc.h"
#include "proxy/rank_env.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const struct job *j)
{
    const char *text = rank_env_get(j->spec.envs[j->spec.apps[0].env].v, "MUSTER_PSETS");
    return text ? text : "";
}

bool psets_next(const struct job *j, const char **at, struct bytes *name)
{
    const char *text = *at ? *at + strcspn(*at, ";") : text_of(j);
    text += *text == ';';
    *at = text;
    *name = (struct bytes){text, strcspn(text, "=;")};
    return name->len > 0 && text[name->len] == '=';
}

/* "0-3", and behind it; NULL: it is no range of the job's ranks. */
static const char *read_range(const char *text, uint32_t nranks, uint32_t *first, uint32_t *last)
{
    char *end;
    if (!isdigit((unsigned char)*text))
        return NULL;
    unsigned long a = strtoul(text, &end, 10), b = a;
    if (*end == '-' && isdigit((unsigned char)end[1]))
        b = strtoul(end + 1, &end, 10);
    if (a > b || b >= nranks || (*end && *end != ',' && *end != ';'))
        return NULL;
    *first = (uint32_t)a;
    *last = (uint32_t)b;
    return end;
}

uint32_t *psets_ranks(const struct job *j, struct bytes name, size_t *n)
{
    const char *at = name.data + name.len; /* at "=" */
    uint32_t nranks = j->spec.map.nranks, first, last;
    uint32_t *ranks = xcalloc(nranks, sizeof *ranks);
    *n = 0;
    do {
        at = read_range(at + 1, nranks, &first, &last);
        if (!at || last - first >= nranks - *n) {
            free(ranks);
            return NULL;
        }
        for (uint32_t r = first; r <= last; r++)
            ranks[(*n)++] = r;
    } while (*at == ',');
    return ranks;
}
