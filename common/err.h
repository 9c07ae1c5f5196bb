/* SPDX-License-Identifier: BSD-3-Clause
 *
 * err: the text of a failure, made where the cause is known and shown once where the user is.
 * A function that can fail takes a `struct err *` last, returns -1, and says so in one line:
 *     return err_set(e, "unable to read %s: %m", path);
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

struct err {
    char text[1024]; /* one or more lines, no newline at the end */
};

/* Formats like printf (with %m), cuts what does not fit. Always returns -1. e may be NULL. */
int err_set(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
