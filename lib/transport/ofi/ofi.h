/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ofi: packets and remote memory between nodes, over libfabric. Nothing is loaded in a job of one node. */
#ifndef LIB_TRANSPORT_OFI_OFI_H
#define LIB_TRANSPORT_OFI_OFI_H

#include "lib/transport/transport.h"

extern const struct transport transport_ofi;

#endif
