/* SPDX-License-Identifier: BSD-3-Clause
 *
 * counted: transports that count messages for tools, each in the place of the one that it calls. So nobody pays for the
 * counting while nobody wants it. */
#ifndef LIB_TRANSPORT_COUNTED_H
#define LIB_TRANSPORT_COUNTED_H

#include "lib/transport/transport.h"

/* From now on packets of that kind, which are whole messages, are counted as they go to peers, or as they are taken
 * where they lie (peek and consume); of what comes by p2p_deliver that function's owner knows. All peers are looked at.
 */
void counted_begin(uint8_t kind);
void counted_end(void);
/* What a new peer goes by, whose transport is t. */
const struct transport *counted_or_plain(const struct transport *t);
/* The lengths of transports have changed. */
void counted_tune(void);

#endif
