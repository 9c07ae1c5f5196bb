/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_pmi: the text of PMI. */
#include "wire/pmi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A message as one line: "WIRE cmd|key=value|key". */
static void show(const struct pmi_msg *m, char *out, size_t size)
{
    static const char *const wires[] = {[PMI_WIRE_1] = "1", [PMI_WIRE_1_BLOCK] = "block", [PMI_WIRE_2] = "2"};
    size_t at = (size_t)snprintf(out, size, "%s %s", wires[m->wire], m->cmd);
    for (uint32_t i = 0; i < m->nitems; i++)
        at += (size_t)snprintf(out + at, size - at, m->items[i].value ? "|%s=%s" : "|%s", m->items[i].key,
                               m->items[i].value);
}

/* What a stream gives for this input, however it is cut: messages with a newline each, then "bad: why". */
static char *parse(const char *in, size_t n, size_t piece)
{
    static char out[20000];
    struct pmi_stream s;
    struct pmi_msg m;
    size_t at = 0;
    pmi_stream_init(&s);
    *out = 0;
    for (size_t i = 0; i < n; i += piece) {
        pmi_stream_feed(&s, in + i, n - i < piece ? n - i : piece);
        while (pmi_stream_next(&s, &m)) {
            show(&m, out + at, sizeof out - at - 2);
            at = strlen(out);
            out[at++] = '\n';
            out[at] = 0;
        }
    }
    if (s.bad)
        snprintf(out + at, sizeof out - at, "bad: %s", s.bad);
    else if (pmi_stream_pending(&s))
        snprintf(out + at, sizeof out - at, "%zu more", pmi_stream_pending(&s));
    pmi_stream_fini(&s);
    return out;
}

static void messages_come_out_however_they_are_cut(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"cmd=init pmi_version=1 pmi_subversion=1\n", "1 init|pmi_version=1|pmi_subversion=1\n"},
        {"cmd=a\ncmd=b x=1\ncmd=c", "1 a\n1 b|x=1\n5 more"},
        {"cmd=put  value=a\\ b\\\\c\\\nd   flag  k=\n", "1 put|value=a b\\c\nd|flag|k=\n"},
        {"cmd=x =y =\n", "1 x|=y|=\n"},
        {"mcmd=spawn\nnprocs=2\narg1=a b=c \\d\nflag\n\nendcmd\ncmd=z\n",
         "block spawn|nprocs=2|arg1=a b=c \\d|flag\n1 z\n"},
        {"    14cmd=job-getid;", "2 job-getid\n"},
        {"14    cmd=job-getid;", "2 job-getid\n"}, /* as Slurm writes */
        {" 14   cmd=job-getid;", "2 job-getid\n"},
        {"000014cmd=job-getid;cmd=y\n", "2 job-getid\n1 y\n"},
        {"    31cmd=kvs-put;key=a b;value=x;;y;", "2 kvs-put|key=a b|value=x;y\n"},
        {"    16cmd=a;k=;l;m=\n;;", "2 a|k=|l|m=\n;\n"},
        {"    12cmd=a;k=v;;w", "2 a|k=v;w\n"},
        {"cmd=", "4 more"},
        {"hello\n", "bad: something that is not PMI"},
        {"cmx", "bad: something that is not PMI"},
        {"\n", "bad: something that is not PMI"},
        {"cmd=\n", "bad: a PMI message without a command"},
        {"mcmd=\nendcmd\n", "bad: a PMI message without a command"},
        {"     0", "bad: a PMI message without a command"},
        {"     4abcd", "bad: a PMI message without a command"},
        {"      cmd=a;", "bad: a PMI-2 message without a length"},
        {"  1 14cmd=a;", "bad: a PMI-2 message without a length"},
        {"    -1cmd=a;", "bad: a PMI-2 message without a length"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = strlen(cases[i].in);
        for (size_t piece = 1; piece <= n; piece++)
            assert_string_equal(parse(cases[i].in, n, piece), cases[i].out);
    }
}

static void a_nul_is_bad(void **state)
{
    assert_string_equal(parse("cmd=a\0b\n", 8, 3), "bad: a NUL byte inside a PMI message");
    assert_string_equal(parse("    10cmd=a;\0b=c", 16, 16), "bad: a NUL byte inside a PMI message");
}

static void lengths_are_bounded(void **state)
{
    char *big = malloc(2 * PMI_MESSAGE_MAX);
    memset(big, 'x', 2 * PMI_MESSAGE_MAX);
    memcpy(big, "cmd=", 4);
    assert_string_equal(parse(big, PMI_LINE_MAX + 1, 1000), "bad: a line that is too long for PMI");
    memcpy(big, "mcmd=s\n", 7);
    assert_string_equal(parse(big, PMI_MESSAGE_MAX + 10, 5000), "bad: a block of lines that is too long for PMI");
    for (size_t i = 0; i < PMI_LINE_MAX / 2; i++)
        memcpy(big + 6 + 2 * i, " k", 2);
    memcpy(big, "cmd=aa", 6);
    big[PMI_LINE_MAX - 1] = '\n';
    assert_string_equal(parse(big, PMI_LINE_MAX, 65536), "bad: a PMI message of too many items");
    free(big);
}

static void written_messages_are_read_again(void **state)
{
    struct buf b;
    buf_init(&b);
    for (enum pmi_wire w = PMI_WIRE_1; w <= PMI_WIRE_2; w++) {
        struct pmi_out o = pmi_out_begin(&b, w, "put");
        pmi_out_str(&o, "value", "a b;c\\d");
        pmi_out_int(&o, "n", -5);
        pmi_out_flag(&o, "wait", true);
        pmi_out_str(&o, "empty", "");
        pmi_out_end(&o);
    }
    assert_false(b.failed);
    assert_string_equal(parse((char *)b.data, b.len, 7), "1 put|value=a b;c\\d|n=-5|wait=TRUE|empty=\n"
                                                         "block put|value=a b;c\\d|n=-5|wait=TRUE|empty=\n"
                                                         "2 put|value=a b;c\\d|n=-5|wait=TRUE|empty=\n");
    buf_fini(&b);
}

static void a_written_length_leaves_itself_out(void **state)
{
    struct buf b;
    buf_init(&b);
    struct pmi_out o = pmi_out_begin(&b, PMI_WIRE_2, "job-getid");
    pmi_out_end(&o);
    buf_put_u8(&b, 0);
    assert_string_equal((char *)b.data, "    14cmd=job-getid;");
    buf_fini(&b);
}

static void a_written_message_is_not_too_long(void **state)
{
    enum { MOST = 999999, FRAME = sizeof "cmd=x;k=;" - 1 };
    char *value = malloc(MOST);
    struct buf b;
    buf_init(&b);
    buf_put(&b, "before", 6);
    for (int over = 0; over < 2; over++) {
        memset(value, 'v', MOST);
        value[MOST - FRAME + over] = 0;
        struct pmi_out o = pmi_out_begin(&b, PMI_WIRE_2, "x");
        pmi_out_str(&o, "k", value);
        assert_int_equal(pmi_out_end(&o), !over);
        assert_false(b.failed);
        assert_int_equal(b.len, 6 + (6 + MOST));
    }
    assert_memory_equal(b.data, "before999999cmd=x;k=v", 21);
    buf_fini(&b);
    free(value);
}

static void values_are_found(void **state)
{
    struct pmi_item items[] = {{"a", "1"}, {"a", "2"}, {"flag", NULL}, {"big", "99999999999999999999"}, {"t", "5x"}};
    struct pmi_msg m = {PMI_WIRE_2, "c", items, 5};
    int64_t n = 7;
    assert_string_equal(pmi_msg_get(&m, "a"), "1");
    assert_string_equal(pmi_msg_get(&m, "flag"), "");
    assert_null(pmi_msg_get(&m, "none"));
    assert_int_equal(pmi_msg_int(&m, "a", 0, 1, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(pmi_msg_int(&m, "a", 2, 3, &n), -1);
    assert_int_equal(pmi_msg_int(&m, "flag", 0, 9, &n), -1);
    assert_int_equal(pmi_msg_int(&m, "big", 0, INT64_MAX, &n), -1);
    assert_int_equal(pmi_msg_int(&m, "t", 0, 9, &n), -1);
    assert_int_equal(pmi_msg_int(&m, "none", 0, 9, &n), -1);
    assert_int_equal(n, 1);
}

static void text_keeps_its_blanks_and_fits(void **state)
{
    struct pmi_stream s;
    struct pmi_msg m;
    char text[64], small[8];
    pmi_stream_init(&s);
    pmi_stream_feed(&s, "cmd=abort exitcode=3 message=it is = over\a now\n", 47);
    assert_true(pmi_stream_next(&s, &m));
    pmi_msg_text(&m, "message", text, sizeof text);
    assert_string_equal(text, "it is = over  now");
    pmi_msg_text(&m, "message", small, sizeof small);
    assert_string_equal(small, "it is =");
    pmi_msg_text(&m, "none", text, sizeof text);
    assert_string_equal(text, "");
    pmi_stream_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_out_however_they_are_cut),
        cmocka_unit_test(a_nul_is_bad),
        cmocka_unit_test(lengths_are_bounded),
        cmocka_unit_test(written_messages_are_read_again),
        cmocka_unit_test(a_written_length_leaves_itself_out),
        cmocka_unit_test(a_written_message_is_not_too_long),
        cmocka_unit_test(values_are_found),
        cmocka_unit_test(text_keeps_its_blanks_and_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
