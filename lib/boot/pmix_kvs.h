/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmix_kvs: key-values through OpenPMIx, whose servers want to hear whose a key is. A fence brings all of them to each
 * node. */
#ifndef LIB_BOOT_PMIX_KVS_H
#define LIB_BOOT_PMIX_KVS_H

#include "lib/boot/kvs_ops.h"
#include "lib/boot/pmix_library.h"

/* As process `self` of its job; the same struct every time. */
struct kvs *pmix_kvs_open(const struct pmix_library *library, const pmix_proc_t *self);

#endif
