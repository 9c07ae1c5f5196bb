/* SPDX-License-Identifier: BSD-3-Clause
 *
 * knobs: their defaults, and what variables say. */
#include "lib/core/knobs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/core/error.h"

struct knobs knobs = {
#define KNOB(name, when, own, shared, least, most, says) .name = (own),
#define KNOB_WORD(name, when, word, words, says)
#include "lib/core/knobs.def"
#undef KNOB
#undef KNOB_WORD
};

const struct knob knobs_table[] = {
#define KNOB(name, when, own, shared, least, most, says)                                                               \
    {#name, NULL, says, KNOB_##when, own, shared, least, most, &knobs.name},
#define KNOB_WORD(name, when, word, words, says) {#name, words, says, KNOB_##when, 0, 0, 0, 0, &knobs.name},
#include "lib/core/knobs.def"
#undef KNOB
#undef KNOB_WORD
};
enum { KNOBS = sizeof knobs_table / sizeof *knobs_table };
const size_t knobs_count = KNOBS;
static bool given[KNOBS]; /* by knob_set */

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

size_t knob_words(const struct knob *k)
{
    size_t n = 1;
    for (const char *at = k->words; (at = strchr(at, '|')) != NULL; at++)
        n++;
    return n;
}

const char *knob_word(const struct knob *k, size_t number, size_t *n)
{
    const char *at = k->words;
    while (number-- > 0)
        at = strchr(at, '|') + 1;
    *n = strcspn(at, "|");
    return at;
}

static int word_set(const struct knob *k, const char *text)
{
    for (size_t i = 0, n; i < knob_words(k); i++) {
        const char *word = knob_word(k, i, &n);
        if (strlen(text) == n && strncmp(word, text, n) == 0) {
            *k->value = i;
            return MPI_SUCCESS;
        }
    }
    error_detail_set(MPI_ERR_OTHER, "MUSTER_%s=%.40s: not one of %s", k->name, text, k->words);
    return MPI_ERR_OTHER;
}

int knobs_init(bool oversubscribed)
{
    char name[64];
    for (size_t i = 0; i < knobs_count; i++) {
        const struct knob *k = &knobs_table[i];
        if (given[i])
            continue;
        *k->value = oversubscribed ? k->shared : k->own;
        snprintf(name, sizeof name, "MUSTER_%s", k->name);
        const char *text = getenv(name);
        int rc = !text || !*text ? MPI_SUCCESS : k->words ? word_set(k, text) : number_set(k, text);
        if (rc != MPI_SUCCESS)
            return rc;
    }
    return MPI_SUCCESS;
}

bool knob_set(const struct knob *k, size_t value)
{
    if (k->words ? value >= knob_words(k) : value < k->least || value > k->most)
        return false;
    *k->value = value;
    given[k - knobs_table] = true;
    return true;
}

uint64_t knobs_sum(void)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < knobs_count; i++)
        if (knobs_table[i].when != KNOB_LOCAL)
            h = (h ^ *knobs_table[i].value) * UINT64_C(0x100000001b3);
    return h;
}
