/* SPDX-License-Identifier: BSD-3-Clause
 *
 * session: sessions as objects. What is made from one names it by a number, which means nothing any more when the
 * session is gone. */
#ifndef LIB_OBJECT_SESSION_H
#define LIB_OBJECT_SESSION_H

#include "lib/core/object.h"

struct session {
    struct obj obj;
    uint32_t id; /* never 0 */
    int thread_level;
    struct errhandler *errhandler;
    struct info *info; /* what it provides */
    void *buffer;      /* attached (p2p/bsend.c), or NULL */
};

/* Takes a reference to the error handler, and the info over. NULL without memory; then info is left alone. */
struct session *session_new(struct errhandler *e, struct info *info, int thread_level);
void session_destroy(struct session *s);
struct session *session_find(uint32_t id); /* NULL: it is gone, or id is 0 */
/* An error on its way out is told to this handler, of an object that does not exist (yet). */
void session_blame(struct errhandler *e);
void session_predefine(void); /* before all else */

#endif
