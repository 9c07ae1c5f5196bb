/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mapping: the text of PMI_process_mapping, "(vector,(FIRST,NODES,RANKS_PER_NODE),...)", that tells clients which ranks
 * share a node.
 */
#ifndef PMI_SERVER_MAPPING_H
#define PMI_SERVER_MAPPING_H

#include <stddef.h>
#include "wire/rankmap.h"

/* The shortest form that clients of all ages read; a map that repeats itself from node 0 on is written once. The caller
 * frees it. "" for a map that would take more than max characters: clients then find out by themselves. */
char *pmi_mapping_text(const struct rankmap *m, size_t max);

#endif
