/* SPDX-License-Identifier: BSD-3-Clause
 *
 * segment: makes the memory that tells the ranks of a job on this node who they are (wire/node_segment.h).
 */
#ifndef PROXY_SEGMENT_H
#define PROXY_SEGMENT_H

#include "proxy/node.h"

/* Fills j->segment_fd and j->status; leaves -1 and NULL, with a warning, where memory is short: the ranks then ask
 * by PMI. */
void segment_create(struct job *j);
void segment_destroy(struct job *j);

#endif
