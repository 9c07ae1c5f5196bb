/* SPDX-License-Identifier: BSD-3-Clause
 *
 * names: published names (MPI 5.0, section 11.9.4), which the launcher keeps. */
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/comm/ask.h"
#include "lib/core/error.h"
#include "lib/dynamic/timeout.h"

int mpi_publish_name(const char *service_name, struct info *info, const char *port_name)
{
    return ask_await(&(struct boot_ask){.what = BOOT_PUBLISH, .name = service_name, .port = port_name});
}

int mpi_unpublish_name(const char *service_name, struct info *info, const char *port_name)
{
    return ask_await(&(struct boot_ask){.what = BOOT_UNPUBLISH, .name = service_name, .port = port_name});
}

/* Info's "timeout": so long the name may take to be published. */
int mpi_lookup_name(const char *service_name, struct info *info, char *port_name)
{
    struct boot_ask a = {.what = BOOT_LOOKUP, .name = service_name};
    int rc = timeout_read(info, &a.patience);
    if (rc == MPI_SUCCESS)
        rc = ask_await(&a);
    if (rc == MPI_SUCCESS && strlen(a.found) >= MPI_MAX_PORT_NAME) {
        error_detail_set(MPI_ERR_NAME, "the port that is published is longer than MPI_MAX_PORT_NAME");
        rc = MPI_ERR_NAME;
    }
    if (rc == MPI_SUCCESS)
        strcpy(port_name, a.found);
    return rc;
}
