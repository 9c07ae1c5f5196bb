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
    const struct {
        const char *word;
        uint32_t number;
    } numbers[] = {
        {"{rank}", v->rank},         {"{local_rank}", v->local_rank},
        {"{size}", v->size},         {"{local_size}", v->local_size},
        {"{node}", v->node},         {"{nodes}", v->nodes},
        {"{universe}", v->universe},
    };
    static const char host[] = "{host}";
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        size_t n = strlen(numbers[i].word);
        if (strncmp(at, numbers[i].word, n) != 0)
            continue;
        fprintf(out, numbers[i].number == UINT32_MAX ? "-1" : "%u", numbers[i].number);
        return n;
    }
    if (strncmp(at, host, sizeof host - 1) != 0)
        return 0;
    fputs(v->host, out);
    return sizeof host - 1;
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
