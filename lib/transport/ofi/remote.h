/* SPDX-License-Identifier: BSD-3-Clause
 *
 * remote: memory of other processes, read and written by libfabric where the provider can. */
#ifndef LIB_TRANSPORT_OFI_REMOTE_H
#define LIB_TRANSPORT_OFI_REMOTE_H

#include "lib/transport/ofi/channel.h"

enum { OFI_KEY = 32 };

bool remote_register(void *base, size_t n, unsigned access, void *key, void **handle);
void remote_deregister(void *handle);
enum remote_state remote_get(struct channel *c, const struct iovec *to, struct remote from, size_t n,
                             struct completion *done);
enum remote_state remote_put(struct channel *c, const struct iovec *from, struct remote to, size_t n,
                             struct completion *done);
/* Is never done, if the key allows it. */
enum remote_state remote_atomic(struct remote at, size_t n);
/* REMOTE_BUSY: puts are under way. */
enum remote_state remote_flush(const struct channel *c);
/* A part has come, or will never: rc, a negative error. */
void remote_event(struct ofi_op *op, int rc);
/* Tries again what libfabric did not take, and calls completions; how many. */
int remote_retry(void);
/* Bytes that are written to that peer, or asked of it, and are not there. */
uint64_t remote_in_flight(const struct channel *c, bool writes);
/* Is there something to be tried again? */
bool remote_waits(void);
/* The peer is gone: all with it is over. */
void remote_disconnect(struct channel *c);
/* Their memory is not libfabric's any more; after the endpoint is closed they are freed. */
void remote_unregister(void);
void remote_free(void);

#endif
