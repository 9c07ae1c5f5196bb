/* SPDX-License-Identifier: BSD-3-Clause
 *
 * sge: Grid Engine's PE_HOSTFILE, whose lines read "host slots queue processors". A host with slots in several queues
 * has several lines.
 */
#include "common/xalloc.h"
#include "launcher/rm/parsers.h"

#include <stdlib.h>
#include <string.h>

static size_t blank_at(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && text[n] != ' ' && text[n] != '\t')
        n++;
    return n;
}

static int line_read(struct allocation *a, const char *line, size_t len, const char *where, struct err *e)
{
    uint32_t slots;
    size_t host = blank_at(line, len), gap = strspn(line + host, " \t");
    const char *second = line + host + gap;
    size_t n = host + gap < len ? blank_at(second, len - host - gap) : 0;
    if (rm_number(second, n, HOSTLIST_SLOTS_MAX, &slots) < 0)
        return err_set(e, "%sthe number of slots is expected after the host", where);
    return hostlist_mention(&a->hosts, line, host, slots, where, e);
}

enum rm_found rm_sge_read(const struct rm_source *s, struct allocation *a, struct err *e)
{
    const char *path = rm_variable(s, "PE_HOSTFILE"), *line;
    size_t len;
    if (!path)
        return RM_ABSENT;
    rm_note_job(a, rm_variable(s, "JOB_ID"));
    rm_note_from(a, "PE_HOSTFILE", path);
    char *text = s->file(s, path, e);
    if (!text)
        return RM_ERROR;
    int rc = 0;
    for (struct rm_lines l = {.at = text}; rc == 0 && rm_line_next(&l, &line, &len);) {
        char *where = xasprintf("%.200s:%zu: ", path, l.number);
        rc = line_read(a, line, len, where, e);
        free(where);
    }
    free(text);
    return rc < 0 ? RM_ERROR : RM_FOUND;
}
