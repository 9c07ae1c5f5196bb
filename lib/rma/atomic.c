/* SPDX-License-Identifier: BSD-3-Clause
 *
 * atomic: what has an instruction of its own uses it: sums and bits of integers, replacing, reading. The rest asks the
 * kernel of the operation what the new value is, and exchanges it for the old one. */
#include "lib/rma/atomic.h"
#include <string.h>

enum verb { ADD, AND, OR, XOR, SWAP, LOAD, KERNEL };

static enum verb verb_of(enum op_which op, const struct datatype *basic)
{
    static const uint8_t whole[] = {
        [BASIC_INTEGER] = true, [BASIC_MULTI] = true, [BASIC_TEXT] = true, [BASIC_PAIR] = false};
    switch (op) {
    case SUM:
        return whole[basic_table[basic->basic].class] ? ADD : KERNEL;
    case BAND:
        return AND;
    case BOR:
        return OR;
    case BXOR:
        return XOR;
    case REPLACE:
        return SWAP;
    case NO_OP:
        return LOAD;
    default:
        return KERNEL;
    }
}

/* Sums of signed numbers wrap as those of unsigned ones, and bits are bits. Release and acquire: what the origin wrote
 * before goes along with the element. */
#define SIZED(type)                                                                                                    \
    static void by_kernel_##type(op_kernel *f, type *target, type in, type *was)                                       \
    {                                                                                                                  \
        type now;                                                                                                      \
        *was = __atomic_load_n(target, __ATOMIC_ACQUIRE);                                                              \
        do                                                                                                             \
            f(&in, was, &now, 1);                                                                                      \
        while (!__atomic_compare_exchange_n(target, was, now, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));             \
    }                                                                                                                  \
    ALWAYS_INLINE type one_##type(enum verb verb, op_kernel *f, type *target, const void *origin)                      \
    {                                                                                                                  \
        type in = 0, was;                                                                                              \
        if (verb != LOAD)                                                                                              \
            memcpy(&in, origin, sizeof in);                                                                            \
        switch (verb) {                                                                                                \
        case ADD:                                                                                                      \
            return __atomic_fetch_add(target, in, __ATOMIC_ACQ_REL);                                                   \
        case AND:                                                                                                      \
            return __atomic_fetch_and(target, in, __ATOMIC_ACQ_REL);                                                   \
        case OR:                                                                                                       \
            return __atomic_fetch_or(target, in, __ATOMIC_ACQ_REL);                                                    \
        case XOR:                                                                                                      \
            return __atomic_fetch_xor(target, in, __ATOMIC_ACQ_REL);                                                   \
        case SWAP:                                                                                                     \
            return __atomic_exchange_n(target, in, __ATOMIC_ACQ_REL);                                                  \
        case LOAD:                                                                                                     \
            return __atomic_load_n(target, __ATOMIC_ACQUIRE);                                                          \
        default:                                                                                                       \
            by_kernel_##type(f, target, in, &was);                                                                     \
            return was;                                                                                                \
        }                                                                                                              \
    }                                                                                                                  \
    ALWAYS_INLINE void apply_##type(enum verb verb, op_kernel *f, type *target, const char *origin, char *result,      \
                                    MPI_Count n)                                                                       \
    {                                                                                                                  \
        for (MPI_Count i = 0; i < n; i++) {                                                                            \
            type was = one_##type(verb, f, target + i, origin + i * (MPI_Count)sizeof was);                            \
            if (result)                                                                                                \
                memcpy(result + i * (MPI_Count)sizeof was, &was, sizeof was);                                          \
        }                                                                                                              \
    }                                                                                                                  \
    ALWAYS_INLINE void swap_##type(type *target, const void *origin, const void *compare, void *result)                \
    {                                                                                                                  \
        type now, was;                                                                                                 \
        memcpy(&now, origin, sizeof now);                                                                              \
        memcpy(&was, compare, sizeof was);                                                                             \
        __atomic_compare_exchange_n(target, &was, now, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);                     \
        memcpy(result, &was, sizeof was);                                                                              \
    }
SIZED(uint8_t)
SIZED(uint16_t)
SIZED(uint32_t)
SIZED(uint64_t)

void atomic_apply(enum op_which op, const struct datatype *basic, void *target, const void *origin, void *result,
                  MPI_Count n)
{
    enum verb verb = verb_of(op, basic);
    op_kernel *f = op_kernels[basic->basic][op];
    switch (basic->extent) {
    case 1:
        apply_uint8_t(verb, f, target, origin, result, n);
        break;
    case 2:
        apply_uint16_t(verb, f, target, origin, result, n);
        break;
    case 4:
        apply_uint32_t(verb, f, target, origin, result, n);
        break;
    default:
        apply_uint64_t(verb, f, target, origin, result, n);
    }
}

void atomic_compare_swap(size_t size, void *target, const void *origin, const void *compare, void *result)
{
    switch (size) {
    case 1:
        swap_uint8_t(target, origin, compare, result);
        break;
    case 2:
        swap_uint16_t(target, origin, compare, result);
        break;
    case 4:
        swap_uint32_t(target, origin, compare, result);
        break;
    default:
        swap_uint64_t(target, origin, compare, result);
    }
}
