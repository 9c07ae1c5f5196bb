/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi: the sockets of pmi-server's client half: a rank's requests go in, its answers go out, and what must be known
 * elsewhere travels along the tree.
 */
#ifndef PROXY_PMI_H
#define PROXY_PMI_H

#include "proxy/proxy.h"

void pmi_init(struct proxy *proxy); /* once the children are known */
void pmi_job_add(struct job *j);
void pmi_job_del(struct job *j);

/* The rank's socket: ours is watched, *theirs (close-on-exec) is the rank's and the caller's to close; -1 for one that
 * may not speak PMI-1 or PMI-2. -1: errno. */
int pmi_open(struct rank *r, int *theirs);
/* The job cannot go on because of this rank: `why` follows its name. */
void pmi_failed(struct rank *r, const char *why);
/* EXIT_IN_PMI, EXIT_NO_PMI, EXIT_PAST or none. Reads what the rank still had to say. */
uint32_t pmi_exit_flags(struct rank *r);
/* The process has ended. */
void pmi_gone(struct rank *r);
void pmi_close(struct rank *r); /* takes one that was never opened */

void pmi_down(struct proxy *proxy, const unsigned char *payload, size_t len);
void pmi_child_gone(struct proxy *proxy, uint32_t child);
bool pmi_child_up(struct proxy *proxy, uint32_t child, const unsigned char *payload, size_t len); /* false: malformed */

#endif
