/* SPDX-License-Identifier: BSD-3-Clause
 *
 * keepalive: probes after half of the time, and no longer without an answer than all of it.
 */
#include "common/keepalive.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

void keepalive_set(int fd)
{
    int on = 1, idle = KEEPALIVE_SILENT_S / 2, interval = 1, count = KEEPALIVE_SILENT_S / 2;
    unsigned timeout = KEEPALIVE_SILENT_S * 1000;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}
