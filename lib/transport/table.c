/* SPDX-License-Identifier: BSD-3-Clause
 *
 * table: what transports there are. The only file that names them; a new one is a row here. */
#include "lib/transport/ofi/ofi.h"
#include "lib/transport/self/self.h"
#include "lib/transport/shm/shm.h"
#include "lib/transport/tcp/tcp.h"

const struct transport *const transport_table[] = {&transport_self, &transport_shm, &transport_ofi, &transport_tcp,
                                                   NULL};
