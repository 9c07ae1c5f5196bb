/* SPDX-License-Identifier: BSD-3-Clause
 *
 * says: two buffers, each bounded.
 */
#include "launcher/start/says.h"

#include "common/log.h"
#include "common/printable.h"
#include "launcher/start/shell_failure.h"

#include <stdio.h>
#include <string.h>

static void keep_before(struct says *s, const char *data, size_t n)
{
    size_t max = sizeof s->before - 1;
    if (n > max) {
        data += n - max;
        n = max;
    }
    if (s->before_len + n > max) {
        size_t drop = s->before_len + n - max;
        memmove(s->before, s->before + drop, s->before_len -= drop);
    }
    memcpy(s->before + s->before_len, data, n);
    s->before[s->before_len += n] = '\0';
}

static void show_line(struct says *s)
{
    char text[sizeof s->line * PRINTABLE_WIDTH];
    if (s->line_len && s->line[s->line_len - 1] == '\r')
        s->line_len--;
    printable_put(text, sizeof text, s->line, s->line_len);
    s->line_len = 0;
    if (shell_connection_end(text))
        snprintf(s->last, sizeof s->last, "%.127s", text);
    else if (*text)
        log_info("%s: %s", s->host, text);
}

void says_take(struct says *s, const char *data, size_t n)
{
    if (!s->spoken) {
        s->noise += n;
        keep_before(s, data, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (data[i] != '\n' && s->line_len < sizeof s->line - 1)
            s->line[s->line_len++] = data[i];
        if (data[i] == '\n' || s->line_len == sizeof s->line - 1)
            show_line(s);
    }
}

void says_show_before(const struct says *s)
{
    char text[256];
    for (const char *at = s->before, *next; *at; at = next) {
        size_t n = strcspn(at, "\n");
        next = at + n + (at[n] == '\n');
        printable_put(text, sizeof text, at, n);
        if (*text)
            log_debug("%s says before the proxy does: %s", s->host, text);
    }
}

void says_end(struct says *s)
{
    if (s->line_len)
        show_line(s);
}
