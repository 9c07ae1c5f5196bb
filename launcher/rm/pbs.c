/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pbs: the managers that name a file with a host on each line: PBS (OpenPBS, PBS Pro, Torque; PALS machines have it
 * too), Cobalt, LoadLeveler.
 */
#include "launcher/rm/parsers.h"

/* A host is named once for each of its slots. */
enum rm_found rm_pbs_read(const struct rm_source *s, struct allocation *a, struct err *e)
{
    if (!rm_variable(s, "PBS_NODEFILE"))
        return RM_ABSENT;
    rm_note_job(a, rm_variable(s, "PBS_JOBID"));
    return rm_node_file(s, a, "PBS_NODEFILE", 1, e) < 0 ? RM_ERROR : RM_FOUND;
}

/* Hosts are given whole, and named once: how many slots one has is not said. */
enum rm_found rm_cobalt_read(const struct rm_source *s, struct allocation *a, struct err *e)
{
    if (!rm_variable(s, "COBALT_NODEFILE"))
        return RM_ABSENT;
    rm_note_job(a, rm_variable(s, "COBALT_JOBID"));
    return rm_node_file(s, a, "COBALT_NODEFILE", 0, e) < 0 ? RM_ERROR : RM_FOUND;
}

/* The file has all tasks; the variable, which older versions have alone, up to 128 of them. */
enum rm_found rm_loadleveler_read(const struct rm_source *s, struct allocation *a, struct err *e)
{
    rm_note_job(a, rm_variable(s, "LOADL_STEP_ID"));
    if (rm_variable(s, "LOADL_HOSTFILE"))
        return rm_node_file(s, a, "LOADL_HOSTFILE", 1, e) < 0 ? RM_ERROR : RM_FOUND;
    if (rm_variable(s, "LOADL_PROCESSOR_LIST"))
        return rm_host_words(s, a, "LOADL_PROCESSOR_LIST", e) < 0 ? RM_ERROR : RM_FOUND;
    return RM_ABSENT;
}
