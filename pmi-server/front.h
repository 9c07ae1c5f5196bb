/* SPDX-License-Identifier: BSD-3-Clause
 *
 * front: the front ends that ranks speak to on their connections, and what these share.
 */
#ifndef PMI_SERVER_FRONT_H
#define PMI_SERVER_FRONT_H

#include "pmi-server/client.h"

extern const struct pmi_front pmi_front_v1, pmi_front_v2; /* v1.c, v2.c */

/* The one whose messages look like this. */
const struct pmi_front *pmi_front_of(enum pmi_wire wire);

/* text.c */
/* Ends, sends and frees a message. false: it is too long, and was not sent. */
bool pmi_text_send(struct pmi_client *c, struct pmi_out *o);
bool pmi_text_flag(const struct pmi_msg *m, const char *key); /* is it there, and TRUE? */
/* What cannot be a key or value on a wire, though the core has room for it: enum pmi2_error with a reason, or 0. */
int pmi_text_key(const char *key, const char **why);
int pmi_text_value(struct bytes value, const char **why);
int pmi_text_put(struct pmi_client *c, const char *key, const char *value,
                 const char **why);                                               /* pmi_put() within these */
void pmi_text_publish(struct pmi_request *a, const char *name, const char *port); /* NULL: missing */

#endif
