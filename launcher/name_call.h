/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_call: the way to muster-names: the key file read, its host's name looked up, the connection made, and both ends'
 * proofs, in a thread, since each of these may take seconds.
 */
#ifndef LAUNCHER_NAME_CALL_H
#define LAUNCHER_NAME_CALL_H

#include <event2/event.h>

struct name_call;

/* From the loop, once: the connection, which is the callee's; or fd -1, and why in one line. */
typedef void name_call_done_fn(void *arg, int fd, const char *why);

/* addresses: "host:port[,host:port...]"; key: the file, NULL: the default one. Both are copied. */
struct name_call *name_call_begin(struct event_base *base, const char *addresses, const char *key,
                                  name_call_done_fn *done, void *arg);
void name_call_drop(struct name_call *c); /* done does not come; NULL is allowed */

#endif
