/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi_hosts: what the launcher leaves out, the ranks tell one another: which of them share a node. Each puts where it
 * is; the first of BLOCK ranks puts all of theirs together; rank 0 reads these and puts the map, in as many pieces as
 * it takes. So nobody asks for something of every rank: rank 0 for size / BLOCK values, the others for the map, which
 * is short where the launcher places ranks with any regularity. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/boot/pmi_client.h"
#include "wire/rankmap.h"

enum { BLOCK = 48, DIGITS = 16, PIECE = 900, KEY = 64 }; /* values of 1024 bytes are the most that launchers take */

static uint64_t mix(uint64_t h, const void *data, size_t n)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return h;
}

static uint64_t mix_place(uint64_t h, const char *path)
{
    struct stat st = {0};
    uint64_t where[2] = {0, 0};
    if (stat(path, &st) == 0)
        where[0] = (uint64_t)st.st_dev, where[1] = (uint64_t)st.st_ino;
    return mix(h, where, sizeof where);
}

/* Those share memory who have the same: boot of a kernel, host name, /dev/shm and process numbers (containers). */
static uint64_t here(void)
{
    char text[256] = "";
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text);
    if (fd >= 0)
        close(fd);
    h = mix(h, text, n > 0 ? (size_t)n : 0);
    memset(text, 0, sizeof text);
    gethostname(text, sizeof text - 1);
    h = mix(h, text, strlen(text));
    return mix_place(mix_place(h, "/dev/shm"), "/proc/self/ns/pid");
}

static bool put(struct kvs *k, const char *what, uint32_t number, const char *value)
{
    char key[KEY];
    snprintf(key, sizeof key, "muster-%s-%u", what, number);
    return k->ops->put(k, key, value);
}

static char *get(struct kvs *k, uint32_t owner, const char *what, uint32_t number)
{
    char key[KEY];
    snprintf(key, sizeof key, "muster-%s-%u", what, number);
    return kvs_get(k, (int)owner, key);
}

/* The value is appended, `most` characters at most; false: there is none. */
static bool get_onto(struct kvs *k, const char *what, uint32_t number, char *to, size_t most)
{
    char *v = get(k, number, what, number);
    bool ok = v && strlen(v) <= most;
    if (ok)
        strcat(to, v);
    free(v);
    return ok;
}

/* The first rank of a block gathers it. */
static bool gather(struct kvs *k, uint32_t rank, uint32_t size)
{
    char all[BLOCK * DIGITS + 1] = "";
    for (uint32_t r = rank; r < size && r < rank + BLOCK; r++)
        if (!get_onto(k, "host", r, all + (r - rank) * DIGITS, DIGITS))
            return false;
    return put(k, "hosts", rank / BLOCK, all);
}

/* Of each rank. */
static bool read_hosts(struct kvs *k, uint64_t *host, uint32_t size)
{
    for (uint32_t first = 0; first < size; first += BLOCK) {
        uint32_t n = size - first < BLOCK ? size - first : BLOCK;
        char *v = get(k, first, "hosts", first / BLOCK), one[DIGITS + 1] = "";
        bool ok = v && strlen(v) == n * DIGITS;
        for (uint32_t i = 0; ok && i < n; i++) {
            memcpy(one, v + i * DIGITS, DIGITS);
            host[first + i] = strtoull(one, NULL, 16);
        }
        free(v);
        if (!ok)
            return false;
    }
    return true;
}

static char *text_of(const struct rankmap *m)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    if (!f)
        return NULL;
    fputs("(vector", f);
    for (uint32_t i = 0; i < m->nblocks; i++) {
        const struct rankmap_block *b = &m->blocks[i];
        bool again = b->repeat > 1;
        fprintf(f, ",%s(%u,%u,%u)", again ? "[" : "", b->first, b->nodes, b->ranks_per_node);
        if (again)
            fprintf(f, "]x%u", b->repeat);
    }
    fputs(")", f);
    if (fclose(f) == 0)
        return text;
    free(text);
    return NULL;
}

/* Nodes are numbered as they come. */
static bool number_nodes(const uint64_t *host, uint32_t *node, uint32_t size, uint32_t *nodes)
{
    uint32_t places = 4;
    while (places < 2 * size)
        places *= 2;
    uint32_t *first = calloc(places, sizeof *first); /* a rank on it, from 1 */
    *nodes = 0;
    for (uint32_t r = 0; first && r < size; r++) {
        uint32_t at = (uint32_t)host[r] & (places - 1);
        while (first[at] && host[first[at] - 1] != host[r])
            at = (at + 1) & (places - 1);
        node[r] = first[at] ? node[first[at] - 1] : (*nodes)++;
        first[at] = first[at] ? first[at] : r + 1;
    }
    free(first);
    return first != NULL;
}

char *pmi_hosts_text(const uint64_t *host, uint32_t size)
{
    uint32_t nodes, *node = calloc(size, sizeof *node);
    struct rankmap m;
    char *text = NULL;
    if (node && number_nodes(host, node, size, &nodes) && rankmap_build(&m, node, size, nodes) == 0) {
        text = text_of(&m);
        rankmap_fini(&m);
    }
    free(node);
    return text;
}

/* Each piece says whether another one follows. */
static bool put_pieces(struct kvs *k, const char *text)
{
    char piece[PIECE + 2];
    size_t left = strlen(text);
    for (uint32_t i = 0; left > 0; i++) {
        size_t n = left < PIECE ? left : PIECE;
        snprintf(piece, sizeof piece, "%c%.*s", n < left ? '+' : '.', (int)n, text);
        if (!put(k, "map", i, piece))
            return false;
        text += n;
        left -= n;
    }
    return true;
}

static bool tell_all(struct kvs *k, uint32_t size)
{
    uint64_t *host = calloc(size, sizeof *host);
    char *text = host && read_hosts(k, host, size) ? pmi_hosts_text(host, size) : NULL;
    bool ok = text && put_pieces(k, text);
    free(host);
    free(text);
    return ok;
}

static char *get_pieces(struct kvs *k, uint32_t size)
{
    enum { OF_A_RANK = 40 }; /* characters at most */
    char *text = NULL;
    for (uint32_t i = 0; i <= size / (PIECE / OF_A_RANK) + 1; i++) {
        char *v = get(k, 0, "map", i), *more = v && *v ? realloc(text, (size_t)(i + 1) * PIECE + 1) : NULL;
        bool ok = more && strlen(v) <= PIECE + 1, last = ok && *v == '.';
        text = more ? more : text;
        if (ok)
            strcpy(text + (size_t)i * PIECE, v + 1); /* all but the last are full */
        free(v);
        if (last)
            return text;
        if (!ok)
            break;
    }
    free(text);
    return NULL;
}

char *pmi_hosts_map(struct kvs *k, uint32_t rank, uint32_t size)
{
    char mine[DIGITS + 1];
    snprintf(mine, sizeof mine, "%016" PRIx64, here());
    bool ok = put(k, "host", rank, mine) && k->ops->fence(k) && (rank % BLOCK != 0 || gather(k, rank, size)) &&
              k->ops->fence(k) && (rank != 0 || tell_all(k, size)) && k->ops->fence(k);
    return ok ? get_pieces(k, size) : NULL;
}
