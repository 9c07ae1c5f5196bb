/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Published names: the store in memory, and another one that takes its time.
 */
#include "pmi-server/name_store.h"
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "wire/pmi.h"
#include "wire/pmi_control.h"

static struct bytes text(const char *s)
{
    return (struct bytes){s, strlen(s)};
}

/* What has been completed, "id rc text;". */
static char log_text[400];

static void note(void *arg, uint32_t id, int rc, struct bytes t)
{
    size_t at = strlen(log_text);
    snprintf(log_text + at, sizeof log_text - at, "%u %d %.*s;", id, rc, (int)t.len, t.data);
}

static const char *logged(void)
{
    static char last[sizeof log_text];
    memcpy(last, log_text, sizeof last);
    *log_text = 0;
    return last;
}

static void publish(struct pmi_name_store *s, uint32_t id, uint32_t job, const char *name, const char *port)
{
    pmi_name_store_ops.publish(s, &(struct pmi_name_op){.id = id, .job = job, .name = text(name), .port = text(port)});
}

static void publish_for(struct pmi_name_store *s, uint32_t id, const char *name, enum pmi_name_life life)
{
    pmi_name_store_ops.publish(s, &(struct pmi_name_op){.id = id, .job = 1, .name = text(name), .life = life});
}

static void lookup(struct pmi_name_store *s, uint32_t id, const char *name, bool wait)
{
    pmi_name_store_ops.lookup(s, &(struct pmi_name_op){.id = id, .job = 9, .name = text(name), .wait = wait});
}

static void the_store_in_memory(void **state)
{
    struct pmi_name_store *s = pmi_name_store_create(note, NULL);
    lookup(s, 1, "a", false);
    assert_string_equal(logged(), "1 14 service_not_found;");
    publish(s, 2, 1, "a", "port");
    publish(s, 3, 2, "a", "other");
    lookup(s, 4, "a", true);
    assert_string_equal(logged(), "2 0 ;3 14 key_already_present;4 0 port;");
    pmi_name_store_ops.unpublish(s, &(struct pmi_name_op){.id = 5, .name = text("a")});
    pmi_name_store_ops.unpublish(s, &(struct pmi_name_op){.id = 6, .name = text("a")});
    assert_string_equal(logged(), "5 0 ;6 14 service_not_found;");
    for (uint32_t id = 7; id < 12; id++)
        lookup(s, id, id == 10 ? "b" : "a", true);
    assert_string_equal(logged(), "");
    pmi_name_store_ops.forget(s, 8);
    pmi_name_store_ops.forget(s, 99);
    publish(s, 12, 1, "a", "new");
    assert_string_equal(logged(), "12 0 ;7 0 new;9 0 new;11 0 new;");
    publish(s, 13, 2, "c", "kept");
    pmi_name_store_ops.job_end(s, 1);
    logged();
    lookup(s, 14, "a", false);
    lookup(s, 15, "c", false);
    assert_string_equal(logged(), "14 14 service_not_found;15 0 kept;");
    publish_for(s, 16, "d", PMI_NAME_ONCE);
    lookup(s, 17, "d", false);
    lookup(s, 18, "d", true);
    lookup(s, 19, "d", true);
    publish_for(s, 20, "d", PMI_NAME_ONCE);
    publish_for(s, 21, "d", PMI_NAME_ONCE);
    publish_for(s, 22, "d", PMI_NAME_RUN);
    publish_for(s, 23, "e", PMI_NAME_ONCE);
    assert_string_equal(logged(), "16 0 ;17 0 ;20 0 ;18 0 ;21 0 ;19 0 ;22 0 ;23 0 ;");
    pmi_name_store_ops.job_end(s, 1);
    lookup(s, 24, "d", false);
    lookup(s, 25, "e", false);
    assert_string_equal(logged(), "24 0 ;25 14 service_not_found;");
    pmi_name_store_destroy(s);
    pmi_name_store_destroy(NULL);
    assert_string_equal(logged(), "");
}

static void publish_as(struct pmi_name_store *s, uint32_t job, uint32_t rank, enum pmi_name_life life, bool inside,
                       const char *name)
{
    pmi_name_store_ops.publish(
        s, &(struct pmi_name_op){
               .job = job, .rank = rank, .life = life, .inside = inside, .name = text(name), .port = text("p")});
}

static void note_gone(void *arg, struct bytes name, bool inside)
{
    note(arg, inside, 0, name);
}

static bool find_z(void *arg, struct bytes name, struct bytes *port)
{
    *port = text("far");
    return *name.data == 'z';
}

static void a_name_dies_with_its_owner(void **state)
{
    struct pmi_name_store *s = pmi_name_store_create(note, NULL);
    struct bytes port;
    publish_as(s, 1, 4, PMI_NAME_RANK, false, "a");
    publish_as(s, 1, 4, PMI_NAME_RANK, true, "b");
    publish_as(s, 1, 4, PMI_NAME_JOB, false, "c");
    publish_as(s, 1, 5, PMI_NAME_RANK, false, "d");
    publish_as(s, 2, 4, PMI_NAME_RANK, false, "e");
    logged();
    pmi_name_store_watch(s, note_gone, NULL);
    pmi_name_store_ops.rank_end(s, 1, 6);
    pmi_name_store_ops.rank_end(s, 1, 4);
    assert_string_equal(logged(), "1 0 b;0 0 a;");
    pmi_name_store_ops.rank_end(s, 1, 4);
    assert_true(pmi_name_store_find(s, text("c"), &port) && pmi_name_store_find(s, text("d"), &port));
    assert_false(pmi_name_store_find(s, text("a"), &port));
    publish_as(s, 2, 4, PMI_NAME_RANK, false, "a");
    logged();
    pmi_name_store_ops.job_end(s, 1);
    assert_false(pmi_name_store_find(s, text("c"), &port) || pmi_name_store_find(s, text("d"), &port));
    logged();
    pmi_name_store_ops.unpublish(s, &(struct pmi_name_op){.id = 5, .name = text("e")});
    assert_string_equal(logged(), "0 0 e;5 0 ;");
    pmi_name_store_destroy(s);
    assert_string_equal(logged(), "0 0 a;");
}

static void who_waits_is_offered_what_others_have(void **state)
{
    struct pmi_name_store *s = pmi_name_store_create(note, NULL);
    assert_false(pmi_name_store_waits(s));
    lookup(s, 1, "x", true);
    lookup(s, 2, "z", true);
    pmi_name_store_ops.lookup(s, &(struct pmi_name_op){.id = 3, .inside = true, .name = text("z"), .wait = true});
    pmi_name_store_offer(s, find_z, NULL);
    assert_string_equal(logged(), "2 0 far;");
    assert_true(pmi_name_store_waits(s));
    pmi_name_store_destroy(s);
}

static void a_lookup_may_wait(void **state)
{
    struct tree *t = tree_new(2, 2, 6, true);
    tree_init_all(t);
    tree_say(t, 5, "cmd=lookup_name service=s wait=TRUE\n");
    tree_say(t, 0, "cmd=lookup_name service=s wait=TRUE\n");
    tree_say(t, 4, "cmd=lookup_name service=other wait=TRUE\n");
    tree_say(t, 2, "cmd=init pmi_version=2\n");
    tree_say2(t, 2, "cmd=fullinit;");
    tree_run(t);
    tree_hear(t, 2);
    tree_say2(t, 2, "cmd=name-lookup;name=s;wait=TRUE;");
    tree_expect(t, 5, "%s", "");
    tree_say(t, 3, "cmd=publish_name service=s port=p\n");
    tree_expect(t, 3, "cmd=publish_result rc=0\n");
    tree_expect(t, 5, "cmd=lookup_result rc=0 port=p\n");
    tree_expect(t, 0, "cmd=lookup_result rc=0 port=p\n");
    tree_expect(t, 4, "%s", "");
    tree_free(t);
}

/* Operations that are completed when the test says so. */
struct slow {
    struct tree *tree;
    char begun[400]; /* "what id job name;" */
    uint32_t last;
};

static void begin(struct slow *s, const char *what, uint32_t id, uint32_t job, struct bytes name)
{
    size_t at = strlen(s->begun);
    snprintf(s->begun + at, sizeof s->begun - at, "%s %u %.*s;", what, job, (int)name.len, name.data);
    s->last = id ? id : s->last;
}

static void slow_publish(void *ctx, const struct pmi_name_op *op)
{
    begin(ctx, "publish", op->id, op->job, op->name);
}

static void slow_lookup(void *ctx, const struct pmi_name_op *op)
{
    begin(ctx, op->wait ? "await" : "lookup", op->id, op->job, op->name);
}

static void slow_unpublish(void *ctx, const struct pmi_name_op *op)
{
    begin(ctx, "unpublish", op->id, op->job, op->name);
}

static void slow_forget(void *ctx, uint32_t id)
{
    begin(ctx, "forget", 0, 0, text(id == ((struct slow *)ctx)->last ? "the last" : "another"));
}

static void slow_job_end(void *ctx, uint32_t job)
{
    begin(ctx, "end", 0, job, text(""));
}

static void slow_rank_end(void *ctx, uint32_t job, uint32_t rank)
{
    begin(ctx, "end of", 0, job, text(rank == 2 ? "2" : "another"));
}

static void another_store_takes_its_time(void **state)
{
    static const struct pmi_name_ops ops = {slow_publish, slow_lookup,  slow_unpublish,
                                            slow_forget,  slow_job_end, slow_rank_end};
    struct tree *t = tree_new(2, 2, 6, true);
    struct slow s = {.tree = t};
    uint32_t id[4];
    pmi_root_names(t->root, &ops, &s);
    tree_init_all(t);
    tree_say(t, 5, "cmd=publish_name service=s port=p\n");
    tree_run(t);
    id[0] = s.last;
    tree_say(t, 1, "cmd=lookup_name service=s\ncmd=get_appnum\n");
    tree_run(t);
    id[1] = s.last;
    tree_say(t, 2, "cmd=unpublish_name service=s\n");
    tree_run(t);
    id[2] = s.last;
    tree_say(t, 3, "cmd=lookup_name service=z wait=TRUE\n");
    tree_expect(t, 3, "%s", "");
    assert_string_equal(s.begun, "publish 1 s;lookup 1 s;unpublish 1 s;await 1 z;");
    *s.begun = 0;
    pmi_root_name_done(t->root, id[1], 0, text("q"));
    tree_expect(t, 1, "cmd=lookup_result rc=0 port=q\ncmd=appnum rc=0 appnum=1\n");
    tree_expect(t, 5, "%s", "");
    pmi_root_name_done(t->root, id[2], PMI2_ERROR_OTHER, text("no server of names"));
    tree_expect(t, 2, "cmd=unpublish_result rc=1 msg=no_server_of_names\n");
    pmi_root_name_done(t->root, id[0], 0, text(""));
    pmi_root_name_done(t->root, id[0], 0, text("again"));
    tree_expect(t, 5, "cmd=publish_result rc=0\n");
    pmi_root_rank_end(t->root, 1, 2);
    tree_job_del(t, 1);
    assert_string_equal(s.begun, "end of 1 2;forget 0 the last;end 1 ;");
    pmi_root_name_done(t->root, s.last, 0, text("late"));
    assert_int_equal(t->broken, 0);
    tree_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_store_in_memory),
        cmocka_unit_test(a_name_dies_with_its_owner),
        cmocka_unit_test(who_waits_is_offered_what_others_have),
        cmocka_unit_test(a_lookup_may_wait),
        cmocka_unit_test(another_store_takes_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
