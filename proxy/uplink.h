/* SPDX-License-Identifier: BSD-3-Clause
 *
 * uplink: the descriptors by which this proxy speaks to who has started it.
 */
#ifndef PROXY_UPLINK_H
#define PROXY_UPLINK_H

#include <netinet/in.h>
#include <stdbool.h>

struct uplink {
    int in, out; /* close-on-exec, above those of stdio; one and the same, or two */
};

bool uplink_calls(int argc, char **argv);        /* does it connect back? (--call) */
bool uplink_is_far(int argc, char **argv);       /* was it started on another machine? */
const char *uplink_stage(int argc, char **argv); /* the directory with what was copied here; NULL: nothing was */

/* The address of this machine on it, as far as the link or sshd tells; else ::. */
struct in6_addr uplink_address(int fd);
/* Without arguments: the socket that is descriptor 3. With --stdio: stdin and stdout, as a remote shell gives them;
 * /dev/null takes their place; with --mark after it, START_MARK is written first, and --stage DIR may follow; with
 * --far it is not, though this is another machine. With
 * --call ADDRESSES --name NAME: a connection to mpiexec, see common/back.h. Ends the program where they are no
 * link: somebody has started it by hand. */
void uplink_take(struct uplink *u, int argc, char **argv);

#endif
