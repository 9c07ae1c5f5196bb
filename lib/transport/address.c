/* SPDX-License-Identifier: BSD-3-Clause
 *
 * address: of ranks of the job, keys "name.rank" by boot, of which one is asked for at a time; of those of other jobs,
 * what they have told. */
#include "lib/transport/address.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/process/failed.h"
#include "lib/process/process.h"

struct fetch {
    STAILQ_ENTRY(fetch) next;
    struct peer *p;
};
static STAILQ_HEAD(, fetch) fetches = STAILQ_HEAD_INITIALIZER(fetches);
static bool asked;           /* for the first of them */
static uint32_t unpublished; /* rows of the table */

static void key_of(const struct transport *t, int rank, char key[BOOT_KEY_MAX + 1])
{
    snprintf(key, BOOT_KEY_MAX + 1, "%.16s.%d", t->name, rank);
}

/* MPI_ERR_PENDING: it is not known yet. */
static int publish_now(const struct transport *t)
{
    char key[BOOT_KEY_MAX + 1];
    unsigned char address[TRANSPORT_ADDRESS_MAX];
    struct peer elsewhere = {.proc = process_self == 0, .local = -1};
    key_of(t, process_self, key);
    int rc = t->address(address);
    if (rc == MPI_ERR_PENDING)
        return t->reaches(&elsewhere) ? MPI_ERR_PENDING : MPI_SUCCESS;
    return rc == MPI_SUCCESS ? boot_put(key, address, t->address_bytes) : rc;
}

int address_publish(uint32_t row)
{
    enum { NAP_US = 500 };
    const struct transport *t = transport_table[row];
    int rc;
    while ((rc = publish_now(t)) == MPI_ERR_PENDING && !boot_get_waits()) {
        t->poll();
        usleep(NAP_US);
    }
    if (rc != MPI_ERR_PENDING)
        return rc;
    unpublished |= UINT32_C(1) << row;
    transport_attention |= ADDRESS_ATTENTION;
    return MPI_SUCCESS;
}

/* What carries is chosen anew for those peers whose transport has turned out to reach nobody. */
static void choose_again(void)
{
    STAILQ_HEAD(, fetch) all = STAILQ_HEAD_INITIALIZER(all);
    struct fetch *f;
    STAILQ_CONCAT(&all, &fetches);
    while ((f = STAILQ_FIRST(&all)) != NULL) {
        STAILQ_REMOVE_HEAD(&all, next);
        if (peer_is_live(f->p) && !transport_select(f->p))
            peer_failed(f->p, "nothing carries to it");
        free(f);
    }
}

/* Before it is known, nobody is asked for his: what carries is not certain. */
static bool publish_later(void)
{
    bool chosen = true;
    for (uint32_t i = 0; unpublished >> i; i++) {
        if (!(unpublished >> i & 1))
            continue;
        int rc = publish_now(transport_table[i]);
        if (rc == MPI_ERR_PENDING)
            return false;
        if (rc != MPI_SUCCESS)
            boot_abort(1, error_detail_get(rc));
        unpublished &= ~(UINT32_C(1) << i);
        chosen = false;
    }
    if (!chosen)
        choose_again();
    return true;
}

bool address_fetch(struct peer *p)
{
    struct fetch *f = malloc(sizeof *f);
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
    return boot_get_begin(p->proc, key);
}

static void answered(struct peer *p, int rc, const void *address, size_t n)
{
    if (!peer_is_live(p) || (rc != MPI_SUCCESS && p->carrier->knows && p->carrier->knows(p->proc)))
        return; /* where it is known, who asked goes on trying that */
    if (rc != MPI_SUCCESS || n != p->transport->address_bytes)
        peer_failed(p, "its address is not known");
    else if (!p->transport->connect(p, address))
        peer_failed(p, "no memory for a connection");
}

int address_poll(void)
{
    struct fetch *f;
    unsigned char address[BOOT_VALUE_MAX];
    size_t n = 0;
    if (unpublished && !publish_later())
        return 0;
    f = STAILQ_FIRST(&fetches);
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

/* ---- of processes of other jobs ---- */

/* A part of what is exported: a head, then the address. Behind the last one lie zeros. */
struct part {
    uint8_t bytes; /* of the address */
    char name[7];  /* of the transport, filled up with zeros */
};
static_assert(TRANSPORT_ADDRESS_MAX <= UINT8_MAX, "a part counts its bytes in one");

static struct {
    unsigned char **of; /* by index of the process; NULL: it has told nothing */
    int count;
} told;
uint32_t address_tells;

int address_export(unsigned char to[ADDRESS_EXPORT])
{
    size_t at = 0;
    memset(to, 0, ADDRESS_EXPORT);
    for (uint32_t i = 0; transport_table[i]; i++) {
        const struct transport *t = transport_table[i];
        struct part head = {.bytes = (uint8_t)t->address_bytes};
        if (t->address_bytes == 0)
            continue;
        if (at + sizeof head + t->address_bytes > ADDRESS_EXPORT) {
            error_detail_set(MPI_ERR_INTERN, "there are more transports than an exported address has room for");
            return MPI_ERR_INTERN;
        }
        memcpy(head.name, t->name, strnlen(t->name, sizeof head.name));
        int rc = t->address(to + at + sizeof head);
        if (rc == MPI_ERR_PENDING)
            continue;
        if (rc != MPI_SUCCESS)
            return rc;
        memcpy(to + at, &head, sizeof head);
        at += sizeof head + t->address_bytes;
    }
    return MPI_SUCCESS;
}

/* The part that begins at `at`, with all of it inside; 0: there is none. Bytes of head and address. */
static size_t part_at(const unsigned char *from, size_t at, struct part *head)
{
    if (at + sizeof *head > ADDRESS_EXPORT)
        return 0;
    memcpy(head, from + at, sizeof *head);
    size_t n = sizeof *head + head->bytes;
    return head->bytes > 0 && at + n <= ADDRESS_EXPORT ? n : 0;
}

static bool table_grow(int count)
{
    unsigned char **more = count > told.count ? realloc(told.of, (size_t)count * sizeof *more) : told.of;
    if (!more)
        return false;
    for (int i = told.count; i < count; i++)
        more[i] = NULL;
    told.of = more;
    told.count = count > told.count ? count : told.count;
    return true;
}

int address_tell(int proc, const unsigned char from[ADDRESS_EXPORT])
{
    if (!process_is_foreign(proc) || (proc < told.count && told.of[proc]))
        return MPI_SUCCESS;
    unsigned char *copy = table_grow(process_count) ? malloc(ADDRESS_EXPORT) : NULL;
    if (!copy)
        return MPI_ERR_NO_MEM;
    told.of[proc] = memcpy(copy, from, ADDRESS_EXPORT);
    failed_or_far = true;
    address_tells++;
    return MPI_SUCCESS;
}

void address_forget(int first, int count)
{
    for (int i = first; i < first + count && i < told.count; i++) {
        free(told.of[i]);
        told.of[i] = NULL;
    }
}

const void *address_told(int proc, const struct transport *t)
{
    const unsigned char *from = proc < told.count ? told.of[proc] : NULL;
    struct part head;
    size_t n;
    for (size_t at = 0; from && (n = part_at(from, at, &head)) > 0; at += n)
        if (head.bytes == t->address_bytes && strncmp(head.name, t->name, sizeof head.name) == 0)
            return from + at + sizeof head;
    return NULL;
}

void address_fini(void)
{
    struct fetch *f;
    address_forget(0, told.count);
    free(told.of);
    told.of = NULL;
    told.count = 0;
    while ((f = STAILQ_FIRST(&fetches)) != NULL) {
        STAILQ_REMOVE_HEAD(&fetches, next);
        free(f);
    }
    asked = false;
    unpublished = 0;
}
