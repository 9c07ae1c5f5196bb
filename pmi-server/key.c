/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Keys as bytes.
 */
#include "pmi-server/key.h"

#include <string.h>

struct bytes pmi_key_make(struct pmi_key *k, uint32_t rank, const char *name)
{
    size_t n = strlen(name), at = rank == PMI_RANK_UNKNOWN ? 0 : PMI_KEY_RANK_BYTES;
    k->data[0] = 0;
    for (int i = 0; i < 4; i++)
        k->data[1 + i] = (char)(rank >> 8 * i & 0xff);
    memcpy(k->data + at, name, n);
    k->len = at + n;
    return (struct bytes){k->data, k->len};
}

bool pmi_key_reserved(struct bytes key)
{
    return key.len >= 4 && !memcmp(key.data, "PMI_", 4);
}
