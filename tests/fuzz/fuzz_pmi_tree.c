/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ranks that speak a grammar, PMI-1 and PMI-2 mixed, to a whole tree of proxies and mpiexec's half: what they say is
 * always right, so that a refusal, a wrong value, a broken link or a rank that is never answered is a failure. The
 * input chooses: the tree; then who says which sentence, and in which order messages arrive.
 */
#include "tree.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RANKS_MAX = 14, SENTENCES_MAX = 400, STEPS_MAX = 6, KEYS_MAX = 64, JOBS_MAX = 4 };

struct speaker {
    struct tree_rank *rank;
    uint32_t number; /* in its job */
    int wire;
    char head[96], tail[96]; /* of the answer that it waits for; head "": for none */
    bool spawns;             /* that answer needs somebody to start a job */
    uint32_t fences;         /* of its job, that it has reached */
    bool done;
};

struct key {
    uint32_t putter, value;
    uint32_t fence; /* seen by all who have reached it */
};

struct world {
    const uint8_t *in;
    size_t left;
    struct tree *tree;
    struct speaker *first; /* speakers of job 1, then of those that were spawned */
    uint32_t n;
    struct key keys[KEYS_MAX];
    uint32_t nkeys, names, groups;
    struct spawned {
        struct tree_rank ranks[RANKS_MAX];
        struct speaker speakers[RANKS_MAX];
        char name[32];
        uint32_t n, id;
    } jobs[JOBS_MAX];
    uint32_t njobs, spawner; /* UINT32_MAX: nobody has asked */
};

static bool inside; /* cmocka's asserts of tree.c exit */

static void fail_inside(void)
{
    if (inside)
        abort();
}

static void fail(const struct speaker *s, const char *what, const char *text)
{
    fprintf(stderr, "rank %u, PMI-%d: %s: %.300s (it waits for %s...%s)\n", s->number, s->wire, what, text, s->head,
            s->tail);
    abort();
}

static uint32_t draw(struct world *w, uint32_t below)
{
    if (!w->left)
        return 0;
    w->left--;
    return *w->in++ % below;
}

/* --- saying and hearing */

static void say(struct speaker *s, const char *text)
{
    char whole[2048];
    int n = s->wire == 1 ? snprintf(whole, sizeof whole, "%s\n", text)
                         : snprintf(whole, sizeof whole, "%6zu%s", strlen(text), text);
    tree_say_bytes(s->rank, whole, (size_t)n);
}

/* What the two wires call a thing, and their answers. */
struct sentence {
    char text[512], head[96], tail[96];
};

static void speak(struct speaker *s, const struct sentence *v1, const struct sentence *v2)
{
    const struct sentence *x = s->wire == 1 ? v1 : v2;
    memcpy(s->head, x->head, sizeof s->head);
    memcpy(s->tail, x->tail, sizeof s->tail);
    say(s, x->text);
}

static void check_answer(struct speaker *s, const char *text, size_t n)
{
    size_t head = strlen(s->head), tail = strlen(s->tail);
    if (!head)
        fail(s, "an answer that nobody has asked for", text);
    if (n < head + tail || memcmp(text, s->head, head) != 0 || memcmp(text + n - tail, s->tail, tail) != 0)
        fail(s, "another answer", text);
    s->head[0] = s->tail[0] = '\0';
}

/* One question, one answer. */
static void hear(struct speaker *s)
{
    char text[2048];
    size_t n = s->rank->out.len;
    if (*s->rank->failed)
        fail(s, "it failed", s->rank->failed);
    if (!n)
        return;
    if (n >= sizeof text)
        fail(s, "a very long answer", "");
    memcpy(text, s->rank->out.data, n);
    text[n] = '\0';
    buf_clear(&s->rank->out);
    if (s->wire == 1 && (text[n - 1] != '\n' || strchr(text, '\n') != text + n - 1))
        fail(s, "no line, or several", text);
    if (s->wire == 2 && (size_t)atol(text) != n - 6)
        fail(s, "a wrong length", text);
    check_answer(s, s->wire == 1 ? text : text + 6, s->wire == 1 ? n - 1 : n - 6);
}

static void hear_all(struct world *w)
{
    for (uint32_t r = 0; r < w->n; r++)
        hear(&w->first[r]);
    for (uint32_t j = 0; j < w->njobs; j++)
        for (uint32_t r = 0; r < w->jobs[j].n; r++)
            hear(&w->jobs[j].speakers[r]);
    assert(w->tree->broken == 0);
    assert(!*w->tree->stuck);
}

static void some_steps(struct world *w)
{
    for (uint32_t n = draw(w, STEPS_MAX); n > 0; n--)
        tree_step(w->tree, draw(w, 256));
    hear_all(w);
}

static bool is_free(const struct speaker *s)
{
    return !s->head[0] && !s->done;
}

/* --- sentences */

static void begin(struct world *w, struct speaker *s)
{
    if (s->wire == 2) { /* the greeting is a line in both */
        tree_say_bytes(s->rank, "cmd=init pmi_version=2 pmi_subversion=0\n", 40);
        assert(strncmp(tree_heard(s->rank), "cmd=response_to_init rc=0 pmi_version=2", 39) == 0);
    }
    speak(s,
          &(struct sentence){"cmd=init pmi_version=1 pmi_subversion=1", "cmd=response_to_init rc=0 pmi_version=1",
                             "pmi_subversion=2"},
          &(struct sentence){"cmd=fullinit;", "cmd=fullinit-response;rc=0;rank=", "pmiverbose=0;"});
    some_steps(w);
}

static void put(struct world *w, struct speaker *s)
{
    struct sentence v1 = {.head = "cmd=put_result rc=0"}, v2 = {.head = "cmd=kvs-put-response;rc=0;"};
    if (w->nkeys == KEYS_MAX)
        return;
    struct key *k = &w->keys[w->nkeys];
    *k = (struct key){.putter = s->number, .value = draw(w, 200), .fence = s->fences + 1};
    snprintf(v1.text, sizeof v1.text, "cmd=put kvsname=kvs_1 key=k%u value=v%u", w->nkeys, k->value);
    snprintf(v2.text, sizeof v2.text, "cmd=kvs-put;key=k%u;value=v%u;", w->nkeys, k->value);
    w->nkeys++;
    speak(s, &v1, &v2);
}

/* Waiting: for a key that somebody has put, who need not have reached a fence. */
static void get(struct world *w, struct speaker *s, bool waiting)
{
    struct sentence v1 = {.head = "cmd=get_result rc=0"}, v2 = {.head = "cmd=kvs-get-response;rc=0;found=TRUE;"};
    if (!w->nkeys)
        return;
    uint32_t i = draw(w, w->nkeys);
    const struct key *k = &w->keys[i];
    if (!waiting && s->fences < k->fence)
        return;
    snprintf(v1.text, sizeof v1.text, "cmd=get kvsname=kvs_1 key=k%u%s", i, waiting ? " wait=TRUE" : "");
    snprintf(v2.text, sizeof v2.text, "cmd=kvs-get;jobid=kvs_1;key=k%u;%s", i, waiting ? "wait=TRUE;" : "");
    snprintf(v1.tail, sizeof v1.tail, " value=v%u", k->value);
    snprintf(v2.tail, sizeof v2.tail, "value=v%u;", k->value);
    speak(s, &v1, &v2);
}

/* Every rank comes to as many before it ends. */
static void fence(struct speaker *s, const char *job)
{
    struct sentence v1 = {"cmd=barrier_in", "cmd=barrier_out", ""}, v2 = {.text = "cmd=kvs-fence;"};
    snprintf(v2.head, sizeof v2.head, "cmd=kvs-fence-response;rc=0;%.0s", job);
    s->fences++;
    speak(s, &v1, &v2);
}

/* Of PMI-1's ranks that are free now, all of which come. */
static void group(struct world *w)
{
    char members[128] = "";
    size_t len = 0;
    bool in[RANKS_MAX] = {false};
    uint32_t chosen = 0;
    for (uint32_t r = 0; r < w->n; r++) {
        if (!is_free(&w->first[r]) || w->first[r].wire != 1 || draw(w, 2))
            continue;
        in[r] = true;
        len += (size_t)snprintf(members + len, sizeof members - len, "%s%u", chosen++ ? "," : "", r);
    }
    w->groups++;
    uint32_t from = draw(w, w->n);
    for (uint32_t i = 0; chosen > 0 && i < w->n; i++) {
        uint32_t r = (from + i) % w->n;
        struct sentence v1 = {.head = "cmd=barrier_out"};
        snprintf(v1.text, sizeof v1.text, "cmd=barrier_in group=%s:%u", members, w->groups);
        snprintf(v1.tail, sizeof v1.tail, " tag=%u", w->groups);
        if (in[r])
            speak(&w->first[r], &v1, NULL);
        some_steps(w);
    }
}

static void settle(struct world *w);

/* A name is published, found by another, and taken back. */
static void name(struct world *w, struct speaker *s, struct speaker *other)
{
    struct sentence p1 = {.head = "cmd=publish_result rc=0"}, p2 = {.head = "cmd=name-publish-response;rc=0;"};
    struct sentence l1 = {.head = "cmd=lookup_result rc=0"}, l2 = {.head = "cmd=name-lookup-response;rc=0;"};
    struct sentence u1 = {.head = "cmd=unpublish_result rc=0"}, u2 = {.head = "cmd=name-unpublish-response;rc=0;"};
    uint32_t n = w->names++;
    bool early = draw(w, 2) && other != s;
    snprintf(p1.text, sizeof p1.text, "cmd=publish_name service=s%u port=p%u", n, n);
    snprintf(p2.text, sizeof p2.text, "cmd=name-publish;name=s%u;port=p%u;", n, n);
    snprintf(l1.text, sizeof l1.text, "cmd=lookup_name service=s%u wait=TRUE", n);
    snprintf(l2.text, sizeof l2.text, "cmd=name-lookup;name=s%u;wait=TRUE;", n);
    snprintf(l1.tail, sizeof l1.tail, "port=p%u", n);
    snprintf(l2.tail, sizeof l2.tail, "value=p%u;", n);
    snprintf(u1.text, sizeof u1.text, "cmd=unpublish_name service=s%u", n);
    snprintf(u2.text, sizeof u2.text, "cmd=name-unpublish;name=s%u;", n);
    if (early)
        speak(other, &l1, &l2);
    some_steps(w);
    speak(s, &p1, &p2);
    settle(w);
    if (!early && is_free(other))
        speak(other, &l1, &l2);
    settle(w);
    if (is_free(s))
        speak(s, &u1, &u2);
}

static void node_attribute(struct world *w, struct speaker *s)
{
    struct sentence put2 = {"cmd=info-putnodeattr;key=n;value=1;", "cmd=info-putnodeattr-response;rc=0;", ""};
    struct sentence get2 = {"cmd=info-getnodeattr;key=n;wait=TRUE;", "cmd=info-getnodeattr-response;rc=0;found=TRUE;",
                            "value=1;"};
    if (s->wire != 2)
        return;
    speak(s, NULL, &put2);
    some_steps(w);
    if (is_free(s))
        speak(s, NULL, &get2);
}

static void ask_little(struct world *w, struct speaker *s)
{
    static const struct sentence v1[] = {
        {"cmd=get_maxes", "cmd=maxes", ""},
        {"cmd=get_appnum", "cmd=appnum rc=0 appnum=", ""},
        {"cmd=get_my_kvsname", "cmd=my_kvsname rc=0 kvsname=kvs_", ""},
        {"cmd=get kvsname=kvs_1 key=PMI_process_mapping", "cmd=get_result rc=0 value=(vector,", ")"}};
    static const struct sentence v2[] = {
        {"cmd=job-getid;", "cmd=job-getid-response;rc=0;jobid=kvs_", ";"},
        {"cmd=job-getid;thrid=9;", "cmd=job-getid-response;thrid=9;rc=0;", ";"},
        {"cmd=info-getjobattr;key=PMI_process_mapping;", "cmd=info-getjobattr-response;rc=0;found=TRUE;value=(vector,",
         ");"},
        {"cmd=info-getjobattr;key=none;", "cmd=info-getjobattr-response;rc=0;found=FALSE;", ";"}};
    uint32_t i = draw(w, 4);
    speak(s, &v1[i], &v2[i]);
}

/* --- spawn: one at a time; the new job's ranks begin, read what was put for them, meet and end */

static void spawn(struct world *w, struct speaker *s)
{
    struct sentence v1 = {.head = "cmd=spawn_result rc=0 errcodes=0"}, v2 = {.head = "cmd=spawn-response;rc=0;jobid="};
    if (w->spawner != UINT32_MAX || w->njobs == JOBS_MAX)
        return;
    struct spawned *j = &w->jobs[w->njobs];
    j->n = 1 + draw(w, w->n);
    snprintf(v1.text, sizeof v1.text,
             "mcmd=spawn\nnprocs=%u\nexecname=a\ntotspawns=1\nspawnssofar=1\nargcnt=0\npreput_num=1\n"
             "preput_key_0=parent\npreput_val_0=port\ninfo_num=0\nendcmd",
             j->n);
    snprintf(v2.text, sizeof v2.text,
             "cmd=spawn;ncmds=1;preputcount=1;ppkey0=parent;ppval0=port;subcmd=a;maxprocs=%u;argc=0;infokeycount=0;",
             j->n);
    w->spawner = s->number;
    speak(s, &v1, &v2);
}

static void begin_job(struct world *w)
{
    struct spawned *j = &w->jobs[w->njobs];
    j->id = w->njobs + 2;
    snprintf(j->name, sizeof j->name, "kvs_%u", j->id);
    for (uint32_t r = 0; r < j->n; r++) {
        j->ranks[r].proxy = w->tree->ranks[r].proxy;
        j->speakers[r] = (struct speaker){.rank = &j->ranks[r], .number = r, .wire = 1 + (int)draw(w, 2)};
    }
    tree_job_add(w->tree, j->id, j->name, j->ranks, j->n);
    assert(pmi_root_put(w->tree->root, j->id, "parent", "port") == 0);
    pmi_root_spawn_done(w->tree->root, w->tree->spawn_id, NULL, j->name, NULL, 0);
    w->tree->spawn_id = 0;
    w->spawner = UINT32_MAX;
    w->njobs++;
}

static void live(struct world *w, struct spawned *j)
{
    for (uint32_t r = 0; r < j->n; r++)
        begin(w, &j->speakers[r]);
    settle(w);
    for (uint32_t r = 0; r < j->n; r++) {
        struct sentence v1 = {.head = "cmd=get_result rc=0", .tail = "value=port"};
        struct sentence v2 = {"cmd=kvs-get;key=parent;", "cmd=kvs-get-response;rc=0;found=TRUE;", "value=port;"};
        snprintf(v1.text, sizeof v1.text, "cmd=get kvsname=%s key=parent", j->name);
        speak(&j->speakers[r], &v1, &v2);
        some_steps(w);
    }
    settle(w);
    for (uint32_t r = 0; r < j->n; r++) {
        fence(&j->speakers[r], j->name);
        some_steps(w);
    }
    settle(w);
}

/* Until nothing is left to happen. A spawn is answered on the way. */
static void settle(struct world *w)
{
    do {
        while (tree_step(w->tree, draw(w, 256)))
            ;
        hear_all(w);
        if (!w->tree->spawn_id)
            break;
        begin_job(w);
        struct spawned *j = &w->jobs[w->njobs - 1];
        live(w, j);
    } while (true);
}

/* --- a run */

static void one_sentence(struct world *w)
{
    struct speaker *s = &w->first[draw(w, w->n)], *other = &w->first[draw(w, w->n)];
    uint32_t what = draw(w, 10);
    if (!is_free(s))
        return;
    if (what < 2)
        put(w, s);
    else if (what < 4)
        get(w, s, what == 3);
    else if (what == 4)
        fence(s, "kvs_1");
    else if (what == 5)
        group(w);
    else if (what == 6 && is_free(other))
        name(w, s, other);
    else if (what == 7)
        node_attribute(w, s);
    else if (what == 8)
        spawn(w, s);
    else
        ask_little(w, s);
}

/* Those behind in fences come to them, so that all who wait are answered. */
static void catch_up(struct world *w)
{
    uint32_t most = 0;
    for (uint32_t r = 0; r < w->n; r++)
        most = w->first[r].fences > most ? w->first[r].fences : most;
    for (bool any = true; any;) {
        any = false;
        settle(w);
        for (uint32_t r = 0; r < w->n; r++) {
            if (!is_free(&w->first[r]) || w->first[r].fences == most)
                continue;
            fence(&w->first[r], "kvs_1");
            any = true;
            some_steps(w);
        }
    }
    for (uint32_t r = 0; r < w->n; r++)
        if (!is_free(&w->first[r]))
            fail(&w->first[r], "it is never answered", "");
}

static void end_all(struct world *w, struct speaker *v, uint32_t n)
{
    for (uint32_t r = 0; r < n; r++) {
        speak(&v[r], &(struct sentence){"cmd=finalize", "cmd=finalize_ack", ""},
              &(struct sentence){"cmd=finalize;", "cmd=finalize-response;rc=0;", ""});
        some_steps(w);
    }
    settle(w);
    for (uint32_t r = 0; r < n; r++)
        if (!is_free(&v[r]))
            fail(&v[r], "finalize is never answered", "");
}

static void world_begin(struct world *w)
{
    uint32_t depth = 1 + draw(w, 3), fan = 1 + draw(w, 3), n = 1 + draw(w, RANKS_MAX - 1);
    w->tree = tree_new(depth, fan, n, draw(w, 2));
    w->n = n;
    w->spawner = UINT32_MAX;
    w->first = calloc(n, sizeof *w->first);
    if (!w->first)
        abort();
    for (uint32_t r = 0; r < n; r++)
        w->first[r] = (struct speaker){.rank = &w->tree->ranks[r], .number = r, .wire = 1 + (int)draw(w, 2)};
    for (uint32_t r = 0; r < n; r++)
        begin(w, &w->first[r]);
    settle(w);
}

static void world_end(struct world *w)
{
    catch_up(w);
    for (uint32_t j = 0; j < w->njobs; j++)
        end_all(w, w->jobs[j].speakers, w->jobs[j].n);
    end_all(w, w->first, w->n);
    for (uint32_t j = 0; j < w->njobs; j++) {
        tree_job_del(w->tree, w->jobs[j].id);
        for (uint32_t r = 0; r < w->jobs[j].n; r++)
            buf_fini(&w->jobs[j].ranks[r].out);
    }
    tree_free(w->tree);
    free(w->first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool registered;
    struct world *w = calloc(1, sizeof *w);
    if (!w || (!registered && atexit(fail_inside) != 0))
        abort();
    registered = inside = true;
    w->in = data;
    w->left = size;
    world_begin(w);
    for (int i = 0; i < SENTENCES_MAX && w->left; i++) {
        one_sentence(w);
        some_steps(w);
    }
    world_end(w);
    inside = false;
    free(w);
    return 0;
}
