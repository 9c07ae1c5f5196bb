/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The kernel is asked for the one socket by its addresses (sock_diag(7)); where it cannot be asked so, its table is
 * read.
 */
#include "proxy/pmix/peers.h"

#include "common/xalloc.h"
#include "proxy/pmix/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

/* Both ends, from the other one's side. */
struct ends {
    struct sockaddr_in6 theirs, ours; /* or sockaddr_in, by its family */
};

static bool ends_of(struct ends *e, int fd)
{
    socklen_t a = sizeof e->theirs, b = sizeof e->ours;
    memset(e, 0, sizeof *e);
    return getpeername(fd, (struct sockaddr *)&e->theirs, &a) == 0 &&
           getsockname(fd, (struct sockaddr *)&e->ours, &b) == 0 &&
           (e->theirs.sin6_family == AF_INET || e->theirs.sin6_family == AF_INET6);
}

static void put_address(const struct sockaddr_in6 *a, __be16 *port, __be32 to[4])
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)a;
    *port = a->sin6_port;
    if (a->sin6_family == AF_INET)
        memcpy(to, &v4->sin_addr, sizeof v4->sin_addr);
    else
        memcpy(to, &a->sin6_addr, sizeof a->sin6_addr);
}

struct question {
    struct nlmsghdr head;
    struct inet_diag_req_v2 body;
};

static struct question question_of(const struct ends *e)
{
    struct question q = {
        .head = {.nlmsg_len = sizeof q, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
        .body = {.sdiag_family = (__u8)e->theirs.sin6_family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0u}};
    q.body.id.idiag_cookie[0] = q.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    put_address(&e->theirs, &q.body.id.idiag_sport, q.body.id.idiag_src);
    put_address(&e->ours, &q.body.id.idiag_dport, q.body.id.idiag_dst);
    return q;
}

static bool ask_kernel(const struct ends *e, uid_t *user)
{
    struct question q = question_of(e);
    struct {
        struct nlmsghdr head;
        struct inet_diag_msg body;
        char more[1024];
    } a;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    bool known = fd >= 0 && send(fd, &q, sizeof q, 0) == (ssize_t)sizeof q;
    ssize_t n = known ? recv(fd, &a, sizeof a, 0) : -1;
    known = n >= (ssize_t)(sizeof a.head + sizeof a.body) && a.head.nlmsg_type == SOCK_DIAG_BY_FAMILY;
    if (fd >= 0)
        close(fd);
    if (known)
        *user = a.body.idiag_uid;
    return known;
}

/* Of version 4 alone, which is what the library listens at. */
static bool read_table(const struct ends *e, uid_t *user)
{
    const struct sockaddr_in *theirs = (const struct sockaddr_in *)&e->theirs;
    const struct sockaddr_in *ours = (const struct sockaddr_in *)&e->ours;
    FILE *f = theirs->sin_family == AF_INET ? fopen("/proc/net/tcp", "re") : NULL;
    char line[256];
    bool known = false;
    while (f && !known && fgets(line, sizeof line, f)) {
        unsigned a, aport, b, bport, uid;
        known = sscanf(line, " %*u: %x:%x %x:%x %*x %*x:%*x %*x:%*x %*x %u", &a, &aport, &b, &bport, &uid) == 5 &&
                a == theirs->sin_addr.s_addr && aport == ntohs(theirs->sin_port) && b == ours->sin_addr.s_addr &&
                bport == ntohs(ours->sin_port);
        if (known)
            *user = uid;
    }
    if (f)
        fclose(f);
    return known;
}

bool peer_user(int fd, uid_t *user)
{
    struct ends e;
    return ends_of(&e, fd) && (ask_kernel(&e, user) || read_table(&e, user));
}

struct stranger {
    struct handover_task task;
    bool known;
    uid_t user;
};

static void tell_stranger(struct handover_task *t)
{
    const struct stranger *s = (struct stranger *)t;
    const struct pmix *pmix = pmix_server();
    const char *host = pmix ? proxy_name(pmix->proxy) : "";
    if (pmix && s->known)
        proxy_warn(pmix->proxy,
                   "a process of another user (uid %u) tried to connect to the PMIx server on %s, and was refused",
                   (unsigned)s->user, host);
    else if (pmix)
        proxy_warn(pmix->proxy,
                   "a connection to the PMIx server on %s was refused: the kernel does not tell whose it is", host);
    free(t);
}

EXPORTED int accept(int fd, struct sockaddr *restrict addr, socklen_t *restrict len)
{
    int got = (int)syscall(SYS_accept4, fd, addr, len, 0);
    struct stranger s = {.task.run = tell_stranger};
    if (got < 0 || !pmix_server_begun())
        return got;
    s.known = peer_user(got, &s.user);
    if (s.known && s.user == geteuid())
        return got;
    close(got);
    struct stranger *copy = xmalloc(sizeof *copy);
    *copy = s;
    handover_post(&copy->task);
    errno = ECONNABORTED;
    return -1;
}
