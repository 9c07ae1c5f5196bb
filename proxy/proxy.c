/* SPDX-License-Identifier: BSD-3-Clause
 *
 * proxy: what is asked of the proxy's state, and how it speaks to the user.
 */
#include "proxy/proxy.h"

#include <stdarg.h>
#include <stdio.h>

const char *proxy_name(const struct proxy *proxy)
{
    return proxy->setup.nnodes ? proxy->setup.names[0] : "?";
}

uint32_t proxy_node(const struct proxy *proxy)
{
    return proxy->setup.first;
}

struct job *proxy_job(struct proxy *proxy, unsigned job)
{
    struct job *j;
    TAILQ_FOREACH(j, &proxy->jobs, link)
    if (j->spec.job == job)
        return j;
    return NULL;
}

void proxy_warn(struct proxy *proxy, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct buf b;
    buf_init(&b);
    control_warning_put(&b, &(struct control_warning){bytes_of(text)});
    peer_send(proxy->parent, CONTROL_WARNING, 0, proxy_node(proxy), &b);
    buf_fini(&b);
}
