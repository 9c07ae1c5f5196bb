/* SPDX-License-Identifier: BSD-3-Clause
 *
 * flux: proxies beside the brokers of the Flux instance that mpiexec runs in.
 */
#ifndef LAUNCHER_START_FLUX_H
#define LAUNCHER_START_FLUX_H

#include "common/start.h"

extern const struct start_ops start_flux;

#endif
