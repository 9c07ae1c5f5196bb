/* SPDX-License-Identifier: BSD-3-Clause
 *
 * guard: the process above a proxy on another machine. Where the proxy is killed, or is stopped while its link ends,
 * the guard ends what it has left. (On mpiexec's own machine mpiexec does that, or its witness.)
 */
#ifndef PROXY_GUARD_H
#define PROXY_GUARD_H

/* Goes on in a child, which becomes the proxy; link is the descriptor that it reads its link from. This process stays
 * behind and ends as the child does, when nothing is left of it, nor of the directory stage (NULL: there is none). */
void guard_begin(int link, const char *stage);

#endif
