/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmix_spawn: new jobs through OpenPMIx; the question BOOT_SPAWN of struct kvs_ops. */
#ifndef LIB_BOOT_PMIX_SPAWN_H
#define LIB_BOOT_PMIX_SPAWN_H

#include "lib/boot/boot.h"
#include "lib/boot/kvs_ops.h"
#include "lib/boot/pmix_library.h"

/* By process `self`. */
const char *pmix_spawn_begin(const struct pmix_library *library, const pmix_proc_t *self, const struct boot_ask *a);
bool pmix_spawn_end(const struct pmix_library *library, struct boot_ask *a, bool block, bool *granted, char *why,
                    size_t n);

/* Of a job that `parent` has spawned (its namespace; NULL: nobody tells), or by what its environment says; false:
 * nobody has. */
bool pmix_spawn_child(const char *parent);
/* What that has put for it, from malloc; NULL: nothing of that key, or no memory. */
char *pmix_spawn_gift(const char *key);

#endif
