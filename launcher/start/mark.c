/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mark: START_MARK's first byte stands in it once, so a mismatch never begins inside of a match.
 */
#include "launcher/start/mark.h"

#include "common/log.h"
#include "common/printable.h"
#include "common/start.h"

static const char mark[] = START_MARK;

void mark_end(struct mark *m)
{
    char text[sizeof m->line * PRINTABLE_WIDTH];
    if (m->len == 0)
        return;
    printable_put(text, sizeof text, m->line, m->len);
    log_debug("%s says before the proxy does: %s", m->host, text);
    m->len = 0;
}

static void take_noise(struct mark *m, const char *data, size_t n)
{
    m->noise += n;
    for (size_t i = 0; i < n; i++) {
        if (data[i] == '\n')
            mark_end(m);
        else if (data[i] != '\r' && m->len < sizeof m->line)
            m->line[m->len++] = data[i];
    }
}

size_t mark_take(struct mark *m, const char *data, size_t n, bool *found)
{
    for (size_t i = 0; i < n; i++) {
        if (data[i] == mark[m->matched]) {
            m->matched++;
            *found = m->matched == sizeof mark - 1;
            if (*found)
                return i + 1;
            continue;
        }
        take_noise(m, mark, m->matched);
        m->matched = data[i] == mark[0];
        if (!m->matched)
            take_noise(m, data + i, 1);
    }
    *found = false;
    return n;
}
