/* SPDX-License-Identifier: BSD-3-Clause
 *
 * MPI_INFO_ENV says how the process was started, whether the program hands its arguments on or not; MPI_Info_create_env
 * says it of arguments that are given, at any time. As arguments "of N": so many processes of this program. */
#include <sys/utsname.h>
#include <unistd.h>
#include "../check.h"

static const char *get(MPI_Info i, const char *key)
{
    static char value[MPI_MAX_INFO_VAL];
    int room = sizeof value, flag;
    OK(MPI_Info_get_string(i, key, &room, value, &flag));
    return flag ? value : "(none)";
}

static void expect(MPI_Info i, const char *key, const char *want)
{
    if (strcmp(get(i, key), want) != 0)
        fprintf(stderr, "%s is %s, not %s\n", key, get(i, key), want);
    CHECK(strcmp(get(i, key), want) == 0);
}

static void places(MPI_Info i)
{
    char text[MPI_MAX_INFO_VAL];
    struct utsname u;
    uname(&u);
    expect(i, "arch", u.machine);
    expect(i, "host", u.nodename);
    if (getcwd(text, sizeof text))
        expect(i, "wdir", text);
}

static void created(void)
{
    char *args[] = {(char *)"./program", (char *)"two", (char *)"words", NULL};
    MPI_Info i;
    OK(MPI_Info_create_env(3, args, &i));
    expect(i, "command", "./program");
    expect(i, "argv", "two words");
    places(i);
    OK(MPI_Info_free(&i));
}

int main(int argc, char **argv)
{
    const char *number = argc > 2 ? argv[2] : NULL;
    char all[20], args[200] = "";
    int provided;
    created();
    for (int i = 1; i < argc; i++)
        strcat(strcat(args, i > 1 ? " " : ""), argv[i]);
    OK(MPI_Init_thread(number ? &argc : NULL, number ? &argv : NULL, MPI_THREAD_FUNNELED, &provided));
    OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    snprintf(all, sizeof all, "%d", size);
    expect(MPI_INFO_ENV, "command", argv[0]);
    expect(MPI_INFO_ENV, "argv", number ? args : "(none)");
    expect(MPI_INFO_ENV, "maxprocs", number ? number : all);
    expect(MPI_INFO_ENV, "soft", number ? number : all);
    expect(MPI_INFO_ENV, "thread_level", "MPI_THREAD_FUNNELED");
    places(MPI_INFO_ENV);
    FAILS(MPI_ERR_INFO, MPI_Info_set(MPI_INFO_ENV, "command", "another"));
    FAILS(MPI_ERR_INFO, MPI_Info_delete(MPI_INFO_ENV, "command"));
    expect(MPI_INFO_ENV, "command", argv[0]);
    created();
    OK(MPI_Finalize());
    created();
    return 0;
}
