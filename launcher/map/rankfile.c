/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rankfile: lines to hosts and slots.
 *
 * The text is kept and entries point into it, so that a message can show the line it is about.
 */
#include "launcher/map/rankfile.h"

#include "common/file.h"
#include "common/this_host.h"
#include "common/xalloc.h"
#include "launcher/map/excerpt.h"
#include "launcher/map/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uthash.h>

#define FILE_LIMIT (256u << 20)
#define NAME_LIMIT 255u

/* One line while it is parsed; positions are offsets into the text. */
struct line {
    const struct rankfile *f;
    size_t start, end, at;
    uint32_t number;
    struct err *e;
};

static int line_err(const struct rankfile *f, uint32_t number, size_t start, size_t len, size_t at, const char *message,
                    struct err *e)
{
    char where[200];
    snprintf(where, sizeof where, "%.180s:%u", f->name, number);
    return excerpt_err(e, where, f->text + start, len, at - start, message);
}

static int fail(const struct line *l, size_t at, const char *message)
{
    return line_err(l->f, l->number, l->start, l->end - l->start, at, message, l->e);
}

static void skip_blanks(struct line *l)
{
    while (l->at < l->end && strchr(" \t\r", l->f->text[l->at]) && l->f->text[l->at])
        l->at++;
}

static bool at_end(struct line *l)
{
    skip_blanks(l);
    return l->at == l->end;
}

/* A keyword in any case; what follows it must not be a letter. */
static bool take_word(struct line *l, const char *word)
{
    size_t len = strlen(word);
    skip_blanks(l);
    if (l->end - l->at < len || strncasecmp(l->f->text + l->at, word, len))
        return false;
    l->at += len;
    return true;
}

static int take_equals(struct line *l)
{
    skip_blanks(l);
    if (l->at == l->end || l->f->text[l->at] != '=')
        return fail(l, l->at, "'=' is expected here");
    l->at++;
    skip_blanks(l);
    return 0;
}

static int take_rank(struct line *l, uint32_t *rank)
{
    uint64_t v = 0;
    skip_blanks(l);
    size_t start = l->at;
    for (; l->at < l->end && l->f->text[l->at] >= '0' && l->f->text[l->at] <= '9'; l->at++) {
        v = v * 10 + (uint64_t)(l->f->text[l->at] - '0');
        if (v >= PLACE_RANKS_LIMIT)
            return fail(l, start, "this rank is larger than a job can be");
    }
    if (l->at == start)
        return fail(l, start, "the number of a rank is expected here");
    *rank = (uint32_t)v;
    return 0;
}

/* Characters up to a blank. */
static int take_token(struct line *l, size_t *at, size_t *len, const char *what)
{
    *at = l->at;
    while (l->at < l->end && (unsigned char)l->f->text[l->at] > ' ')
        l->at++;
    *len = l->at - *at;
    if (!*len)
        return fail(l, l->at, what);
    return *len > NAME_LIMIT ? fail(l, *at, "this is too long") : 0;
}

static int take_slot(struct line *l, struct rankfile_entry *entry)
{
    if (!take_word(l, "slots") && !take_word(l, "slot"))
        return fail(l, l->at, "slot=LIST is expected here");
    return take_equals(l) ||
                   take_token(l, &entry->slot, &entry->slot_len, "the cores are missing, such as 0-1 or 1:0,2")
               ? -1
               : 0;
}

static int take_line(struct line *l, struct rankfile_entry *entry)
{
    if (!take_word(l, "rank"))
        return fail(l, l->at, "a line reads: rank N=HOST slot=LIST");
    if (take_rank(l, &entry->rank) || take_equals(l) ||
        take_token(l, &entry->host, &entry->host_len, "the name of a host is missing"))
        return -1;
    if (!at_end(l) && take_slot(l, entry))
        return -1;
    return at_end(l) ? 0 : fail(l, l->at, "the line should end here");
}

static struct rankfile_entry *add(struct rankfile *f)
{
    if (!(f->nentries & (f->nentries - 1))) /* a power of two, or none: full */
        f->entries = xreallocarray(f->entries, f->nentries ? 2 * (size_t)f->nentries : 1, sizeof *f->entries);
    return &f->entries[f->nentries++];
}

static int parse_lines(struct rankfile *f, struct err *e)
{
    struct line l = {.f = f, .e = e};
    for (size_t start = 0; start < f->len;) {
        const char *newline = memchr(f->text + start, '\n', f->len - start);
        size_t end = newline ? (size_t)(newline - f->text) : f->len;
        const char *comment = memchr(f->text + start, '#', end - start);
        l.start = l.at = start;
        l.end = comment ? (size_t)(comment - f->text) : end;
        l.number++;
        start = end + 1;
        if (at_end(&l))
            continue;
        struct rankfile_entry entry = {.line = l.number, .start = l.start, .len = end - l.start};
        if (take_line(&l, &entry))
            return -1;
        *add(f) = entry;
    }
    return 0;
}

static int entry_compare(const void *a, const void *b)
{
    const struct rankfile_entry *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static int entry_err(const struct rankfile *f, const struct rankfile_entry *entry, size_t at, const char *message,
                     struct err *e)
{
    return line_err(f, entry->line, entry->start, entry->len, at, message, e);
}

/* Ranks are numbered without gaps. Also keeps a short file from asking for a large job. */
static int check_gaps(const struct rankfile *f, struct err *e)
{
    for (uint32_t i = 0; i < f->nentries; i++)
        if (f->entries[i].rank != i)
            return err_set(e, "%.200s: rank %u has no line, but rank %u has one", f->name, i,
                           f->entries[f->nentries - 1].rank);
    return 0;
}

static int sort_entries(struct rankfile *f, struct err *e)
{
    if (!f->nentries)
        return err_set(e, "%.200s: the file names no rank; a line reads: rank N=HOST slot=LIST", f->name);
    qsort(f->entries, f->nentries, sizeof *f->entries, entry_compare);
    for (uint32_t i = 0; i < f->nentries; i++) {
        char message[80];
        f->binds |= f->entries[i].slot_len > 0;
        if (!i || f->entries[i].rank != f->entries[i - 1].rank)
            continue;
        snprintf(message, sizeof message, "rank %u was given a place in line %u already", f->entries[i].rank,
                 f->entries[i - 1].line);
        return entry_err(f, &f->entries[i], f->entries[i].start, message, e);
    }
    return check_gaps(f, e);
}

int rankfile_parse(struct rankfile *f, const char *name, const char *text, size_t len, struct err *e)
{
    *f = (struct rankfile){.name = xstrdup(name), .text = xmalloc(len + 1), .len = len};
    memcpy(f->text, text, len);
    f->text[len] = '\0';
    return parse_lines(f, e) || sort_entries(f, e) ? -1 : 0;
}

int rankfile_read(struct rankfile *f, const char *name, struct err *e)
{
    *f = (struct rankfile){0};
    size_t len;
    char *text = file_read(name, FILE_LIMIT, &len, e);
    int rc = text ? rankfile_parse(f, name, text, len, e) : -1;
    free(text);
    return rc;
}

void rankfile_fini(struct rankfile *f)
{
    free(f->name);
    free(f->text);
    free(f->entries);
    *f = (struct rankfile){0};
}

/* ---- the hosts ---- */

struct host {
    const char *name; /* borrowed */
    uint32_t node;
    UT_hash_handle hh;
};

static struct host *hash_hosts(struct host *list, const struct map_request *r)
{
    struct host *by_name = NULL, *old;
    for (uint32_t i = 0; i < r->nnodes; i++) {
        list[i] = (struct host){.name = r->nodes[i].name, .node = i};
        HASH_FIND_STR(by_name, list[i].name, old);
        if (!old)
            HASH_ADD_KEYPTR(hh, by_name, list[i].name, strlen(list[i].name), &list[i]);
    }
    return by_name;
}

/* "+n3": the host at index 3. */
static bool relative_node(const char *text, size_t len, const struct map_request *r, uint32_t *node)
{
    uint64_t v = 0;
    if (len < 3 || strncasecmp(text, "+n", 2))
        return false;
    for (size_t i = 2; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || v >= r->nnodes)
            return false;
        v = v * 10 + (uint64_t)(text[i] - '0');
    }
    *node = (uint32_t)v;
    return v < r->nnodes;
}

/* The one that is this machine. */
static bool node_here(const struct map_request *r, uint32_t *node)
{
    for (*node = 0; *node < r->nnodes; ++*node)
        if (this_host_is(r->nodes[*node].name))
            return true;
    return false;
}

static int find_node(const struct rankfile *f, const struct rankfile_entry *entry, struct host *by_name,
                     const struct map_request *r, uint32_t *node, struct err *e)
{
    struct host *host;
    const char *name = f->text + entry->host;
    if (relative_node(name, entry->host_len, r, node))
        return 0;
    HASH_FIND(hh, by_name, name, entry->host_len, host);
    if (!host && entry->host_len == 9 && !strncasecmp(name, "localhost", 9) && node_here(r, node))
        return 0;
    if (!host)
        return entry_err(f, entry, entry->host, "this is not a host of the job", e);
    *node = host->node;
    return 0;
}

static int apply_hosts(const struct rankfile *f, struct map_plan *p, const struct map_request *r, struct host *by_name,
                       struct err *e)
{
    for (uint32_t rank = 0; rank < p->nranks; rank++) {
        if (rank >= f->nentries)
            return err_set(e, "%.200s: rank %u has no line, but the job has ranks 0 to %u", f->name, rank,
                           p->nranks - 1);
        if (find_node(f, &f->entries[rank], by_name, r, &p->ranks[rank].node, e))
            return -1;
    }
    return 0;
}

int rankfile_apply(const struct rankfile *f, struct map_plan *p, const struct map_request *r, struct err *e)
{
    struct host *list = xcalloc(r->nnodes, sizeof *list), *by_name = hash_hosts(list, r);
    int rc = apply_hosts(f, p, r, by_name, e);
    HASH_CLEAR(hh, by_name);
    free(list);
    if (!rc && f->nentries > p->nranks && !p->warning)
        p->warning = xasprintf("%.200s names ranks up to %u, but the job has only ranks 0 to %u", f->name,
                               f->nentries - 1, p->nranks - 1);
    return rc;
}
