/* SPDX-License-Identifier: BSD-3-Clause
 *
 * listener: the side of a connection that is called, and its guests: who has come, and is not believed yet. */
#ifndef LIB_TRANSPORT_TCP_LISTENER_H
#define LIB_TRANSPORT_TCP_LISTENER_H

#include "lib/transport/tcp/connection.h"

/* Listens, on the socket that the launcher has given, or one of its own. An error class with a note. */
int listener_begin(void);
void listener_end(void);
/* The launcher's word about our place is true: nobody needs to be told. */
bool listener_is_expected(void);
/* Makes tcp.own complete: the key as well. An error class with a note. */
int listener_own(void);
/* Takes in who is at the door, after all other events of one look: a guest may have to go. */
void listener_accept(void);
/* Takes in those who have told where they are reached since they came. */
void listener_recognise(void);
/* Something has come from a guest. */
void listener_event(uint64_t data);
/* There were no descriptors for guests; there may be some now. */
void listener_again(void);
/* Says goodbye to guests who are welcome. Is there still something on its way to them? */
bool listener_leaves(void);

#endif
