/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hostlist_item: an item is read into a pattern (literal text and sets of numbers in turn), whose hosts are counted
 * before the first of them is made: a short text can name more hosts than there is memory for.
 */
#include "common/hostlist_item.h"

#include "common/hostlist_range.h"
#include "common/xalloc.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIMENSIONS 8u /* brackets in a name */

/* A literal, then the numbers that follow it; the last piece of a pattern has none. */
struct piece {
    char literal[HOSTLIST_NAME_MAX + 1];
    size_t len;
    struct hostlist_ranges numbers;
};

struct item {
    struct piece pieces[DIMENSIONS + 1];
    size_t n;
    bool out; /* ^NAME */
    char user[HOSTLIST_NAME_MAX + 1];
    uint32_t slots;
};

static bool is_name_char(int c)
{
    return c > 0 && c < 128 && (isalnum(c) || strchr("._-", c));
}

/* Name characters into text of HOSTLIST_NAME_MAX + 1 bytes. */
static int literal(struct hostlist_text *t, char *into, size_t *len)
{
    const char *start = t->at;
    while (is_name_char(hostlist_peek(t)))
        t->at++;
    *len = (size_t)(t->at - start);
    if (*len > HOSTLIST_NAME_MAX)
        return hostlist_fail(t, start, "a name of more than %u characters", HOSTLIST_NAME_MAX);
    memcpy(into, start, *len);
    into[*len] = '\0';
    return 0;
}

static int item_slots(struct hostlist_text *t, struct item *it)
{
    const char *start = t->at;
    int width;
    if (hostlist_number(t, &it->slots, &width) < 0)
        return -1;
    if (it->slots < 1 || it->slots > HOSTLIST_SLOTS_MAX)
        return hostlist_fail(t, start, "a host has 1 to %u slots", HOSTLIST_SLOTS_MAX);
    return 0;
}

static int item_name(struct hostlist_text *t, struct item *it)
{
    const char *start = t->at;
    struct piece *p = &it->pieces[it->n++];
    if (literal(t, p->literal, &p->len) < 0)
        return -1;
    if (p->len && hostlist_take(t, '@')) {
        memcpy(it->user, p->literal, p->len + 1);
        start = t->at;
        if (literal(t, p->literal, &p->len) < 0)
            return -1;
    }
    while (hostlist_take(t, '[')) {
        if (it->n > DIMENSIONS)
            return hostlist_fail(t, t->at - 1, "more than %u brackets in a name", DIMENSIONS);
        if (hostlist_bracket(t, &p->numbers) < 0)
            return -1;
        p = &it->pieces[it->n++];
        if (literal(t, p->literal, &p->len) < 0)
            return -1;
    }
    if (t->at == start)
        return hostlist_fail(t, start,
                             hostlist_peek(t) == '+' ? "relative hosts (+n0, +e) are not supported: name the host"
                                                     : "the name of a host is expected here");
    return 0;
}

static int item_read(struct hostlist_text *t, struct item *it)
{
    it->out = hostlist_take(t, '^');
    if (item_name(t, it) < 0)
        return -1;
    if (!it->out && hostlist_take(t, ':'))
        return item_slots(t, it);
    return 0;
}

/* Hosts that the item names, at most max + 1. */
static uint64_t item_count(const struct item *it, uint64_t max)
{
    uint64_t n = 1;
    for (size_t i = 0; i + 1 < it->n && n <= max; i++) {
        uint64_t c = hostlist_ranges_count(&it->pieces[i].numbers);
        n = c > max ? max + 1 : n * c; /* both are at most max here: no overflow */
    }
    return n;
}

struct maker {
    const struct item *item;
    const struct hostlist_host *proto;
    struct hostlist *to;
    struct err *e;
    char name[HOSTLIST_NAME_MAX + 1];
};

/* Writes piece i and all after it behind the first len bytes of the name; one host for each number. */
static int make_from(struct maker *m, size_t i, size_t len)
{
    const struct piece *p = &m->item->pieces[i];
    if (len + p->len > HOSTLIST_NAME_MAX)
        return err_set(m->e, "a host's name of more than %u characters", HOSTLIST_NAME_MAX);
    memcpy(m->name + len, p->literal, p->len + 1);
    len += p->len;
    if (i + 1 == m->item->n) {
        struct hostlist_host h = *m->proto;
        h.name = m->name;
        return hostlist_add(m->to, &h, m->e);
    }
    for (size_t k = 0; k < p->numbers.n; k++) {
        const struct hostlist_range *r = &p->numbers.all[k];
        for (uint32_t v = r->lo; v <= r->hi; v++) {
            int n = snprintf(m->name + len, sizeof m->name - len, "%0*u", r->width, (unsigned)v);
            if (len + (size_t)n > HOSTLIST_NAME_MAX)
                return err_set(m->e, "a host's name of more than %u characters", HOSTLIST_NAME_MAX);
            if (make_from(m, i + 1, len + (size_t)n) < 0)
                return -1;
        }
    }
    return 0;
}

static int item_make(struct hostlist_text *t, const char *start, struct item *it, const struct hostlist_host *extra,
                     struct hostlist *to)
{
    if (extra->slots && it->slots)
        return hostlist_fail(t, start, "slots are given twice, by ':' and by slots=");
    if (extra->user && it->user[0])
        return hostlist_fail(t, start, "a user is given twice, by '@' and by user=");
    uint64_t max = to->max ? to->max : HOSTLIST_MAX;
    if (item_count(it, max) > max)
        return hostlist_fail(t, start, "more than %u hosts", (unsigned)max);
    struct hostlist_host proto = *extra;
    struct err why;
    if (it->slots)
        proto.slots = it->slots;
    if (it->user[0])
        proto.user = it->user;
    struct maker m = {.item = it, .proto = &proto, .to = to, .e = &why};
    if (make_from(&m, 0, 0) < 0)
        return hostlist_fail(t, start, "%s", why.text);
    return 0;
}

static void item_fini(struct item *it)
{
    for (size_t i = 0; i < it->n; i++)
        free(it->pieces[i].numbers.all);
    free(it);
}

static void skip_blanks(struct hostlist_text *t)
{
    while (hostlist_peek(t) > 0 && isspace(hostlist_peek(t)))
        t->at++;
}

int hostlist_items(struct hostlist *l, struct hostlist *out, const char *text, size_t len,
                   const struct hostlist_host *extra, const char *where, struct err *e)
{
    struct hostlist_text t = {text, text + len, text, where, e};
    skip_blanks(&t);
    if (t.at == t.end)
        return 0;
    do {
        skip_blanks(&t);
        const char *start = t.at;
        struct item *it = xcalloc(1, sizeof *it);
        int rc = item_read(&t, it);
        if (rc == 0)
            rc = item_make(&t, start, it, extra, it->out ? out : l);
        item_fini(it);
        if (rc < 0)
            return -1;
        skip_blanks(&t);
    } while (hostlist_take(&t, ','));
    if (t.at < t.end)
        return hostlist_fail(&t, t.at, "this character cannot stand here");
    return 0;
}

static int key_number(struct hostlist_text *t, uint32_t *value)
{
    struct item it = {0};
    if (item_slots(t, &it) < 0)
        return -1;
    *value = it.slots;
    return 0;
}

static int key_user(struct hostlist_text *t, char *user)
{
    size_t len;
    if (literal(t, user, &len) < 0)
        return -1;
    return len ? 0 : hostlist_fail(t, t->at, "the name of a user is expected here");
}

/* One KEY=VALUE of a host file's line; blanks around '=' are fine. */
static int key_read(struct hostlist_text *t, struct hostlist_host *extra, char *user)
{
    char key[HOSTLIST_NAME_MAX + 1];
    const char *start = t->at;
    size_t len;
    if (literal(t, key, &len) < 0)
        return -1;
    skip_blanks(t);
    if (len == 0 || !hostlist_take(t, '='))
        return hostlist_fail(t, start, "slots=N, max_slots=N or user=NAME is expected here");
    skip_blanks(t);
    if (!strcmp(key, "slots"))
        return key_number(t, &extra->slots);
    if (!strcmp(key, "max_slots") || !strcmp(key, "max-slots"))
        return key_number(t, &extra->max_slots);
    if (strcmp(key, "user"))
        return hostlist_fail(t, start, "unknown key %.40s: slots, max_slots and user are known", key);
    extra->user = user;
    return key_user(t, user);
}

static int keys_read(struct hostlist_text *t, struct hostlist_host *extra, char *user)
{
    for (skip_blanks(t); t->at < t->end; skip_blanks(t)) {
        if (key_read(t, extra, user) < 0)
            return -1;
        if (hostlist_peek(t) > 0 && !isspace(hostlist_peek(t)))
            return hostlist_fail(t, t->at, "this character cannot stand here");
    }
    if (extra->slots && extra->max_slots && extra->max_slots < extra->slots)
        return hostlist_fail(t, t->start, "max_slots is less than slots");
    return 0;
}

int hostlist_line(struct hostlist *l, struct hostlist *out, char *line, const char *where, struct err *e)
{
    line[strcspn(line, "#")] = '\0';
    line += strspn(line, " \t\r\v\f");
    size_t len = strcspn(line, " \t\r\v\f");
    char user[HOSTLIST_NAME_MAX + 1];
    struct hostlist_host extra = {0};
    struct hostlist_text t = {line, line + strlen(line), line + len, where, e};
    if (keys_read(&t, &extra, user) < 0)
        return -1;
    return hostlist_items(l, out, line, len, &extra, where, e);
}
