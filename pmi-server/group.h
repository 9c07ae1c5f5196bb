/* SPDX-License-Identifier: BSD-3-Clause
 *
 * group: who takes part in a barrier. Ranks name a group as "WORLD[:tag]", "NODE[:tag]" or "r0,r1,...[:tag]"; the same
 * group under any spelling gets the same canonical name, in which lists are rising and in ranges ("0-3,5:7") and
 * a tag of 0 is left out. Canonical names are what travels between the halves.
 */
#ifndef PMI_SERVER_GROUP_H
#define PMI_SERVER_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pmi_group_kind { PMI_GROUP_WORLD, PMI_GROUP_NODE, PMI_GROUP_LIST };

struct pmi_range {
    uint32_t first;
    uint32_t last;
};

struct pmi_group {
    enum pmi_group_kind kind;
    uint32_t tag;
    uint32_t size;            /* ranks; of NODE, 0: who asks knows it */
    uint32_t nranges;         /* of a list: rising, not touching */
    struct pmi_range *ranges; /* owned */
    char *name;               /* canonical, owned */
};

/* The group that `text` names in a job of so many ranks (NULL: WORLD). 0; or -1 with *why, a lowercase phrase. */
int pmi_group_parse(struct pmi_group *g, const char *text, uint32_t job_size, const char **why);
void pmi_group_fini(struct pmi_group *g);
bool pmi_group_has(const struct pmi_group *g, uint32_t rank);

/* Ranks as text, "0-2,5", into out: cut with "..." where it does not fit. */
void pmi_group_ranks_text(const struct pmi_range *r, uint32_t n, char *out, size_t size);

#endif
