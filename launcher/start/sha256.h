/* SPDX-License-Identifier: BSD-3-Clause
 *
 * sha256: what a file holds, as sha256sum tells it on any host.
 */
#ifndef LAUNCHER_START_SHA256_H
#define LAUNCHER_START_SHA256_H

#include <stddef.h>

/* FIPS 180-4, section 6.2; in lower-case hex digits. */
void sha256_text(const void *data, size_t n, char text[65]);

#endif
