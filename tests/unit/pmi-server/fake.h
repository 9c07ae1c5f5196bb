/* SPDX-License-Identifier: BSD-3-Clause
 *
 * fake: a front end without a wire. A request is a call with a completion, as those of a library are whose upcalls come
 * in the server's own process.
 */
#ifndef TESTS_PMI_SERVER_FAKE_H
#define TESTS_PMI_SERVER_FAKE_H

#include "pmi-server/job.h"
#include "tree.h"

struct fake_call {
    int completed, released;
    int rc;
    char why[200];
    char *value; /* owned; with a NUL behind it */
    size_t len;
    int32_t codes[8];
    uint32_t ncodes;
};

/* A new request of the rank, whose answer goes to the call. */
struct pmi_request *fake_request(struct tree *t, uint32_t rank, enum pmi_verb verb, struct fake_call *call);
void fake_fini(struct fake_call *call);
/* Runs the tree, then asserts that the call has succeeded with this value (failed for this reason), and ended. */
void fake_expect(struct tree *t, struct fake_call *call, const void *value, size_t n);
void fake_refused(struct tree *t, struct fake_call *call, const char *why);
void fake_pending(struct tree *t, const struct fake_call *call);

#endif
