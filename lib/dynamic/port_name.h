/* SPDX-License-Identifier: BSD-3-Clause
 *
 * port_name: what the name of a port says, in letters and digits that any wire carries. */
#ifndef LIB_DYNAMIC_PORT_NAME_H
#define LIB_DYNAMIC_PORT_NAME_H

#include "lib/dynamic/greeting.h"
#include "lib/transport/tcp/place.h"

enum { PORT_NAME_MAX = 320 };

struct port_facts {
    uint64_t id; /* of its socket on this machine, by chance */
    unsigned char secret[GREETING_KEY];
    struct place place; /* but for its secret */
};

void port_name_write(const struct port_facts *f, char name[PORT_NAME_MAX]);
bool port_name_read(const char *name, struct port_facts *f); /* false: it is none */

#endif
