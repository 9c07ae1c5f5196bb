/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pvar: sessions of performance variables and their handles. A handle adds up what its total grows by while it is
 * started; what the total costs to be counted is on while any handle that needs it is. */
#include "lib/tool/pvar.h"
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/object/comm.h"
#include "lib/p2p/p2p.h"
#include "lib/tool/tool.h"

struct pvar_session {
    struct obj obj;
};

struct pvar_handle {
    struct obj obj;
    const struct pvar *var;
    const struct pvar_session *session;
    MPI_Comm comm; /* of PVAR_BOUND; it may have been freed since */
    bool started;
    uint64_t sum;   /* until it was started last, or the mark */
    uint64_t since; /* the total at that time */
};
OBJ_ACCESSOR(pvar_session, OBJ_PVAR_SESSION, MPI_T_pvar_session)
OBJ_ACCESSOR(pvar_handle, OBJ_PVAR_HANDLE, MPI_T_pvar_handle)

int mpi_t_pvar_get_num(int *num_pvar)
{
    if (!num_pvar)
        return MPI_T_ERR_INVALID;
    *num_pvar = pvar_count;
    return MPI_SUCCESS;
}

static const struct pvar *pvar_at(int index)
{
    return index >= 0 && index < pvar_count ? &pvar_table[index] : NULL;
}

int mpi_t_pvar_get_info(int pvar_index, char *name, int *name_len, int *verbosity, int *var_class,
                        MPI_Datatype *datatype, MPI_T_enum *enumtype, char *desc, int *desc_len, int *bind,
                        int *readonly, int *continuous, int *atomic)
{
    const struct pvar *v = pvar_at(pvar_index);
    if (!v)
        return MPI_T_ERR_INVALID_INDEX;
    tool_text(v->name, name, name_len);
    TOOL_OUT(verbosity, v->kind == PVAR_BOUND ? MPI_T_VERBOSITY_USER_DETAIL : MPI_T_VERBOSITY_USER_BASIC);
    TOOL_OUT(var_class, v->class);
    TOOL_OUT(datatype, v->kind == PVAR_TIME ? MPI_DOUBLE : MPI_UNSIGNED_LONG_LONG);
    TOOL_OUT(enumtype, MPI_T_ENUM_NULL);
    tool_text(v->says, desc, desc_len);
    TOOL_OUT(bind, v->kind == PVAR_BOUND ? MPI_T_BIND_MPI_COMM : MPI_T_BIND_NO_OBJECT);
    TOOL_OUT(readonly, pvar_is_level(v));
    TOOL_OUT(continuous, pvar_is_level(v));
    TOOL_OUT(atomic, !pvar_is_level(v));
    return MPI_SUCCESS;
}

int mpi_t_pvar_get_index(const char *name, int var_class, int *pvar_index)
{
    if (!name || !pvar_index)
        return MPI_T_ERR_INVALID;
    for (int i = 0; i < pvar_count; i++)
        if (pvar_table[i].class == var_class && strcmp(pvar_table[i].name, name) == 0) {
            *pvar_index = i;
            return MPI_SUCCESS;
        }
    return MPI_T_ERR_INVALID_NAME;
}

/* The highest length there has been, for each who wants to know. */
static void marks_raise(uint64_t now)
{
    for (struct pvar_handle *h = obj_next(OBJ_PVAR_HANDLE, NULL); h; h = obj_next(OBJ_PVAR_HANDLE, h))
        if (h->var->kind == PVAR_MARK && h->started && now > h->sum)
            h->sum = now;
}

/* One handle more, or less, is started that needs these counts. */
static void costs_add(uint32_t costs, int by)
{
    static int users[3]; /* by bit of tally_on */
    uint32_t was = tally_on;
    tally_upcalls.level = marks_raise;
    for (unsigned i = 0; i < sizeof users / sizeof *users; i++)
        if (costs >> i & 1) {
            users[i] += by;
            tally_on = users[i] > 0 ? tally_on | UINT32_C(1) << i : tally_on & ~(UINT32_C(1) << i);
        }
    if ((was ^ tally_on) & TALLY_MESSAGES)
        p2p_count(tally_on & TALLY_MESSAGES);
}

int mpi_t_pvar_session_create(MPI_T_pvar_session *session)
{
    if (!session)
        return MPI_T_ERR_INVALID;
    struct pvar_session *s = obj_new(OBJ_PVAR_SESSION, sizeof *s);
    if (!s)
        return MPI_T_ERR_OUT_OF_SESSIONS;
    *session = (MPI_T_pvar_session)s->obj.handle;
    return MPI_SUCCESS;
}

static uint64_t now_of(const struct pvar_handle *h)
{
    return h->var->total ? *h->var->total : h->var->level(h->var->kind == PVAR_BOUND ? comm_of(h->comm) : NULL);
}

static void handle_start(struct pvar_handle *h)
{
    uint64_t now = now_of(h);
    if (h->started || pvar_is_level(h->var))
        return;
    h->started = true;
    h->since = now;
    if (h->var->kind == PVAR_MARK && now > h->sum)
        h->sum = now;
    costs_add(h->var->costs, 1);
}

static uint64_t value_of(const struct pvar_handle *h)
{
    if (pvar_is_level(h->var))
        return now_of(h);
    return h->var->total && h->started ? h->sum + (now_of(h) - h->since) : h->sum;
}

static void handle_stop(struct pvar_handle *h)
{
    if (!h->started)
        return;
    h->sum = value_of(h);
    h->started = false;
    costs_add(h->var->costs, -1);
}

static void handle_write(struct pvar_handle *h, uint64_t value)
{
    h->sum = value;
    h->since = now_of(h);
}

/* To where it begins: of a mark that is what there is now. */
static void handle_reset(struct pvar_handle *h)
{
    if (!pvar_is_level(h->var))
        handle_write(h, h->var->kind == PVAR_MARK ? now_of(h) : 0);
}

static void handle_destroy(void *p)
{
    struct pvar_handle *h = p;
    handle_stop(h);
    obj_free(&h->obj);
}

static void session_destroy(void *p)
{
    for (struct pvar_handle *h = obj_next(OBJ_PVAR_HANDLE, NULL); h; h = obj_next(OBJ_PVAR_HANDLE, h))
        if (h->session == p)
            handle_destroy(h);
    obj_free(p);
}

void tool_pvar_fini(void)
{
    tool_free_all(OBJ_PVAR_SESSION, session_destroy);
}

int mpi_t_pvar_session_free(MPI_T_pvar_session *session)
{
    struct pvar_session *s = session ? pvar_session_of(*session) : NULL;
    if (!s)
        return MPI_T_ERR_INVALID_SESSION;
    session_destroy(s);
    *session = MPI_T_PVAR_SESSION_NULL;
    return MPI_SUCCESS;
}

int mpi_t_pvar_handle_alloc(MPI_T_pvar_session session, int pvar_index, void *obj_handle, MPI_T_pvar_handle *handle,
                            int *count)
{
    struct pvar_session *s = pvar_session_of(session);
    const struct pvar *v = pvar_at(pvar_index);
    if (!s)
        return MPI_T_ERR_INVALID_SESSION;
    if (!v)
        return MPI_T_ERR_INVALID_INDEX;
    if (!handle || !count || (v->kind == PVAR_BOUND && (!obj_handle || !comm_of(*(MPI_Comm *)obj_handle))))
        return MPI_T_ERR_INVALID;
    struct pvar_handle *h = obj_new(OBJ_PVAR_HANDLE, sizeof *h);
    if (!h)
        return MPI_T_ERR_OUT_OF_HANDLES;
    h->var = v;
    h->session = s;
    h->comm = v->kind == PVAR_BOUND ? *(MPI_Comm *)obj_handle : MPI_COMM_NULL;
    handle_reset(h);
    *handle = (MPI_T_pvar_handle)h->obj.handle;
    *count = 1;
    return MPI_SUCCESS;
}

/* The handle, if it is one of that session; an MPI_T error class. */
static int find(MPI_T_pvar_session session, MPI_T_pvar_handle handle, struct pvar_handle **out)
{
    const struct pvar_session *s = pvar_session_of(session);
    *out = pvar_handle_of(handle);
    if (!s)
        return MPI_T_ERR_INVALID_SESSION;
    if (!*out || (*out)->session != s)
        return MPI_T_ERR_INVALID_HANDLE;
    bool gone = (*out)->var->kind == PVAR_BOUND && !comm_of((*out)->comm);
    return gone ? MPI_T_ERR_INVALID_HANDLE : MPI_SUCCESS;
}

int mpi_t_pvar_handle_free(MPI_T_pvar_session session, MPI_T_pvar_handle *handle)
{
    const struct pvar_session *s = pvar_session_of(session);
    struct pvar_handle *h = handle ? pvar_handle_of(*handle) : NULL;
    if (!s)
        return MPI_T_ERR_INVALID_SESSION;
    if (!h || h->session != s)
        return MPI_T_ERR_INVALID_HANDLE;
    handle_destroy(h);
    *handle = MPI_T_PVAR_HANDLE_NULL;
    return MPI_SUCCESS;
}

/* One handle, or all of a session that it can be done with. */
static int each(MPI_T_pvar_session session, MPI_T_pvar_handle handle, void (*act)(struct pvar_handle *), int refusal)
{
    struct pvar_handle *h;
    if (handle != MPI_T_PVAR_ALL_HANDLES) {
        int rc = find(session, handle, &h);
        if (rc == MPI_SUCCESS && pvar_is_level(h->var))
            return refusal;
        if (rc == MPI_SUCCESS)
            act(h);
        return rc;
    }
    const struct pvar_session *s = pvar_session_of(session);
    if (!s)
        return MPI_T_ERR_INVALID_SESSION;
    for (h = obj_next(OBJ_PVAR_HANDLE, NULL); h; h = obj_next(OBJ_PVAR_HANDLE, h))
        if (h->session == s && !pvar_is_level(h->var))
            act(h);
    return MPI_SUCCESS;
}

int mpi_t_pvar_start(MPI_T_pvar_session session, MPI_T_pvar_handle handle)
{
    return each(session, handle, handle_start, MPI_T_ERR_PVAR_NO_STARTSTOP);
}

int mpi_t_pvar_stop(MPI_T_pvar_session session, MPI_T_pvar_handle handle)
{
    return each(session, handle, handle_stop, MPI_T_ERR_PVAR_NO_STARTSTOP);
}

int mpi_t_pvar_reset(MPI_T_pvar_session session, MPI_T_pvar_handle handle)
{
    return each(session, handle, handle_reset, MPI_T_ERR_PVAR_NO_WRITE);
}

static const double ns = 1e9;

int mpi_t_pvar_read(MPI_T_pvar_session session, MPI_T_pvar_handle handle, void *buf)
{
    struct pvar_handle *h;
    int rc = find(session, handle, &h);
    if (rc != MPI_SUCCESS)
        return rc;
    if (!buf)
        return MPI_T_ERR_INVALID;
    if (h->var->kind == PVAR_TIME)
        *(double *)buf = (double)value_of(h) / ns;
    else
        *(unsigned long long *)buf = value_of(h);
    return MPI_SUCCESS;
}

int mpi_t_pvar_write(MPI_T_pvar_session session, MPI_T_pvar_handle handle, const void *buf)
{
    struct pvar_handle *h;
    int rc = find(session, handle, &h);
    if (rc != MPI_SUCCESS)
        return rc;
    if (pvar_is_level(h->var))
        return MPI_T_ERR_PVAR_NO_WRITE;
    if (!buf || (h->var->kind == PVAR_TIME && !(*(const double *)buf >= 0 && *(const double *)buf < 1e10)))
        return MPI_T_ERR_INVALID;
    handle_write(h,
                 h->var->kind == PVAR_TIME ? (uint64_t)(*(const double *)buf * ns) : *(const unsigned long long *)buf);
    return MPI_SUCCESS;
}

int mpi_t_pvar_readreset(MPI_T_pvar_session session, MPI_T_pvar_handle handle, void *buf)
{
    struct pvar_handle *h;
    int rc = find(session, handle, &h);
    if (rc == MPI_SUCCESS && pvar_is_level(h->var))
        return MPI_T_ERR_PVAR_NO_WRITE;
    if (rc == MPI_SUCCESS)
        rc = mpi_t_pvar_read(session, handle, buf);
    if (rc == MPI_SUCCESS)
        handle_reset(h);
    return rc;
}
