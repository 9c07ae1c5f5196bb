/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn: a spawn request as it travels to mpiexec: list of pairs (keys put for the new job), list of commands, each:
 * str exe, processes, list of str argument, list of (str info key, str info value). Strings hold no NUL.
 */
#ifndef PMI_SERVER_SPAWN_H
#define PMI_SERVER_SPAWN_H

#include "pmi-server/kvs.h"
#include "pmi-server/root.h"

#define PMI_SPAWN_CMDS_MAX 1024
#define PMI_SPAWN_PROCS_MAX 1000000
#define PMI_SPAWN_BYTES_MAX (8 * 1024 * 1024)

struct pmi_spawn_text {
    struct pmi_spawn req;    /* without id, job, rank */
    uint32_t nprocs;         /* of all commands */
    struct pmi_info *preput; /* keys for the new job's key-value space */
    uint32_t npreput;
};

/* NULL: it does not decode. */
struct pmi_spawn_text *pmi_spawn_decode(struct rbuf *r);
void pmi_spawn_free(struct pmi_spawn_text *t); /* NULL is allowed */

#endif
