/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi_control: the messages between the halves of pmi-server, carried by the control frames PMI_UP and PMI_DOWN.
 * Structs and codecs are generated from the catalogue pmi_control.def. A payload is a head and then the message that it
 * names.
 */
#ifndef WIRE_PMI_CONTROL_H
#define WIRE_PMI_CONTROL_H

#include "wire/pmi_control_codec.h"

/* A key of a value: a name; or a NUL, a rank in four bytes, a name (pmi-server/key.h). */
#define PMI_NAME_MAX 511u    /* bytes of a name, without NUL */
#define PMI_KEY_RANK_BYTES 5 /* what stands before it */
#define PMI_KEY_BYTES_MAX (PMI_KEY_RANK_BYTES + PMI_NAME_MAX)
#define PMI_BLOB_MAX (4u * 1024 * 1024) /* bytes of a value */
bool pmi_control_key_valid(struct bytes key);

#define PMI_NO_CHILD UINT32_MAX /* among the links down from a process: none */

#define PMI_CONTROL_LIST_MAX (1u << 24)          /* keys or pairs in one message */
#define PMI_CONTROL_SPAWN_MAX (8u * 1024 * 1024) /* bytes of a request to spawn */
#define PMI_CONTROL_COMMANDS_MAX 1024u           /* of a request to spawn */
#define PMI_CONTROL_PROCS_MAX 1000000u           /* that it asks for, altogether */

/* When is a key absent that is asked for? */
enum pmi_get_mode {
    PMI_GET_NOW,     /* when mpiexec does not have it, as after a barrier */
    PMI_GET_SETTLED, /* when mpiexec does not have it after all that was put before has come */
    PMI_GET_WAIT,    /* when nobody is left who could put it */
    PMI_GET_MODES
};

/* The kinds of REQUEST. */
enum pmi_request_kind {
    PMI_REQUEST_PUBLISH,
    PMI_REQUEST_LOOKUP,
    PMI_REQUEST_UNPUBLISH,
    PMI_REQUEST_DEAD, /* carries nothing; the answer's text is the list of dead ranks */
    PMI_REQUEST_SPAWN,
    PMI_REQUEST_MODEX,
    PMI_REQUEST_MEETING,
    PMI_REQUEST_NOTICE, /* to all proxies; answered when it is on its way */
    PMI_REQUEST_TIES,
};

/* What a meeting makes of the jobs that take part in it. */
enum pmi_meeting_kin {
    PMI_KIN_SAME,  /* nothing */
    PMI_KIN_TIED,  /* they are connected */
    PMI_KIN_PARTED /* they are not, any more */
};

/* How long a published name stays, unless it is taken back before. */
enum pmi_name_life {
    PMI_NAME_RANK, /* until the process of its publisher ends */
    PMI_NAME_JOB,  /* until its job ends */
    PMI_NAME_ONCE, /* until somebody has looked it up; at most as long as that */
    PMI_NAME_RUN,  /* as long as names are kept */
};

/* The name of a payload's message, for traces: "BARRIER"; "unknown" for what is none. */
const char *pmi_control_payload_name(const void *payload, size_t n);

#endif
