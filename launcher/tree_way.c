/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tree_way: a starter, from the user's options.
 */
#include "launcher/tree_way.h"

#include "launcher/staging.h"
#include "wire/control.h"

#include <limits.h>
#include <string.h>

#define HEARTBEAT_S 10 /* of silence, where the user does not say */

static int check_users(const struct cluster *c, const struct start_ops *ops, struct err *e)
{
    for (size_t i = 0; ops && ops->is_of_job && i < c->hosts.n; i++) {
        const struct hostlist_host *h = &c->hosts.hosts[i];
        if (h->user || h->port || h->key)
            return err_set(e, "host %s has a user, port or key: that is for ssh (--launcher ssh), not for %s", h->name,
                           ops->name);
    }
    return 0;
}

/* Of files that hosts may lack. */
static int choose_stage(struct starter *st, const struct options *o, const struct start_ops *ops, struct err *e)
{
    if (!ops->calls_back)
        return staging_choose(o, st->proxy, &st->remote.stage, e);
    return !o->stage && !o->stage_files
               ? 0
               : err_set(e,
                         "--launcher %s copies no files: share them, or copy them as the job can "
                         "(sbcast, flux archive), or say --launcher ssh",
                         ops->name);
}

int tree_way(struct cluster *c, struct starter *st, const struct start_ops *ops, const struct options *o, struct err *e)
{
    static char proxy[PATH_MAX];
    *st = (struct starter){.proxy = proxy,
                           .nofile = &c->nofile,
                           .remote = {.hosts = c->hosts.n ? c->hosts.hosts : NULL,
                                      .program = o->launcher_exec,
                                      .args = o->launcher_args,
                                      .connect_ms = (unsigned)(o->connect_timeout * 1000),
                                      .iface = o->iface,
                                      .port_low = o->port_low,
                                      .port_high = o->port_high}};
    if (start_proxy_path(proxy, sizeof proxy, e) < 0 || check_users(c, ops, e) < 0)
        return -1;
    if (ops && choose_stage(st, o, ops, e) < 0)
        return -1;
    if (starter_init_root(st, ops, c->base, e) < 0)
        return -1;
    double ms = (o->heartbeat < 0 ? HEARTBEAT_S : o->heartbeat) * 1000;
    st->silence_ms = ms < CONTROL_SILENCE_MAX ? (unsigned)ms : CONTROL_SILENCE_MAX;
    if (o->launcher_tree && ops && strncmp(ops->name, "ssh", 3) != 0)
        return err_set(e, "--launcher-tree is for hosts that are reached by ssh, not by %s", ops->name);
    if (o->launcher_tree && ops)
        st->below = START_TREE;
    st->beats = st->ops->is_far || o->heartbeat > 0;
    return 0;
}
