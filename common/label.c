/* SPDX-License-Identifier: BSD-3-Clause
 *
 * label: the text in front of a rank's lines. */
#include "common/label.h"

#include <stdio.h>
#include <string.h>

enum what { RANK, HOST, NODE, JOB, SIZE, TIME, PERCENT, NWHAT };

static const struct {
    const char *word;
    const char *letter;
} forms[NWHAT] = {
    [RANK] = {"{rank}", "%r"}, [HOST] = {"{host}", "%h"}, [NODE] = {"{node}", "%p"}, [JOB] = {"{job}", "%g"},
    [SIZE] = {"{size}", NULL}, [TIME] = {"{time}", NULL}, [PERCENT] = {NULL, "%%"},
};

/* What stands at `at`, and how long it is there; NWHAT: a character as any other. */
static enum what read_form(const char *at, size_t *len)
{
    for (int i = 0; i < NWHAT; i++) {
        const char *form = *at == '{' ? forms[i].word : forms[i].letter;
        *len = form ? strlen(form) : 0;
        if (form && strncmp(at, form, *len) == 0)
            return (enum what)i;
    }
    *len = 1;
    return NWHAT;
}

static void put_number(struct buf *b, uint32_t v)
{
    char text[16];
    buf_put(b, text, (size_t)snprintf(text, sizeof text, "%u", v));
}

static void put_time(struct buf *b, const struct timespec *now)
{
    struct tm tm;
    char text[32];
    if (!now || !localtime_r(&now->tv_sec, &tm)) {
        buf_put(b, "{time}", 6);
        return;
    }
    size_t n = strftime(text, sizeof text, "%H:%M:%S", &tm);
    n += (size_t)snprintf(text + n, sizeof text - n, ".%03u", (unsigned)(now->tv_nsec / 1000000) % 1000);
    buf_put(b, text, n);
}

static void put_value(struct buf *b, enum what w, const struct label_values *v, const struct timespec *now)
{
    if (w == HOST)
        buf_put(b, v->host, strlen(v->host));
    else if (w == TIME)
        put_time(b, now);
    else if (w == PERCENT)
        buf_put(b, "%", 1);
    else
        put_number(b, w == RANK ? v->rank : w == NODE ? v->node : w == JOB ? v->job : v->size);
}

void label_put(struct buf *b, const char *pattern, const struct label_values *v, const struct timespec *now)
{
    size_t len;
    for (const char *p = pattern; *p; p += len) {
        size_t plain = strcspn(p, "{%");
        buf_put(b, p, plain);
        p += plain;
        len = 0;
        if (!*p)
            break;
        enum what w = read_form(p, &len);
        if (w == NWHAT)
            buf_put(b, p, 1);
        else
            put_value(b, w, v, now);
    }
}

static bool names(const char *pattern, unsigned set)
{
    size_t len;
    for (const char *p = pattern; *p; p += len)
        if (set & (1u << read_form(p, &len)))
            return true;
    return false;
}

bool label_names_rank(const char *pattern)
{
    return names(pattern, 1u << RANK);
}

bool label_names_node(const char *pattern)
{
    return names(pattern, 1u << HOST | 1u << NODE);
}

bool label_names_job(const char *pattern)
{
    return names(pattern, 1u << JOB);
}

bool label_names_time(const char *pattern)
{
    return names(pattern, 1u << TIME);
}
