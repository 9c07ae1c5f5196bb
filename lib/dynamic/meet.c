/* SPDX-License-Identifier: BSD-3-Clause
 *
 * meet: accept, connect and join (MPI 5.0, sections 11.9 and 11.10). */
#include "lib/dynamic/meet.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/bindings/impl.h"
#include "lib/core/clock.h"
#include "lib/core/error.h"
#include "lib/core/knobs.h"
#include "lib/dynamic/port.h"
#include "lib/dynamic/socket.h"
#include "lib/dynamic/timeout.h"
#include "lib/p2p/forget.h"

int meet_by(struct comm *comm, int root, const struct meet_way *way, MPI_Comm *newcomm)
{
    unsigned char *addresses;
    int fd = -1, error = MPI_SUCCESS;
    if (comm->inter) {
        error_detail_set(MPI_ERR_COMM, "comm is an intercommunicator");
        return MPI_ERR_COMM;
    }
    forget_jobs();
    /* First, so that the other root waits for this one alone. */
    int rc = meeting_addresses(comm, root, &addresses);
    if (rc != MPI_SUCCESS)
        return rc;
    if (comm->rank == root)
        error = way->reach(way->arg, &fd);
    struct socket_line line = socket_line(fd, comm);
    line.line.counts = way->counts;
    rc = meeting_create(comm, root, &line.line, true, addresses, error, newcomm);
    if (fd >= 0 && !way->keeps)
        close(fd);
    free(addresses);
    return rc;
}

/* What accept and connect are told, which counts at the root alone. */
struct asked {
    const char *name;
    const struct info *info;
    const struct comm *comm;
    double patience; /* seconds; < 0: for ever */
};

static int64_t until(double patience)
{
    return patience < 0 ? SOCKET_FOREVER : clock_ns() + (int64_t)(patience * 1e9);
}

static int reach_accept(void *arg, int *fd)
{
    struct asked *a = arg;
    struct port *p = a->name ? port_find(a->name) : NULL;
    if (!p) {
        error_detail_set(MPI_ERR_PORT, "that is not the name of a port that is open in this process");
        return MPI_ERR_PORT;
    }
    int rc = timeout_read(a->info, &a->patience);
    if (rc != MPI_SUCCESS)
        return rc;
    *fd = port_accept(p, &(struct socket_patience){until(a->patience), a->comm, NULL, NULL});
    return *fd >= 0 ? MPI_SUCCESS : MPI_ERR_PORT;
}

static int reach_connect(void *arg, int *fd)
{
    struct asked *a = arg;
    int rc = timeout_read(a->info, &a->patience);
    if (rc != MPI_SUCCESS)
        return rc;
    *fd = port_connect(a->name ? a->name : "", until(a->patience), a->comm);
    return *fd >= 0 ? MPI_SUCCESS : MPI_ERR_PORT;
}

int mpi_comm_accept(const char *port_name, struct info *info, int root, struct comm *comm, MPI_Comm *newcomm)
{
    struct asked a = {port_name, info, comm, -1};
    return meet_by(comm, root, &(struct meet_way){reach_accept, &a, false, TIES_LOW}, newcomm);
}

int mpi_comm_connect(const char *port_name, struct info *info, int root, struct comm *comm, MPI_Comm *newcomm)
{
    struct asked a = {port_name, info, comm, (double)knobs.CONNECT_TIMEOUT};
    return meet_by(comm, root, &(struct meet_way){reach_connect, &a, false, TIES_LOW}, newcomm);
}

/* Both say which library they are of: what comes from another one would be taken for a roster. Who is first waits for
 * the other one as long as it takes. */
static int reach_join(void *arg, int *fd)
{
    static const char ours[16] = "Muster join 1";
    char its[sizeof ours] = "";
    int type, error, s = *(int *)arg;
    socklen_t n = sizeof type;
    if (getsockopt(s, SOL_SOCKET, SO_TYPE, &type, &n) != 0 || type != SOCK_STREAM) {
        error_detail_set(MPI_ERR_ARG, "fd is %d, which is not a connected stream socket", s);
        return MPI_ERR_ARG;
    }
    *fd = s;
    error = socket_send(s, ours, sizeof ours, SOCKET_FOREVER, NULL);
    if (error == 0)
        error = socket_recv(s, its, sizeof its, SOCKET_FOREVER, NULL);
    if (error != 0) {
        error_detail_set(MPI_ERR_PORT, "the other end of the socket is lost: %s", socket_error(error));
        return MPI_ERR_PORT;
    }
    if (memcmp(ours, its, sizeof ours) != 0) {
        error_detail_set(MPI_ERR_OTHER, "the other end of the socket is not in MPI_Comm_join of this library");
        return MPI_ERR_OTHER;
    }
    return MPI_SUCCESS;
}

int mpi_comm_join(int fd, MPI_Comm *intercomm)
{
    return meet_by(&comm_self, 0, &(struct meet_way){reach_join, &fd, true, TIES_LOW}, intercomm);
}

/* ---- ports ---- */

int mpi_open_port(struct info *info, char *port_name_out)
{
    struct port *p;
    int rc = port_open(&p);
    if (rc == MPI_SUCCESS)
        snprintf(port_name_out, MPI_MAX_PORT_NAME, "%s", port_name(p));
    return rc;
}

int mpi_close_port(const char *name)
{
    struct port *p = port_find(name);
    if (!p) {
        error_detail_set(MPI_ERR_PORT, "that is not the name of a port that is open in this process");
        return MPI_ERR_PORT;
    }
    port_close(p);
    return MPI_SUCCESS;
}
