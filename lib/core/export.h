/* SPDX-License-Identifier: BSD-3-Clause
 *
 * export: PMPI_X is strong, MPI_X a weak name for it, so that a tool can put itself in front. */
#ifndef LIB_CORE_EXPORT_H
#define LIB_CORE_EXPORT_H

#define EXPORT __attribute__((visibility("default")))
#define WEAK_ALIAS(ret, name, target, args) EXPORT __attribute__((weak, alias(#target))) ret name args;

#endif
