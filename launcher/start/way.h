/* SPDX-License-Identifier: BSD-3-Clause
 *
 * way: how one host is reached. A backend here may take another way to each host, and a second one where the first does
 * not lead there.
 */
#ifndef LAUNCHER_START_WAY_H
#define LAUNCHER_START_WAY_H

#include "common/start.h"

/* As in struct start_ops; s->own points to a struct whose first member points to this. fini sets it to NULL. */
struct way {
    void (*end)(struct start *s, const char *why);
    void (*cancel)(struct start *s);
    void (*fini)(struct start *s);
    void (*flush)(struct start *s); /* may be NULL */
};

#endif
