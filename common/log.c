/* SPDX-License-Identifier: BSD-3-Clause
 *
 * log: lines on stderr, one write each. */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *log_name = "muster";
static enum log_level log_level = LOG_NORMAL;
static bool log_is_raw;

void log_init(const char *name, enum log_level level)
{
    log_name = name;
    log_level = level;
}

void log_raw(bool raw)
{
    log_is_raw = raw;
}

static void put(const char *text, size_t n)
{
    ssize_t ignored = write(STDERR_FILENO, text, n);
    (void)ignored; /* nobody is left to tell */
}

void log_put(const char *text, size_t n)
{
    while (log_is_raw && n) {
        const char *nl = memchr(text, '\n', n);
        size_t line = nl ? (size_t)(nl - text) : n;
        put(text, line);
        if (nl)
            put("\r\n", 2);
        text += line + (nl != NULL);
        n -= line + (nl != NULL);
    }
    if (n)
        put(text, n);
}

static void say(const char *what, const char *fmt, va_list ap)
{
    char line[2048];
    int saved = errno;
    int n = snprintf(line, sizeof line, "%s: %s", log_name, what);
    errno = saved;
    n += vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
    if (n > (int)sizeof line - 3)
        n = (int)sizeof line - 3;
    if (log_is_raw)
        line[n++] = '\r';
    line[n++] = '\n';
    put(line, (size_t)n);
    errno = saved;
}

#define SAY(what)                                                                                                      \
    do {                                                                                                               \
        va_list ap;                                                                                                    \
        va_start(ap, fmt);                                                                                             \
        say(what, fmt, ap);                                                                                            \
        va_end(ap);                                                                                                    \
    } while (0)

void log_fatal(const char *fmt, ...)
{
    SAY("");
    exit(1);
}

void log_warn(const char *fmt, ...)
{
    if (log_level >= LOG_NORMAL)
        SAY("warning: ");
}

void log_info(const char *fmt, ...)
{
    if (log_level >= LOG_NORMAL)
        SAY("");
}

void log_debug(const char *fmt, ...)
{
    if (log_level >= LOG_TO_DEBUG)
        SAY("");
}

void log_trace(const char *fmt, ...)
{
    if (log_level >= LOG_TO_TRACE)
        SAY("");
}
