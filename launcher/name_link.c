/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_link: what stands in a link, and what it is called.
 */
#include "launcher/name_link.h"

#include "common/sha256.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define VERSION "muster-1"

/* Letters and digits are themselves; a name that gets too long so is told by its hash. */
int name_link_file(struct bytes name, char file[NAME_FILE_MAX], struct err *e)
{
    size_t at = (size_t)sprintf(file, "n-");
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];
        bool plain = c < 128 && (isalnum(c) || c == '-' || c == '_');
        if (at + (plain ? 1 : 3) >= NAME_FILE_MAX) {
            memcpy(file, "h-", 2);
            return sha256_text(name.data, name.len, file + 2, e);
        }
        at += (size_t)sprintf(file + at, plain ? "%c" : "%%%02x", c);
    }
    return 0;
}

bool name_link_format(const struct name_entry *n, char target[NAME_TARGET_MAX])
{
    int head = snprintf(target, NAME_TARGET_MAX, VERSION " %s %" PRIu32 " %" PRIu32 " %" PRIu64 " %c %zu ", n->id,
                        n->job, n->rank, n->since, n->in_file ? 'f' : 't', n->name.len);
    if ((size_t)head + n->name.len + n->port.len >= NAME_TARGET_MAX || memchr(n->name.data, 0, n->name.len) ||
        (n->port.len && memchr(n->port.data, 0, n->port.len)))
        return false;
    memcpy(target + head, n->name.data, n->name.len);
    if (n->port.len)
        memcpy(target + head + n->name.len, n->port.data, n->port.len);
    target[(size_t)head + n->name.len + n->port.len] = '\0';
    return true;
}

bool name_link_parse(struct name_entry *n, const char *target)
{
    char kind;
    int head = 0;
    size_t len;
    *n = (struct name_entry){.job = 0};
    if (sscanf(target, VERSION " %47s %" SCNu32 " %" SCNu32 " %" SCNu64 " %c %zu%n", n->id, &n->job, &n->rank,
               &n->since, &kind, &len, &head) != 6 ||
        !head || target[head++] != ' ' || len > strlen(target + head) || (kind != 't' && kind != 'f') ||
        *n->id == '.' || strchr(n->id, '/'))
        return false;
    n->name = (struct bytes){target + head, len};
    n->port = (struct bytes){target + head + len, strlen(target + head + len)};
    n->in_file = kind == 'f';
    return !n->in_file || !memchr(n->port.data, '/', n->port.len);
}
