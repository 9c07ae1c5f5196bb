/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pset: the names, sizes and members of process sets. */
#include "lib/process/pset.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/process/process.h"
#include "wire/node_segment.h"

enum { NAMED = PSET_SELF + 1 };
#define NODE_PREFIX "muster://NODE/"

/* One of the command line. Its ranges point into the text of the environment. */
struct named {
    const char *name, *ranges;
    int name_length, size;
};
static struct {
    struct named *sets;
    int count;
    bool read;
} named;

/* The range at text, and behind it; NULL: none. */
static const char *range_read(const char *text, int *first, int *last)
{
    char *end;
    if (!isdigit((unsigned char)*text))
        return NULL;
    long a = strtol(text, &end, 10), b = a;
    if (*end == '-' && isdigit((unsigned char)end[1]))
        b = strtol(end + 1, &end, 10);
    if (a > b || b >= boot.size || (*end && *end != ',' && *end != ';'))
        return NULL;
    *first = (int)a;
    *last = (int)b;
    return end;
}

/* "name=0-3,7", up to a semicolon or the end; NULL: it is not. */
static const char *set_read(const char *text, struct named *s)
{
    const char *at = text + strcspn(text, "=;");
    int first, last;
    *s = (struct named){.name = text, .name_length = (int)(at - text), .ranges = at + 1};
    if (*at != '=' || s->name_length == 0 || s->name_length >= PSET_NAME_MAX)
        return NULL;
    do {
        if (!(at = range_read(at + 1, &first, &last)) || last - first >= boot.size - s->size)
            return NULL;
        s->size += last - first + 1;
    } while (*at == ',');
    return at;
}

static int unreadable(void)
{
    free(named.sets);
    named.sets = NULL;
    named.count = 0;
    error_detail_set(MPI_ERR_OTHER, "MUSTER_PSETS is not a list of process sets of this job's ranks");
    return MPI_ERR_OTHER;
}

int pset_init(void)
{
    const char *at = named.read ? NULL : getenv("MUSTER_PSETS");
    while (at && *at) {
        struct named *more = realloc(named.sets, (size_t)(named.count + 1) * sizeof *more);
        if (!more)
            return MPI_ERR_NO_MEM;
        named.sets = more;
        if (!(at = set_read(at, &named.sets[named.count])))
            return unreadable();
        named.count++;
        at += *at == ';';
    }
    named.read = true;
    return MPI_SUCCESS;
}

static int first_node(void)
{
    return NAMED + named.count;
}

bool pset_is_node(int set)
{
    return set >= first_node();
}

int pset_count(void)
{
    return first_node() + boot.node_count;
}

void pset_name(int set, char name[PSET_NAME_MAX])
{
    if (set == PSET_WORLD || set == PSET_SELF)
        strcpy(name, set == PSET_WORLD ? "mpi://WORLD" : "mpi://SELF");
    else if (set >= first_node())
        snprintf(name, PSET_NAME_MAX, NODE_PREFIX "%d", set - first_node());
    else
        snprintf(name, PSET_NAME_MAX, "%.*s", named.sets[set - NAMED].name_length, named.sets[set - NAMED].name);
}

static int find_node(const char *digits)
{
    char *end;
    long node = isdigit((unsigned char)*digits) && (*digits != '0' || !digits[1]) ? strtol(digits, &end, 10) : -1;
    return node >= 0 && !*end && node < boot.node_count ? first_node() + (int)node : -1;
}

int pset_find(const char *name)
{
    if (strcasecmp(name, "mpi://WORLD") == 0)
        return PSET_WORLD;
    if (strcasecmp(name, "mpi://SELF") == 0)
        return PSET_SELF;
    if (strncmp(name, NODE_PREFIX, sizeof NODE_PREFIX - 1) == 0)
        return find_node(name + sizeof NODE_PREFIX - 1);
    for (int i = 0; i < named.count; i++)
        if ((size_t)named.sets[i].name_length == strlen(name) && memcmp(named.sets[i].name, name, strlen(name)) == 0)
            return NAMED + i;
    return -1;
}

/* Calls each with the ranges of ranks that lie on a node, until it says stop. */
static void node_ranges(int node, bool (*each)(int first, int count, void *arg), void *arg)
{
    if (!boot.segment) {
        each(0, 1, arg);
        return;
    }
    const struct rankmap_block *b = node_segment_runs(boot.segment);
    uint64_t base = 0;
    for (uint32_t i = 0; i < boot.segment->run_count; i++) {
        uint64_t block = (uint64_t)b[i].nodes * b[i].ranks_per_node, place = (uint32_t)node - b[i].first;
        for (uint32_t k = 0; place < b[i].nodes && k < b[i].repeat; k++)
            if (!each((int)(base + k * block + place * b[i].ranks_per_node), (int)b[i].ranks_per_node, arg))
                return;
        base += block * b[i].repeat;
    }
}

static void set_ranges(int set, bool (*each)(int first, int count, void *arg), void *arg)
{
    int first, last;
    if (set == PSET_WORLD || set == PSET_SELF) {
        each(set == PSET_WORLD ? 0 : process_self, set == PSET_WORLD ? boot.size : 1, arg);
    } else if (set >= first_node()) {
        node_ranges(set - first_node(), each, arg);
    } else {
        const char *at = named.sets[set - NAMED].ranges - 1;
        do
            at = range_read(at + 1, &first, &last);
        while (at && each(first, last - first + 1, arg) && *at == ',');
    }
}

static bool add_size(int first, int count, void *arg)
{
    *(int *)arg += count;
    return true;
}

int pset_size(int set)
{
    int n = 0;
    if (set >= NAMED && set < first_node())
        return named.sets[set - NAMED].size;
    set_ranges(set, add_size, &n);
    return n;
}

static bool add_ranks(int first, int count, void *arg)
{
    int **to = arg;
    for (int i = 0; i < count; i++)
        *(*to)++ = first + i;
    return true;
}

void pset_ranks(int set, int *ranks)
{
    set_ranges(set, add_ranks, &ranks);
}

struct look {
    int rank;
    bool found;
};

static bool look_at(int first, int count, void *arg)
{
    struct look *l = arg;
    l->found = l->rank >= first && l->rank - first < count;
    return !l->found;
}

bool pset_has(int set, int rank)
{
    struct look l = {.rank = rank};
    set_ranges(set, look_at, &l);
    return l.found;
}
