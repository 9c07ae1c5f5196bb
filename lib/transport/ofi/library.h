/* SPDX-License-Identifier: BSD-3-Clause
 *
 * library: libfabric, which is never linked: its constructors sleep for a tenth of a second. */
#ifndef LIB_TRANSPORT_OFI_LIBRARY_H
#define LIB_TRANSPORT_OFI_LIBRARY_H

#include <rdma/fabric.h>
#include <stdbool.h>
#include <stddef.h>

/* What is not an inline function of its headers. */
#define OFI_LIBRARY_FUNCTIONS(F) F(fi_getinfo) F(fi_freeinfo) F(fi_dupinfo) F(fi_fabric) F(fi_strerror) F(fi_version)

struct ofi_library {
#define M(name) __typeof__(&name) name;
    OFI_LIBRARY_FUNCTIONS(M)
#undef M
};
extern struct ofi_library ofi_library;

/* Loads it, once; may be called in a thread of its own. False: why says what is missing. */
bool ofi_library_load(char *why, size_t n);

#endif
