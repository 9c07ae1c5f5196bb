/* SPDX-License-Identifier: BSD-3-Clause
 *
 * policy: words, by tables of them.
 */
#include "launcher/map/policy.h"

#include "common/cpulist.h"
#include "common/xalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT_LIMIT 1000000u
#define OBJECTS "hwthread, core, l1cache, l2cache, l3cache, numa, socket"

/* A count of 1 to COUNT_LIMIT; 0: text is none. */
static uint32_t count(const char *text)
{
    uint32_t v = 0;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || v > COUNT_LIMIT)
            return 0;
        v = v * 10 + (uint32_t)(*p - '0');
    }
    return v <= COUNT_LIMIT ? v : 0;
}

/* Cuts the first word off *rest at one of seps; NULL when nothing is left. */
static char *next_word(char **rest, const char *seps)
{
    return *rest ? strsep(rest, seps) : NULL;
}

/* ---- words behind a colon ---- */

typedef int modifier_fn(struct policy *p, const char *value, struct err *e);

static int set_cpus(struct policy *p, const char *value, struct err *e)
{
    p->cpus = count(value);
    p->cpus_given = true;
    p->cpus_wished = false;
    return p->cpus ? 0 : err_set(e, "pe=%.32s: a number of processors, 1 or more, is expected", value);
}

static int set_span(struct policy *p, const char *value, struct err *e)
{
    p->span = true;
    return 0;
}

static int set_oversubscribe(struct policy *p, const char *value, struct err *e)
{
    p->no_oversubscribe = false;
    return 0;
}

static int set_no_oversubscribe(struct policy *p, const char *value, struct err *e)
{
    p->no_oversubscribe = true;
    return 0;
}

static int set_hwthread_cpus(struct policy *p, const char *value, struct err *e)
{
    p->hwthread_cpus = true;
    return 0;
}

static int set_core_cpus(struct policy *p, const char *value, struct err *e)
{
    p->hwthread_cpus = false;
    return 0;
}

static int set_rankfile(struct policy *p, const char *value, struct err *e)
{
    free(p->rankfile);
    p->rankfile = xstrdup(value);
    return 0;
}

/* Overloading a core and doing without binding where the kernel cannot are what happens in any case. */
static int let_pass(struct policy *p, const char *value, struct err *e)
{
    return 0;
}

struct modifier {
    const char *word; /* ends in '=' if a value follows */
    modifier_fn *apply;
};

static const struct modifier map_modifiers[] = {
    {"pe=", set_cpus},
    {"span", set_span},
    {"oversubscribe", set_oversubscribe},
    {"nooversubscribe", set_no_oversubscribe},
    {"hwtcpus", set_hwthread_cpus},
    {"corecpus", set_core_cpus},
    {"file=", set_rankfile},
    {NULL},
};

static const struct modifier bind_modifiers[] = {
    {"overload-allowed", let_pass},
    {"if-supported", let_pass},
    {NULL},
};

static int apply_modifier(struct policy *p, const struct modifier *m, const char *option, const char *word,
                          struct err *e)
{
    for (; m->word; m++) {
        size_t len = strlen(m->word);
        bool takes_value = m->word[len - 1] == '=';
        if (takes_value ? !strncasecmp(word, m->word, len) : !strcasecmp(word, m->word))
            return m->apply(p, word + len, e);
    }
    return err_set(e, "%s: \"%.64s\" is neither a number nor a modifier that is known", option, word);
}

/* What follows the object: a count into *n (if it is there), and modifiers. */
static int parse_tail(struct policy *p, char *rest, uint32_t *n, const struct modifier *m, const char *option,
                      struct err *e)
{
    for (char *word; (word = next_word(&rest, ":,"));) {
        uint32_t v = count(word);
        if (v)
            *n = v;
        else if (apply_modifier(p, m, option, word, e))
            return -1;
    }
    return 0;
}

/* ---- --map-by ---- */

static bool is_node(const char *word)
{
    return !strcasecmp(word, "node") || !strcasecmp(word, "machine") || !strcasecmp(word, "board");
}

static int set_map_object(struct policy *p, const char *word, struct err *e)
{
    int kind = topo_kind_parse(word);
    if (!strcasecmp(word, "slot")) {
        p->map = POLICY_MAP_SLOT;
    } else if (!strcasecmp(word, "seq")) {
        p->map = POLICY_MAP_SEQ;
    } else if (is_node(word)) {
        p->map = POLICY_MAP_NODE;
    } else if (kind >= 0) {
        p->map = POLICY_MAP_OBJECT;
        p->map_object = (enum topo_kind)kind;
    } else {
        return err_set(e, "--map-by: unknown object \"%.64s\"; use slot, node, " OBJECTS ", seq, or ppr:N:OBJECT",
                       word);
    }
    return 0;
}

/* ppr:N:OBJECT: so many ranks on each object. */
static int parse_ppr(struct policy *p, char **rest, struct err *e)
{
    char *n = next_word(rest, ":"), *object = next_word(rest, ":");
    uint32_t v = n ? count(n) : 0;
    if (!v || !object)
        return err_set(e, "--map-by ppr needs a number and an object, such as ppr:2:socket");
    if (set_map_object(p, object, e))
        return -1;
    if (p->map == POLICY_MAP_OBJECT) {
        p->per_object = v;
        return 0;
    }
    p->map = POLICY_MAP_SLOT;
    p->ppn = v;
    return 0;
}

static int parse_map_words(struct policy *p, char *text, struct err *e)
{
    char *rest = text;
    char *word = next_word(&rest, ":");
    bool from_file = !strcasecmp(word, "rankfile");
    bool only_modifiers = !*word && rest && *rest; /* ":oversubscribe": of the default */
    if (!strcasecmp(word, "ppr")) {
        if (parse_ppr(p, &rest, e))
            return -1;
    } else if (!from_file && !only_modifiers && set_map_object(p, word, e)) {
        return -1;
    }
    if (parse_tail(p, rest, &p->width, map_modifiers, "--map-by", e))
        return -1;
    if (from_file && !p->rankfile)
        return err_set(e, "--map-by rankfile needs the file's name, as in rankfile:file=NAME");
    return 0;
}

/* ---- --rank-by ---- */

static int parse_rank(struct policy *p, const char *word, struct err *e)
{
    int kind = topo_kind_parse(word);
    if (!strcasecmp(word, "slot") || !strcasecmp(word, "fill")) {
        p->rank = POLICY_RANK_SLOT;
    } else if (is_node(word)) {
        p->rank = POLICY_RANK_NODE;
    } else if (kind >= 0) {
        p->rank = POLICY_RANK_OBJECT;
        p->rank_object = (enum topo_kind)kind;
    } else {
        return err_set(e, "--rank-by: unknown order \"%.64s\"; use slot, node, " OBJECTS, word);
    }
    return 0;
}

/* ---- --bind-to ---- */

/* user:0+2,1+3 deals the processors {0,2} and {1,3} in turn. The pluses become the commas of a kernel list. */
static int parse_user(struct policy *p, char *text, struct err *e)
{
    p->bind = POLICY_BIND_USER;
    for (char *rest = text, *item; (item = next_word(&rest, ","));) {
        struct cpulist l;
        for (char *c = item; *c; c++)
            if (*c == '+')
                *c = ',';
        cpulist_init(&l);
        if (cpulist_parse(&l, item, NULL))
            return err_set(e, "--bind-to user: \"%.64s\" is not a list of processors such as 0+2 or 0-3", item);
        p->user = xreallocarray(p->user, p->nuser + 1, sizeof *p->user);
        p->user[p->nuser++] = cpulist_format(&l);
        cpulist_fini(&l);
    }
    return 0;
}

static int parse_bind_words(struct policy *p, char *text, struct err *e)
{
    char *rest = text;
    char *word = next_word(&rest, ":");
    int kind = is_node(word) ? TOPO_MACHINE : topo_kind_parse(word);
    if (!strcasecmp(word, "user") || !strcasecmp(word, "cpulist") || !strcasecmp(word, "cpu-list"))
        return rest ? parse_user(p, rest, e)
                    : err_set(e, "--bind-to %s needs processors, as in %s:0+2,1+3", word, word);
    if (!strcasecmp(word, "none")) {
        p->bind = POLICY_BIND_NONE;
    } else if (!strcasecmp(word, "rr")) {
        p->bind = POLICY_BIND_RR;
    } else if (kind >= 0) {
        p->bind = POLICY_BIND_OBJECT;
        p->bind_object = (enum topo_kind)kind;
    } else {
        return err_set(e, "--bind-to: unknown object \"%.64s\"; use none, " OBJECTS ", machine, rr, or user:LIST,...",
                       word);
    }
    return parse_tail(p, rest, &p->bind_count, bind_modifiers, "--bind-to", e);
}

/* ---- the whole ---- */

static int parse_copy(struct policy *p, const char *text, int (*parse)(struct policy *, char *, struct err *),
                      struct err *e)
{
    char *copy = xstrdup(text);
    int rc = parse(p, copy, e);
    free(copy);
    return rc;
}

int policy_parse(struct policy *p, const struct map_request *r, struct err *e)
{
    *p = (struct policy){.width = 1,
                         .map_given = r->map_by != NULL,
                         .cpus = r->cpus_per_rank ? r->cpus_per_rank
                                 : r->threads     ? r->threads
                                                  : 1,
                         .cpus_given = r->cpus_per_rank || r->threads,
                         .cpus_wished = !r->cpus_per_rank && r->threads,
                         .no_oversubscribe = r->no_oversubscribe,
                         .rankfile = r->rankfile ? xstrdup(r->rankfile) : NULL};
    if (r->map_by && parse_copy(p, r->map_by, parse_map_words, e))
        return -1;
    if (r->rank_by && parse_rank(p, r->rank_by, e))
        return -1;
    if (r->bind_to && parse_copy(p, r->bind_to, parse_bind_words, e))
        return -1;
    if (r->ppn)
        p->ppn = r->ppn;
    if (r->no_oversubscribe)
        p->no_oversubscribe = true;
    if (r->rankmap && p->rankfile)
        return err_set(e, "a rank map and a rankfile were given; use one of them");
    return 0;
}

int policy_parse_node(struct policy *p, const struct map_request *r, const struct map_node *node, struct err *e)
{
    struct map_request own = *r;
    struct err why;
    own.bind_to = node->bind_to;
    if (policy_parse(p, &own, &why) == 0)
        return 0;
    return err_set(e, "binding=%.80s of host %.80s: %s", node->bind_to, node->name, why.text);
}

void policy_fini(struct policy *p)
{
    for (uint32_t i = 0; i < p->nuser; i++)
        free(p->user[i]);
    free(p->user);
    free(p->rankfile);
    *p = (struct policy){0};
}

unsigned policy_want(const struct policy *p)
{
    unsigned want = p->also | TOPO_WANT(TOPO_HWTHREAD) | TOPO_WANT(TOPO_CORE) | TOPO_WANT(TOPO_MACHINE);
    if (p->map == POLICY_MAP_OBJECT)
        want |= TOPO_WANT(p->map_object);
    if (p->rank == POLICY_RANK_OBJECT)
        want |= TOPO_WANT(p->rank_object);
    if (p->bind == POLICY_BIND_OBJECT)
        want |= TOPO_WANT(p->bind_object);
    if (p->rankfile)
        want |= POLICY_RANKFILE_WANT;
    if (p->bind != POLICY_BIND_NONE && (p->cpus > 1 || p->bind_count > 1))
        want |= TOPO_WANT(TOPO_L3CACHE) | TOPO_WANT(TOPO_NUMA) | TOPO_WANT(TOPO_PACKAGE);
    return want;
}
