/* SPDX-License-Identifier: BSD-3-Clause
 *
 * relay: the proxy's links: the one up and those down, what comes over them, and the children that it starts.
 */
#ifndef PROXY_RELAY_H
#define PROXY_RELAY_H

#include "proxy/proxy.h"
#include "proxy/uplink.h"

void relay_init(struct proxy *proxy, const struct uplink *up);

/* To every child, or to the one whose subtree holds the node. */
void relay_down(struct proxy *proxy, const struct frame_head *h, const unsigned char *payload);

/* Leaves the loop once every child has left and everything queued for the parent is written. */
void relay_leave(struct proxy *proxy);

#endif
