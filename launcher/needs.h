/* SPDX-License-Identifier: BSD-3-Clause
 *
 * needs: the shared libraries that a program needs, found as the dynamic linker of glibc finds them (ld.so(8)), without
 * running it. What a program opens by itself later (dlopen) is not among them.
 */
#ifndef LAUNCHER_NEEDS_H
#define LAUNCHER_NEEDS_H

#include <stdbool.h>
#include <stddef.h>

#define NEEDS_MAX 1024

struct need {
    char *path;     /* under the name by which it is looked for */
    bool is_system; /* found where the system has its libraries, not by the program or the user */
};

struct needs {
    struct need v[NEEDS_MAX];
    size_t n;
    size_t missing; /* that are not here either */
};

/* Libraries of the program at that path, and of these libraries; glibc's own are left out, since they belong to the
 * kernel and the linker of their host. library_path: LD_LIBRARY_PATH, or NULL. Nothing for what is no program of this
 * machine's kind (a script), or is not linked with any. needs_fini frees. */
void needs_find(struct needs *n, const char *program, const char *library_path);
void needs_fini(struct needs *n);

#endif
