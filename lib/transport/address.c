/* SPDX-License-Identifier: BSD-3-Clause
 *
 * address: keys "name.rank" of the job, by boot. One is asked for at a time. */
#include "lib/transport/address.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include "lib/boot/boot.h"
#include "lib/process/process.h"

struct fetch {
    STAILQ_ENTRY(fetch) next;
    struct peer *p;
};
static STAILQ_HEAD(, fetch) fetches = STAILQ_HEAD_INITIALIZER(fetches);
static bool asked; /* for the first of them */

static void key_of(const struct transport *t, int rank, char key[BOOT_KEY_MAX + 1])
{
    snprintf(key, BOOT_KEY_MAX + 1, "%.16s.%d", t->name, rank);
}

int address_publish(const struct transport *t)
{
    char key[BOOT_KEY_MAX + 1];
    unsigned char address[TRANSPORT_ADDRESS_MAX];
    key_of(t, process_self, key);
    t->address(address);
    return boot_put(key, address, t->address_bytes);
}

bool address_fetch(struct peer *p)
{
    struct fetch *f = process_is_foreign(p->proc) ? NULL : malloc(sizeof *f);
    if (!f)
        return false;
    f->p = p;
    STAILQ_INSERT_TAIL(&fetches, f, next);
    transport_attention |= ADDRESS_ATTENTION;
    return true;
}

static int ask(const struct peer *p)
{
    char key[BOOT_KEY_MAX + 1];
    key_of(p->transport, p->proc, key);
    return boot_get_begin(key);
}

static void answered(struct peer *p, int rc, const void *address, size_t n)
{
    if (!peer_is_live(p))
        return;
    if (rc != MPI_SUCCESS || n != p->transport->address_bytes)
        peer_failed(p, "its address is not known");
    else if (!p->transport->connect(p, address))
        peer_failed(p, "no memory for a connection");
}

int address_poll(void)
{
    struct fetch *f = STAILQ_FIRST(&fetches);
    unsigned char address[BOOT_VALUE_MAX];
    size_t n = 0;
    if (!f) {
        transport_attention &= ~ADDRESS_ATTENTION;
        return 0;
    }
    int rc = asked ? MPI_SUCCESS : peer_is_live(f->p) ? ask(f->p) : MPI_ERR_NAME;
    if (rc == MPI_SUCCESS) {
        asked = true;
        rc = boot_get_end(false, address, &n);
    }
    if (rc == MPI_ERR_PENDING)
        return 0;
    asked = false;
    STAILQ_REMOVE_HEAD(&fetches, next);
    answered(f->p, rc, address, n);
    free(f);
    return 1;
}

void address_rest(void)
{
    asked = false;
}

void address_fini(void)
{
    struct fetch *f;
    while ((f = STAILQ_FIRST(&fetches)) != NULL) {
        STAILQ_REMOVE_HEAD(&fetches, next);
        free(f);
    }
    asked = false;
}
