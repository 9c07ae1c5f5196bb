/* SPDX-License-Identifier: BSD-3-Clause
 *
 * modex: what one rank has committed and another needs, where it never was a value of the job: the rank's own process
 * or library has it, and is asked when somebody needs it. And what goes to all proxies, or to ranks of several jobs.
 */
#ifndef PMI_SERVER_MODEX_H
#define PMI_SERVER_MODEX_H

#include "pmi-server/job.h"

/* The answer's value is what that rank of the job called space has committed, when the key is among it: within so many
 * seconds, or (0) at any time. */
void pmi_modex(struct pmi_request *q, const char *space, uint32_t rank, const char *key, uint32_t timeout);
/* What ranks of several jobs meet in. The answer's value: eight bytes that no other meeting has, and all data. */
struct pmi_meeting {
    const char *name;           /* the same for all who take part, and for no other that is under way */
    uint32_t arrived, expected; /* ranks: here, of all */
    const uint32_t *jobs;       /* that are needed for it: numbers */
    uint32_t njobs;
    enum pmi_meeting_kin kin;
    struct bytes data;
};
void pmi_meet(struct pmi_request *q, const struct pmi_meeting *m);
/* data goes to op `notice` of every proxy, this one included. */
void pmi_notify(struct pmi_request *q, struct bytes data);

bool pmi_modex_down(struct pmi_server_job *j, struct rbuf *r);
void pmi_notice_down(struct pmi_server *s, struct rbuf *r);

#endif
