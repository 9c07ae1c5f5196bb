/* SPDX-License-Identifier: BSD-3-Clause
 *
 * key_file: the secret of a user that programs on several machines share: a line of 64 hexadecimal digits in a file
 * that nobody else can read, copied by the user or in a home that machines share.
 */
#ifndef COMMON_KEY_FILE_H
#define COMMON_KEY_FILE_H

#include "common/err.h"

#include <stddef.h>

#define KEY_FILE_DIGITS 64

/* asked, if that is not NULL; else muster/names.key in the user's configuration directory (XDG_CONFIG_HOME, or .config
 * of HOME). 0, or -1 with e set. */
int key_file_path(const char *asked, char *path, size_t size, struct err *e);
/* 0; -1 with e set: there is none, it is none, or others may read or change it. */
int key_file_read(const char *path, char key[KEY_FILE_DIGITS + 1], struct err *e);
/* The same, but where there is none one is made, with its directories. Of several who make it at once all get the same.
 */
int key_file_make(const char *path, char key[KEY_FILE_DIGITS + 1], struct err *e);

#endif
