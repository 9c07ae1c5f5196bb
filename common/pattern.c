/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pattern: filling in {rank}, {host} and so on. */
#include "common/pattern.h"

#include "common/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t word(const char *at, const struct pattern_values *v, FILE *out)
{
    static const char *const words[] = {"{rank}", "{local_rank}", "{size}", "{host}"};
    const uint32_t numbers[] = {v->rank, v->local_rank, v->size};
    for (size_t i = 0; i < 4; i++) {
        size_t n = strlen(words[i]);
        if (strncmp(at, words[i], n) != 0)
            continue;
        if (i < 3)
            fprintf(out, "%u", numbers[i]);
        else
            fputs(v->host, out);
        return n;
    }
    return 0;
}

char *pattern_expand(const char *pattern, const struct pattern_values *v)
{
    if (!strchr(pattern, '{'))
        return xstrdup(pattern);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    while (out && *pattern) {
        size_t n = *pattern == '{' ? word(pattern, v, out) : 0;
        if (!n)
            fputc(*pattern, out);
        pattern += n ? n : 1;
    }
    if (out)
        fclose(out);
    return text ? text : xstrdup("");
}
