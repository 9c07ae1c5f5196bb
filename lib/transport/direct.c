/* SPDX-License-Identifier: BSD-3-Clause
 *
 * direct: keys of memory on this node, and atomics by the processor. */
#include "lib/transport/direct.h"
#include <string.h>

/* The second word of a key: the length, and these. */
enum { ACCESS_AT = 60, SHARED_AT = 63 };
static const uint64_t length_mask = (UINT64_C(1) << ACCESS_AT) - 1;

bool direct_key_write(void *key, struct direct_mem m)
{
    uint64_t words[2] = {m.base, m.len | (uint64_t)(m.access & 7) << ACCESS_AT | (uint64_t)m.shared << SHARED_AT};
    if (m.len > length_mask || m.base + m.len < m.base)
        return false;
    memcpy(key, words, sizeof words);
    return true;
}

enum remote_state direct_place(struct remote at, size_t n, unsigned access, struct direct_mem *m, uint64_t *place)
{
    uint64_t words[2];
    if (at.key_bytes != sizeof words)
        return REMOTE_FAULT;
    memcpy(words, at.key, sizeof words);
    *m = (struct direct_mem){.base = words[0],
                             .len = words[1] & length_mask,
                             .access = words[1] >> ACCESS_AT & 7,
                             .shared = words[1] >> SHARED_AT};
    *place = m->base + at.offset;
    bool within = at.offset <= m->len && n <= m->len - at.offset && m->base + m->len >= m->base;
    return within && (m->access & access) == access ? REMOTE_DONE : REMOTE_FAULT;
}

/* Signed sums that overflow wrap round, as those of the processor do. */
#define ARITHMETIC(name, type, wide)                                                                                   \
    static type name##_new(enum atomic_op op, type was, type with)                                                     \
    {                                                                                                                  \
        switch (op) {                                                                                                  \
        case ATOMIC_SUM:                                                                                               \
            return (type)((wide)was + (wide)with);                                                                     \
        case ATOMIC_PROD:                                                                                              \
            return (type)((wide)was * (wide)with);                                                                     \
        case ATOMIC_MIN:                                                                                               \
            return with < was ? with : was;                                                                            \
        case ATOMIC_MAX:                                                                                               \
            return with > was ? with : was;                                                                            \
        case ATOMIC_REPLACE:                                                                                           \
            return with;                                                                                               \
        default:                                                                                                       \
            return was;                                                                                                \
        }                                                                                                              \
    }
ARITHMETIC(i8, int8_t, uint32_t)
ARITHMETIC(u8, uint8_t, uint32_t)
ARITHMETIC(i16, int16_t, uint32_t)
ARITHMETIC(u16, uint16_t, uint32_t)
ARITHMETIC(i32, int32_t, uint32_t)
ARITHMETIC(u32, uint32_t, uint32_t)
ARITHMETIC(i64, int64_t, uint64_t)
ARITHMETIC(u64, uint64_t, uint64_t)
ARITHMETIC(f32, float, float)
ARITHMETIC(f64, double, double)

/* The element as bits, in the low bytes of a word. */
static uint64_t bits_of(const void *element, size_t n)
{
    union {
        uint8_t b1;
        uint16_t b2;
        uint32_t b4;
        uint64_t b8;
    } u;
    memcpy(&u, element, n);
    return n == 1 ? u.b1 : n == 2 ? u.b2 : n == 4 ? u.b4 : u.b8;
}

static void bits_put(void *element, size_t n, uint64_t bits)
{
    uint8_t b1 = (uint8_t)bits;
    uint16_t b2 = (uint16_t)bits;
    uint32_t b4 = (uint32_t)bits;
    memcpy(element, n == 1 ? (void *)&b1 : n == 2 ? (void *)&b2 : n == 4 ? (void *)&b4 : (void *)&bits, n);
}

#define AS(name, type)                                                                                                 \
    {                                                                                                                  \
        type a, b;                                                                                                     \
        bits_put(&a, sizeof a, was);                                                                                   \
        bits_put(&b, sizeof b, with);                                                                                  \
        a = name##_new(op, a, b);                                                                                      \
        return bits_of(&a, sizeof a);                                                                                  \
    }

/* What takes the place of an element. */
static uint64_t computed(enum atomic_op op, enum atomic_type type, uint64_t was, uint64_t with)
{
    switch (type) {
    case ATOMIC_I8:
        AS(i8, int8_t)
    case ATOMIC_U8:
        AS(u8, uint8_t)
    case ATOMIC_I16:
        AS(i16, int16_t)
    case ATOMIC_U16:
        AS(u16, uint16_t)
    case ATOMIC_I32:
        AS(i32, int32_t)
    case ATOMIC_U32:
        AS(u32, uint32_t)
    case ATOMIC_I64:
        AS(i64, int64_t)
    case ATOMIC_U64:
        AS(u64, uint64_t)
    case ATOMIC_F32:
        AS(f32, float)
    case ATOMIC_F64:
        AS(f64, double)
    default:
        return was;
    }
}

/* Of each size: what the processor does in one instruction, and the loop for what it does not. Sequentially consistent,
 * since an atomic may be a lock, or its release. */
#define ON_CELL(name, cell)                                                                                            \
    static uint64_t name(cell *at, const struct atomic_call *c, uint64_t with, uint64_t compare)                       \
    {                                                                                                                  \
        cell old = (cell)compare;                                                                                      \
        bool whole = c->type != ATOMIC_F32 && c->type != ATOMIC_F64;                                                   \
        switch (c->op) {                                                                                               \
        case ATOMIC_FETCH:                                                                                             \
            return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                                              \
        case ATOMIC_REPLACE:                                                                                           \
            return __atomic_exchange_n(at, (cell)with, __ATOMIC_SEQ_CST);                                              \
        case ATOMIC_SWAP_IF:                                                                                           \
            __atomic_compare_exchange_n(at, &old, (cell)with, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);              \
            return old;                                                                                                \
        case ATOMIC_AND:                                                                                               \
            return __atomic_fetch_and(at, (cell)with, __ATOMIC_SEQ_CST);                                               \
        case ATOMIC_OR:                                                                                                \
            return __atomic_fetch_or(at, (cell)with, __ATOMIC_SEQ_CST);                                                \
        case ATOMIC_XOR:                                                                                               \
            return __atomic_fetch_xor(at, (cell)with, __ATOMIC_SEQ_CST);                                               \
        case ATOMIC_SUM:                                                                                               \
            if (whole)                                                                                                 \
                return __atomic_fetch_add(at, (cell)with, __ATOMIC_SEQ_CST);                                           \
            break;                                                                                                     \
        default:                                                                                                       \
            break;                                                                                                     \
        }                                                                                                              \
        old = __atomic_load_n(at, __ATOMIC_RELAXED);                                                                   \
        while (!__atomic_compare_exchange_n(at, &old, (cell)computed(c->op, c->type, old, with), true,                 \
                                            __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))                                       \
            ;                                                                                                          \
        return old;                                                                                                    \
    }
ON_CELL(on_1, uint8_t)
ON_CELL(on_2, uint16_t)
ON_CELL(on_4, uint32_t)
#if __GCC_ATOMIC_LLONG_LOCK_FREE == 2
ON_CELL(on_8, uint64_t)
#endif

enum remote_state direct_atomic(void *at, const struct atomic_call *c)
{
    if ((unsigned)c->op >= ATOMIC_OPS || (unsigned)c->type >= ATOMIC_TYPES)
        return REMOTE_NEVER;
    size_t n = atomic_size(c->type);
    uint64_t with = c->op == ATOMIC_FETCH ? 0 : bits_of(c->operand, n), was = 0;
    uint64_t compare = c->op == ATOMIC_SWAP_IF ? bits_of(c->compare, n) : 0;
    if ((uintptr_t)at % n != 0)
        return REMOTE_FAULT;
    switch (n) {
    case 1:
        was = on_1(at, c, with, compare);
        break;
    case 2:
        was = on_2(at, c, with, compare);
        break;
    case 4:
        was = on_4(at, c, with, compare);
        break;
    default:
#if __GCC_ATOMIC_LLONG_LOCK_FREE == 2
        was = on_8(at, c, with, compare);
        break;
#else
        return REMOTE_NEVER;
#endif
    }
    if (c->was)
        bits_put(c->was, n, was);
    return REMOTE_DONE;
}
