/* SPDX-License-Identifier: BSD-3-Clause
 *
 * topo: what is asked of a topology, and the users' words for its objects.
 */
#include "common/topo/topo.h"

#include <stddef.h>
#include <strings.h>

static const struct {
    const char *word;
    enum topo_kind kind;
} words[] = {
    /* the first word of a kind is its name in messages */
    {"hwthread", TOPO_HWTHREAD},  {"core", TOPO_CORE},        {"l1cache", TOPO_L1CACHE},  {"l2cache", TOPO_L2CACHE},
    {"l3cache", TOPO_L3CACHE},    {"numa", TOPO_NUMA},        {"package", TOPO_PACKAGE},  {"machine", TOPO_MACHINE},
    {"hwthreads", TOPO_HWTHREAD}, {"thread", TOPO_HWTHREAD},  {"pu", TOPO_HWTHREAD},      {"cores", TOPO_CORE},
    {"l1", TOPO_L1CACHE},         {"l1dcache", TOPO_L1CACHE}, {"l2", TOPO_L2CACHE},       {"l2ucache", TOPO_L2CACHE},
    {"l3", TOPO_L3CACHE},         {"l3ucache", TOPO_L3CACHE}, {"numanode", TOPO_NUMA},    {"numas", TOPO_NUMA},
    {"socket", TOPO_PACKAGE},     {"sockets", TOPO_PACKAGE},  {"packages", TOPO_PACKAGE}, {"board", TOPO_MACHINE},
};

int topo_kind_parse(const char *word)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(word, words[i].word))
            return (int)words[i].kind;
    return -1;
}

const char *topo_kind_name(enum topo_kind kind)
{
    size_t i = 0;
    while (words[i].kind != kind)
        i++;
    return words[i].word;
}

bool topo_has_all(const struct topo *t, unsigned want)
{
    for (int kind = 0; kind < TOPO_NKINDS; kind++)
        if (want & TOPO_WANT(kind) && !t->kinds[kind].list)
            return false;
    return true;
}

uint32_t topo_count(const struct topo *t, enum topo_kind kind)
{
    return t->kinds[kind].n;
}

const struct topo_object *topo_objects(const struct topo *t, enum topo_kind kind)
{
    return t->kinds[kind].list;
}

uint32_t topo_nhwthreads(const struct topo *t)
{
    return t->nhwthreads;
}

const struct topo_hwthread *topo_hwthreads(const struct topo *t)
{
    return t->hwthreads;
}

uint32_t topo_capacity(const struct topo *t)
{
    return t->capacity;
}
