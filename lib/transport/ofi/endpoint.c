/* SPDX-License-Identifier: BSD-3-Clause
 *
 * endpoint: choice and opening of a provider. */
#include "lib/transport/ofi/endpoint.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "lib/transport/ofi/receive.h"
#include "wire/fabric.h"

#define API FI_VERSION(1, 17)
enum { CQ_SIZE = 8192 };

struct ofi_endpoint ofi_endpoint = {.wait_fd = -1};

/* All that can be served; what comes back says what is needed of it. A message is done when its memory may be used
 * again: providers over sockets would send acknowledgements for more. */
static void hints_fill(struct fi_info *h, uint64_t caps)
{
    h->tx_attr->op_flags = FI_INJECT_COMPLETE;
    h->caps = caps;
    h->mode = FI_CONTEXT | FI_CONTEXT2;
    h->ep_attr->type = FI_EP_RDM;
    h->domain_attr->mr_mode = FI_MR_LOCAL | FI_MR_VIRT_ADDR | FI_MR_ALLOCATED | FI_MR_PROV_KEY | FI_MR_ENDPOINT;
    h->domain_attr->threading = FI_THREAD_DOMAIN;
    h->domain_attr->control_progress = h->domain_attr->data_progress = FI_PROGRESS_MANUAL;
    h->domain_attr->resource_mgmt = FI_RM_ENABLED;
    h->tx_attr->msg_order = h->rx_attr->msg_order = FI_ORDER_SAS;
}

/* Entries of a provider by its whole name (NULL: of any) with those capabilities; NULL: there are none. */
static struct fi_info *entries_of(const char *name, uint64_t caps)
{
    struct fi_info *list = NULL, *h = ofi_library.fi_dupinfo(NULL);
    if (!h)
        return NULL;
    hints_fill(h, caps);
    if (name && !(h->fabric_attr->prov_name = strdup(name))) {
        ofi_library.fi_freeinfo(h);
        return NULL;
    }
    if (ofi_library.fi_getinfo(API, NULL, NULL, 0, h, &list) != 0)
        list = NULL;
    ofi_library.fi_freeinfo(h);
    return list;
}

static void close_one(struct fid *f)
{
    if (f)
        fi_close(f); /* a peer that has gone first may make it fail: nobody is to know */
}

void ofi_close_endpoint(void)
{
    struct ofi_endpoint *e = &ofi_endpoint;
    close_one(e->ep ? &e->ep->fid : NULL);
    e->ep = NULL;
}

void ofi_close(void)
{
    struct ofi_endpoint *e = &ofi_endpoint;
    ofi_close_endpoint();
    close_one(e->av ? &e->av->fid : NULL);
    close_one(e->cq ? &e->cq->fid : NULL);
    close_one(e->domain ? &e->domain->fid : NULL);
    close_one(e->fabric ? &e->fabric->fid : NULL);
    if (e->info)
        ofi_library.fi_freeinfo(e->info);
    *e = (struct ofi_endpoint){.wait_fd = -1};
}

/* The `net` of 1.17 never drains the descriptor that it would be waited for by. */
static bool may_wait(const struct ofi_endpoint *e)
{
    return strcmp(e->info->fabric_attr->prov_name, "net") != 0;
}

static int queue_open(struct ofi_endpoint *e)
{
    struct fi_cq_attr a = {.size = CQ_SIZE, .format = FI_CQ_FORMAT_DATA, .wait_obj = FI_WAIT_FD};
    e->wait_fd = -1;
    if (may_wait(e) && fi_cq_open(e->domain, &a, &e->cq, NULL) == 0) {
        if (fi_control(&e->cq->fid, FI_GETWAIT, &e->wait_fd) != 0)
            e->wait_fd = -1;
        return 0;
    }
    a.wait_obj = FI_WAIT_NONE;
    return fi_cq_open(e->domain, &a, &e->cq, NULL);
}

static int endpoint_enable(struct ofi_endpoint *e)
{
    size_t least = OFI_MESSAGE;
    int rc = fi_endpoint(e->domain, e->info, &e->ep, NULL);
    if (rc == 0)
        rc = fi_ep_bind(e->ep, &e->av->fid, 0);
    if (rc == 0)
        rc = fi_ep_bind(e->ep, &e->cq->fid, FI_TRANSMIT | FI_RECV);
    if (rc == 0 && e->multi_receive) /* before a buffer is given back: not all obey, so messages are bounded anyway */
        fi_setopt(&e->ep->fid, FI_OPT_ENDPOINT, FI_OPT_MIN_MULTI_RECV, &least, sizeof least);
    return rc == 0 ? fi_enable(e->ep) : rc;
}

static int own_place(struct ofi_endpoint *e)
{
    size_t n = sizeof e->own.address;
    snprintf(e->own.name, sizeof e->own.name, "%s", e->info->fabric_attr->prov_name);
    e->own.format = e->info->addr_format;
    if (getrandom(&e->own.token, sizeof e->own.token, 0) != (ssize_t)sizeof e->own.token)
        return -FI_EOTHER;
    int rc = fi_getname(&e->ep->fid, e->own.address, &n);
    e->own.bytes = (uint32_t)n;
    return rc;
}

static int all_open(struct ofi_endpoint *e)
{
    struct fi_av_attr av = {.type = FI_AV_UNSPEC};
    int rc = ofi_library.fi_fabric(e->info->fabric_attr, &e->fabric, NULL);
    if (rc == 0)
        rc = fi_domain(e->fabric, e->info, &e->domain, NULL);
    if (rc == 0)
        rc = queue_open(e);
    if (rc == 0)
        rc = fi_av_open(e->domain, &av, &e->av, NULL);
    if (rc == 0)
        rc = endpoint_enable(e);
    return rc == 0 ? own_place(e) : rc;
}

/* Opens that entry, or nothing. */
static bool entry_open(const struct fi_info *i, char *why, size_t n)
{
    struct ofi_endpoint *e = &ofi_endpoint;
    if (!(e->info = ofi_library.fi_dupinfo(i))) {
        snprintf(why, n, "no memory");
        return false;
    }
    e->multi_receive = i->caps & FI_MULTI_RECV;
    e->remote = i->caps & FI_RMA;
    if (i->ep_attr->max_msg_size < OFI_MESSAGE) {
        snprintf(why, n, "%s: its messages are too short", i->fabric_attr->prov_name);
        ofi_close();
        return false;
    }
    int rc = all_open(e);
    if (rc == 0)
        return true;
    snprintf(why, n, "%s: %s", i->fabric_attr->prov_name, ofi_library.fi_strerror(-rc));
    ofi_close();
    return false;
}

/* A hint matches what is layered on that provider, too. */
static bool provider_open(const char *name, char *why, size_t n)
{
    static const uint64_t caps[] = {FI_MSG | FI_RMA | FI_MULTI_RECV, FI_MSG | FI_MULTI_RECV, FI_MSG | FI_RMA, FI_MSG};
    bool open = false;
    for (size_t c = 0; c < sizeof caps / sizeof *caps && !open; c++) {
        struct fi_info *list = entries_of(name, caps[c]);
        for (const struct fi_info *i = list; i && !open; i = i->next)
            if (!name || strcmp(i->fabric_attr->prov_name, name) == 0)
                open = entry_open(i, why, n);
        if (list)
            ofi_library.fi_freeinfo(list);
    }
    return open;
}

bool ofi_open(bool any, char *why, size_t n)
{
    const char *wanted = getenv("FI_PROVIDER");
    snprintf(why, n, "libfabric has no provider for what is in this machine");
    for (int i = 0; fabric_provider(i); i++)
        if (fabric_has(i, any) && provider_open(fabric_provider(i), why, n))
            return true;
    if (!any || !wanted || !*wanted || *wanted == '^')
        return false;
    snprintf(why, n, "FI_PROVIDER is %.40s: libfabric has no such provider of reliable datagrams here", wanted);
    return provider_open(NULL, why, n);
}

int ofi_register(void *base, size_t n, uint64_t access, struct fid_mr **mr)
{
    struct ofi_endpoint *e = &ofi_endpoint;
    int mode = e->info->domain_attr->mr_mode;
    int rc = fi_mr_reg(e->domain, base, n, access, 0, mode & FI_MR_PROV_KEY ? 0 : e->next_key++, 0, mr, NULL);
    if (rc != 0 || !(mode & FI_MR_ENDPOINT))
        return rc;
    rc = fi_mr_bind(*mr, &e->ep->fid, 0);
    if (rc == 0)
        rc = fi_mr_enable(*mr);
    if (rc != 0)
        fi_close(&(*mr)->fid);
    return rc;
}
