/* SPDX-License-Identifier: BSD-3-Clause
 *
 * info_env: command, arguments, numbers and places of this process. What is not known is left out. */
#include "lib/init/info_env.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/core/state.h"
#include "lib/init/thread_level.h"
#include "lib/object/info.h"
#include "lib/object/memory_kinds.h"

/* Values longer than the standard's are cut. */
static void put(struct info *i, const char *key, const char *value)
{
    char text[MPI_MAX_INFO_VAL];
    if (!value || !*value)
        return;
    snprintf(text, sizeof text, "%s", value);
    if (info_put(i, key, text) != MPI_SUCCESS)
        return; /* less is known */
}

static void put_command(struct info *i, int argc, char **argv)
{
    char all[MPI_MAX_INFO_VAL] = "";
    size_t used = 0;
    put(i, "command", argc > 0 ? argv[0] : NULL);
    for (int k = 1; k < argc && argv[k] && used < sizeof all; k++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", k > 1 ? " " : "", argv[k]);
    put(i, "argv", all);
}

/* The command line as the kernel has it, for programs that do not hand theirs on. */
static void put_own_command(struct info *i)
{
    enum { WORDS = 256 };
    char text[2 * MPI_MAX_INFO_VAL], *words[WORDS];
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC), count = 0;
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
    for (char *at = text; at < text + n && count < WORDS; at += strlen(at) + 1)
        words[count++] = at;
    put_command(i, count, words);
}

/* Processes that were asked for with this command: our launcher says it; another one, if it has one command alone. */
static void put_number(struct info *i)
{
    char own[16];
    const char *told = getenv("MUSTER_APPSIZE");
    snprintf(own, sizeof own, "%d", boot.size);
    if (!told && (boot.size == 1 || boot.appnum < 0))
        told = own;
    put(i, "maxprocs", told);
    put(i, "soft", told);
}

static void put_place(struct info *i)
{
    char text[MPI_MAX_INFO_VAL];
    struct utsname u;
    if (gethostname(text, sizeof text) == 0)
        put(i, "host", text);
    if (uname(&u) == 0)
        put(i, "arch", u.machine);
    if (getcwd(text, sizeof text))
        put(i, "wdir", text);
    put(i, MEMORY_KINDS_KEY, getenv(MEMORY_KINDS_ENV));
}

void info_env_begin(int argc, char **argv, int required)
{
    struct info *i = info_of(MPI_INFO_ENV);
    if (argc > 0 && argv && argv[0])
        put_command(i, argc, argv);
    else
        put_own_command(i);
    put_number(i);
    put_place(i);
    put(i, "thread_level", thread_level_name(required));
}

/* The same of a command line that is given, at any time: of a program that has not begun MPI, or does so by sessions.
 */
int mpi_info_create_env(int argc, char *argv[], MPI_Info *info)
{
    struct info *i = info_new();
    if (!i)
        return MPI_ERR_NO_MEM;
    if (argc > 0 && argv && argv[0])
        put_command(i, argc, argv);
    else
        put_own_command(i);
    if (lib.booted)
        put_number(i);
    put_place(i);
    *info = (MPI_Info)i->obj.handle;
    return MPI_SUCCESS;
}
