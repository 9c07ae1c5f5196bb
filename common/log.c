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

void log_init(const char *name, enum log_level level)
{
    log_name = name;
    log_level = level;
}

static void say(const char *what, const char *fmt, va_list ap)
{
    char line[2048];
    int saved = errno;
    int n = snprintf(line, sizeof line, "%s: %s", log_name, what);
    errno = saved;
    n += vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
    if (n > (int)sizeof line - 2)
        n = (int)sizeof line - 2;
    line[n] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line, (size_t)n + 1);
    (void)ignored; /* nobody is left to tell */
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
