/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The text of PMI-1 and PMI-2, cut at a place that the first byte chooses: both cuts must give the same messages.
 */
#include "wire/pmi.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every byte of every message, summed; a number that two runs can be compared by. */
static uint64_t sum(uint64_t h, const char *s)
{
    for (; s && *s; s++)
        h = (h ^ (unsigned char)*s) * 0x100000001b3;
    return h * 31 + 7;
}

static uint64_t take_all(struct pmi_stream *s, uint64_t h)
{
    struct pmi_msg m;
    char text[32];
    int64_t n;
    while (pmi_stream_next(s, &m)) {
        h = sum(h, m.cmd);
        for (uint32_t i = 0; i < m.nitems; i++)
            h = sum(sum(h, m.items[i].key), m.items[i].value);
        pmi_msg_text(&m, "message", text, sizeof text);
        h = sum(h, text);
        h += (uint64_t)pmi_msg_int(&m, "rc", -5, 5, &n);
    }
    return h;
}

static uint64_t read_pieces(const uint8_t *p, size_t n, size_t piece)
{
    struct pmi_stream s;
    uint64_t h = 1;
    pmi_stream_init(&s);
    for (size_t i = 0; i < n; i += piece) {
        pmi_stream_feed(&s, p + i, n - i < piece ? n - i : piece);
        h = take_all(&s, h);
    }
    h = sum(h, s.bad);
    pmi_stream_fini(&s);
    return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    if (read_pieces(data + 1, size - 1, 1 + data[0]) != read_pieces(data + 1, size - 1, size))
        abort();
    return 0;
}
