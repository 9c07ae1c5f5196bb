/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Names of null handles, codes of the user and their removal, what is asked of a communicator that has nothing special.
 */
#include "../check.h"

static void names(void)
{
    char name[MPI_MAX_OBJECT_NAME];
    int n;
    OK(MPI_Comm_get_name(MPI_COMM_NULL, name, &n));
    CHECK(strcmp(name, "MPI_COMM_NULL") == 0 && n == 13);
    OK(MPI_Type_get_name(MPI_DATATYPE_NULL, name, &n));
    CHECK(strcmp(name, "MPI_DATATYPE_NULL") == 0 && n == 17);
    FAILS(MPI_ERR_COMM, MPI_Comm_get_name((MPI_Comm)MPI_INT, name, &n));
    FAILS(MPI_ERR_TYPE, MPI_Type_get_name((MPI_Datatype)MPI_COMM_SELF, name, &n));
}

static void codes(void)
{
    int class, code, n;
    char text[MPI_MAX_ERROR_STRING];
    OK(MPI_Add_error_class(&class));
    OK(MPI_Add_error_code(class, &code));
    OK(MPI_Error_string(code, text, &n));
    CHECK(n == 0 && !text[0]);
    OK(MPI_Add_error_string(code, "out of ink"));
    FAILS(MPI_ERR_ARG, MPI_Remove_error_code(code)); /* it still has its string */
    OK(MPI_Remove_error_string(code));
    FAILS(MPI_ERR_ARG, MPI_Remove_error_class(class)); /* it still has its code */
    OK(MPI_Remove_error_code(code));
    OK(MPI_Add_error_string(class, "stationery"));
    FAILS(MPI_ERR_ARG, MPI_Remove_error_class(class));
    OK(MPI_Remove_error_string(class));
    OK(MPI_Remove_error_class(class));
    FAILS(MPI_ERR_ARG, MPI_Remove_error_class(class));
}

static void plain(void)
{
    int status, flag;
    MPI_Info info;
    MPI_Comm c;
    OK(MPI_Topo_test(MPI_COMM_WORLD, &status));
    CHECK(status == MPI_UNDEFINED);
    OK(MPI_Get_hw_resource_info(&info));
    OK(MPI_Info_get_valuelen(info, "mpi_shared_memory", &status, &flag));
    CHECK(flag);
    OK(MPI_Info_free(&info));
    OK(MPI_Info_create(&info));
    OK(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_RESOURCE_GUIDED, 0, info, &c));
    CHECK(c == MPI_COMM_NULL);
    OK(MPI_Info_set(info, "mpi_hw_resource_type", "mpi_shared_memory"));
    OK(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_RESOURCE_GUIDED, 0, info, &c));
    CHECK(c != MPI_COMM_NULL);
    OK(MPI_Comm_free(&c));
    OK(MPI_Info_free(&info));
}

/* Whatever argument is wrong, the error goes to the communicator of the call, and to no other. */
static void whose(void)
{
    MPI_Comm c;
    int x = 0, n;
    OK(MPI_Comm_dup(MPI_COMM_SELF, &c));
    OK(MPI_Comm_set_errhandler(c, MPI_ERRORS_RETURN));
    OK(MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_ARE_FATAL));
    FAILS(MPI_ERR_TYPE, MPI_Send(&x, 1, MPI_DATATYPE_NULL, 0, 0, c));
    FAILS(MPI_ERR_OP, MPI_Allreduce(&x, &n, 1, MPI_INT, MPI_OP_NULL, c));
    FAILS(MPI_ERR_TYPE, MPI_Pack_size(1, MPI_DATATYPE_NULL, c, &n));
    FAILS(MPI_ERR_GROUP, MPI_Comm_create(c, MPI_GROUP_NULL, &c));
    OK(MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN));
    OK(MPI_Comm_free(&c));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    whose();
    names();
    codes();
    plain();
    return end();
}
