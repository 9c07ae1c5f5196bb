/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mark: the first byte of the marks stands in each once, so a mismatch never begins inside of a match.
 */
#include "launcher/start/mark.h"

#include "common/log.h"
#include "common/printable.h"
#include "common/start.h"

#include <string.h>

enum { LINK, WANT };
static const char *const marks[] = {[LINK] = START_MARK, [WANT] = WANT_MARK};

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

/* Goes on in the mark that it is, of those that have begun alike. */
static bool goes_on(struct mark *m, char c)
{
    for (unsigned k = 0; k < sizeof marks / sizeof *marks; k++)
        if (marks[k][m->matched] == c && memcmp(marks[k], marks[m->which], m->matched) == 0) {
            m->which = k;
            m->matched++;
            return true;
        }
    return false;
}

static enum mark_found matched(struct mark *m)
{
    if (marks[m->which][m->matched])
        return MARK_NONE;
    m->matched = 0;
    m->wants = m->which == WANT;
    m->want_len = 0;
    return m->wants ? MARK_NONE : MARK_LINK;
}

static enum mark_found take_want(struct mark *m, char c)
{
    if (c == '\n') {
        m->want[m->want_len] = '\0';
        m->wants = false;
        return MARK_WANT;
    }
    if (m->want_len < STAGE_FILES_MAX) {
        m->want[m->want_len++] = c;
        return MARK_NONE;
    }
    m->wants = false;
    take_noise(m, m->want, m->want_len);
    return MARK_NONE;
}

static enum mark_found take_byte(struct mark *m, char c)
{
    if (m->wants)
        return take_want(m, c);
    if (goes_on(m, c))
        return matched(m);
    take_noise(m, marks[m->which], m->matched);
    m->matched = 0;
    if (goes_on(m, c))
        return MARK_NONE;
    take_noise(m, &c, 1);
    return MARK_NONE;
}

size_t mark_take(struct mark *m, const char *data, size_t n, enum mark_found *found)
{
    *found = MARK_NONE;
    for (size_t i = 0; i < n; i++)
        if ((*found = take_byte(m, data[i])) != MARK_NONE)
            return i + 1;
    return n;
}
