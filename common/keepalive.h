/* SPDX-License-Identifier: BSD-3-Clause
 *
 * keepalive: connections between machines on which nobody writes for long, while ranks compute.
 */
#ifndef COMMON_KEEPALIVE_H
#define COMMON_KEEPALIVE_H

#define KEEPALIVE_SILENT_S 10 /* a side that is cut off is noticed after so long */

/* Losses of the network are the kernel's to notice on this TCP socket; and small messages go at once. */
void keepalive_set(int fd);

#endif
