/* SPDX-License-Identifier: BSD-3-Clause
 *
 * quiet: what a process knows of a child, about one job: can a rank of its subtree still put a value? A child that says
 * no says also how many messages it has had from here; while there are others on their way, which may wake a rank, its
 * word does not count.
 */
#ifndef PMI_SERVER_QUIET_H
#define PMI_SERVER_QUIET_H

#include <stdbool.h>
#include <stdint.h>

struct pmi_quiet {
    uint32_t sent; /* messages to the child that may wake ranks */
    bool replied;  /* it has said something: all that was put there before has come */
    bool quiet;
    bool gone; /* it is lost: it never says anything else */
};

/* Room for children [from, to) in v, of which some are lost already (gone, by child; may be NULL). */
struct pmi_quiet *pmi_quiets_grow(struct pmi_quiet *v, const bool *gone, uint32_t from, uint32_t to);

void pmi_quiet_gone(struct pmi_quiet *q);
void pmi_quiet_sent(struct pmi_quiet *q);
void pmi_quiet_heard(struct pmi_quiet *q, bool quiet, uint32_t received);
bool pmi_quiet_replied(const struct pmi_quiet *q, uint32_t children);
bool pmi_quiet_all(const struct pmi_quiet *q, uint32_t children);

#endif
