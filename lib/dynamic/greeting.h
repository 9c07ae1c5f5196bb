/* SPDX-License-Identifier: BSD-3-Clause
 *
 * greeting: how a connector and a listener prove to each other that they know a port's secret. */
#ifndef LIB_DYNAMIC_GREETING_H
#define LIB_DYNAMIC_GREETING_H

#include <sys/socket.h>
#include <sys/un.h>
#include "lib/object/comm.h"

enum { GREETING_KEY = 16, GREETING_NONCE = 16, GREETING_CODE = 16 };

/* What the connector says first; then the listener's answer; then the connector's code. */
struct greeting_hello {
    char magic[8];
    unsigned char nonce[GREETING_NONCE];
};
struct greeting_answer {
    unsigned char nonce[GREETING_NONCE], code[GREETING_CODE];
};

/* A listener's side of one that is under way. */
struct greeting {
    int fd;
    bool answered;
    size_t got; /* bytes of what comes next */
    union {
        struct greeting_hello hello;
        unsigned char code[GREETING_CODE];
    } in;
    unsigned char expected[GREETING_CODE];
};
enum greeting_state { GREETING_GOES_ON, GREETING_DONE, GREETING_FAILED };

/* Where a port of that id is on this machine: the address, and its length. Linux' abstract names go with their process,
 * and lie in no folder. */
socklen_t greeting_address(uint64_t id, struct sockaddr_un *a);
/* Is the other end a process of the same user? Of TCP nobody can tell, and the code alone counts. */
bool greeting_allows(int fd, bool near);
/* Something has come. */
enum greeting_state greeting_listen(struct greeting *g, const unsigned char secret[GREETING_KEY]);
/* Tells a connector that an accept has taken it. False: it is gone. */
bool greeting_welcome(int fd);
/* The connector's side, until the welcome. NULL, or what failed. */
const char *greeting_connect(int fd, const unsigned char secret[GREETING_KEY], int64_t until, const struct comm *comm);

#endif
