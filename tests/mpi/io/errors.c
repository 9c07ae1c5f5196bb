/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the file system refuses comes back as the class that the standard has for it, on each rank that could learn of
 * it, with what was moved before in the status; and the file is usable afterwards. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "place.h"

static MPI_File f;

static void opening(void)
{
    enum { MAKE = MPI_MODE_CREATE | MPI_MODE_RDWR };
    char deep[5000], path[400];
    snprintf(path, sizeof path, "%s", file_in("dir"));
    if (rank == 0)
        CHECK(mkdir(path, 0777) == 0);
    OK(MPI_Barrier(world));
    FAILS(MPI_ERR_BAD_FILE, MPI_File_open(world, path, MPI_MODE_RDWR, MPI_INFO_NULL, &f));
    FAILS(MPI_ERR_NO_SUCH_FILE, MPI_File_open(world, file_in("no/such"), MAKE, MPI_INFO_NULL, &f));
    FAILS(MPI_ERR_NO_SUCH_FILE, MPI_File_open(world, "", MPI_MODE_RDONLY, MPI_INFO_NULL, &f));
    memset(deep, 'x', sizeof deep);
    deep[sizeof deep - 1] = 0;
    FAILS(MPI_ERR_BAD_FILE, MPI_File_open(world, deep, MAKE, MPI_INFO_NULL, &f));
    FAILS(MPI_ERR_AMODE, MPI_File_open(world, file_in("m"), MPI_MODE_RDONLY | MPI_MODE_WRONLY, MPI_INFO_NULL, &f));
    FAILS(MPI_ERR_AMODE, MPI_File_open(world, file_in("m"), MPI_MODE_SEQUENTIAL | MAKE, MPI_INFO_NULL, &f));
    FAILS(MPI_ERR_AMODE, MPI_File_open(world, file_in("m"), MAKE | 1 << 20, MPI_INFO_NULL, &f));
    FAILS(MPI_ERR_NO_SUCH_FILE, MPI_File_delete(file_in("m"), MPI_INFO_NULL));
    OK(MPI_Barrier(world));
    if (rank == 0) {
        FAILS(MPI_ERR_BAD_FILE, MPI_File_delete(path, MPI_INFO_NULL));
        CHECK(rmdir(path) == 0);
    }
    /* without permission: not for the superuser, who may all */
    OK(MPI_File_open(world, file_in("closed"), MAKE, MPI_INFO_NULL, &f));
    OK(MPI_File_close(&f));
    if (rank == 0)
        CHECK(chmod(file_in("closed"), 0) == 0);
    OK(MPI_Barrier(world));
    if (geteuid() != 0)
        FAILS(MPI_ERR_ACCESS, MPI_File_open(world, file_in("closed"), MPI_MODE_RDONLY, MPI_INFO_NULL, &f));
    OK(MPI_Barrier(world));
    if (rank == 0)
        OK(MPI_File_delete(file_in("closed"), MPI_INFO_NULL));
    OK(MPI_Barrier(world));
}

/* A name with another library's prefix. */
static void prefixed(void)
{
    char name[400];
    snprintf(name, sizeof name, "ufs:%s", file_in("prefixed"));
    OK(MPI_File_open(world, name, MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &f));
    OK(MPI_File_close(&f));
    CHECK(access(file_in("prefixed"), F_OK) == 0);
    OK(MPI_Barrier(world));
    if (rank == 0)
        OK(MPI_File_delete(name, MPI_INFO_NULL));
    OK(MPI_Barrier(world));
    CHECK(access(file_in("prefixed"), F_OK) != 0 && errno == ENOENT);
}

static void wrong_use(void)
{
    MPI_Offset where;
    char c = 'x';
    OK(MPI_File_open(world, file_in("use"), MPI_MODE_CREATE | MPI_MODE_WRONLY, MPI_INFO_NULL, &f));
    FAILS(MPI_ERR_ACCESS, MPI_File_read(f, &c, 1, MPI_BYTE, MPI_STATUS_IGNORE));
    FAILS(MPI_ERR_ACCESS, MPI_File_read_shared(f, &c, 1, MPI_BYTE, MPI_STATUS_IGNORE));
    FAILS(MPI_ERR_ACCESS, MPI_File_read_ordered(f, &c, 1, MPI_BYTE, MPI_STATUS_IGNORE));
    FAILS(MPI_ERR_ARG, MPI_File_write_at(f, INT64_MAX, &c, 1, MPI_BYTE, MPI_STATUS_IGNORE));
    FAILS(MPI_ERR_ARG, MPI_File_seek(f, -1, MPI_SEEK_SET));
    FAILS(MPI_ERR_ARG, MPI_File_get_byte_offset(f, -1, &where));
    FAILS(MPI_ERR_ARG, MPI_File_set_size(f, -1));
    if (size > 1)
        FAILS(MPI_ERR_NOT_SAME, MPI_File_set_size(f, rank == 0));
    OK(MPI_File_close(&f));
    OK(MPI_File_open(world, file_in("use"), MPI_MODE_RDONLY | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL, &f));
    FAILS(MPI_ERR_READ_ONLY, MPI_File_set_size(f, 1));
    FAILS(MPI_ERR_READ_ONLY, MPI_File_preallocate(f, 1));
    FAILS(MPI_ERR_READ_ONLY, MPI_File_write_shared(f, &c, 1, MPI_BYTE, MPI_STATUS_IGNORE));
    FAILS(MPI_ERR_READ_ONLY, MPI_File_write_ordered(f, &c, 1, MPI_BYTE, MPI_STATUS_IGNORE));
    OK(MPI_File_close(&f));
}

/* A file that may not grow beyond `limit`: what fits is written, the rest is told of, and what was there before stays.
 */
static void limited(MPI_Offset limit, bool vector, int cls)
{
    enum { N = 3000 };
    static int x[2 * N];
    int fits = (int)(limit / (MPI_Offset)sizeof(int)), n;
    MPI_Datatype t;
    MPI_Status s;
    OK(MPI_Type_vector(N, 1, vector ? 2 : 1, MPI_INT, &t));
    OK(MPI_Type_commit(&t));
    for (int i = 0; i < N; i++)
        x[vector ? 2 * i : i] = i + 1;
    OK(MPI_File_open(MPI_COMM_SELF, file_in(rank == 0 ? "limited" : "limited too"),
                     MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL, &f));
    OK(MPI_File_set_view(f, 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    FAILS(cls, MPI_File_write_at(f, 0, x, 1, t, &s));
    OK(MPI_Get_count(&s, MPI_BYTE, &n)); /* the last int may be there in part */
    CHECK(n > 0 && n / 4 <= fits);
    FAILS(cls, MPI_File_write(f, x, 1, t, &s));
    MPI_Offset position;
    OK(MPI_File_get_position(f, &position));
    OK(MPI_Get_count(&s, MPI_BYTE, &n));
    n /= 4;
    CHECK(position == n && n > 0 && n <= fits);
    memset(x, 0, sizeof x);
    OK(MPI_File_read_at(f, 0, x, n, MPI_INT, &s));
    for (int i = 0; i < n; i++)
        CHECK(x[i] == i + 1);
    OK(MPI_File_set_size(f, 0));
    OK(MPI_File_write_at(f, 0, x, n < 10 ? n : 10, MPI_INT, &s));
    OK(MPI_File_close(&f));
    OK(MPI_Type_free(&t));
}

/* The kernel's own limit for files, which ends a process that it catches. */
static void too_large(void)
{
    struct rlimit before, limit;
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    for (int i = 0; i < 6; i++) {
        limit = before;
        limit.rlim_cur = 4096 + (rlim_t)i * 1111;
        if (before.rlim_max != RLIM_INFINITY && before.rlim_max < limit.rlim_cur)
            return;
        CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
        limited((MPI_Offset)limit.rlim_cur, i % 2, MPI_ERR_NO_SPACE);
    }
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
}

/* A small file system in memory, that this process alone sees under that name; the others by /proc. */
static bool full_make(const char *path, int bytes)
{
    char size_is[32];
    snprintf(size_is, sizeof size_is, "size=%d", bytes);
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("muster", path, "tmpfs", 0, size_is) == 0;
}

/* All write at once, until it is full: somebody is told, and what others were told that they have written is there. */
static void full_together(const char *name, bool collective)
{
    enum { N = 5000 };
    static int x[N], got[N];
    int failed = 0, any, n, total = 0;
    MPI_Status s;
    OK(MPI_File_open(world, name, MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &f));
    OK(MPI_File_set_view(f, (MPI_Offset)rank * 40 * N * 4, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    for (int i = 0; i < N; i++)
        x[i] = rank * N + i;
    for (int i = 0; i < 40; i++) {
        int rc = collective ? MPI_File_write_all(f, x, N, MPI_INT, &s) : MPI_File_write(f, x, N, MPI_INT, &s), cls;
        OK(MPI_Error_class(rc, &cls));
        CHECK(cls == MPI_SUCCESS || cls == MPI_ERR_NO_SPACE);
        OK(MPI_Get_count(&s, MPI_INT, &n));
        if (cls == MPI_SUCCESS)
            CHECK(n == N);
        failed |= cls != MPI_SUCCESS;
        OK(MPI_Allreduce(&failed, &any, 1, MPI_INT, MPI_MAX, world));
        if (any)
            break;
        total += N;
    }
    CHECK(any);
    OK(MPI_Barrier(world));
    for (int at = 0; at < total; at += N) {
        OK(MPI_File_read_at(f, at, got, N, MPI_INT, &s));
        CHECK(memcmp(got, x, sizeof x) == 0);
    }
    OK(MPI_Barrier(world));
    FAILS(MPI_ERR_NO_SPACE, MPI_File_preallocate(f, 1 << 24));
    OK(MPI_File_set_size(f, 0));
    if (rank == 0)
        OK(MPI_File_write_at(f, 0, x, 100, MPI_INT, &s));
    OK(MPI_File_close(&f));
    OK(MPI_Barrier(world));
    if (rank == 0)
        OK(MPI_File_delete(name, MPI_INFO_NULL));
    OK(MPI_Barrier(world));
}

static void read_only(const char *dir, const char *name)
{
    if (rank == 0)
        CHECK(mount(NULL, dir, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
    OK(MPI_Barrier(world));
    FAILS(MPI_ERR_READ_ONLY, MPI_File_open(world, name, MPI_MODE_CREATE | MPI_MODE_WRONLY, MPI_INFO_NULL, &f));
    OK(MPI_Barrier(world));
}

static void full(void)
{
    char dir[400], name[512] = "";
    unsigned seed = 4711;
    snprintf(dir, sizeof dir, "%s", file_in("full"));
    if (rank == 0 && mkdir(dir, 0777) == 0 && full_make(dir, 4096 * (10 + (int)(draw(&seed) % 40) * size)))
        snprintf(name, sizeof name, "/proc/%d/root%s/file", (int)getpid(), dir);
    OK(MPI_Bcast(name, sizeof name, MPI_CHAR, 0, world));
    if (!name[0]) {
        if (rank == 0)
            printf("no file system can be mounted here (that takes a superuser): a full one is not tried\n");
    } else {
        full_together(name, false);
        full_together(name, true);
        read_only(dir, name);
    }
    OK(MPI_Barrier(world));
    if (rank == 0) {
        if (name[0])
            CHECK(umount(dir) == 0);
        CHECK(rmdir(dir) == 0);
    }
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    place_begin();
    opening();
    prefixed();
    wrong_use();
    OK(MPI_Barrier(world));
    if (rank < 2)
        too_large();
    full();
    place_end();
    return end();
}
