/* SPDX-License-Identifier: BSD-3-Clause
 *
 * dispatch: what the proxies tell, by a table of messages.
 */
#ifndef LAUNCHER_DISPATCH_H
#define LAUNCHER_DISPATCH_H

#include "launcher/tree.h"

/* What is to be done of each message, and of a link that is gone. Their argument is the run. */
extern const struct tree_ops dispatch_ops;

#endif
