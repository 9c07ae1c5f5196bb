/* SPDX-License-Identifier: BSD-3-Clause
 *
 * lend: what it does as a rank.
 */
#include "launcher/lend.h"

#include "common/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int send_descriptor(int to, int fd)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    memset(&control, 0, sizeof control);
    struct iovec iov = {"", 1};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    return sendmsg(to, &m, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int lend_run(void)
{
    const char *fd = getenv("PMI_FD");
    char byte;
    ssize_t n;
    log_init("mpiexec --lend", LOG_NORMAL);
    if (!fd)
        log_fatal("this is for programs that start mpiexec by themselves");
    if (send_descriptor(STDIN_FILENO, atoi(fd)) < 0)
        log_fatal("unable to hand the connection over: %m");
    close(atoi(fd));
    do
        n = read(STDIN_FILENO, &byte, 1);
    while (n > 0 || (n < 0 && errno == EINTR));
    return 0;
}
