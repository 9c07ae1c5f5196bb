/* SPDX-License-Identifier: BSD-3-Clause
 *
 * port_name: "muster-port-" and hexadecimal digits: the id, the secret, the machine, the TCP port, then the hosts. */
#include "lib/dynamic/port_name.h"
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "muster-port-"

/* Bytes in the order of the name. */
struct packed {
    uint64_t id;
    unsigned char secret[GREETING_KEY];
    uint64_t machine;
    uint16_t port;
    uint8_t count, unused;
    uint8_t prefix[PLACE_HOSTS];
    struct in6_addr hosts[PLACE_HOSTS];
} __attribute__((packed));
static_assert(sizeof PREFIX + 2 * sizeof(struct packed) <= PORT_NAME_MAX, "a port's name fits");

void port_name_write(const struct port_facts *f, char name[PORT_NAME_MAX])
{
    struct packed p = {.id = f->id, .machine = f->place.machine, .port = f->place.port, .count = f->place.count};
    memcpy(p.secret, f->secret, sizeof p.secret);
    memcpy(p.prefix, f->place.prefix, sizeof p.prefix);
    memcpy(p.hosts, f->place.hosts, sizeof p.hosts);
    char *at = stpcpy(name, PREFIX);
    for (size_t i = 0; i < sizeof p; i++)
        at += snprintf(at, 3, "%02x", ((unsigned char *)&p)[i]);
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool port_name_read(const char *name, struct port_facts *f)
{
    struct packed p;
    if (strncmp(name, PREFIX, sizeof PREFIX - 1) != 0 ||
        strnlen(name, PORT_NAME_MAX) != sizeof PREFIX - 1 + 2 * sizeof p)
        return false;
    name += sizeof PREFIX - 1;
    for (size_t i = 0; i < sizeof p; i++) {
        int high = digit(name[2 * i]), low = digit(name[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        ((unsigned char *)&p)[i] = (unsigned char)(high << 4 | low);
    }
    memset(f, 0, sizeof *f);
    f->id = p.id;
    memcpy(f->secret, p.secret, sizeof p.secret);
    f->place.machine = p.machine;
    f->place.port = p.port;
    f->place.count = p.count;
    memcpy(f->place.prefix, p.prefix, sizeof p.prefix);
    memcpy(f->place.hosts, p.hosts, sizeof p.hosts);
    return p.count <= PLACE_HOSTS;
}
