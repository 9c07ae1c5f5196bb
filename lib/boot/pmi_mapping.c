/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi_mapping: reads PMI_process_mapping. A block is (first,nodes,ranks) or the number of a node that has one rank;
 * [blocks]xN stands for N times the same. Where the text ends before the ranks do, it begins again. */
#include <stdlib.h>
#include <string.h>
#include "lib/boot/pmi_client.h"

enum { NODES_MAX = 1 << 24 }; /* so that no sum wraps */

struct place {
    uint32_t *node;
    uint32_t at, size, nodes;
};

static bool number(const char **p, uint32_t *n)
{
    char *end;
    if (**p < '0' || **p > '9')
        return false;
    unsigned long v = strtoul(*p, &end, 10);
    *p = end;
    *n = (uint32_t)v;
    return v <= INT32_MAX;
}

static bool block_place(struct place *to, uint32_t first, uint32_t nodes, uint32_t ranks)
{
    if (nodes == 0 || ranks == 0 || nodes > NODES_MAX || first > NODES_MAX - nodes)
        return false;
    for (uint32_t i = 0; i < nodes && to->at < to->size; i++)
        for (uint32_t k = 0; k < ranks && to->at < to->size; k++)
            to->node[to->at++] = first + i;
    if (first + nodes > to->nodes)
        to->nodes = first + nodes;
    return true;
}

static bool block_read(const char **p, struct place *to)
{
    uint32_t first, nodes = 1, ranks = 1;
    if (**p != '(')
        return number(p, &first) && block_place(to, first, 1, 1);
    ++*p;
    if (!number(p, &first) || *(*p)++ != ',' || !number(p, &nodes) || *(*p)++ != ',' || !number(p, &ranks) ||
        *(*p)++ != ')')
        return false;
    return block_place(to, first, nodes, ranks);
}

/* Blocks with commas between them. */
static bool blocks_read(const char **p, struct place *to)
{
    for (;;) {
        if (!block_read(p, to))
            return false;
        if (to->at == to->size || **p != ',')
            return true;
        if ((*p)[1] == '[') /* the next item is a repetition */
            return true;
        ++*p;
    }
}

static bool repeated_read(const char **p, struct place *to)
{
    const char *inside = ++*p;
    uint32_t times;
    if (!blocks_read(p, to))
        return false;
    if (to->at == to->size)
        return true;
    if (*(*p)++ != ']' || *(*p)++ != 'x' || !number(p, &times) || times == 0)
        return false;
    while (--times > 0 && to->at < to->size) {
        const char *again = inside;
        blocks_read(&again, to);
    }
    return true;
}

bool pmi_mapping_read(const char *text, uint32_t *node, uint32_t size, uint32_t *nodes)
{
    struct place to = {node, 0, size, 0};
    static const char head[] = "(vector,";
    if (strncmp(text, head, sizeof head - 1) != 0)
        return false;
    const char *p = text + sizeof head - 1;
    while (to.at < size) {
        if (!(*p == '[' ? repeated_read(&p, &to) : blocks_read(&p, &to)))
            return false;
        if (to.at == size)
            break;
        if (*p == ',')
            p++;
        else if (*p == ')')
            p = text + sizeof head - 1;
        else
            return false;
    }
    *nodes = to.nodes;
    return true;
}
