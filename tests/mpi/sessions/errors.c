/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Error handlers of sessions, and what is told to the handler that MPI_Session_init and MPI_Comm_create_from_group are
 * given; thread levels; wrong arguments. */
#include "../check.h"

static int calls, last;
static MPI_Session called_on;

static void on_session(MPI_Session *s, int *code, ...)
{
    calls++;
    last = *code;
    called_on = *s;
}

static int comm_calls;
static void on_comm(MPI_Comm *c, int *code, ...)
{
    comm_calls++;
    CHECK(*c == MPI_COMM_NULL && *code != MPI_SUCCESS);
}

static void handlers(MPI_Session s)
{
    MPI_Errhandler mine, got, of_comm;
    MPI_Group g = MPI_GROUP_NULL;
    OK(MPI_Session_get_errhandler(s, &got));
    CHECK(got == MPI_ERRORS_RETURN);
    OK(MPI_Errhandler_free(&got));
    OK(MPI_Session_create_errhandler(on_session, &mine));
    OK(MPI_Comm_create_errhandler(on_comm, &of_comm));
    FAILS(MPI_ERR_ERRHANDLER, MPI_Session_set_errhandler(s, of_comm));
    FAILS(MPI_ERR_ERRHANDLER, MPI_Session_set_errhandler(s, MPI_ERRHANDLER_NULL));
    OK(MPI_Session_set_errhandler(s, mine));
    OK(MPI_Session_get_errhandler(s, &got));
    CHECK(got == mine);
    OK(MPI_Errhandler_free(&got));
    FAILS(MPI_ERR_ARG, MPI_Group_from_session_pset(s, "no such set", &g));
    CHECK(calls == 1 && last == MPI_ERR_ARG && called_on == s);
    OK(MPI_Session_call_errhandler(s, MPI_ERR_IO));
    CHECK(calls == 2 && last == MPI_ERR_IO && called_on == s);
    OK(MPI_Errhandler_free(&mine)); /* the session holds it */
    FAILS(MPI_ERR_ARG, MPI_Group_from_session_pset(s, "no such set", &g));
    CHECK(calls == 3);

    MPI_Comm c = MPI_COMM_NULL;
    char longer[MPI_MAX_STRINGTAG_LEN + 2];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    OK(MPI_Group_from_session_pset(s, "mpi://WORLD", &g));
    FAILS(MPI_ERR_ARG, MPI_Comm_create_from_group(g, longer, MPI_INFO_NULL, of_comm, &c));
    CHECK(comm_calls == 1 && calls == 3 && c == MPI_COMM_NULL);
    OK(MPI_Comm_create_from_group(MPI_GROUP_EMPTY, "empty", MPI_INFO_NULL, of_comm, &c));
    CHECK(c == MPI_COMM_NULL);
    OK(MPI_Group_free(&g));
    OK(MPI_Errhandler_free(&of_comm));
}

static void thread_level(const char *asked, const char *given)
{
    MPI_Info info, used;
    MPI_Session s;
    char value[30];
    int flag;
    OK(MPI_Info_create(&info));
    if (asked)
        OK(MPI_Info_set(info, "thread_level", asked));
    OK(MPI_Session_init(info, MPI_ERRORS_RETURN, &s));
    OK(MPI_Session_get_info(s, &used));
    OK(MPI_Info_get(used, "thread_level", 29, value, &flag));
    CHECK(flag && strcmp(value, given) == 0);
    OK(MPI_Info_free(&info));
    OK(MPI_Info_free(&used));
    OK(MPI_Session_finalize(&s));
}

static void gone(void)
{
    MPI_Session s, was;
    int n;
    OK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &s));
    was = s;
    OK(MPI_Session_finalize(&s));
    CHECK(s == MPI_SESSION_NULL);
    FAILS(MPI_ERR_SESSION, MPI_Session_get_num_psets(was, MPI_INFO_NULL, &n));
    FAILS(MPI_ERR_SESSION, MPI_Session_get_num_psets(MPI_SESSION_NULL, MPI_INFO_NULL, &n));
    FAILS(MPI_ERR_SESSION, MPI_Session_get_num_psets((MPI_Session)MPI_COMM_WORLD, MPI_INFO_NULL, &n));
    FAILS(MPI_ERR_SESSION, MPI_Session_finalize(&was));
    FAILS(MPI_ERR_SESSION, MPI_Session_finalize(&s));
    FAILS(MPI_ERR_ARG, MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, NULL));
    FAILS(MPI_ERR_ERRHANDLER, MPI_Session_init(MPI_INFO_NULL, MPI_ERRHANDLER_NULL, &s));
    FAILS(MPI_ERR_INFO, MPI_Session_init((MPI_Info)MPI_ERRORS_RETURN, MPI_ERRORS_RETURN, &s));
}

int main(int argc, char **argv)
{
    MPI_Session s;
    OK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &s));
    handlers(s);
    OK(MPI_Session_finalize(&s));
    thread_level(NULL, "MPI_THREAD_MULTIPLE");
    thread_level("MPI_THREAD_SINGLE", "MPI_THREAD_SINGLE");
    thread_level("MPI_THREAD_FUNNELED", "MPI_THREAD_FUNNELED");
    thread_level("MPI_THREAD_SERIALIZED", "MPI_THREAD_SERIALIZED");
    thread_level("MPI_THREAD_MULTIPLE", "MPI_THREAD_MULTIPLE");
    thread_level("whatever", "MPI_THREAD_MULTIPLE");
    begin(&argc, &argv); /* whose handler takes errors of what is no session */
    gone();
    return end();
}
