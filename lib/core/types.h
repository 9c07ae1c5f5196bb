/* SPDX-License-Identifier: BSD-3-Clause
 *
 * types: what every part of the runtime names without knowing what is inside. */
#ifndef LIB_CORE_TYPES_H
#define LIB_CORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <mpi.h>

#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define LIKELY(x) __builtin_expect(!!(x), 1)
/* For what lies in the path of every message; the compiler gives up on names that 664 functions use. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define COLD __attribute__((cold, noinline))

struct comm;
struct group;
struct datatype;
struct op;
struct win;
struct file;
struct session;
struct message;
struct info;
struct errhandler;
struct request;

/* An array of counts or displacements as the caller gave it: of int, or of a 64-bit type. No copy is made. */
struct ints {
    const void *at;
    bool wide;
};

static inline int64_t ints_get(struct ints a, int64_t i)
{
    return a.wide ? ((const int64_t *)a.at)[i] : ((const int *)a.at)[i];
}

#endif
