/* SPDX-License-Identifier: BSD-3-Clause
 *
 * endpoint: the provider that is chosen, and what is opened of it. All of this runs in the thread that loads libfabric,
 * and touches nothing else of the library; what closes excepted. */
#ifndef LIB_TRANSPORT_OFI_ENDPOINT_H
#define LIB_TRANSPORT_OFI_ENDPOINT_H

#include <rdma/fi_cm.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>
#include <rdma/fi_rma.h>
#include <stdint.h>
#include "lib/transport/ofi/library.h"

/* Begins whatever is handed to libfabric, as its context: providers keep notes of their own in it until it completes.
 */
enum ofi_kind { OFI_SEND, OFI_RECEIVE, OFI_REMOTE };
struct ofi_op {
    struct fi_context2 context; /* first */
    uint8_t kind;
};

enum { OFI_ADDRESS = 64, OFI_NAME = 32 };

/* Where a process is reached, as others are told. */
struct ofi_place {
    uint64_t token;      /* what each message to it begins with */
    char name[OFI_NAME]; /* of the provider */
    uint32_t format;     /* of the address */
    uint32_t bytes;
    unsigned char address[OFI_ADDRESS];
};

extern struct ofi_endpoint {
    struct fi_info *info;
    struct fid_fabric *fabric;
    struct fid_domain *domain;
    struct fid_cq *cq;
    struct fid_av *av;
    struct fid_ep *ep; /* NULL: nothing is open */
    struct ofi_place own;
    int wait_fd; /* readable when the queue of completions may have one; -1: there is none that can be trusted */
    bool multi_receive, remote;
    uint64_t next_key; /* where keys are ours to choose */
} ofi_endpoint;

/* Opens the best provider there is: one of a real fabric, or, with `any`, one over plain sockets; what FI_PROVIDER
 * names goes first. False: why says why not. */
bool ofi_open(bool any, char *why, size_t n);
/* What others may do with n bytes at base is access, FI_REMOTE_READ and so on; 0, or a negative error of libfabric's.
 */
int ofi_register(void *base, size_t n, uint64_t access, struct fid_mr **mr);
/* Must memory of this process be registered before libfabric moves it? */
static inline bool ofi_registers_own(void)
{
    return ofi_endpoint.info->domain_attr->mr_mode & FI_MR_LOCAL;
}
static inline void *ofi_descriptor(struct fid_mr *mr)
{
    return mr ? fi_mr_desc(mr) : NULL;
}
/* Does memory belong to the endpoint, which cannot be closed before? Otherwise nothing may write to it afterwards. */
static inline bool ofi_binds_memory(void)
{
    return ofi_endpoint.info->domain_attr->mr_mode & FI_MR_ENDPOINT;
}
/* The endpoint alone: memory is registered with the domain, which is closed after that. */
void ofi_close_endpoint(void);
void ofi_close(void);

#endif
