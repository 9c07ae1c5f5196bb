/* SPDX-License-Identifier: BSD-3-Clause
 *
 * needs_lib: a library that test_needs is linked with. */
int needs_deep(void);
__attribute__((visibility("default"))) int needs_lib(void);

int needs_lib(void)
{
    return needs_deep();
}
