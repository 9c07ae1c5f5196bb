/* SPDX-License-Identifier: BSD-3-Clause
 *
 * registry: the greeting.
 */
#include "wire/registry.h"

#include <string.h>

struct registry_hello registry_greet(void)
{
    return (struct registry_hello){.version = REGISTRY_VERSION, .release = MUSTER_VERSION};
}
