/* SPDX-License-Identifier: BSD-3-Clause
 *
 * version: what MPI_Get_library_version says. */
#ifndef LIB_INIT_VERSION_H
#define LIB_INIT_VERSION_H

#define MUSTER_VERSION_TEXT "Muster 0.1.0, MPI 5.0, standard ABI 1.0"

#endif
