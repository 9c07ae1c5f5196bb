/* SPDX-License-Identifier: BSD-3-Clause
 *
 * remote: memory of other processes, read by libfabric where the provider can. */
#ifndef LIB_TRANSPORT_OFI_REMOTE_H
#define LIB_TRANSPORT_OFI_REMOTE_H

#include "lib/transport/ofi/channel.h"

enum { OFI_KEY = 32 };

bool remote_register(void *base, size_t n, unsigned access, void *key, void **handle);
void remote_deregister(void *handle);
enum remote_state remote_get(struct channel *c, const struct iovec *to, struct remote from, size_t n,
                             struct completion *done);
/* A part has come, or will never: rc, a negative error. */
void remote_event(struct ofi_op *op, int rc);
/* Tries again what libfabric did not take, and calls completions; how many. */
int remote_retry(void);
/* Bytes that were asked of that peer, and have not come. */
uint64_t remote_in_flight(const struct channel *c);
/* Is there something to be tried again? */
bool remote_waits(void);
/* The peer is gone: all with it is over. */
void remote_disconnect(struct channel *c);
/* Their memory is not libfabric's any more; after the endpoint is closed they are freed. */
void remote_unregister(void);
void remote_free(void);

#endif
