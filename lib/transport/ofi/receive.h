/* SPDX-License-Identifier: BSD-3-Clause
 *
 * receive: a few long buffers that messages of all peers arrive in, one behind another. They are given back to
 * libfabric as soon as what is in them is delivered: a provider over one stream a pair stops altogether without. */
#ifndef LIB_TRANSPORT_OFI_RECEIVE_H
#define LIB_TRANSPORT_OFI_RECEIVE_H

#include <rdma/fi_eq.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    OFI_MESSAGE = 16384, /* bytes of a message, at most */
    OFI_EVENTS = 16      /* at once */
};

/* A message that came too early, kept. */
struct arrival_kept {
    STAILQ_ENTRY(arrival_kept) next;
    uint32_t number;
    uint32_t bytes;
    _Alignas(16) char data[];
};
STAILQ_HEAD(arrivals, arrival_kept);
void arrivals_drop(struct arrivals *a);

/* Hands the buffers to libfabric. False: no memory, or it does not take them. */
bool receive_begin(void);
/* Their memory is not libfabric's any more; after the endpoint is closed it is freed. */
void receive_unregister(void);
void receive_end(void);
/* Something has come, or a buffer was given back. */
void receive_event(const struct fi_cq_data_entry *e);
/* Delivers what has come; packets. */
int receive_deliver(void);
/* Is everything delivered, so that events may come? */
bool receive_has_room(void);
/* Is there nothing that only polling moves? */
bool receive_idle(void);
/* From now on what comes is thrown away. */
void receive_discard(void);

#endif
