/* SPDX-License-Identifier: BSD-3-Clause
 *
 * log: what a program says on stderr, one line a call, each line written by one write(2).
 *   fatal  the program cannot go on: line, exit status 1      warn   wrong, but it goes on
 *   info   what the user asked to be told                     debug  -v: stages and decisions
 *   trace  -v: each control message, by name
 * Lines read "mpiexec: text"; a proxy's carry its host too ("proxy(node3): text").
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>

/* name is borrowed for the program's life; verbose turns debug and trace on. */
void log_init(const char *name, bool verbose);
bool log_verbose(void);
void log_fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
