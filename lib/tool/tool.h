/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tool: the interface for tools, MPI_T (MPI 5.0, chapter 15): what its parts share.
 *
 * Its functions check all that they are given, return their errors, and hold the library's lock. Where a name, a
 * description or another output may be left out, NULL is what leaves it out. */
#ifndef LIB_TOOL_TOOL_H
#define LIB_TOOL_TOOL_H

#include "lib/core/object.h"

/* A string to the tool: *len is the room in `to`, and becomes what is written, or, where there is no room at all, what
 * would be; its zero included. Too long a text is cut. */
void tool_text(const char *from, char *to, int *len);
#define TOOL_OUT(out, value)                                                                                           \
    do {                                                                                                               \
        if (out)                                                                                                       \
            *(out) = (value);                                                                                          \
    } while (0)

/* A new empty info object to whoever asks; an MPI_T error class. */
int tool_info_give(MPI_Info *out);
/* Is it an info object, or MPI_INFO_NULL? */
bool tool_info_ok(MPI_Info info);
/* Each of a kind goes away. */
void tool_free_all(enum obj_kind kind, void (*destroy)(void *object));

/* Of MPI_T_finalize, when nobody is left: everything that tools have made ends. */
void tool_cvar_fini(void);
void tool_pvar_fini(void);
void tool_event_fini(void);

#endif
