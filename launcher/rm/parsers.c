/* SPDX-License-Identifier: BSD-3-Clause
 *
 * parsers: variables, lines, files with a host on each line: what several resource managers have in common.
 */
#include "launcher/rm/parsers.h"

#include "common/xalloc.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 60 /* characters of a variable's value */

const char *rm_variable(const struct rm_source *s, const char *name)
{
    size_t n = strlen(name);
    for (char **env = s->env; env && *env; env++)
        if (!strncmp(*env, name, n) && (*env)[n] == '=' && (*env)[n + 1])
            return *env + n + 1;
    return NULL;
}

void rm_note_job(struct allocation *a, const char *job)
{
    free(a->job);
    a->job = job ? xasprintf("%.80s", job) : NULL;
}

void rm_note_from(struct allocation *a, const char *name, const char *value)
{
    char *old = a->from;
    a->from = xasprintf("%s%s%s=%.*s%s", old ? old : "", old ? " and " : "", name, SHOWN, value,
                        strlen(value) > SHOWN ? "..." : "");
    free(old);
}

bool rm_line_next(struct rm_lines *l, const char **line, size_t *len)
{
    while (*l->at) {
        const char *start = l->at, *end = start + strcspn(start, "\n");
        l->at = *end ? end + 1 : end;
        l->number++;
        while (start < end && isspace((unsigned char)*start))
            start++;
        while (end > start && isspace((unsigned char)end[-1]))
            end--;
        if (start == end)
            continue;
        *line = start;
        *len = (size_t)(end - start);
        return true;
    }
    return false;
}

int rm_number(const char *text, size_t len, uint32_t max, uint32_t *value)
{
    uint64_t v = 0;
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)text[i]))
            return -1;
        v = v * 10 + (uint64_t)(text[i] - '0');
        if (v > max)
            return -1;
    }
    *value = (uint32_t)v;
    return len && v ? 0 : -1;
}

int rm_node_file(const struct rm_source *s, struct allocation *a, const char *variable, uint32_t slots, struct err *e)
{
    const char *path = rm_variable(s, variable), *line;
    size_t len;
    char *text = s->file(s, path, e);
    if (!text)
        return -1;
    rm_note_from(a, variable, path);
    int rc = 0;
    for (struct rm_lines l = {.at = text}; rc == 0 && rm_line_next(&l, &line, &len);) {
        char *where = xasprintf("%.200s:%zu: ", path, l.number);
        rc = hostlist_mention(&a->hosts, line, len, slots, where, e);
        free(where);
    }
    free(text);
    return rc;
}

int rm_host_words(const struct rm_source *s, struct allocation *a, const char *variable, struct err *e)
{
    const char *at = rm_variable(s, variable);
    char *where = xasprintf("%s: ", variable);
    int rc = 0;
    rm_note_from(a, variable, at);
    for (at += strspn(at, " "); rc == 0 && *at; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        rc = hostlist_mention(&a->hosts, at, n, 1, where, e);
        at += n;
    }
    free(where);
    return rc;
}
