/* SPDX-License-Identifier: BSD-3-Clause
 *
 * table: which process is reached by what. The only file that names the transports there are. */
#include "lib/boot/boot.h"
#include "lib/nodemem/nodemem.h"
#include "lib/process/process.h"
#include "lib/transport/peer.h"
#include "lib/transport/self/self.h"
#include "lib/transport/shm/shm.h"

int transport_init(void)
{
    int rc = peer_init();
    return rc == MPI_SUCCESS && boot.local_size > 1 ? shm_init() : rc;
}

void transport_fini(void)
{
    shm_fini();
    peer_fini();
}

void transport_select(struct peer *p)
{
    if (p->proc == process_self)
        p->transport = &transport_self;
    else if (p->local >= 0 && shm_connect(p))
        p->transport = &transport_shm;
}

int transport_poll(void)
{
    int n = nodemem_active ? transport_shm.poll() : 0;
    return n + (self_waiting ? transport_self.poll() : 0);
}

void transport_poll_self(void)
{
    if (self_waiting)
        transport_self.poll();
}
