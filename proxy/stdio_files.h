/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_files: the files that ranks' output goes to (--output-dir, -outfile-pattern). A file is made at its first
 * output; streams with the same name share it; only so many are open at a time.
 */
#ifndef PROXY_STDIO_FILES_H
#define PROXY_STDIO_FILES_H

#include <stdbool.h>
#include <stddef.h>

#define FILES_OPEN_MAX 256

struct files;
struct out_file;

/* Makes the directory where it is missing. Returns 0 when files can be made there, or an errno. */
int files_check_directory(const char *path);

struct files *files_create(void);
void files_destroy(struct files *f); /* closes all; takes NULL */

/* name is copied. truncate: what an earlier job left there goes away now. Lives as long as f. */
struct out_file *files_get(struct files *f, const char *name, bool truncate);

/* Appends. Returns 0; or an errno, when nothing of this went to the file: the bytes are still the caller's. first is
 * set for the first failure of that file. */
int files_write(struct files *f, struct out_file *o, const char *data, size_t n, bool *first);
/* What such an error means; of an errno as strerror says it. */
const char *files_error_text(int error);
const char *files_name(const struct out_file *o);

#endif
