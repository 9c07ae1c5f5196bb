/* SPDX-License-Identifier: BSD-3-Clause
 *
 * knobs: their defaults, and what variables say. */
#include "lib/core/knobs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/core/error.h"

struct knobs knobs = {
#define KNOB(name, own, shared, least, most, says) .name = (own),
#define KNOB_WORD(name, word, words, says)
#include "lib/core/knobs.def"
#undef KNOB
#undef KNOB_WORD
};

const struct knob knobs_table[] = {
#define KNOB(name, own, shared, least, most, says) {#name, NULL, says, own, shared, least, most, &knobs.name},
#define KNOB_WORD(name, word, words, says) {#name, words, says, 0, 0, 0, 0, &knobs.name},
#include "lib/core/knobs.def"
#undef KNOB
#undef KNOB_WORD
};
const size_t knobs_count = sizeof knobs_table / sizeof *knobs_table;

/* A number, with k, m or g for 2^10, 2^20, 2^30 behind it. */
static bool number_read(const char *text, size_t *value)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    unsigned long long n = strtoull(text, &end, 10);
    int shift = *end == 'k' || *end == 'K' ? 10 : *end == 'm' || *end == 'M' ? 20 : *end == 'g' || *end == 'G' ? 30 : 0;
    if (end[shift > 0] || n > SIZE_MAX >> shift)
        return false;
    *value = (size_t)n << shift;
    return true;
}

static int number_set(const struct knob *k, const char *text)
{
    size_t value;
    if (number_read(text, &value) && value >= k->least && value <= k->most) {
        *k->value = value;
        return MPI_SUCCESS;
    }
    error_detail_set(MPI_ERR_OTHER, "MUSTER_%s=%.40s: not a number from %zu to %zu", k->name, text, k->least, k->most);
    return MPI_ERR_OTHER;
}

static int word_set(const struct knob *k, const char *text)
{
    size_t n = strcspn(text, "|"), number = 0;
    for (const char *at = k->words; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL, number++)
        if (n > 0 && !text[n] && strncmp(at, text, n) == 0 && (at[n] == '|' || !at[n])) {
            *k->value = number;
            return MPI_SUCCESS;
        }
    error_detail_set(MPI_ERR_OTHER, "MUSTER_%s=%.40s: not one of %s", k->name, text, k->words);
    return MPI_ERR_OTHER;
}

int knobs_init(bool oversubscribed)
{
    char name[64];
    for (size_t i = 0; i < knobs_count; i++) {
        const struct knob *k = &knobs_table[i];
        *k->value = oversubscribed ? k->shared : k->own;
        snprintf(name, sizeof name, "MUSTER_%s", k->name);
        const char *text = getenv(name);
        int rc = !text || !*text ? MPI_SUCCESS : k->words ? word_set(k, text) : number_set(k, text);
        if (rc != MPI_SUCCESS)
            return rc;
    }
    return MPI_SUCCESS;
}

uint64_t knobs_sum(void)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < knobs_count; i++)
        h = (h ^ *knobs_table[i].value) * UINT64_C(0x100000001b3);
    return h;
}
