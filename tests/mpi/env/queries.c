/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Time, names, addresses, memory, info objects, integers for handles, what the ABI says of itself. */
#include "../check.h"
#include <unistd.h>

static void time_and_place(void)
{
    char name[MPI_MAX_PROCESSOR_NAME], host[MPI_MAX_PROCESSOR_NAME];
    double t = MPI_Wtime(), tick = MPI_Wtick();
    int n;
    usleep(20000);
    t = MPI_Wtime() - t;
    CHECK(t >= 0.02 && t < 20 && tick > 0 && tick < 1e-3);
    OK(MPI_Get_processor_name(name, &n));
    CHECK(n > 0 && n == (int)strlen(name));
    CHECK(gethostname(host, sizeof host) == 0 && strcmp(host, name) == 0);
    OK(MPI_Pcontrol(1));
    OK(MPI_Pcontrol(2, "more", 3.0));
}

static void memory(void)
{
    static struct {
        char c;
        double d[3];
    } s;
    MPI_Aint a, b;
    char *p = NULL;
    OK(MPI_Get_address(&s, &a));
    OK(MPI_Get_address(&s.d[1], &b));
    CHECK(MPI_Aint_diff(b, a) == (char *)&s.d[1] - (char *)&s && MPI_Aint_add(a, MPI_Aint_diff(b, a)) == b);
    OK(MPI_Get_address(MPI_BOTTOM, &a));
    CHECK(a == 0);
    OK(MPI_Alloc_mem(1000, MPI_INFO_NULL, &p));
    memset(p, 1, 1000);
    OK(MPI_Free_mem(p));
    OK(MPI_Alloc_mem(0, MPI_INFO_NULL, &p));
    OK(MPI_Free_mem(p));
    FAILS(MPI_ERR_ARG, MPI_Alloc_mem(-1, MPI_INFO_NULL, &p));
    FAILS(MPI_ERR_NO_MEM, MPI_Alloc_mem((MPI_Aint)1 << 60, MPI_INFO_NULL, &p));
}

static void infos(void)
{
    MPI_Info i, j;
    char key[MPI_MAX_INFO_KEY + 2], value[MPI_MAX_INFO_VAL + 2], got[MPI_MAX_INFO_VAL];
    int n, flag;
    memset(key, 'k', sizeof key);
    memset(value, 'v', sizeof value);
    key[MPI_MAX_INFO_KEY - 1] = value[MPI_MAX_INFO_VAL - 1] = 0;
    OK(MPI_Info_create(&i));
    OK(MPI_Info_set(i, key, value)); /* the longest ones that there may be */
    OK(MPI_Info_get_valuelen(i, key, &n, &flag));
    CHECK(flag && n == MPI_MAX_INFO_VAL - 1);
    n = sizeof got;
    OK(MPI_Info_get_string(i, key, &n, got, &flag));
    CHECK(flag && n == MPI_MAX_INFO_VAL && strcmp(got, value) == 0);
    n = 4;
    OK(MPI_Info_get_string(i, key, &n, got, &flag));
    CHECK(flag && n == MPI_MAX_INFO_VAL && strcmp(got, "vvv") == 0);
    n = 0;
    got[0] = 'x';
    OK(MPI_Info_get_string(i, key, &n, got, &flag));
    CHECK(flag && n == MPI_MAX_INFO_VAL && got[0] == 'x');
    OK(MPI_Info_get(i, key, 2, got, &flag));
    CHECK(flag && strcmp(got, "vv") == 0);
    OK(MPI_Info_set(i, "a", "1"));
    OK(MPI_Info_set(i, "b", ""));
    OK(MPI_Info_set(i, "a", "2"));
    OK(MPI_Info_get_nkeys(i, &n));
    CHECK(n == 3);
    OK(MPI_Info_get_nthkey(i, 1, got));
    CHECK(strcmp(got, "a") == 0);
    OK(MPI_Info_dup(i, &j));
    OK(MPI_Info_delete(i, "a"));
    OK(MPI_Info_get_nthkey(i, 1, got));
    CHECK(strcmp(got, "b") == 0);
    OK(MPI_Info_get(i, "a", 10, got, &flag));
    CHECK(!flag);
    OK(MPI_Info_get(j, "a", 10, got, &flag));
    CHECK(flag && strcmp(got, "2") == 0);
    OK(MPI_Info_get_valuelen(j, "b", &n, &flag));
    CHECK(flag && n == 0);
    FAILS(MPI_ERR_INFO_NOKEY, MPI_Info_delete(i, "a"));
    FAILS(MPI_ERR_ARG, MPI_Info_get_nthkey(i, 2, got));
    FAILS(MPI_ERR_ARG, MPI_Info_get_nthkey(i, -1, got));
    FAILS(MPI_ERR_INFO_KEY, MPI_Info_set(i, "", "x"));
    key[MPI_MAX_INFO_KEY - 1] = 'k';
    key[MPI_MAX_INFO_KEY] = 0;
    FAILS(MPI_ERR_INFO_KEY, MPI_Info_set(i, key, "x"));
    FAILS(MPI_ERR_INFO_KEY, MPI_Info_get(i, key, 3, got, &flag));
    value[MPI_MAX_INFO_VAL - 1] = 'v';
    value[MPI_MAX_INFO_VAL] = 0;
    FAILS(MPI_ERR_INFO_VALUE, MPI_Info_set(i, "x", value));
    FAILS(MPI_ERR_INFO, MPI_Info_free(&(MPI_Info){MPI_INFO_ENV}));
    OK(MPI_Info_free(&i));
    OK(MPI_Info_free(&j));
    OK(MPI_Info_get_nkeys(MPI_INFO_ENV, &n));
    CHECK(n >= 0);
    char *args[] = {(char *)"program", (char *)"word", NULL};
    OK(MPI_Info_create_env(2, args, &i));
    OK(MPI_Info_get_nkeys(i, &n));
    CHECK(n >= 0);
    OK(MPI_Info_free(&i));
}

/* Fortran's integers are the same ones. */
#define INT_AND_BACK(Kind, handle)                                                                                     \
    do {                                                                                                               \
        CHECK(MPI_##Kind##_fromint(MPI_##Kind##_toint(handle)) == (handle));                                           \
        CHECK(MPI_##Kind##_c2f(handle) == MPI_##Kind##_toint(handle));                                                 \
        CHECK(MPI_##Kind##_f2c(MPI_##Kind##_c2f(handle)) == (handle) && PMPI_##Kind##_f2c(5) == MPI_##Kind##_f2c(5));  \
    } while (0)

static void integers(void)
{
    MPI_Comm c;
    MPI_Datatype t;
    MPI_Request r;
    MPI_Group g;
    MPI_Info info;
    CHECK(MPI_Comm_toint(MPI_COMM_WORLD) == (int)(MPI_Aint)MPI_COMM_WORLD); /* the ABI's own number */
    CHECK(MPI_Type_toint(MPI_DOUBLE) == (int)(MPI_Aint)MPI_DOUBLE);
    INT_AND_BACK(Comm, MPI_COMM_SELF);
    INT_AND_BACK(Comm, MPI_COMM_NULL);
    INT_AND_BACK(Errhandler, MPI_ERRORS_RETURN);
    INT_AND_BACK(File, MPI_FILE_NULL);
    INT_AND_BACK(Group, MPI_GROUP_EMPTY);
    INT_AND_BACK(Info, MPI_INFO_ENV);
    INT_AND_BACK(Message, MPI_MESSAGE_NO_PROC);
    INT_AND_BACK(Op, MPI_SUM);
    INT_AND_BACK(Request, MPI_REQUEST_NULL);
    INT_AND_BACK(Session, MPI_SESSION_NULL);
    INT_AND_BACK(Type, MPI_INT);
    INT_AND_BACK(Win, MPI_WIN_NULL);
    OK(MPI_Comm_dup(MPI_COMM_SELF, &c));
    OK(MPI_Type_contiguous(2, MPI_INT, &t));
    OK(MPI_Irecv(NULL, 0, MPI_INT, rank, 0, MPI_COMM_SELF == c ? c : MPI_COMM_WORLD, &r));
    OK(MPI_Comm_group(c, &g));
    OK(MPI_Info_create(&info));
    INT_AND_BACK(Comm, c);
    INT_AND_BACK(Type, t);
    INT_AND_BACK(Request, r);
    INT_AND_BACK(Group, g);
    INT_AND_BACK(Info, info);
    CHECK(MPI_Type_toint(t) == MPI_Type_toint(t) && MPI_Type_toint(t) != MPI_Type_toint(MPI_INT));
    OK(MPI_Cancel(&r));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    OK(MPI_Comm_free(&c));
    OK(MPI_Type_free(&t));
    OK(MPI_Group_free(&g));
    OK(MPI_Info_free(&info));
}

/* A status through Fortran's array and its derived type, with all that it says. */
static void status_of_fortran(void)
{
    MPI_Status sent, back;
    MPI_F08_status f08;
    MPI_Fint f[MPI_F_STATUS_SIZE];
    int three[3] = {1, 2, 3}, n;
    OK(MPI_Sendrecv(three, 3, MPI_INT, 0, 6, three + 0, 0, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_SELF,
                    MPI_STATUS_IGNORE) ||
       MPI_Recv(three, 3, MPI_INT, 0, 6, MPI_COMM_SELF, &sent));
    sent.MPI_ERROR = MPI_ERR_TRUNCATE;
    OK(MPI_Status_c2f(&sent, f));
    CHECK(f[MPI_F_SOURCE] == 0 && f[MPI_F_TAG] == 6 && f[MPI_F_ERROR] == MPI_ERR_TRUNCATE);
    OK(MPI_Status_f2f08(f, &f08));
    memset(f, 0, sizeof f);
    OK(MPI_Status_f082f(&f08, f));
    OK(MPI_Status_f2c(f, &back));
    OK(MPI_Get_count(&back, MPI_INT, &n));
    CHECK(n == 3 && back.MPI_TAG == 6 && back.MPI_ERROR == MPI_ERR_TRUNCATE);
    OK(MPI_Status_c2f08(&sent, &f08));
    OK(MPI_Status_f082c(&f08, &back));
    CHECK(memcmp(&back, &sent, sizeof back) == 0);
    FAILS(MPI_ERR_ARG, MPI_Status_f2c(MPI_F_STATUS_IGNORE, &back));
    FAILS(MPI_ERR_ARG, MPI_Status_c2f(MPI_STATUS_IGNORE, f));
}

static void abi(void)
{
    static const char *const sizes[] = {"mpi_aint_size", "mpi_count_size", "mpi_offset_size"};
    MPI_Info i;
    char value[20];
    int flag, yes = 7, no = 9, t = 0, f = 0;
    OK(MPI_Abi_get_info(&i));
    for (int k = 0; k < 3; k++) {
        OK(MPI_Info_get(i, sizes[k], 19, value, &flag));
        CHECK(flag && strcmp(value, "8") == 0);
    }
    OK(MPI_Info_free(&i));
    OK(MPI_Abi_get_fortran_booleans(4, &t, &f, &flag));
    CHECK(!flag);
    OK(MPI_Abi_set_fortran_booleans(4, &yes, &no));
    OK(MPI_Abi_get_fortran_booleans(4, &t, &f, &flag));
    CHECK(flag && t == 7 && f == 9);
    FAILS(MPI_ERR_ABI, MPI_Abi_set_fortran_booleans(4, &yes, &no));
    FAILS(MPI_ERR_ARG, MPI_Abi_get_fortran_booleans(3, &t, &f, &flag));
    OK(MPI_Abi_get_fortran_info(&i));
    OK(MPI_Info_get(i, "mpi_integer_size", 19, value, &flag));
    CHECK(flag && strcmp(value, "4") == 0);
    OK(MPI_Abi_set_fortran_info(i));
    FAILS(MPI_ERR_ABI, MPI_Abi_set_fortran_info(i));
    OK(MPI_Info_free(&i));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    time_and_place();
    memory();
    infos();
    integers();
    status_of_fortran();
    abi();
    return end();
}
