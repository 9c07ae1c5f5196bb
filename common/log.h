/* SPDX-License-Identifier: BSD-3-Clause
 *
 * log: what a program says on stderr, one line a call, each line written by one write(2).
 *   fatal  the program cannot go on: line, exit status 1      warn   wrong, but it goes on
 *   info   what the user asked to be told                     debug  -v: stages and decisions
 *   trace  -vv: each control message, by name
 * Lines read "mpiexec: text"; a proxy's carry its host too ("proxy(node3): text").
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* What is said: each level adds to those before it. */
enum log_level { LOG_FATAL_ONLY, LOG_NORMAL, LOG_TO_DEBUG, LOG_TO_TRACE, LOG_LEVELS };

/* name is borrowed for the program's life. */
void log_init(const char *name, enum log_level level);
/* Our terminal is raw: it needs a carriage return to begin a line. */
void log_raw(bool raw);
void log_put(const char *text, size_t n); /* lines as they are, to stderr */
void log_fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
