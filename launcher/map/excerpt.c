/* SPDX-License-Identifier: BSD-3-Clause
 *
 * excerpt: the line and the caret.
 */
#include "launcher/map/excerpt.h"

#include <string.h>

#define WIDTH 100u /* of the part of a long line that is shown */

int excerpt_err(struct err *e, const char *where, const char *line, size_t len, size_t at, const char *message)
{
    char shown[WIDTH + 1], blank[WIDTH + 1];
    size_t start = at > WIDTH * 3 / 4 ? at - WIDTH / 2 : 0;
    size_t n = len - start < WIDTH ? len - start : WIDTH;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)line[start + i];
        shown[i] = c == '\t' ? ' ' : c < ' ' || c == 127 ? '?' : (char)c;
    }
    shown[n] = '\0';
    memset(blank, ' ', sizeof blank);
    blank[at - start] = '\0';
    return err_set(e, "%.200s: %.200s\n  %s\n  %s^", where, message, shown, blank);
}
