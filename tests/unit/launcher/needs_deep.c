/* SPDX-License-Identifier: BSD-3-Clause
 *
 * needs_deep: a library that a library needs. */
__attribute__((visibility("default"))) int needs_deep(void);

int needs_deep(void)
{
    return 7;
}
