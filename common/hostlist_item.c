/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hostlist_item: an item is read into a pattern (literal text and sets of numbers in turn), whose hosts are counted
 * before the first of them is made: a short text can name more hosts than there is memory for.
 */
#include "common/hostlist_item.h"

#include "common/hostlist_range.h"
#include "common/xalloc.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <net/if.h>
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

int hostlist_literal(struct hostlist_text *t, char *into, size_t *len)
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

int hostlist_slots(struct hostlist_text *t, uint32_t *slots)
{
    const char *start = t->at;
    int width;
    if (hostlist_number(t, slots, &width) < 0)
        return -1;
    if (*slots < 1 || *slots > HOSTLIST_SLOTS_MAX)
        return hostlist_fail(t, start, "a host has 1 to %u slots", HOSTLIST_SLOTS_MAX);
    return 0;
}

/* The bracket that closes the one here, if a colon stands between them; else NULL. */
static const char *address_end(const struct hostlist_text *t)
{
    const char *end = hostlist_peek(t) == '[' ? memchr(t->at, ']', (size_t)(t->end - t->at)) : NULL;
    return end && memchr(t->at, ':', (size_t)(end - t->at)) ? end : NULL;
}

/* "[fe80::1%eth0]": the whole name. */
static int item_address(struct hostlist_text *t, struct piece *p, const char *end)
{
    const char *start = t->at + 1;
    struct in6_addr ignored;
    p->len = (size_t)(end - start);
    if (p->len > INET6_ADDRSTRLEN + IF_NAMESIZE)
        return hostlist_fail(t, start, "this is not an IPv6 address");
    memcpy(p->literal, start, p->len);
    p->literal[p->len] = '\0';
    char *zone = strchr(p->literal, '%');
    if (zone)
        *zone = '\0';
    bool ok = inet_pton(AF_INET6, p->literal, &ignored) == 1;
    for (const char *z = zone ? zone + 1 : NULL; ok && z && (z == zone + 1 || *z); z++)
        ok = is_name_char(*z);
    if (zone)
        *zone = '%';
    t->at = end + 1;
    return ok ? 0 : hostlist_fail(t, start, "this is not an IPv6 address");
}

static int item_name(struct hostlist_text *t, struct item *it)
{
    const char *start = t->at, *end;
    struct piece *p = &it->pieces[it->n++];
    if (hostlist_literal(t, p->literal, &p->len) < 0)
        return -1;
    if (p->len && hostlist_take(t, '@')) {
        memcpy(it->user, p->literal, p->len + 1);
        start = t->at;
        if (hostlist_literal(t, p->literal, &p->len) < 0)
            return -1;
    }
    if (!p->len && (end = address_end(t)))
        return item_address(t, p, end);
    while (hostlist_take(t, '[')) {
        if (it->n > DIMENSIONS)
            return hostlist_fail(t, t->at - 1, "more than %u brackets in a name", DIMENSIONS);
        if (hostlist_bracket(t, &p->numbers) < 0)
            return -1;
        p = &it->pieces[it->n++];
        if (hostlist_literal(t, p->literal, &p->len) < 0)
            return -1;
    }
    if (t->at == start)
        return hostlist_fail(t, start,
                             hostlist_peek(t) == '+' ? "relative hosts (+n0, +e) are not supported: name the host"
                                                     : "the name of a host is expected here");
    return 0;
}

static size_t word_length(const char *text, size_t max)
{
    size_t n = 0;
    while (n < max && text[n] != ',' && !isspace((unsigned char)text[n]))
        n++;
    return n;
}

static int item_read(struct hostlist_text *t, struct item *it)
{
    it->out = hostlist_take(t, '^');
    if (item_name(t, it) < 0)
        return -1;
    const char *colon = t->at;
    if (it->out || (!hostlist_take(t, ':') && !hostlist_take(t, '*')))
        return 0;
    size_t rest = (size_t)(t->end - t->at), word = word_length(t->at, rest);
    if (memchr(t->at, ':', word))
        return hostlist_fail(t, colon, "an IPv6 address is written in brackets: [fe80::1]:4");
    return hostlist_slots(t, &it->slots);
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

void hostlist_skip_blanks(struct hostlist_text *t)
{
    while (hostlist_peek(t) > 0 && isspace(hostlist_peek(t)))
        t->at++;
}

int hostlist_items(struct hostlist *l, struct hostlist *out, struct hostlist_text *t, const struct hostlist_host *extra)
{
    hostlist_skip_blanks(t);
    if (t->at == t->end)
        return 0;
    do {
        hostlist_skip_blanks(t);
        const char *start = t->at;
        struct item *it = xcalloc(1, sizeof *it);
        int rc = item_read(t, it);
        if (rc == 0)
            rc = item_make(t, start, it, extra, it->out ? out : l);
        item_fini(it);
        if (rc < 0)
            return -1;
        hostlist_skip_blanks(t);
    } while (hostlist_take(t, ','));
    if (t->at < t->end)
        return hostlist_fail(t, t->at, "this character is not allowed here");
    return 0;
}
