/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tool: a program of a scheduler that starts proxies on several hosts (srun), and what it says. The link of none of
 * them goes through it.
 */
#ifndef LAUNCHER_START_TOOL_H
#define LAUNCHER_START_TOOL_H

#include "common/start.h"

struct tool_ops {
    void (*line)(void *arg, const char *line); /* it has said that; printable, without its end */
    void (*over)(void *arg);                   /* it has ended, and will say nothing more */
};

struct tool {
    struct start process; /* its own: status, waited */
    const struct tool_ops *ops;
    void *arg;
    int says; /* -1: it says nothing any more */
    struct event *on_says;
    char line[1024];
    size_t len;
    bool over;
};

/* argv[0]: a name in PATH, or a path. envp is the whole environment. 0, or -1 with t->process.failure set. */
int tool_begin(struct tool *t, struct starter *st, char **argv, char *const *envp, const struct tool_ops *ops,
               void *arg);

/* Asks it to end, with all that it has started. */
void tool_stop(struct tool *t);

/* After the loop: waits for its end, some seconds at most; then it is asked, then killed. */
void tool_leave(struct tool *t);

#endif
