/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_in: reads our stdin for ranks that do not have it themselves: never more than CONTROL_STDIN_WINDOW bytes ahead
 * of the slowest of the nodes, and from a terminal only in the foreground and when a rank waits for it, a line at a
 * time; or every key at once, where a rank works in a terminal.
 */
#ifndef LAUNCHER_STDIO_IN_H
#define LAUNCHER_STDIO_IN_H

#include "launcher/stdio_keys.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

struct stdin_reader;

/* Bytes of our stdin for a node, or for all (FRAME_ALL_NODES), where each passes them to its own ranks that take stdin;
 * n = 0: end of file. */
typedef void stdin_sink(void *arg, uint32_t node, const void *data, size_t n);

/* Every key is a rank's (--pty), but for those that say something to mpiexec. */
typedef void stdin_keys(void *arg, enum keys_said said);

/* takes: by node (nnodes), does it have ranks that take stdin; at least one does; copied. keys: NULL where no rank
 * works in a terminal. */
struct stdin_reader *stdin_create(struct event_base *base, const bool *takes, uint32_t nnodes, stdin_sink *sink,
                                  stdin_keys *keys, void *arg);
void stdin_destroy(struct stdin_reader *r); /* takes NULL */
void stdin_start(struct stdin_reader *r);
void stdin_credit(struct stdin_reader *r, uint32_t node, uint32_t bytes);
void stdin_node_lost(struct stdin_reader *r, uint32_t node);
void stdin_wanted(struct stdin_reader *r);
void stdin_foreground(struct stdin_reader *r);

#endif
