/* SPDX-License-Identifier: BSD-3-Clause
 *
 * limits: how many there may be of what messages count; a decoder refuses more. Beside them, FRAME_PAYLOAD_MAX bounds
 * every message.
 */
#ifndef WIRE_LIMITS_H
#define WIRE_LIMITS_H

#define WIRE_RANKS_MAX (1u << 24)   /* of a job */
#define WIRE_NODES_MAX (1u << 20)   /* of a run */
#define WIRE_NODE_NAME_MAX 1024u    /* bytes of a host's name */
#define WIRE_LINE_MAX 4095u         /* bytes of what is said to the user in one message */
#define WIRE_STRINGS_MAX (1u << 22) /* arguments, or variables of the environment */
#define WIRE_STRING_MAX (16u << 20) /* bytes of one of them; the kernel's own limit is smaller */

#endif
