/* SPDX-License-Identifier: BSD-3-Clause
 *
 * this_host: whether a host's name or address is this machine's. Nothing is looked up: no name service is asked, so
 * an alias that only it knows is taken for another host.
 */
#ifndef COMMON_THIS_HOST_H
#define COMMON_THIS_HOST_H

#include <stdbool.h>

/* localhost, the machine's own name (n1 for n1.example.org, and the other way round), an address of it. */
bool this_host_is(const char *name);

/* The same for a machine that is called own. Pure. */
bool this_host_names(const char *own, const char *name);

#endif
