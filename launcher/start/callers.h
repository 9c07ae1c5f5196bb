/* SPDX-License-Identifier: BSD-3-Clause
 *
 * callers: takes the connections of proxies that connect back (common/back.h). Who does not prove to be one of those
 * that are expected gets nothing (common/strangers.h).
 */
#ifndef LAUNCHER_START_CALLERS_H
#define LAUNCHER_START_CALLERS_H

#include "common/start.h"

struct callers;

/* Listens while somebody is expected, from the first callers_expect on; `host` is one that shall reach this machine.
 * NULL with e set: nothing can listen, or the proofs cannot be made. */
struct callers *callers_create(struct starter *st, const char *host, struct err *e);
void callers_destroy(struct callers *c); /* takes NULL */

const char *callers_addresses(const struct callers *c); /* for back_call */

/* s->events->stream comes once a proxy has proven to be the one of that name (borrowed). With the last one all that
 * listens is closed. */
void callers_expect(struct callers *c, struct start *s, const char *name);
void callers_forget(struct callers *c, const char *name); /* nothing where it is not expected, or not any more */
bool callers_expects(const struct callers *c, const char *name);

#endif
