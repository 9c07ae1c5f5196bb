/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ask: a question to the launcher, waited for as anything else. */
#ifndef LIB_COMM_ASK_H
#define LIB_COMM_ASK_H

#include "lib/boot/boot.h"

/* What boot_ask_test comes to at last. */
int ask_await(struct boot_ask *a);
/* The same of a question that the launcher answers at once, whatever the others do: this process sleeps until it is
 * answered, and makes no progress. */
int ask_at_once(struct boot_ask *a);
/* Nobody wants to know any more: others can ask afterwards. */
void ask_drop(struct boot_ask *a);

#endif
