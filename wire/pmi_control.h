/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi_control: the messages between the halves of pmi-server, carried by the control frames PMI_UP and PMI_DOWN.
 * The catalogue is pmi_control.def; a payload is the number of its message, the job, and what the catalogue says.
 */
#ifndef WIRE_PMI_CONTROL_H
#define WIRE_PMI_CONTROL_H

#include "wire/buf.h"

enum pmi_control {
    PMI_CONTROL_NONE,
#define PMI_CONTROL(name, what) PMI_CONTROL_##name,
#include "wire/pmi_control.def"
#undef PMI_CONTROL
    PMI_CONTROL_END
};

/* The kinds of REQUEST, and what each carries. */
enum pmi_request {
    PMI_REQUEST_PUBLISH,   /* str name, str port */
    PMI_REQUEST_LOOKUP,    /* str name; the answer's text is the port */
    PMI_REQUEST_UNPUBLISH, /* str name */
    PMI_REQUEST_DEAD,      /* nothing; the answer's text is the list of dead ranks */
    PMI_REQUEST_SPAWN,     /* pmi-server/spawn.h; the answer's text is the new job's kvsname */
};

/* The name of a payload's message, for traces: "BARRIER"; "?" for what is none. */
const char *pmi_control_name(const void *payload, size_t n);

#endif
