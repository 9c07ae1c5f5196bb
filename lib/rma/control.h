/* SPDX-License-Identifier: BSD-3-Clause
 *
 * control: what the ranks of a node share of a window, at the beginning of the window's memory:
 *
 *     head             the lock of all, who waits
 *     members          one a rank of the node: where its part lies, its lock, what it waits for
 *     guards           of accumulates, by place among the ranks of the node
 *     pairs            one for each two: epochs that were posted and completed
 *     questions        one for each two, of created windows (owner.h)
 *     regions          of dynamic windows: what each has attached
 *     data             of allocated windows, from a page on
 */
#ifndef LIB_RMA_CONTROL_H
#define LIB_RMA_CONTROL_H

#include <stdatomic.h>
#include "lib/object/win.h"
#include "lib/rma/alloc.h"
#include "lib/rma/guard.h"

enum { CONTROL_LINE = 64, CONTROL_PAGE = 4096, CONTROL_REGIONS = 1024 };

/* Attached memory; len 0: none. */
struct control_region {
    _Atomic uint64_t base, len;
};

/* Of two ranks x and y, in the row of x: y has posted to x, x has started; y has completed to x, x has waited. */
struct control_pair {
    _Atomic uint32_t posts, completes;
    uint32_t started, waited; /* x's own */
};

/* lock: a writer's bit and member, or the number of readers. */
enum { LOCK_WRITER = 1u << 31 };
/* wants: 0, or 1 + the member whose lock this rank sleeps for, or: */
#define CONTROL_WANTS_ALL UINT32_MAX
#define CONTROL_WANTS_SEVERAL (UINT32_MAX - 1)
#define CONTROL_PRIVATE UINT64_MAX

struct control_member {
    uint64_t base;  /* address in its owner's memory */
    uint64_t place; /* of the data, from the control's beginning; CONTROL_PRIVATE: they are its owner's alone */
    uint64_t size;
    int64_t disp_unit;
    struct alloc_file file; /* what a created window is made on, if others can map that, and where there it begins */
    uint64_t file_at;
    int32_t local; /* among the ranks of the node */
    _Alignas(CONTROL_LINE) _Atomic uint32_t lock;
    _Alignas(CONTROL_LINE) _Atomic uint32_t wants;
    _Alignas(CONTROL_LINE) _Atomic uint64_t asked; /* bit r % 64: member r may have asked something of this one */
};

/* What y wants of x's memory, in the row of x: a line there, and one back. */
enum question_state { QUESTION_NONE, QUESTION_ASKED, QUESTION_TAKEN, QUESTION_ANSWERED };
enum question_verb { QUESTION_PUT, QUESTION_GET, QUESTION_COMBINE, QUESTION_SWAP };
enum { QUESTION_BYTES = 40 };
struct control_question {
    _Alignas(CONTROL_LINE) _Atomic uint32_t state;
    int32_t error; /* a class of MPI */
    uint8_t verb, bytes, op, basic;
    uint64_t at; /* an address of the owner's */
    _Alignas(8) char data[QUESTION_BYTES];
    _Alignas(CONTROL_LINE) char result[QUESTION_BYTES];
};

struct control {
    _Atomic uint64_t all;     /* those who hold lock_all, and from CONTROL_WRITER on exclusive locks */
    _Atomic uint32_t waiting; /* members with wants */
    uint32_t members;
    uint64_t guards_at, pairs_at, questions_at, regions_at;
    _Alignas(CONTROL_LINE) struct control_member member[];
};
#define CONTROL_WRITER (UINT64_C(1) << 32)

static inline struct guard_place *control_guards(struct control *c)
{
    return (struct guard_place *)((char *)c + c->guards_at);
}
static inline struct control_pair *control_pair(struct control *c, int of, int with)
{
    return (struct control_pair *)((char *)c + c->pairs_at) + (size_t)of * c->members + (size_t)with;
}
static inline struct control_question *control_question(struct control *c, int of, int with)
{
    return (struct control_question *)((char *)c + c->questions_at) + (size_t)of * c->members + (size_t)with;
}
static inline struct control_region *control_regions(struct control *c, int of)
{
    return (struct control_region *)((char *)c + c->regions_at) + (size_t)of * CONTROL_REGIONS;
}

#endif
