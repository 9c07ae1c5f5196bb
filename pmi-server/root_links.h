/* SPDX-License-Identifier: BSD-3-Clause
 *
 * root_links: messages to the proxies below mpiexec, and the jobs that they are about.
 */
#ifndef PMI_SERVER_ROOT_LINKS_H
#define PMI_SERVER_ROOT_LINKS_H

#include "pmi-server/root_job.h"
#include "wire/pmi_control.h"

struct pmi_root_space *pmi_root_find(const struct pmi_root *r, uint32_t job);
void pmi_root_send(struct pmi_root *r, uint32_t child, struct buf *b); /* sends and frees */

/* The answer to a request that came from this child with this number. */
struct pmi_root_answer {
    uint32_t job, child, id;
    int rc;            /* 0, or enum pmi2_error */
    struct bytes text; /* the value, or the reason */
    const int32_t *codes;
    uint32_t ncodes;
};
void pmi_root_answer(struct pmi_root *r, const struct pmi_root_answer *a);
void pmi_root_stuck(struct pmi_root_space *j, uint32_t rank, const char *why);

#endif
