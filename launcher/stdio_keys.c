/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_keys: a tilde is held until the next key says whose it is.
 */
#include "launcher/stdio_keys.h"

#include <stdbool.h>

#define TILDE '~'

static enum keys_said meaning(char key)
{
    switch (key) {
    case '.':
        return KEYS_END;
    case 'Z' - '@':
        return KEYS_STOP;
    case '?':
        return KEYS_HELP;
    default:
        return KEYS_NOTHING;
    }
}

size_t keys_filter(struct keys *k, const char *typed, size_t n, char *to, enum keys_said *said)
{
    size_t used = 0;
    *said = KEYS_NOTHING;
    for (size_t i = 0; i < n; i++) {
        char key = typed[i];
        if (k->at == KEYS_AT_BEGIN && key == TILDE) {
            k->at = KEYS_BEHIND_TILDE;
            continue;
        }
        bool held = k->at == KEYS_BEHIND_TILDE;
        enum keys_said what = held ? meaning(key) : KEYS_NOTHING;
        k->at = what || key == '\r' || key == '\n' ? KEYS_AT_BEGIN : KEYS_IN_LINE;
        if (what) {
            *said = what;
            continue;
        }
        if (held && key != TILDE) /* two are one that the rank gets */
            to[used++] = TILDE;
        to[used++] = key;
    }
    return used;
}
