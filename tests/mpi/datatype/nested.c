/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Types nested very deeply: what consists of one part may be nested as deeply as one likes, in any of the ways to say
 * so; structs in structs up to a depth that any stack bears, and then there is an error. All of it is made, asked,
 * packed, sent and freed in a thread with a small stack. */
#include "../check.h"
#include <pthread.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SMALL = 4 << 20 }; /* their frames are larger */
#else
enum { SMALL = 1 << 20 };
#endif
enum { DEEP = 100000, STRUCTS = 2000 };
struct pair {
    int i;
    char gap[4];
    double d;
};

static MPI_Datatype pair_type(void)
{
    MPI_Datatype t;
    OK(MPI_Type_create_struct(2, (int[]){1, 1}, (MPI_Aint[]){0, offsetof(struct pair, d)},
                              (MPI_Datatype[]){MPI_INT, MPI_DOUBLE}, &t));
    return t;
}

/* One more level around one element. */
static MPI_Datatype wrap(int way, MPI_Datatype old)
{
    const int one = 1, two = 2, zero = 0;
    const MPI_Aint at = 0;
    MPI_Datatype t;
    switch (way) {
    case 0:
        OK(MPI_Type_contiguous(1, old, &t));
        return t;
    case 1:
        OK(MPI_Type_dup(old, &t));
        return t;
    case 2:
        OK(MPI_Type_vector(1, 1, 7, old, &t));
        return t;
    case 3:
        OK(MPI_Type_create_struct(1, &one, &at, &old, &t));
        return t;
    case 4:
        OK(MPI_Type_create_hindexed(1, &one, &at, old, &t));
        return t;
    case 5:
        OK(MPI_Type_create_resized(old, 0, sizeof(struct pair), &t));
        return t;
    default:
        OK(MPI_Type_create_subarray(1, &two, &one, &zero, MPI_ORDER_C, old, &t));
        MPI_Datatype narrow = t;
        OK(MPI_Type_create_resized(t, 0, sizeof(struct pair), &t));
        OK(MPI_Type_free(&narrow));
        return t;
    }
}

/* n elements of it hold as many pairs. */
static void use(MPI_Datatype t, int n)
{
    struct pair from[2] = {{1, "", 2}, {3, "", 4}}, to[2] = {{0, "", 0}, {0, "", 0}};
    char packed[100];
    int elements, count;
    MPI_Count at = 0, left = 0;
    MPI_Status st;
    OK(MPI_Type_commit(&t));
    OK(MPI_Pack_external_c("external32", from, n, t, packed, sizeof packed, &at));
    CHECK(at == 12 * n && packed[3] == 1);
    OK(MPI_Unpack_external_c("external32", packed, at, &left, to, n, t));
    CHECK(left == at && to[n - 1].i == 2 * n - 1 && to[n - 1].d == 2 * n);
    memset(to, 0, sizeof to);
    OK(MPI_Sendrecv(from, n, t, 0, 1, to, n, t, 0, 1, MPI_COMM_SELF, &st));
    CHECK(to[n - 1].i == 2 * n - 1 && to[n - 1].d == 2 * n);
    OK(MPI_Get_elements(&st, t, &elements));
    OK(MPI_Get_count(&st, t, &count));
    CHECK(elements == 2 * n && count == n);
    OK(MPI_Status_set_elements(&st, t, 1)); /* the first of a pair alone */
    OK(MPI_Get_elements(&st, t, &elements));
    CHECK(elements == 1);
}

static void chains(void)
{
    for (int way = 0; way < 8; way++) {
        MPI_Datatype t = pair_type(), next;
        for (int i = 0; i < DEEP; i++) {
            next = wrap(way < 7 ? way : i % 7, t);
            OK(MPI_Type_free(&t));
            t = next;
        }
        use(t, 2);
        OK(MPI_Type_free(&t));
    }
}

/* Each with an int more behind it, which does not touch what was there. */
static void structs(void)
{
    static int from[2 * STRUCTS + 4], to[2 * STRUCTS + 4];
    MPI_Datatype t = pair_type(), next = MPI_DATATYPE_NULL;
    int depth = 1, rc, n;
    MPI_Count bytes, at = 0;
    for (;; depth++) {
        MPI_Aint where[] = {0, 8 * (depth + 1)};
        rc = MPI_Type_create_struct(2, (int[]){1, 1}, where, (MPI_Datatype[]){t, MPI_INT}, &next);
        if (rc != MPI_SUCCESS)
            break;
        OK(MPI_Type_free(&t));
        t = next;
    }
    FAILS(MPI_ERR_TYPE, rc);
    CHECK(depth == STRUCTS);
    OK(MPI_Type_commit(&t));
    OK(MPI_Type_size(t, &n));
    CHECK(n == 12 + 4 * (STRUCTS - 1));
    for (int i = 0; i < 2 * STRUCTS + 4; i++)
        from[i] = i;
    MPI_Status st;
    OK(MPI_Sendrecv(from, 1, t, 0, 1, to, 1, t, 0, 1, MPI_COMM_SELF, &st));
    CHECK(to[2 * STRUCTS] == 2 * STRUCTS && to[2 * STRUCTS + 1] == 0 && to[6] == 6 && to[5] == 0);
    OK(MPI_Get_elements(&st, t, &n));
    CHECK(n == STRUCTS + 1);
    OK(MPI_Pack_external_size_c("external32", 1, t, &bytes));
    CHECK(bytes == 12 + 4 * (STRUCTS - 1));
    char *packed = malloc((size_t)bytes);
    CHECK(packed);
    OK(MPI_Pack_external_c("external32", from, 1, t, packed, bytes, &at));
    CHECK(at == bytes);
    free(packed);
    OK(MPI_Type_free(&t));
}

static void *all(void *none)
{
    chains();
    structs();
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_attr_t small;
    pthread_t thread;
    begin(&argc, &argv);
    CHECK(pthread_attr_init(&small) == 0 && pthread_attr_setstacksize(&small, SMALL) == 0);
    CHECK(pthread_create(&thread, &small, all, NULL) == 0 && pthread_join(thread, NULL) == 0);
    return end();
}
