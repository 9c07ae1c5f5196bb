/* SPDX-License-Identifier: BSD-3-Clause
 *
 * notices: what one proxy tells all, itself included, of its ranks that speak PMIx.
 */
#ifndef PROXY_PMIX_NOTICES_H
#define PROXY_PMIX_NOTICES_H

#include "proxy/pmix/server.h"
#include "wire/buf.h"

enum notice_kind {
    NOTICE_EVENT,  /* events.h */
    NOTICE_SIGNAL, /* control.h */
};

/* Begins one, in the library's thread: what it says is put behind that. */
void notice_begin(struct buf *b, enum notice_kind kind);
/* Sends it in the name of a rank of this node, and takes it over. Nobody waits for it: versions before 5 take an answer
 * that comes later for one to something else. */
void notice_post(const pmix_proc_t *source, const struct buf *b);

#endif
