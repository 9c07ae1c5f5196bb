/* SPDX-License-Identifier: BSD-3-Clause
 *
 * group: proxies that one program of a scheduler starts all together, and that connect back: the part that schedulers
 * have in common. What differs is a struct group_kind.
 */
#ifndef LAUNCHER_START_GROUP_H
#define LAUNCHER_START_GROUP_H

#include "common/start.h"
#include "launcher/start/words.h"

#include <stdbool.h>

struct group_kind {
    const char *program; /* "srun" */
    /* Up to, and without, the command that each host is to run. */
    void (*words)(struct words *w, struct start *const *v, size_t n);
    /* In that command, which /bin/sh reads there: what the host is called, as `id` says it. */
    const char *shell_id;
    /* And what it finds the secret of the run by; NULL: our program passes our environment on, which has it. */
    const char *shell_secret;
    void (*id)(const struct start *s, char *text, size_t size); /* at most BACK_NAME_MAX bytes */
    /* Is it the program's variable of that name ("NAME=..."), and would it change what we ask for? NULL: none is. */
    bool (*withholds)(const char *variable);
    /* The program says that whatever becomes of the job. NULL: it says nothing of the kind. */
    bool (*is_chatter)(const char *line);
    /* The program says that of hosts: *hosts is their list, borrowed from line with its length, *what the rest. false:
     * it does not. NULL: it never does. */
    bool (*speaks_of)(const char *line, const char **hosts, size_t *len, const char **what);
};

void group_begin(const struct group_kind *kind, struct starter *st, struct start **v, size_t n);

/* These of struct start_ops. */
void group_end(struct start *s, const char *why);
void group_cancel(struct start *s);
void group_fini(struct start *s);
void group_leave(struct starter *st);

#endif
