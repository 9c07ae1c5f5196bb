/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LIB_CORE_INIT_H
#define LIB_CORE_INIT_H

#define MUSTER_VERSION_TEXT "Muster 0.1.0, MPI 5.0, standard ABI 1.0"

#endif
