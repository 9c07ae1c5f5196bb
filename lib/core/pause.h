/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pause: what a loop does that looks at one word until it changes. */
#ifndef LIB_CORE_PAUSE_H
#define LIB_CORE_PAUSE_H

static inline void pause_cpu(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
