/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmix_names: published names through OpenPMIx; the questions of struct kvs_ops. */
#ifndef LIB_BOOT_PMIX_NAMES_H
#define LIB_BOOT_PMIX_NAMES_H

#include "lib/boot/boot.h"
#include "lib/boot/kvs_ops.h"
#include "lib/boot/pmix_library.h"

const char *pmix_names_begin(const struct pmix_library *library, const struct boot_ask *a);
bool pmix_names_end(const struct pmix_library *library, struct boot_ask *a, bool block, bool *granted, char *why,
                    size_t n);

#endif
