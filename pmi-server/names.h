/* SPDX-License-Identifier: BSD-3-Clause
 *
 * names: where published names are kept, as operations that complete later. The first such place is mpiexec's own
 * memory (name_store.h); another is a directory of the user (launcher/names.h).
 */
#ifndef PMI_SERVER_NAMES_H
#define PMI_SERVER_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include "wire/pmi_control.h"

/* One operation. Its bytes are borrowed until the call that begins it returns. */
struct pmi_name_op {
    uint32_t id;  /* names it in its completion */
    uint32_t job; /* of who asks */
    uint32_t rank;
    struct bytes name;
    struct bytes port;       /* publish */
    enum pmi_name_life life; /* publish */
    bool wait;               /* lookup: until somebody publishes the name */
    bool inside;             /* only the jobs of this mpiexec are concerned */
};

/* Each of the first three is completed exactly once with pmi_name_done_fn, at once (inside the call) or later; unless
 * it is forgotten before. */
struct pmi_name_ops {
    void (*publish)(void *ctx, const struct pmi_name_op *op);
    void (*lookup)(void *ctx, const struct pmi_name_op *op);
    void (*unpublish)(void *ctx, const struct pmi_name_op *op);
    void (*forget)(void *ctx, uint32_t id);   /* nobody waits for this one any more */
    void (*job_end)(void *ctx, uint32_t job); /* what that job has published ends with it, as far as its life says */
    void (*rank_end)(void *ctx, uint32_t job, uint32_t rank); /* the same of a rank */
};

/* rc 0: done, and text is the port of a lookup; else enum pmi2_error, and text is the reason. Borrows text. */
typedef void pmi_name_done_fn(void *arg, uint32_t id, int rc, struct bytes text);

#endif
