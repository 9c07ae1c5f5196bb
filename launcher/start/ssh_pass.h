/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ssh_pass: the passphrases of key files: each is asked for once, for all hosts, on the terminal and never on stdin,
 * which is the ranks'.
 */
#ifndef LAUNCHER_START_SSH_PASS_H
#define LAUNCHER_START_SSH_PASS_H

#include <event2/event.h>
#include <stdbool.h>

bool ssh_pass_is_locked(const char *file); /* has this key file a passphrase? */

enum ssh_pass { PASS_NONE, PASS_KNOWN, PASS_ASKED };

/* PASS_KNOWN: *text is it, borrowed. PASS_ASKED: answered(arg) comes once, from the loop; then ask again. PASS_NONE:
 * there is no terminal, or what was typed is wrong. */
enum ssh_pass ssh_pass_get(struct event_base *base, const char *file, const char **text, void (*answered)(void *arg),
                           void *arg);
void ssh_pass_drop(void *arg);         /* no answer is wanted any more; takes who never asked */
void ssh_pass_wrong(const char *file); /* it does not fit: the user is told, once */

#endif
