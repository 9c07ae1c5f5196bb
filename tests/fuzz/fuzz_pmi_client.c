/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a launcher answers to a rank that asks by PMI. The first byte chooses the version and the number of ranks; the
 * rest is all that the launcher ever says. Whatever it is, the rank's questions come to an end, and ranks land on nodes
 * that exist.
 */
#include "lib/boot/pmi_client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void map_check(const char *text, uint32_t size)
{
    uint32_t nodes = 0, *node = malloc(size * sizeof *node);
    if (!node)
        abort();
    if (pmi_mapping_read(text, node, size, &nodes))
        for (uint32_t r = 0; r < size; r++)
            if (node[r] >= nodes)
                abort();
    free(node);
}

static void boot(int fd, int version, int size)
{
    struct pmi_client c;
    struct pmi_facts f = {.rank = 0, .size = size};
    if (pmi_client_open(&c, fd, version) && pmi_client_facts(&c, &f)) {
        if (f.rank < 0 || f.rank >= f.size)
            abort();
        if (f.map)
            map_check(f.map, f.size < 10000 ? (uint32_t)f.size : 10000);
        free(f.map);
        if (pmi_client_put(&c, "key", "a value; of = any \\ kind") && pmi_client_fence(&c))
            free(pmi_client_get(&c, "key"));
        pmi_client_finalize(&c);
    }
    pmi_client_abort(&c, 1, "for a reason");
    pmi_client_close(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int sv[2];
    if (size < 1 || size > 8192 || socketpair(AF_UNIX, SOCK_STREAM, 0, sv) != 0)
        return 0;
    if (write(sv[1], data + 1, size - 1) != (ssize_t)size - 1)
        abort();
    shutdown(sv[1], SHUT_WR);
    char *text = calloc(1, size);
    if (!text)
        abort();
    memcpy(text, data + 1, size - 1);
    map_check(text, 1 + data[0]);
    free(text);
    boot(sv[0], 1 + data[0] % 2, 1 + data[0]);
    close(sv[1]);
    return 0;
}
