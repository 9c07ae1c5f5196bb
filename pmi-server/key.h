/* SPDX-License-Identifier: BSD-3-Clause
 *
 * key: what a value of a job is found by: a name, and the rank that it belongs to. Stored and sent as bytes: the name
 * alone where no rank is told, as PMI-1 and PMI-2 have it; else a NUL, the rank in four bytes, the name.
 */
#ifndef PMI_SERVER_KEY_H
#define PMI_SERVER_KEY_H

#include "wire/pmi_control.h"

#define PMI_RANK_UNKNOWN UINT32_MAX   /* not told: whoever has put it */
#define PMI_RANK_JOB (UINT32_MAX - 1) /* of the job as a whole */

struct pmi_key {
    size_t len;
    char data[PMI_KEY_BYTES_MAX];
};

/* name has 1 to PMI_NAME_MAX bytes. The bytes lie in k. */
struct bytes pmi_key_make(struct pmi_key *k, uint32_t rank, const char *name);
bool pmi_key_reserved(struct bytes key); /* "PMI_...": the server's own, which no rank can put */

#endif
