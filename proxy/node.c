/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node: what is asked of the proxy's state, and how it speaks to the user.
 */
#include "proxy/node.h"

#include <stdarg.h>
#include <stdio.h>

const char *node_name(const struct node *n)
{
    return n->setup.nnodes ? n->setup.names[0] : "?";
}

uint32_t node_number(const struct node *n)
{
    return n->setup.first;
}

struct job *node_job(struct node *n, unsigned job)
{
    struct job *j;
    TAILQ_FOREACH(j, &n->jobs, link)
    if (j->spec.job == job)
        return j;
    return NULL;
}

void node_warn(struct node *n, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct buf b;
    buf_init(&b);
    control_warning_put(&b, &(struct control_warning){bytes_of(text)});
    peer_send(n->parent, CONTROL_WARNING, 0, node_number(n), &b);
    buf_fini(&b);
}
