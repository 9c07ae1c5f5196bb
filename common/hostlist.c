/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hostlist: the list itself: adding, merging, finding, leaving out; and the two sources of text. The grammar of one
 * item is in hostlist_item.c.
 */
#include "common/hostlist.h"

#include "common/file.h"
#include "common/hostlist_item.h"
#include "common/xalloc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define FILE_MAX ((size_t)64 << 20)

struct hostlist_entry {
    size_t i;
    UT_hash_handle hh;
};

static struct hostlist_entry *entry_of(const struct hostlist *l, const char *name)
{
    struct hostlist_entry *x;
    HASH_FIND_STR(l->index, name, x);
    return x;
}

long hostlist_find(const struct hostlist *l, const char *name)
{
    struct hostlist_entry *x = entry_of(l, name);
    return x ? (long)x->i : -1;
}

static void index_add(struct hostlist *l, size_t i)
{
    struct hostlist_entry *x = xcalloc(1, sizeof *x);
    x->i = i;
    HASH_ADD_KEYPTR(hh, l->index, l->hosts[i].name, strlen(l->hosts[i].name), x);
}

static void index_drop(struct hostlist *l)
{
    struct hostlist_entry *x, *next;
    HASH_ITER(hh, l->index, x, next)
    {
        HASH_DEL(l->index, x);
        free(x);
    }
}

/* The texts of a host besides its name. */
static const struct {
    const char *plural;
    size_t offset;
} words[] = {
    {"users", offsetof(struct hostlist_host, user)},
    {"keys", offsetof(struct hostlist_host, key)},
    {"lists of processors", offsetof(struct hostlist_host, cpus)},
    {"bindings", offsetof(struct hostlist_host, binding)},
};

static char **word_of(const struct hostlist_host *h, size_t i)
{
    return (char **)((char *)h + words[i].offset);
}

static int merge_word(struct hostlist_host *old, const struct hostlist_host *h, size_t i, struct err *e)
{
    char **to = word_of(old, i), *from = *word_of(h, i);
    if (from && *to && strcmp(from, *to))
        return err_set(e, "host %s is named with two %s, %.80s and %.80s", old->name, words[i].plural, *to, from);
    if (from && !*to)
        *to = xstrdup(from);
    return 0;
}

static int merge(struct hostlist_host *old, const struct hostlist_host *h, struct err *e)
{
    uint64_t sum = (uint64_t)(old->slots ? old->slots : 1) + (h->slots ? h->slots : 1);
    if (sum > HOSTLIST_SLOTS_MAX)
        return err_set(e, "host %s has more than %u slots", old->name, HOSTLIST_SLOTS_MAX);
    if (h->port && old->port && h->port != old->port)
        return err_set(e, "host %s is named with two ports, %u and %u", old->name, old->port, h->port);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (merge_word(old, h, i, e) < 0)
            return -1;
    old->slots = (uint32_t)sum;
    if (h->max_slots)
        old->max_slots = h->max_slots;
    if (h->port)
        old->port = h->port;
    return 0;
}

static void note_mention(struct hostlist *l, size_t i)
{
    if (l->nmentions == l->mentions_cap)
        l->mentions = xreallocarray(l->mentions, l->mentions_cap = l->mentions_cap ? 2 * l->mentions_cap : 16,
                                    sizeof *l->mentions);
    l->mentions[l->nmentions++] = (uint32_t)i;
}

static int merge_at(struct hostlist *l, size_t at, const struct hostlist_host *h, struct err *e)
{
    if (merge(&l->hosts[at], h, e) < 0)
        return -1;
    note_mention(l, at);
    return 0;
}

int hostlist_add(struct hostlist *l, const struct hostlist_host *h, struct err *e)
{
    long at = hostlist_find(l, h->name);
    if (at >= 0)
        return merge_at(l, (size_t)at, h, e);
    size_t max = l->max ? l->max : HOSTLIST_MAX;
    if (l->n >= max)
        return err_set(e, "more than %zu hosts", max);
    if (l->n == l->cap)
        l->hosts = xreallocarray(l->hosts, l->cap = l->cap ? 2 * l->cap : 16, sizeof *l->hosts);
    struct hostlist_host *new = &l->hosts[l->n];
    *new = *h;
    new->name = xstrdup(h->name);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        *word_of(new, i) = *word_of(h, i) ? xstrdup(*word_of(h, i)) : NULL;
    note_mention(l, l->n);
    index_add(l, l->n++);
    return 0;
}

void hostlist_complete(struct hostlist_host *h, const struct hostlist_host *from)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!*word_of(h, i) && *word_of(from, i))
            *word_of(h, i) = xstrdup(*word_of(from, i));
    h->slots = h->slots ? h->slots : from->slots;
    h->max_slots = h->max_slots ? h->max_slots : from->max_slots;
    h->port = h->port ? h->port : from->port;
}

static void host_fini(struct hostlist_host *h)
{
    free(h->name);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        free(*word_of(h, i));
}

void hostlist_fini(struct hostlist *l)
{
    index_drop(l);
    for (size_t i = 0; i < l->n; i++)
        host_fini(&l->hosts[i]);
    free(l->hosts);
    free(l->mentions);
    *l = (struct hostlist){0};
}

/* Takes the hosts of out away from l. */
static void leave_out(struct hostlist *l, const struct hostlist *out)
{
    if (!out->n)
        return;
    index_drop(l);
    size_t kept = 0, mentions = 0;
    uint32_t *place = xcalloc(l->n, sizeof *place); /* of each host that stays, and one; 0: it leaves */
    for (size_t i = 0; i < l->n; i++)
        if (hostlist_find(out, l->hosts[i].name) >= 0) {
            host_fini(&l->hosts[i]);
        } else {
            l->hosts[kept++] = l->hosts[i];
            place[i] = (uint32_t)kept;
        }
    for (size_t i = 0; i < l->nmentions; i++)
        if (place[l->mentions[i]])
            l->mentions[mentions++] = place[l->mentions[i]] - 1;
    free(place);
    l->nmentions = mentions;
    l->n = kept;
    for (size_t i = 0; i < kept; i++)
        index_add(l, i);
}

/* The last step of each source: what was left out leaves, and something must be left over. */
static int finish(struct hostlist *l, struct hostlist *out, const char *what, struct err *e)
{
    bool named = l->n > 0;
    leave_out(l, out);
    if (l->n)
        return 0;
    return err_set(e, named ? "%s leaves no host" : "%s names no host", what);
}

int hostlist_parse(struct hostlist *l, const char *text, struct err *e)
{
    struct hostlist out = {.max = l->max};
    const char *end = text + strlen(text);
    struct hostlist_text t = {.start = text, .shown_end = end, .at = text, .end = end, .where = "", .e = e};
    int rc = hostlist_items(l, &out, &t, &(struct hostlist_host){0});
    if (rc == 0)
        rc = finish(l, &out, "the host list", e);
    hostlist_fini(&out);
    return rc;
}

int hostlist_mention(struct hostlist *l, const char *text, size_t len, uint32_t slots, const char *where, struct err *e)
{
    struct hostlist out = {.max = l->max};
    struct hostlist_text t = {
        .start = text, .shown_end = text + len, .at = text, .end = text + len, .where = where, .e = e};
    int rc = hostlist_items(l, &out, &t, &(struct hostlist_host){.slots = slots});
    leave_out(l, &out);
    hostlist_fini(&out);
    return rc;
}

static int read_lines(struct hostlist *l, struct hostlist *out, char *text, const char *file, struct err *e)
{
    size_t number = 0;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        char *where = xasprintf("%s:%zu: ", file, ++number);
        int rc = hostlist_line(l, out, line, where, e);
        free(where);
        if (rc < 0)
            return -1;
    }
    return 0;
}

int hostlist_read(struct hostlist *l, const char *file, struct err *e)
{
    char *text = file_read(file, FILE_MAX, NULL, e);
    if (!text)
        return -1;
    struct hostlist out = {.max = l->max};
    int rc = read_lines(l, &out, text, file, e);
    if (rc == 0)
        rc = finish(l, &out, file, e);
    hostlist_fini(&out);
    free(text);
    return rc;
}
