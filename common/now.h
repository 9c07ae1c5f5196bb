/* SPDX-License-Identifier: BSD-3-Clause
 *
 * now: the time that programs put on what they tell one another.
 */
#ifndef COMMON_NOW_H
#define COMMON_NOW_H

#include <stdint.h>

uint64_t now_ns(void); /* ns, CLOCK_REALTIME */

#endif
