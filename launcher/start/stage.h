/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stage: files that a host may lack, and how they come there: over the stream that becomes the link. The command on the
 * host (shell_command) looks which of them it has, asks for the others, and puts what comes into a private directory,
 * which the proxy's guard removes at the end.
 */
#ifndef LAUNCHER_START_STAGE_H
#define LAUNCHER_START_STAGE_H

#include "common/err.h"
#include "common/sha256.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define STAGE_FILES_MAX 256
#define STAGE_NAME_MAX 255

struct stage_file {
    char *there;            /* the path where a host may have it */
    char *here;             /* the path of what is copied */
    char *name;             /* in the private directory */
    char hash[SHA256_TEXT]; /* a host has it if it has this; "-": if there is any file */
    mode_t mode;
    void *data; /* once it was read; NULL */
    size_t size;
};

/* The first one is the proxy. The same for all hosts. */
struct stage {
    struct stage_file v[STAGE_FILES_MAX];
    size_t n;
    bool by_content;
};

/* Adds a file, once each. by_content: hosts must have this very one. 0; or -1: it cannot be read, or there are too
 * many, or two of a name. */
int stage_add(struct stage *s, const char *there, const char *here, struct err *e);
void stage_fini(struct stage *s);
void stage_cut(struct stage *s, size_t n); /* leaves the first n */

/* What goes to one host. */
struct stage_send {
    const struct stage *stage;
    char want[STAGE_FILES_MAX + 1]; /* a 1 for each file that it lacks */
    size_t file, at;                /* at: bytes of its head and of itself that have gone */
    char head[STAGE_NAME_MAX + 64];
    size_t head_len;
};

/* want: as the host has written it. -1: it is not about these files, or one cannot be read. */
int stage_send_begin(struct stage_send *t, struct stage *s, const char *want, struct err *e);
/* What is to be written next; 0: nothing is left. */
size_t stage_send_next(const struct stage_send *t, const void **p);
void stage_send_took(struct stage_send *t, size_t n);

#endif
