/* SPDX-License-Identifier: BSD-3-Clause
 *
 * wrong: every function of MPI_T before MPI_T_init_thread and after MPI_T_finalize, and with arguments that make no
 * sense; what may be left out is left out. Before MPI_Init, beside MPI, and after MPI_Finalize. */
#include "tools.h"

static void cb(MPI_T_event_instance i, MPI_T_event_registration g, MPI_T_cb_safety s, void *d)
{
}

static void not_initialized(void)
{
    enum { NOT = MPI_T_ERR_NOT_INITIALIZED };
    int n = 0;
    MPI_Count c;
    char room[64];
    MPI_T_cvar_handle cv = MPI_T_CVAR_HANDLE_NULL;
    MPI_T_pvar_handle pv = MPI_T_PVAR_HANDLE_NULL;
    MPI_T_pvar_session s = MPI_T_PVAR_SESSION_NULL;
    MPI_T_event_registration g = NULL;
    MPI_Info info = MPI_INFO_NULL;
    TFAILS(NOT, MPI_T_finalize());
    TFAILS(NOT, MPI_T_category_changed(&n));
    TFAILS(NOT, MPI_T_category_get_categories(0, 1, &n));
    TFAILS(NOT, MPI_T_category_get_cvars(0, 1, &n));
    TFAILS(NOT, MPI_T_category_get_events(0, 1, &n));
    TFAILS(NOT, MPI_T_category_get_index("muster", &n));
    TFAILS(NOT, MPI_T_category_get_info(0, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    TFAILS(NOT, MPI_T_category_get_num(&n));
    TFAILS(NOT, MPI_T_category_get_num_events(0, &n));
    TFAILS(NOT, MPI_T_category_get_pvars(0, 1, &n));
    TFAILS(NOT, MPI_T_cvar_get_index("MUSTER_WAIT_SPINS", &n));
    TFAILS(NOT, MPI_T_cvar_get_info(0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    TFAILS(NOT, MPI_T_cvar_get_num(&n));
    TFAILS(NOT, MPI_T_cvar_handle_alloc(0, NULL, &cv, &n));
    TFAILS(NOT, MPI_T_cvar_handle_free(&cv));
    TFAILS(NOT, MPI_T_cvar_read(cv, room));
    TFAILS(NOT, MPI_T_cvar_write(cv, room));
    TFAILS(NOT, MPI_T_enum_get_info(MPI_T_ENUM_NULL, &n, NULL, NULL));
    TFAILS(NOT, MPI_T_enum_get_item(MPI_T_ENUM_NULL, 0, &n, NULL, NULL));
    TFAILS(NOT, MPI_T_event_callback_get_info(g, MPI_T_CB_REQUIRE_NONE, &info));
    TFAILS(NOT, MPI_T_event_callback_set_info(g, MPI_T_CB_REQUIRE_NONE, info));
    TFAILS(NOT, MPI_T_event_copy(NULL, room));
    TFAILS(NOT, MPI_T_event_get_index("process_failed", &n));
    TFAILS(NOT, MPI_T_event_get_info(0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    TFAILS(NOT, MPI_T_event_get_num(&n));
    TFAILS(NOT, MPI_T_event_get_source(NULL, &n));
    TFAILS(NOT, MPI_T_event_get_timestamp(NULL, &c));
    TFAILS(NOT, MPI_T_event_handle_alloc(0, NULL, info, &g));
    TFAILS(NOT, MPI_T_event_handle_free(g, NULL, NULL));
    TFAILS(NOT, MPI_T_event_handle_get_info(g, &info));
    TFAILS(NOT, MPI_T_event_handle_set_info(g, info));
    TFAILS(NOT, MPI_T_event_read(NULL, 0, room));
    TFAILS(NOT, MPI_T_event_register_callback(g, MPI_T_CB_REQUIRE_NONE, info, NULL, cb));
    TFAILS(NOT, MPI_T_event_set_dropped_handler(g, NULL));
    TFAILS(NOT, MPI_T_pvar_get_index("wait_time", MPI_T_PVAR_CLASS_TIMER, &n));
    TFAILS(NOT, MPI_T_pvar_get_info(0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    TFAILS(NOT, MPI_T_pvar_get_num(&n));
    TFAILS(NOT, MPI_T_pvar_handle_alloc(s, 0, NULL, &pv, &n));
    TFAILS(NOT, MPI_T_pvar_handle_free(s, &pv));
    TFAILS(NOT, MPI_T_pvar_read(s, pv, room));
    TFAILS(NOT, MPI_T_pvar_readreset(s, pv, room));
    TFAILS(NOT, MPI_T_pvar_reset(s, pv));
    TFAILS(NOT, MPI_T_pvar_session_create(&s));
    TFAILS(NOT, MPI_T_pvar_session_free(&s));
    TFAILS(NOT, MPI_T_pvar_start(s, pv));
    TFAILS(NOT, MPI_T_pvar_stop(s, pv));
    TFAILS(NOT, MPI_T_pvar_write(s, pv, room));
    TFAILS(NOT, MPI_T_source_get_info(0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    TFAILS(NOT, MPI_T_source_get_num(&n));
    TFAILS(NOT, MPI_T_source_get_timestamp(0, &c));
}

/* What is returned of strings: all, the beginning, the length alone, nothing. */
static void strings(void)
{
    char whole[128], cut[8] = "xxxxxxx";
    int len = sizeof whole, need = 0, short_len = 5, none = 0;
    OK(MPI_T_pvar_get_info(0, whole, &len, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    CHECK(len == (int)strlen(whole) + 1 && len > 5);
    OK(MPI_T_pvar_get_info(0, NULL, &need, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    CHECK(need == len);
    OK(MPI_T_pvar_get_info(0, cut, &none, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    CHECK(none == len && strcmp(cut, "xxxxxxx") == 0);
    OK(MPI_T_pvar_get_info(0, cut, &short_len, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    CHECK(short_len == 5 && strlen(cut) == 4 && strncmp(cut, whole, 4) == 0 && cut[5] == 'x');
    OK(MPI_T_pvar_get_info(0, cut, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    CHECK(strncmp(cut, whole, 4) == 0);
}

static void indices(void)
{
    enum { BAD = MPI_T_ERR_INVALID_INDEX };
    int n, list[4];
    MPI_Count c;
    MPI_T_cvar_handle cv;
    MPI_T_event_registration g;
    static const int wrong[] = {-1, 100000};
    for (int k = 0; k < 2; k++) {
        int i = wrong[k];
        TFAILS(BAD, MPI_T_cvar_get_info(i, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
        TFAILS(BAD, MPI_T_cvar_handle_alloc(i, NULL, &cv, &n));
        TFAILS(BAD, MPI_T_pvar_get_info(i, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
        TFAILS(BAD, MPI_T_event_get_info(i, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
        TFAILS(BAD, MPI_T_event_handle_alloc(i, NULL, MPI_INFO_NULL, &g));
        TFAILS(BAD, MPI_T_category_get_info(i, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
        TFAILS(BAD, MPI_T_category_get_num_events(i, &n));
        TFAILS(BAD, MPI_T_category_get_cvars(i, 4, list));
        TFAILS(BAD, MPI_T_category_get_pvars(i, 4, list));
        TFAILS(BAD, MPI_T_category_get_events(i, 4, list));
        TFAILS(BAD, MPI_T_category_get_categories(i, 4, list));
        TFAILS(BAD, MPI_T_source_get_info(i, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
        TFAILS(BAD, MPI_T_source_get_timestamp(i, &c));
    }
    TFAILS(MPI_T_ERR_INVALID, MPI_T_category_get_cvars(0, -1, list));
    TFAILS(MPI_T_ERR_INVALID, MPI_T_category_get_cvars(0, 1, NULL));
}

static void nulls(void)
{
    enum { BAD = MPI_T_ERR_INVALID };
    int n;
    MPI_T_cvar_handle cv;
    MPI_T_event_registration g;
    TFAILS(BAD, MPI_T_init_thread(MPI_THREAD_SINGLE, NULL));
    TFAILS(BAD, MPI_T_cvar_get_num(NULL));
    TFAILS(BAD, MPI_T_pvar_get_num(NULL));
    TFAILS(BAD, MPI_T_event_get_num(NULL));
    TFAILS(BAD, MPI_T_source_get_num(NULL));
    TFAILS(BAD, MPI_T_category_get_num(NULL));
    TFAILS(BAD, MPI_T_category_changed(NULL));
    TFAILS(BAD, MPI_T_category_get_num_events(0, NULL));
    TFAILS(BAD, MPI_T_source_get_timestamp(0, NULL));
    TFAILS(BAD, MPI_T_cvar_handle_alloc(0, NULL, NULL, &n));
    TFAILS(BAD, MPI_T_cvar_handle_alloc(0, NULL, &cv, NULL));
    TFAILS(BAD, MPI_T_pvar_session_create(NULL));
    TFAILS(BAD, MPI_T_event_handle_alloc(0, NULL, MPI_INFO_NULL, NULL));
    TFAILS(BAD, MPI_T_event_handle_alloc(0, NULL, (MPI_Info)MPI_COMM_WORLD, &g));
}

static void names(void)
{
    enum { BAD = MPI_T_ERR_INVALID_NAME, NO = MPI_T_ERR_INVALID };
    int n;
    TFAILS(BAD, MPI_T_cvar_get_index("", &n));
    TFAILS(BAD, MPI_T_cvar_get_index("WAIT_SPINS", &n));
    TFAILS(BAD, MPI_T_cvar_get_index("MUSTER_WAIT_SPIN", &n));
    TFAILS(BAD, MPI_T_pvar_get_index("wait", MPI_T_PVAR_CLASS_TIMER, &n));
    TFAILS(BAD, MPI_T_pvar_get_index("wait_time", MPI_T_PVAR_CLASS_COUNTER, &n));
    TFAILS(BAD, MPI_T_pvar_get_index("wait_time", 77, &n));
    TFAILS(BAD, MPI_T_event_get_index("process", &n));
    TFAILS(BAD, MPI_T_category_get_index("Muster", &n));
    TFAILS(NO, MPI_T_cvar_get_index(NULL, &n));
    TFAILS(NO, MPI_T_cvar_get_index("MUSTER_WAIT_SPINS", NULL));
    TFAILS(NO, MPI_T_pvar_get_index(NULL, MPI_T_PVAR_CLASS_TIMER, &n));
    TFAILS(NO, MPI_T_pvar_get_index("wait_time", MPI_T_PVAR_CLASS_TIMER, NULL));
    TFAILS(NO, MPI_T_event_get_index(NULL, &n));
    TFAILS(NO, MPI_T_event_get_index("process_failed", NULL));
    TFAILS(NO, MPI_T_category_get_index(NULL, &n));
    TFAILS(NO, MPI_T_category_get_index("muster", NULL));
}

/* Null, made up, of another kind; freed ones come below. */
static void *const made_up[] = {NULL, (void *)1, (void *)0x101, (void *)0x123456, (void *)-1, (void *)&made_up};
enum { MADE_UP = sizeof made_up / sizeof *made_up };

static void handles(void)
{
    enum { BAD = MPI_T_ERR_INVALID_HANDLE };
    char room[64];
    int n;
    MPI_Count c;
    MPI_Info info;
    for (int i = 0; i < MADE_UP; i++) {
        MPI_T_cvar_handle cv = made_up[i];
        MPI_T_event_registration g = made_up[i];
        MPI_T_event_instance e = made_up[i];
        MPI_T_enum en = made_up[i];
        TFAILS(BAD, MPI_T_cvar_handle_free(&cv));
        TFAILS(BAD, MPI_T_cvar_read(cv, room));
        TFAILS(BAD, MPI_T_cvar_write(cv, room));
        TFAILS(BAD, MPI_T_enum_get_info(en, &n, NULL, NULL));
        TFAILS(BAD, MPI_T_enum_get_item(en, 0, &n, NULL, NULL));
        TFAILS(BAD, MPI_T_event_handle_free(g, NULL, NULL));
        TFAILS(BAD, MPI_T_event_handle_get_info(g, &info));
        TFAILS(BAD, MPI_T_event_handle_set_info(g, MPI_INFO_NULL));
        TFAILS(BAD, MPI_T_event_register_callback(g, MPI_T_CB_REQUIRE_NONE, MPI_INFO_NULL, NULL, cb));
        TFAILS(BAD, MPI_T_event_set_dropped_handler(g, NULL));
        TFAILS(BAD, MPI_T_event_callback_get_info(g, MPI_T_CB_REQUIRE_NONE, &info));
        TFAILS(BAD, MPI_T_event_callback_set_info(g, MPI_T_CB_REQUIRE_NONE, MPI_INFO_NULL));
        TFAILS(BAD, MPI_T_event_read(e, 0, room));
        TFAILS(BAD, MPI_T_event_copy(e, room));
        TFAILS(BAD, MPI_T_event_get_timestamp(e, &c));
        TFAILS(BAD, MPI_T_event_get_source(e, &n));
    }
    TFAILS(BAD, MPI_T_cvar_handle_free(NULL));
}

static void sessions(void)
{
    enum { BAD = MPI_T_ERR_INVALID_SESSION };
    char room[64];
    int n;
    for (int i = 0; i < MADE_UP; i++) {
        MPI_T_pvar_session s = made_up[i];
        MPI_T_pvar_handle h = MPI_T_PVAR_HANDLE_NULL;
        TFAILS(BAD, MPI_T_pvar_session_free(&s));
        TFAILS(BAD, MPI_T_pvar_handle_alloc(s, 0, NULL, &h, &n));
        TFAILS(BAD, MPI_T_pvar_handle_free(s, &h));
        TFAILS(BAD, MPI_T_pvar_start(s, MPI_T_PVAR_ALL_HANDLES));
        TFAILS(BAD, MPI_T_pvar_stop(s, MPI_T_PVAR_ALL_HANDLES));
        TFAILS(BAD, MPI_T_pvar_reset(s, MPI_T_PVAR_ALL_HANDLES));
        TFAILS(BAD, MPI_T_pvar_read(s, h, room));
        TFAILS(BAD, MPI_T_pvar_write(s, h, room));
        TFAILS(BAD, MPI_T_pvar_readreset(s, h, room));
    }
    TFAILS(BAD, MPI_T_pvar_session_free(NULL));
}

static void pvars(void)
{
    enum { BAD = MPI_T_ERR_INVALID_HANDLE };
    char room[64] = {0};
    int n;
    double negative = -1;
    MPI_T_pvar_session s;
    MPI_T_pvar_handle h;
    OK(MPI_T_pvar_session_create(&s));
    for (int i = 0; i < MADE_UP; i++) {
        h = made_up[i];
        if (h != MPI_T_PVAR_ALL_HANDLES) {
            TFAILS(BAD, MPI_T_pvar_start(s, h));
            TFAILS(BAD, MPI_T_pvar_stop(s, h));
            TFAILS(BAD, MPI_T_pvar_reset(s, h));
        }
        TFAILS(BAD, MPI_T_pvar_handle_free(s, &h));
        TFAILS(BAD, MPI_T_pvar_read(s, h, room));
        TFAILS(BAD, MPI_T_pvar_write(s, h, room));
        TFAILS(BAD, MPI_T_pvar_readreset(s, h, room));
    }
    TFAILS(BAD, MPI_T_pvar_handle_free(s, NULL));
    TFAILS(MPI_T_ERR_INVALID_INDEX, MPI_T_pvar_handle_alloc(s, -1, NULL, &h, &n));
    TFAILS(MPI_T_ERR_INVALID_INDEX, MPI_T_pvar_handle_alloc(s, 100000, NULL, &h, &n));
    TFAILS(MPI_T_ERR_INVALID, MPI_T_pvar_handle_alloc(s, 0, NULL, NULL, &n));
    TFAILS(MPI_T_ERR_INVALID, MPI_T_pvar_handle_alloc(s, 0, NULL, &h, NULL));
    /* Bound to a communicator: no address of one, and none there. */
    MPI_Comm null = MPI_COMM_NULL;
    int bound = pvar_index("p2p_comm_posted_queue_length");
    TFAILS(MPI_T_ERR_INVALID, MPI_T_pvar_handle_alloc(s, bound, NULL, &h, &n));
    TFAILS(MPI_T_ERR_INVALID, MPI_T_pvar_handle_alloc(s, bound, &null, &h, &n));
    /* Continuous and read only. */
    h = pvar_open(s, "p2p_posted_queue_length", NULL);
    TFAILS(MPI_T_ERR_PVAR_NO_STARTSTOP, MPI_T_pvar_start(s, h));
    TFAILS(MPI_T_ERR_PVAR_NO_STARTSTOP, MPI_T_pvar_stop(s, h));
    TFAILS(MPI_T_ERR_PVAR_NO_WRITE, MPI_T_pvar_write(s, h, room));
    TFAILS(MPI_T_ERR_PVAR_NO_WRITE, MPI_T_pvar_reset(s, h));
    TFAILS(MPI_T_ERR_PVAR_NO_WRITE, MPI_T_pvar_readreset(s, h, room));
    TFAILS(MPI_T_ERR_INVALID, MPI_T_pvar_read(s, h, NULL));
    MPI_T_pvar_handle freed = h, time = pvar_open(s, "wait_time", NULL);
    OK(MPI_T_pvar_handle_free(s, &h));
    CHECK(h == MPI_T_PVAR_HANDLE_NULL);
    TFAILS(BAD, MPI_T_pvar_read(s, freed, room));
    TFAILS(MPI_T_ERR_INVALID, MPI_T_pvar_write(s, time, &negative));
    TFAILS(MPI_T_ERR_INVALID, MPI_T_pvar_write(s, time, NULL));
    OK(MPI_T_pvar_session_free(&s));
}

static void events(void)
{
    MPI_T_event_registration g, freed;
    MPI_Info info;
    OK(MPI_T_event_handle_alloc(0, NULL, MPI_INFO_NULL, &g));
    TFAILS(MPI_T_ERR_INVALID, MPI_T_event_register_callback(g, (MPI_T_cb_safety)0x05, MPI_INFO_NULL, NULL, cb));
    TFAILS(MPI_T_ERR_INVALID,
           MPI_T_event_register_callback(g, MPI_T_CB_REQUIRE_NONE, (MPI_Info)MPI_COMM_SELF, NULL, cb));
    TFAILS(MPI_T_ERR_INVALID, MPI_T_event_handle_set_info(g, (MPI_Info)MPI_COMM_SELF));
    TFAILS(MPI_T_ERR_INVALID, MPI_T_event_handle_get_info(g, NULL));
    TFAILS(MPI_T_ERR_INVALID, MPI_T_event_callback_get_info(g, MPI_T_CB_REQUIRE_NONE, &info));
    TFAILS(MPI_T_ERR_INVALID, MPI_T_event_callback_set_info(g, (MPI_T_cb_safety)7, MPI_INFO_NULL));
    freed = g;
    OK(MPI_T_event_handle_free(g, NULL, NULL));
    TFAILS(MPI_T_ERR_INVALID_HANDLE, MPI_T_event_handle_free(freed, NULL, NULL));
}

static void enums(void)
{
    int index, n, value;
    MPI_T_enum e;
    MPI_T_cvar_handle h, freed;
    unsigned long v = 1;
    OK(MPI_T_cvar_get_index("MUSTER_SHM_COPY", &index));
    OK(MPI_T_cvar_get_info(index, NULL, NULL, NULL, NULL, &e, NULL, NULL, NULL, NULL));
    OK(MPI_T_enum_get_info(e, &n, NULL, NULL));
    TFAILS(MPI_T_ERR_INVALID_INDEX, MPI_T_enum_get_item(e, -1, &value, NULL, NULL));
    TFAILS(MPI_T_ERR_INVALID_INDEX, MPI_T_enum_get_item(e, n, &value, NULL, NULL));
    OK(MPI_T_enum_get_item(e, n - 1, NULL, NULL, NULL));
    h = freed = cvar_open("MUSTER_WAIT_YIELDS");
    TFAILS(MPI_T_ERR_INVALID, MPI_T_cvar_read(h, NULL));
    TFAILS(MPI_T_ERR_INVALID, MPI_T_cvar_write(h, NULL));
    OK(MPI_T_cvar_handle_free(&h));
    TFAILS(MPI_T_ERR_INVALID_HANDLE, MPI_T_cvar_write(freed, &v));
}

/* As often as one likes, and the last MPI_T_finalize counts. */
static void everything(void)
{
    int provided, n;
    not_initialized();
    for (int i = 0; i < 3; i++)
        OK(MPI_T_init_thread(MPI_THREAD_SINGLE, &provided));
    OK(MPI_T_finalize());
    strings();
    indices();
    nulls();
    names();
    handles();
    sessions();
    pvars();
    events();
    enums();
    OK(MPI_T_finalize());
    OK(MPI_T_cvar_get_num(&n));
    OK(MPI_T_finalize());
    not_initialized();
}

int main(int argc, char **argv)
{
    everything();
    begin(&argc, &argv);
    everything();
    end();
    everything();
    return 0;
}
