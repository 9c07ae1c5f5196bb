/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A rank that speaks PMIx by OpenPMIx's client library, without any MPI: pmix SCENE [SCENE...]. It ends with 0, or says
 * what was not as it should be.
 */
#include <pmix.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pmix_proc_t me;
static uint32_t size;

#define CHECK(what, ...)                                                                                               \
    do {                                                                                                               \
        if (!(what)) {                                                                                                 \
            printf("rank %u, line %d: ", me.rank, __LINE__);                                                           \
            printf(__VA_ARGS__);                                                                                       \
            puts("");                                                                                                  \
            exit(3);                                                                                                   \
        }                                                                                                              \
    } while (0)

static void ok(pmix_status_t rc, int line)
{
    if (rc == PMIX_SUCCESS)
        return;
    printf("rank %u, line %d: %s\n", me.rank, line, PMIx_Error_string(rc));
    exit(3);
}
#define OK(call) ok(call, __LINE__)

static pmix_proc_t proc_of(pmix_rank_t rank)
{
    pmix_proc_t p = me;
    p.rank = rank;
    return p;
}

static void set_key(pmix_info_t *i, const char *key, pmix_data_type_t type)
{
    memset(i, 0, sizeof *i);
    snprintf(i->key, sizeof i->key, "%s", key);
    i->value.type = type;
}

static long number(const pmix_value_t *v)
{
    return v->type == PMIX_UINT32      ? (long)v->data.uint32
           : v->type == PMIX_UINT16    ? v->data.uint16
           : v->type == PMIX_PROC_RANK ? (long)v->data.rank
           : v->type == PMIX_SIZE      ? (long)v->data.size
           : v->type == PMIX_INT       ? v->data.integer
                                       : -1;
}

static long get_number(pmix_rank_t rank, const char *key)
{
    pmix_value_t *v = NULL;
    pmix_proc_t p = proc_of(rank);
    pmix_status_t rc = PMIx_Get(&p, key, NULL, 0, &v);
    CHECK(rc == PMIX_SUCCESS, "%s of %u: %s", key, rank, PMIx_Error_string(rc));
    return number(v);
}

static void fence(const pmix_proc_t *procs, size_t n, bool collect)
{
    pmix_info_t i;
    set_key(&i, PMIX_COLLECT_DATA, PMIX_BOOL);
    i.value.data.flag = true;
    OK(PMIx_Fence(procs, n, collect ? &i : NULL, collect));
}

static void put(const char *key, uint32_t value)
{
    pmix_value_t v = {.type = PMIX_UINT32, .data.uint32 = value};
    OK(PMIx_Put(PMIX_GLOBAL, key, &v));
    OK(PMIx_Commit());
}

/* What the launcher tells. */
static void scene_job(void)
{
    pmix_value_t *v;
    pmix_proc_t all = proc_of(PMIX_RANK_WILDCARD);
    CHECK(get_number(PMIX_RANK_WILDCARD, PMIX_UNIV_SIZE) >= (long)size, "universe");
    CHECK(get_number(PMIX_RANK_WILDCARD, PMIX_JOB_NUM_APPS) == 1, "apps");
    CHECK(get_number(PMIX_RANK_WILDCARD, PMIX_NUM_NODES) >= 1, "nodes");
    CHECK(get_number(me.rank, PMIX_APPNUM) == 0, "appnum");
    long locals = get_number(PMIX_RANK_WILDCARD, PMIX_LOCAL_SIZE);
    CHECK(get_number(me.rank, PMIX_LOCAL_RANK) < locals, "local rank");
    CHECK(get_number(me.rank, PMIX_NODE_RANK) < locals, "node rank");
    OK(PMIx_Get(&all, PMIX_LOCAL_PEERS, NULL, 0, &v));
    long peers = 1;
    for (const char *s = v->data.string; *s; s++)
        peers += *s == ',';
    CHECK(peers == locals, "peers %s of %ld", v->data.string, locals);
    OK(PMIx_Get(&all, PMIX_ANL_MAP, NULL, 0, &v));
    CHECK(strncmp(v->data.string, "(vector,", 8) == 0, "map %s", v->data.string);
    for (uint32_t r = 0; r < size; r++) {
        pmix_proc_t p = proc_of(r);
        OK(PMIx_Get(&p, PMIX_HOSTNAME, NULL, 0, &v));
        CHECK(v->type == PMIX_STRING && *v->data.string, "host of %u", r);
    }
}

/* Each gets the value of each, brought by the fence. */
static void scene_fence(void)
{
    for (uint32_t turn = 0; turn < 3; turn++) {
        char key[32];
        snprintf(key, sizeof key, "key%u", turn);
        put(key, me.rank * 10 + turn);
        fence(NULL, 0, true);
        for (uint32_t r = 0; r < size; r++)
            CHECK(get_number(r, key) == (long)(r * 10 + turn), "%s of %u", key, r);
    }
}

/* Or by asking, after a fence that brings nothing. */
static void scene_modex(void)
{
    put("asked", me.rank + 100);
    fence(NULL, 0, false);
    for (uint32_t i = 1; i <= size; i++) {
        uint32_t r = (me.rank + i) % size;
        long got = get_number(r, "asked");
        CHECK(got == (long)r + 100, "%ld is what %u has put", got, r);
    }
    fence(NULL, 0, false);
}

static void scene_missing(void)
{
    pmix_info_t i;
    pmix_value_t *v;
    pmix_proc_t next = proc_of((me.rank + 1) % size);
    set_key(&i, PMIX_TIMEOUT, PMIX_INT);
    i.value.data.integer = 1;
    put("something", 1);
    CHECK(PMIx_Get(&next, "nothing", &i, 1, &v) != PMIX_SUCCESS, "a key that nobody has put");
    fence(NULL, 0, false);
}

/* Even ranks, odd ranks, and all but the first, as often as they like. */
static void scene_groups_of_fences(void)
{
    pmix_proc_t *half = calloc(size, sizeof *half), *most = calloc(size, sizeof *most);
    size_t nhalf = 0, nmost = 0;
    for (uint32_t r = 0; r < size; r++) {
        if (r % 2 == me.rank % 2)
            half[nhalf++] = proc_of(r);
        if (r)
            most[nmost++] = proc_of(r);
    }
    for (uint32_t turn = 0; turn < 5; turn++) {
        char key[32];
        snprintf(key, sizeof key, "half%u", turn);
        put(key, me.rank + turn);
        fence(half, nhalf, turn % 2);
        for (size_t i = 0; i < nhalf; i++) {
            long got = get_number(half[i].rank, key);
            CHECK(got == (long)(half[i].rank + turn), "%s of %u is %ld", key, half[i].rank, got);
        }
        if (me.rank)
            fence(most, nmost, false);
    }
    fence(NULL, 0, false);
}

static pmix_status_t publish_for(const char *key, uint32_t value, pmix_data_range_t range, pmix_persistence_t life)
{
    pmix_info_t i[3];
    set_key(&i[0], key, PMIX_UINT32);
    i[0].value.data.uint32 = value;
    set_key(&i[1], PMIX_RANGE, PMIX_DATA_RANGE);
    i[1].value.data.range = range;
    set_key(&i[2], PMIX_PERSISTENCE, PMIX_PERSIST);
    i[2].value.data.persist = life;
    return PMIx_Publish(i, 3);
}

static pmix_status_t publish(const char *key, uint32_t value, pmix_data_range_t range)
{
    return publish_for(key, value, range, PMIX_PERSIST_APP);
}

static pmix_status_t lookup(const char *key, pmix_data_range_t range, bool wait, long *value)
{
    pmix_info_t i[2];
    pmix_pdata_t d;
    memset(&d, 0, sizeof d);
    snprintf(d.key, sizeof d.key, "%s", key);
    set_key(&i[0], PMIX_RANGE, PMIX_DATA_RANGE);
    i[0].value.data.range = range;
    set_key(&i[1], PMIX_WAIT, PMIX_INT);
    pmix_status_t rc = PMIx_Lookup(&d, 1, i, wait ? 2 : 1);
    *value = number(&d.value);
    return rc;
}

static void scene_names(void)
{
    long value;
    char key[64], *keys[] = {key, NULL};
    CHECK(lookup("pmix nobody", PMIX_RANGE_SESSION, false, &value) != PMIX_SUCCESS, "no such name");
    fence(NULL, 0, false);
    snprintf(key, sizeof key, "name%u", me.rank);
    if (me.rank % 2)
        OK(publish(key, me.rank + 7, PMIX_RANGE_SESSION));
    for (uint32_t r = 1; r < size; r += 2) {
        char other[64];
        snprintf(other, sizeof other, "name%u", r);
        OK(lookup(other, PMIX_RANGE_SESSION, true, &value));
        CHECK(value == (long)r + 7, "%s is %ld", other, value);
    }
    OK(publish("of its own", me.rank, PMIX_RANGE_PROC_LOCAL));
    OK(lookup("of its own", PMIX_RANGE_PROC_LOCAL, false, &value));
    CHECK(value == (long)me.rank, "of its own is %ld", value);
    CHECK(publish("of its own", 1, PMIX_RANGE_PROC_LOCAL) == PMIX_ERR_DUPLICATE_KEY, "twice");
    fence(NULL, 0, false);
    if (me.rank % 2)
        OK(PMIx_Unpublish(keys, NULL, 0));
    fence(NULL, 0, false);
    if (size > 1)
        CHECK(lookup("name1", PMIX_RANGE_SESSION, false, &value) != PMIX_SUCCESS, "it was unpublished");
    fence(NULL, 0, false);
}

/* Read once; known on the node, or in the job, alone. Every second rank publishes, and the one after it reads. */
static void scene_lives(void)
{
    char once[64], ours[64];
    long value;
    uint32_t of = (me.rank + size - 1) % size;
    snprintf(once, sizeof once, "once%u", me.rank);
    snprintf(ours, sizeof ours, "ours%u", me.rank);
    OK(publish_for(once, me.rank, PMIX_RANGE_SESSION, PMIX_PERSIST_FIRST_READ));
    OK(publish_for(ours, me.rank, PMIX_RANGE_NAMESPACE, PMIX_PERSIST_SESSION));
    OK(publish_for("node", me.rank, PMIX_RANGE_PROC_LOCAL, PMIX_PERSIST_INDEF));
    snprintf(once, sizeof once, "once%u", of);
    snprintf(ours, sizeof ours, "ours%u", of);
    OK(lookup(once, PMIX_RANGE_SESSION, true, &value));
    CHECK(value == (long)of, "%s is %ld", once, value);
    CHECK(lookup(once, PMIX_RANGE_SESSION, false, &value) == PMIX_ERR_NOT_FOUND, "%s is read twice", once);
    OK(lookup(ours, PMIX_RANGE_NAMESPACE, true, &value));
    CHECK(value == (long)of, "%s is %ld", ours, value);
    CHECK(lookup(ours, PMIX_RANGE_SESSION, false, &value) == PMIX_ERR_NOT_FOUND, "%s is known to all", ours);
    OK(lookup("node", PMIX_RANGE_PROC_LOCAL, false, &value));
    CHECK(value == (long)me.rank, "node is %ld", value);
}

/* The last rank publishes for as long as it lives, and goes when all have read that. */
static void scene_mortal(void)
{
    long value;
    pmix_status_t rc = PMIX_SUCCESS;
    if (me.rank == size - 1)
        OK(publish_for("mortal", 5, PMIX_RANGE_SESSION, PMIX_PERSIST_PROC));
    OK(lookup("mortal", PMIX_RANGE_SESSION, true, &value));
    CHECK(value == 5, "mortal is %ld", value);
    fence(NULL, 0, false);
    for (int i = 0; me.rank != size - 1 && rc == PMIX_SUCCESS && i < 6000; i++) {
        rc = lookup("mortal", PMIX_RANGE_SESSION, false, &value);
        usleep(10000);
    }
    CHECK(me.rank == size - 1 || rc == PMIX_ERR_NOT_FOUND, "its publisher is gone: %s", PMIx_Error_string(rc));
}

static void scene_connect(void)
{
    pmix_proc_t all = proc_of(PMIX_RANK_WILDCARD);
    for (int turn = 0; turn < 2; turn++) {
        OK(PMIx_Connect(&all, 1, NULL, 0));
        OK(PMIx_Disconnect(&all, 1, NULL, 0));
    }
}

static void scene_group(void)
{
    pmix_proc_t *procs = calloc(size, sizeof *procs);
    pmix_info_t i, *results = NULL;
    size_t nresults = 0;
    for (uint32_t r = 0; r < size; r++)
        procs[r] = proc_of(r);
    set_key(&i, PMIX_GROUP_ASSIGN_CONTEXT_ID, PMIX_BOOL);
    i.value.data.flag = true;
    OK(PMIx_Group_construct("ours", procs, size, &i, 1, &results, &nresults));
    long id = -1;
    for (size_t k = 0; k < nresults; k++)
        if (strcmp(results[k].key, PMIX_GROUP_CONTEXT_ID) == 0)
            id = number(&results[k].value);
    CHECK(id > 0, "the group has no number");
    OK(PMIx_Group_destruct("ours", NULL, 0));
}

/* --- events */

static volatile int heard;

static void on_event(size_t ref, pmix_status_t status, const pmix_proc_t *source, pmix_info_t info[], size_t ninfo,
                     pmix_info_t results[], size_t nresults, pmix_event_notification_cbfunc_fn_t done, void *arg)
{
    heard++;
    if (done)
        done(PMIX_EVENT_ACTION_COMPLETE, NULL, 0, NULL, NULL, arg);
}

static volatile int registered;

static void on_registered(pmix_status_t status, size_t ref, void *arg)
{
    registered = status == PMIX_SUCCESS ? 1 : -1;
}

static void want(pmix_status_t code)
{
    registered = 0;
    PMIx_Register_event_handler(&code, 1, NULL, 0, on_event, on_registered, NULL);
    while (!registered)
        usleep(1000);
    CHECK(registered == 1, "no handler");
}

static void scene_event(void)
{
    const pmix_status_t code = PMIX_EXTERNAL_ERR_BASE - 7;
    heard = 0;
    want(code);
    fence(NULL, 0, false);
    if (me.rank == 0)
        OK(PMIx_Notify_event(code, &me, PMIX_RANGE_GLOBAL, NULL, 0, NULL, NULL));
    else
        while (!heard)
            usleep(1000);
    fence(NULL, 0, false);
}

/* The last rank dies; the others are told. For --no-kill. */
static void scene_survive(void)
{
    heard = 0;
    want(PMIX_ERR_EXIT_NONZERO_TERM);
    fence(NULL, 0, false);
    if (me.rank == size - 1)
        _exit(5);
    while (!heard)
        usleep(1000);
    printf("%u has heard\n", me.rank);
    fflush(stdout);
}

static void scene_abort(void)
{
    if (me.rank == size - 1)
        PMIx_Abort(44, "as the test wants it", NULL, 0);
    sleep(1000);
}

/* --- what is asked */

/* The answer of that key. */
static const pmix_value_t *ask(char *key, const char *qualifier, const char *text)
{
    char *keys[] = {key, NULL};
    pmix_info_t i, *found = NULL;
    size_t n = 0;
    pmix_query_t q = {.keys = keys, .qualifiers = qualifier ? &i : NULL, .nqual = qualifier != NULL};
    if (qualifier) {
        set_key(&i, qualifier, PMIX_STRING);
        i.value.data.string = (char *)text;
    }
    pmix_status_t rc = PMIx_Query_info(&q, 1, &found, &n);
    if (rc != PMIX_SUCCESS)
        return NULL;
    CHECK(n == 1 && strcmp(found[0].key, key) == 0, "%zu answers for %s", n, key);
    return &found[0].value;
}

static bool has_name(const pmix_value_t *v, const char *name)
{
    return v && v->type == PMIX_STRING && strstr(v->data.string, name);
}

/* Of a table: my entry is as it should be. */
static size_t check_table(const pmix_value_t *v)
{
    CHECK(v && v->type == PMIX_DATA_ARRAY && v->data.darray->type == PMIX_PROC_INFO, "no table");
    const pmix_proc_info_t *p = v->data.darray->array;
    bool found = false;
    for (size_t i = 0; i < v->data.darray->size; i++) {
        CHECK(*p[i].hostname && strstr(p[i].executable_name, "prog"), "%s %s", p[i].hostname, p[i].executable_name);
        found |= p[i].proc.rank == me.rank && p[i].pid == getpid() && p[i].state == PMIX_PROC_STATE_RUNNING;
    }
    CHECK(found, "rank %u is not in the table", me.rank);
    return v->data.darray->size;
}

static void scene_query(void)
{
    fence(NULL, 0, false);
    long locals = get_number(PMIX_RANK_WILDCARD, PMIX_LOCAL_SIZE);
    CHECK(has_name(ask(PMIX_QUERY_NAMESPACES, NULL, NULL), me.nspace), "my own name");
    CHECK(check_table(ask(PMIX_QUERY_LOCAL_PROC_TABLE, PMIX_NSPACE, me.nspace)) == (size_t)locals, "the ranks here");
    const pmix_value_t *all = ask(PMIX_QUERY_PROC_TABLE, PMIX_NSPACE, me.nspace);
    CHECK((locals == (long)size) == (all != NULL), "a table of ranks elsewhere");
    CHECK(!all || check_table(all) == size, "all ranks");
    CHECK(!ask(PMIX_QUERY_PROC_TABLE, PMIX_NSPACE, "nobody"), "a job that there is not");
    CHECK(!ask(PMIX_QUERY_QUEUE_LIST, NULL, NULL), "queues");
    fence(NULL, 0, false);
}

/* Under mpiexec --pset first=0-1 --pset "odd=1,3". */
static void scene_psets(void)
{
    const pmix_value_t *names = ask(PMIX_QUERY_PSET_NAMES, NULL, NULL), *number = ask(PMIX_QUERY_NUM_PSETS, NULL, NULL);
    const pmix_value_t *odd = ask(PMIX_QUERY_PSET_MEMBERSHIP, PMIX_PSET_NAME, "odd");
    CHECK(number && number->type == PMIX_SIZE && number->data.size == 2, "not two sets");
    CHECK(has_name(names, "first") && has_name(names, "odd"), "their names");
    CHECK(odd && odd->type == PMIX_DATA_ARRAY && odd->data.darray->type == PMIX_PROC, "no members");
    const pmix_proc_t *p = odd->data.darray->array;
    CHECK(odd->data.darray->size == 2 && p[0].rank == 1 && p[1].rank == 3, "other members");
    CHECK(!ask(PMIX_QUERY_PSET_MEMBERSHIP, PMIX_PSET_NAME, "even"), "a set that there is not");
}

/* --- what is shown, and done to ranks */

static pmix_status_t say(const char *channel, const char *text)
{
    pmix_info_t i;
    set_key(&i, channel, PMIX_STRING);
    i.value.data.string = (char *)text;
    return PMIx_Log(&i, 1, NULL, 0);
}

static void scene_log(void)
{
    char text[64];
    snprintf(text, sizeof text, "%u of %u", me.rank, size);
    OK(say(PMIX_LOG_STDERR, text));
    OK(say(PMIX_LOG_STDOUT, "one line\nand another\n"));
    CHECK(say(PMIX_LOG_EMAIL_ADDR, "somebody") == PMIX_ERR_NOT_SUPPORTED, "mail");
}

static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
    signalled++;
}

static pmix_status_t control(const pmix_proc_t *targets, size_t n, const char *key, int number)
{
    pmix_info_t i;
    set_key(&i, key, number ? PMIX_INT : PMIX_BOOL);
    if (number)
        i.value.data.integer = number;
    else
        i.value.data.flag = true;
    return PMIx_Job_control(targets, n, &i, 1, NULL, NULL);
}

/* One is signalled, then all are. */
static void scene_signal(void)
{
    pmix_proc_t last = proc_of(size - 1), all = proc_of(PMIX_RANK_WILDCARD), other = all;
    signal(SIGUSR1, on_signal);
    fence(NULL, 0, false);
    if (me.rank == 0)
        OK(control(&last, 1, PMIX_JOB_CTRL_SIGNAL, SIGUSR1));
    while (me.rank == size - 1 && !signalled)
        usleep(1000);
    CHECK(me.rank == size - 1 || !signalled, "a signal to another rank");
    fence(NULL, 0, false);
    signalled = 0;
    fence(NULL, 0, false);
    if (me.rank == size - 1)
        OK(control(&all, 1, PMIX_JOB_CTRL_SIGNAL, SIGUSR1));
    while (!signalled)
        usleep(1000);
    snprintf(other.nspace, sizeof other.nspace, "somebody else's");
    CHECK(control(&other, 1, PMIX_JOB_CTRL_KILL, 0) == PMIX_ERR_NOT_SUPPORTED, "another job's ranks");
    CHECK(control(&all, 1, PMIX_JOB_CTRL_PREEMPTIBLE, 0) == PMIX_ERR_NOT_SUPPORTED, "what is not there");
    CHECK(control(&all, 1, PMIX_JOB_CTRL_SIGNAL, 1000) == PMIX_ERR_NOT_SUPPORTED, "no such signal");
    fence(NULL, 0, false);
}

/* The first ends all. */
static void scene_terminate(void)
{
    pmix_proc_t all = proc_of(PMIX_RANK_WILDCARD);
    fence(NULL, 0, false);
    if (me.rank == 0)
        control(&all, 1, PMIX_JOB_CTRL_TERMINATE, 0);
    sleep(1000);
}

/* Another job of this program: one rank, which plays that scene. */
static void spawn(const char *scene, pmix_proc_t *child)
{
    char path[4096], *argv[] = {path, (char *)scene, NULL};
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    CHECK(n > 0, "the name of this program is not known");
    path[n] = 0;
    pmix_app_t app = {.cmd = path, .argv = argv, .maxprocs = 1};
    OK(PMIx_Spawn(NULL, 0, &app, 1, child->nspace));
    child->rank = PMIX_RANK_WILDCARD;
}

/* A parent connects with its child, parts again or not, and then is told by a file who the child was, which dies. */
static void meet_child(const char *scene, bool parts)
{
    pmix_proc_t procs[2] = {proc_of(PMIX_RANK_WILDCARD)};
    int pid = 0;
    spawn(scene, &procs[1]);
    OK(PMIx_Connect(procs, 2, NULL, 0));
    if (parts)
        OK(PMIx_Disconnect(procs, 2, NULL, 0));
    for (FILE *f = NULL; !f; usleep(5000))
        if ((f = fopen("pid", "r")) != NULL) {
            CHECK(fscanf(f, "%d", &pid) == 1, "the file is empty");
            fclose(f);
        }
    while (kill(pid, 0) == 0)
        usleep(5000);
    spawn("nothing", &procs[1]);
    puts("alive");
}

static void scene_parts(void)
{
    meet_child("parted", true);
}

static void scene_stays(void)
{
    meet_child("stayed", false);
}

static void meet_parent(bool parts)
{
    pmix_proc_t procs[2] = {proc_of(PMIX_RANK_WILDCARD), proc_of(PMIX_RANK_WILDCARD)};
    pmix_value_t *v;
    OK(PMIx_Get(&procs[0], PMIX_PARENT_ID, NULL, 0, &v));
    snprintf(procs[1].nspace, sizeof procs[1].nspace, "%s", v->data.proc->nspace);
    OK(PMIx_Connect(procs, 2, NULL, 0));
    if (parts)
        OK(PMIx_Disconnect(procs, 2, NULL, 0));
    FILE *f = fopen("new", "w");
    CHECK(f && fprintf(f, "%d", getpid()) > 0 && fclose(f) == 0 && rename("new", "pid") == 0, "no file can be written");
    _exit(7);
}

static void scene_parted(void)
{
    meet_parent(true);
}

static void scene_stayed(void)
{
    meet_parent(false);
}

static const struct {
    const char *name;
    void (*play)(void);
} scenes[] = {
    {"job", scene_job},
    {"fence", scene_fence},
    {"modex", scene_modex},
    {"missing", scene_missing},
    {"groups", scene_groups_of_fences},
    {"names", scene_names},
    {"lives", scene_lives},
    {"mortal", scene_mortal},
    {"connect", scene_connect},
    {"group", scene_group},
    {"event", scene_event},
    {"survive", scene_survive},
    {"abort", scene_abort},
    {"query", scene_query},
    {"psets", scene_psets},
    {"log", scene_log},
    {"signal", scene_signal},
    {"terminate", scene_terminate},
    {"parts", scene_parts},
    {"parted", scene_parted},
    {"stays", scene_stays},
    {"stayed", scene_stayed},
};

int main(int argc, char **argv)
{
    pmix_value_t *v;
    OK(PMIx_Init(&me, NULL, 0));
    pmix_proc_t all = proc_of(PMIX_RANK_WILDCARD);
    OK(PMIx_Get(&all, PMIX_JOB_SIZE, NULL, 0, &v));
    size = v->data.uint32;
    for (int i = 1; i < argc; i++)
        for (size_t k = 0; k < sizeof scenes / sizeof *scenes; k++)
            if (strcmp(scenes[k].name, argv[i]) == 0)
                scenes[k].play();
    OK(PMIx_Finalize(NULL, 0));
    return 0;
}
