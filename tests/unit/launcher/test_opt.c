/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_opt: command lines. */
#include "launcher/opt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char *no_env[] = {NULL};

struct parsed {
    struct options o;
    struct err e;
    enum options_result rc;
    char *words[64];
    char *copy;
};

/* Parses "mpiexec" and the words of line (blanks separate; no quotes). */
static struct parsed *parse_env(const char *line, char **env)
{
    struct parsed *p = calloc(1, sizeof *p);
    int n = 0;
    p->words[n++] = "mpiexec";
    p->copy = strdup(line);
    for (char *at = p->copy, *w; (w = strsep(&at, " "));)
        if (*w)
            p->words[n++] = w;
    p->rc = options_parse(&p->o, n, p->words, env, &p->e);
    return p;
}

static struct parsed *parse(const char *line)
{
    return parse_env(line, no_env);
}

static void parsed_free(struct parsed *p)
{
    options_fini(&p->o);
    free(p->copy);
    free(p);
}

static struct parsed *parse_ok_env(const char *line, char **env)
{
    struct parsed *p = parse_env(line, env);
    if (p->rc != OPTIONS_RUN)
        fail_msg("%s: %s", line, p->e.text);
    return p;
}

static struct parsed *parse_ok(const char *line)
{
    return parse_ok_env(line, no_env);
}

static char *text_file(const char *text)
{
    static char path[] = "/tmp/muster-opt-XXXXXX";
    strcpy(path + sizeof path - 7, "XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    return path;
}

static void defaults_are_those_of_the_contract(void **state)
{
    struct parsed *p = parse_ok("a.out");
    struct options *o = &p->o;
    assert_int_equal(o->napps, 1);
    assert_int_equal(o->apps[0].np, -1);
    assert_int_equal(o->apps[0].umask, -1);
    assert_int_equal(o->apps[0].argc, 1);
    assert_string_equal(o->apps[0].argv[0], "a.out");
    assert_null(o->apps[0].argv[1]);
    assert_string_equal(o->apps[0].where, "command line");
    assert_int_equal(o->genv.mode, ENV_UNSET);
    assert_null(o->launcher);
    assert_int_equal(o->usize, -1);
    assert_int_equal(o->stdin_mode, STDIN_RANKS);
    assert_string_equal(o->stdin_ranks, "0");
    assert_true(o->kill_timeout == 2);
    assert_true(o->timeout == 0);
    assert_null(o->hosts);
    assert_null(o->bind_to);
    parsed_free(p);
}

static void every_spelling_of_ports_is_two_ports(void **state)
{
    const char *const lines[] = {"--port-range 5000:6000 a", "--port-range 5000-6000 a",
                                 "--port-range 7 --port-range=5000:6000 a"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct parsed *p = parse_ok(lines[i]);
        assert_int_equal(p->o.port_low, 5000);
        assert_int_equal(p->o.port_high, 6000);
        parsed_free(p);
    }
    struct parsed *p = parse_ok("--port-range 7 a");
    assert_int_equal(p->o.port_low, 7);
    assert_int_equal(p->o.port_high, 7);
    parsed_free(p);
}

static void every_spelling_of_a_count_is_the_count(void **state)
{
    const char *const lines[] = {"-n 4 a",   "-np 4 a", "--np 4 a",    "--n 4 a",
                                 "--np=4 a", "-n=4 a",  "-n 9 -n 4 a", "-n 4 -- a"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct parsed *p = parse_ok(lines[i]);
        assert_int_equal(p->o.apps[0].np, 4);
        parsed_free(p);
    }
}

static void every_name_is_taken_with_one_dash_and_two(void **state)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        size_t n;
        for (const char *at = opt_table[i].names, *s; (s = opt_next_name(&at, &n));) {
            const char *fixed;
            assert_ptr_equal(opt_find(s, n, &fixed), &opt_table[i]); /* so no name stands for two */
            assert_null(opt_refusal(s, n));
            if (opt_table[i].kind != OPT_FLAG || i == OPT_ID_MULTI_PROG) /* whose program is a file that is read */
                continue;
            for (int dashes = 1; dashes <= 2; dashes++) {
                char line[64];
                snprintf(line, sizeof line, "%.*s%.*s a", dashes, "--", (int)n, s);
                struct parsed *p = parse_ok(line);
                char *base = opt_table[i].of_app ? (char *)&p->o.apps[0] : (char *)&p->o;
                assert_true(*(bool *)(base + opt_table[i].field));
                parsed_free(p);
            }
        }
    }
}

static void the_table_is_well_formed(void **state)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        const struct opt *o = &opt_table[i];
        assert_true(strlen(o->brief) > 0);
        if (strlen(o->brief) > 54)
            fail_msg("%s: brief text of %zu characters", o->names, strlen(o->brief));
        assert_true(opt_nvalues(o) <= 2);
    }
    for (size_t i = 0; i < opt_naliases; i++) {
        const char *fixed;
        const struct opt *o = opt_find(opt_aliases[i].name, strlen(opt_aliases[i].name), &fixed);
        assert_ptr_equal(o, &opt_table[opt_aliases[i].opt]);
        assert_ptr_equal(fixed, opt_aliases[i].value);
        char line[64];
        snprintf(line, sizeof line, "--%s a", opt_aliases[i].name);
        parsed_free(parse_ok(line));
    }
}

static void programs_are_separated_by_colons(void **state)
{
    struct parsed *p =
        parse_ok("-genv A 1 -n 2 -wdir /tmp -env B 2 a -n 7 : --label -n 3 -path /x:/y b : -umask 027 c");
    struct options *o = &p->o;
    assert_int_equal(o->napps, 3);
    assert_int_equal(o->apps[0].np, 2);
    assert_string_equal(o->apps[0].wdir, "/tmp");
    assert_string_equal(o->apps[0].env.set[0], "B=2");
    assert_int_equal(o->apps[0].argc, 3);
    assert_string_equal(o->apps[0].argv[2], "7");
    assert_int_equal(o->apps[1].np, 3);
    assert_null(o->apps[1].wdir);
    assert_int_equal(o->apps[1].env.nset, 0);
    assert_string_equal(o->apps[1].path, "/x:/y");
    assert_int_equal(o->apps[2].np, -1);
    assert_int_equal(o->apps[2].umask, 027);
    assert_string_equal(o->genv.set[0], "A=1");
    assert_true(o->label);
    parsed_free(p);
}

static void the_environment_is_taken_apart(void **state)
{
    char *env[] = {"HOME=/h", "LC_ALL=C", "LC_TIME=de", "LANG=C", NULL};
    struct parsed *p = parse_ok_env("-genvnone -genv A -1 -genv B=x=y -x LC_* -x C=3 -x LANG -envlist P,Q -envlist R "
                                    "-env-template T={rank}{\"a\":{}} --genv-template=U={host} a",
                                    env);
    const struct env_rules *g = &p->o.genv, *l = &p->o.apps[0].env;
    assert_int_equal(g->mode, ENV_NONE);
    assert_int_equal(g->nset, 2);
    assert_string_equal(g->set[0], "A=-1");
    assert_string_equal(g->set[1], "B=x=y");
    assert_int_equal(l->nset, 4);
    assert_string_equal(l->set[0], "LC_ALL=C");
    assert_string_equal(l->set[1], "LC_TIME=de");
    assert_string_equal(l->set[2], "C=3");
    assert_string_equal(l->set[3], "LANG=C");
    assert_int_equal(l->mode, ENV_LIST);
    assert_int_equal(l->nnames, 3);
    assert_string_equal(l->names[2], "R");
    assert_string_equal(l->templates[0], "T={rank}{\"a\":{}}");
    assert_string_equal(g->templates[0], "U={host}");
    parsed_free(p);
}

static void messages_are_printable(void **state)
{
    struct parsed *p = parse("-n 1\x1b[2J\n a");
    assert_string_equal(p->e.text, "-n: a number from 1 to 16777216 is expected, not \"1?[2J?\"");
    parsed_free(p);
}

static void values_of_each_kind_arrive(void **state)
{
    struct parsed *p = parse_ok("--timeout 1.5m --kill-timeout=0 --watch 500ms --usize INFINITE --display map,topo "
                                "--stdin 0-3,7 -prepend-pattern %r: --report-bindings --oversubscribe --map-by=core:2 "
                                "-N 4 --arg-template -tree-radix 2 -H a,b:2 a");
    struct options *o = &p->o;
    assert_true(o->timeout == 90);
    assert_true(o->kill_timeout == 0);
    assert_true(o->watch == 0.5);
    assert_int_equal(o->usize, -2);
    assert_int_equal(o->display, DISPLAY_MAP | DISPLAY_TOPO | DISPLAY_BINDINGS);
    assert_string_equal(o->stdin_ranks, "0-3,7");
    assert_string_equal(o->label_pattern, "%r:");
    assert_true(o->label);
    assert_false(o->no_oversubscribe);
    assert_string_equal(o->map_by, "core:2");
    assert_int_equal(o->ppn, 4);
    assert_true(o->apps[0].arg_templates);
    assert_int_equal(o->radix, 2);
    assert_string_equal(o->apps[0].hosts, "a,b:2");
    parsed_free(p);
}

static const struct {
    const char *line, *says;
} wrong[] = {
    {"", "no program to run"},
    {"-n 4", "no program to run"},
    {"--", "no program to run"},
    {"-n", "-n needs a value: N"},
    {"-n -l a", "-n needs a value (N), but the option -l follows"},
    {"-n 0 a", "-n: a number from 1 to 16777216 is expected, not \"0\""},
    {"-n -1 a", "not \"-1\""},
    {"-n 4x a", "not \"4x\""},
    {"-n= a", "not \"\""},
    {"-n 99999999999999999999 a", "not \"99999999999999999999\""},
    {"a :", "no program after the last ':'"},
    {": a", "no program before a ':'"},
    {"a : : b", "no program before a ':'"},
    {"a : -n 3", "no program after the last ':'"},
    {"--bnd-to core a", "unknown option --bnd-to; did you mean --bind-to?"},
    {"--lable a", "did you mean --label?"},
    {"-xyzzyplugh a", "unknown option -xyzzyplugh; see mpiexec --help"},
    {"--bind core a", "unknown option --bind"}, /* no abbreviations */
    {"-genv A", "-genv needs a value: NAME VALUE"},
    {"-genv =x a", "NAME VALUE or NAME=VALUE is expected"},
    {"-env A=B", "no program to run"},
    {"--report-bindings=yes a", "takes no value"},
    {"--label=maybe a", "yes or no is expected, not \"maybe\""},
    {"--timeout soon a", "a time in seconds"},
    {"--timeout 1e3 a", "a time in seconds"},
    {"--timeout 1.2.3 a", "a time in seconds"},
    {"--timeout 999999999d a", "at most a year"},
    {"--umask 99 a", "octal"},
    {"--umask 1000 a", "octal"},
    {"--umask -1 a", "octal"},
    {"--usize many a", "SYSTEM, INFINITE"},
    {"--display maps a", "a list of map, bindings, topo"},
    {"--display map, a", "a list of map"},
    {"--stdin some a", "all, none, a rank"},
    {"--stdin 3-1 a", "all, none, a rank"},
    {"--stdin 1, a", "all, none, a rank"},
    {"--launcher smoke a", "fork, ssh, ssh-exec, rsh"},
    {"--port-range 0:9 a", "LOW:HIGH"},
    {"--port-range 9:8 a", "LOW:HIGH"},
    {"--port-range 5000:70000 a", "LOW:HIGH"},
    {"--port-range 5000: a", "LOW:HIGH"},
    {"--port-range 5000:+6000 a", "LOW:HIGH"},
    {"--port-range 5000:6000x a", "LOW:HIGH"},
    {"-x =1 a", "NAME, NAME=VALUE"},
    {"-envlist A=1 a", "a list of variables' names"},
    {"--wdir= a", "DIR is expected"},
    {"--env-template A a", "NAME=TEXT is expected"},
    {"--env-template A={rnak} a", "one of rank local_rank host size local_size node nodes universe in braces"},
    {"--env-dialect ompi,srun a", "a list of ompi, slurm, pals and mvapich is expected"},
    {"--label-pattern {rank}{tiem} a", "one of rank"},
    {"--bind-to core a : --bind-to none b", "applies to the whole job"},
    {"-configfile /nonexistent/x", "unable to read /nonexistent/x"},
    {"-configfile /dev/null", "/dev/null names no program"},
    {"-configfile /dev/null a", "both a program (a) and a -configfile"},
    {"-n 3 -configfile /dev/null", "-n is for one application"},
    {"--help nonsense", "no help about \"nonsense\""},
    {"--wdir -l a", "the option -l follows"},
    {"-c 2 a", "say -n N or --cpus-per-rank N"},
    {"-n2x a", "unknown option -n2x"},
    {"-K=2 a", "-K takes no value"},
    {"--time 1:2:3:4 a", "--time: a time in minutes"},
    {"--timeout 1: a", "--timeout: a time in seconds"},
    {"-t 1-2- a", "a time in minutes"},
    {"-o 3 a", "-o: the name of a file"},
    {"-o out.%q a", "-o: a file name with %t (rank)"},
    {"-e out.% a", "-e: a file name with"},
    {"--output tag,xml a", "--output: a list of tag"},
    {"--output-filename :nocopy a", "DIR or DIR:nocopy"},
    {"-i data a", "all, none or a rank (a file is read by the shell"},
    {"--export =1 a", "--export: ALL, NONE"},
    {"-m plane a", "-m: block or cyclic"},
    {"--cpu-bind teapot a", "--cpu-bind: none, cores"},
    {"--mca btl=1 self a", "--mca: NAME VALUE"},
    {"--mem 4G a", "mpiexec does not limit memory"},
    {"-v=3 a", "yes, no or a number from 0 to 2"},
    {"--multi-prog /dev/null", "/dev/null names no program"},
    {"--multi-prog a b", "one file is expected in place of the program"},
    {"--help mapping", "did you mean mpiexec --help map?"},
    {"--help --bnd-to", "did you mean mpiexec --help --bind-to?"},
};

static void the_words_of_srun_mean_what_they_do_there(void **state)
{
    char *env[] = {"SLURM_JOB_ID=77", "USER=me", NULL};
    struct parsed *p = parse_ok_env("-q -n4 -c2 -t 90 -D /tmp -K1 -o out.%t.%n.%h.%j.%u%% -m cyclic --cpu-bind "
                                    "verbose,map_cpu:0,1 --export=ALL,A=1,B=2 -i none a",
                                    env);
    struct options *o = &p->o;
    assert_int_equal(o->apps[0].np, 4);
    assert_int_equal(o->cpus_per_rank, 2);
    assert_true(o->timeout == 5400);
    assert_string_equal(o->apps[0].wdir, "/tmp");
    assert_false(o->no_kill);
    assert_string_equal(o->outfile_pattern, "out.{rank}.{node}.{host}.77.me%%");
    assert_true(o->merge_stderr);
    assert_string_equal(o->map_by, "node");
    assert_string_equal(o->bind_to, "user:0,1");
    assert_int_equal(o->display, DISPLAY_BINDINGS);
    assert_int_equal(o->apps[0].env.mode, ENV_ALL);
    assert_int_equal(o->apps[0].env.nset, 2);
    assert_string_equal(o->apps[0].env.set[1], "B=2");
    assert_int_equal(o->stdin_mode, STDIN_NONE);
    assert_true(o->quiet);
    parsed_free(p);
    p = parse_ok("-K=0 -o none -e err.%t --export=NONE a");
    assert_true(p->o.no_kill);
    assert_string_equal(p->o.outfile_pattern, "/dev/null");
    assert_string_equal(p->o.errfile_pattern, "err.{rank}");
    assert_false(p->o.merge_stderr);
    assert_int_equal(p->o.apps[0].env.mode, ENV_NONE);
    parsed_free(p);
}

static void the_words_of_mpirun_mean_what_they_do_there(void **state)
{
    struct parsed *p = parse_ok("-q --mca btl self --output timestamp,merge,dir=d:nocopy --do-not-launch -np 2 a");
    assert_string_equal(p->o.genv.set[0], "OMPI_MCA_btl=self");
    assert_true(p->o.label && p->o.merge_stderr && p->o.dry_run && !p->o.tee);
    assert_string_equal(p->o.label_pattern, "{time} [{rank}] ");
    assert_string_equal(p->o.output_dir, "d");
    parsed_free(p);
    p = parse_ok("--output-filename d a");
    assert_true(p->o.tee);
    assert_string_equal(p->o.output_dir, "d");
    parsed_free(p);
    p = parse_ok("--output file=f a");
    assert_string_equal(p->o.outfile_pattern, "f.{rank}");
    parsed_free(p);
}

static void times_have_units_or_colons(void **state)
{
    static const struct {
        const char *line;
        double seconds;
    } cases[] = {
        {"--timeout 90 a", 90},  {"--timeout 1:30 a", 90}, {"--timeout 1:30:00 a", 5400},
        {"-t 2 a", 120},         {"-t 30s a", 30},         {"-t 1:30 a", 90},
        {"-t 1-2 a", 93600},     {"-t 1-2:3 a", 93780},    {"-t 1-0:0:1 a", 86401},
        {"--time=1.5h a", 5400}, {"-t10 a", 600},          {"-t1:00 a", 60},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct parsed *p = parse_ok(cases[i].line);
        if (p->o.timeout != cases[i].seconds)
            fail_msg("%s: %g", cases[i].line, p->o.timeout);
        parsed_free(p);
    }
}

static void verbose_has_two_levels(void **state)
{
    static const struct {
        const char *line;
        long level;
    } cases[] = {{"a", 0},          {"-v a", 1},   {"-vv a", 2},   {"-v -v a", 2},
                 {"-v -v -v a", 2}, {"-v=0 a", 0}, {"-v=yes a", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct parsed *p = parse_ok(cases[i].line);
        if (p->o.verbose != cases[i].level)
            fail_msg("%s: %ld", cases[i].line, p->o.verbose);
        parsed_free(p);
    }
}

static void a_file_of_srun_deals_programs_to_ranks(void **state)
{
    char *path = text_file("# who runs what\n0,2 even '%t of'  %o\n* rest -x\n5 last\n"), line[100];
    snprintf(line, sizeof line, "-n 7 -wdir /w --multi-prog %s", path);
    struct parsed *p = parse_ok(line);
    unlink(path);
    static const struct {
        long np;
        const char *program, *argument;
    } expected[] = {{1, "even", "0 of"}, {1, "rest", "-x"}, {1, "even", "2 of"},
                    {2, "rest", "-x"},   {1, "last", NULL}, {1, "rest", "-x"}};
    assert_int_equal(p->o.napps, 6);
    for (size_t i = 0; i < 6; i++) {
        const struct app *a = &p->o.apps[i];
        assert_int_equal(a->np, expected[i].np);
        assert_string_equal(a->argv[0], expected[i].program);
        if (expected[i].argument)
            assert_string_equal(a->argv[1], expected[i].argument);
        else
            assert_null(a->argv[1]);
        assert_string_equal(a->wdir, "/w");
    }
    assert_string_equal(p->o.apps[2].argv[2], "1");
    parsed_free(p);
}

static void a_wrong_file_of_srun_is_named_with_its_line(void **state)
{
    static const struct {
        const char *text, *says;
    } files[] = {
        {"0 a\n2 b\n", "no line names rank 1, nor all others"},
        {"0-1 a\n\n1 b\n", ":3: rank 1 has a program already, in line 1"},
        {"3 a\n", ":1: rank 3: the job has ranks 0 to 2"},
        {"0\n", ":1: a line reads: ranks, a program"},
        {"x a\n", ":1: 'x' is not a list of ranks"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char line[100], *path = text_file(files[i].text);
        snprintf(line, sizeof line, "-n 3 --multi-prog %s", path);
        struct parsed *p = parse(line);
        unlink(path);
        if (p->rc != OPTIONS_ERROR || !strstr(p->e.text, files[i].says) || !strstr(p->e.text, path))
            fail_msg("%s: %s", files[i].text, p->e.text);
        parsed_free(p);
    }
}

static void wrong_lines_say_what_is_wrong(void **state)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct parsed *p = parse(wrong[i].line);
        if (p->rc != OPTIONS_ERROR || !strstr(p->e.text, wrong[i].says))
            fail_msg("mpiexec %s: %s", wrong[i].line, p->e.text);
        assert_null(strchr(p->e.text, '\n'));
        parsed_free(p);
    }
}

static void variables_and_file_are_defaults(void **state)
{
    char *path = text_file("# defaults\n"
                           "bind-to = none\n"
                           "map_by=node\n"
                           "label = yes\n"
                           "tee\n"
                           "genv = F 'a b'\n"
                           "wdir = \"/with blank\"\n"
                           "timeout = 10\n"
                           "ppn = 3\n"
                           "no-kill = no\n");
    char file[64];
    snprintf(file, sizeof file, "MUSTER_CONFIG_FILE=%s", path);
    char *env[] = {file, "MUSTER_MAP_BY=core", "MUSTER_PPN=5", "MUSTER_TIMEOUT=", "MUSTER_GENV=V a b", "MUSTER_N=6",
                   NULL};
    struct parsed *p = parse_ok_env("--ppn 7 a : -n 2 -wdir /w b", env);
    unlink(path);
    struct options *o = &p->o;
    assert_string_equal(o->bind_to, "none");
    assert_string_equal(o->map_by, "core");
    assert_int_equal(o->ppn, 7);
    assert_true(o->label && o->tee && !o->no_kill);
    assert_true(o->timeout == 10);
    assert_string_equal(o->genv.set[0], "F=a b");
    assert_string_equal(o->genv.set[1], "V=a b");
    assert_int_equal(o->apps[0].np, 6);
    assert_string_equal(o->apps[0].wdir, "/with blank");
    assert_int_equal(o->apps[1].np, 2);
    assert_string_equal(o->apps[1].wdir, "/w");
    parsed_free(p);
}

static void wrong_variables_and_files_are_named(void **state)
{
    static const struct {
        const char *text, *says;
    } files[] = {
        {"label = yes\nbindto = none\n", ":2: unknown option bindto; did you mean bind-to?"},
        {"[mpiexec]\n", ":1: there are no sections"},
        {"ppn = three\n", ":1: ppn: a number from 1"},
        {"ppn = 3 4\n", "takes 1 value (N), not more"},
        {"ppn\n", "takes 1 value (N), not less"},
        {"label = yes no\n", "takes yes or no"},
        {"genv = A\n", "NAME VALUE or NAME=VALUE"},
        {"help = map\n", "belongs on the command line"},
        {"configfile = x\n", "belongs on the command line"},
        {"display-map = yes\n", "write display = map"},
        {"wdir = 'open\n", ":1: a single quote is not closed"},
        {"mca = a b\n", "belongs on the command line"},
        {"soft = 3\n", "is not supported"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = text_file(files[i].text), file[64];
        snprintf(file, sizeof file, "MUSTER_CONFIG_FILE=%s", path);
        struct parsed *p = parse_env("a", (char *[]){file, NULL});
        unlink(path);
        if (p->rc != OPTIONS_ERROR || !strstr(p->e.text, files[i].says) || !strstr(p->e.text, path))
            fail_msg("%s: %s", files[i].text, p->e.text);
        parsed_free(p);
    }
    struct parsed *p = parse_env("a", (char *[]){"MUSTER_BIND_TO=core", "MUSTER_PPN=-3", NULL});
    assert_int_equal(p->rc, OPTIONS_ERROR);
    assert_string_equal(p->e.text, "MUSTER_PPN: a number from 1 to 1000000 is expected, not \"-3\"");
    parsed_free(p);
    p = parse_env("a", (char *[]){"MUSTER_CONFIG_FILE=/nonexistent/c", NULL});
    assert_int_equal(p->rc, OPTIONS_ERROR);
    parsed_free(p);
}

static void mpiexec_timeout_is_weaker_than_ours(void **state)
{
    char *env[] = {"MUSTER_TIMEOUT=5", "MPIEXEC_TIMEOUT=9", NULL};
    struct parsed *p = parse_ok_env("a", env + 1);
    assert_true(p->o.timeout == 9);
    parsed_free(p);
    p = parse_ok_env("a", env);
    assert_true(p->o.timeout == 5);
    parsed_free(p);
}

static void a_configfile_is_an_application_a_line(void **state)
{
    char *path = text_file("# two programs\n"
                           "-n 2 -wdir '/a b' prog \"x \\\"y\\\" $z\" 'it''s' \\# # comment\n"
                           "\n"
                           "-n 3 \\\n"
                           "   other 1\\ 2 : third\n");
    char line[100];
    snprintf(line, sizeof line, "-l -configfile %s", path);
    struct parsed *p = parse_ok(line);
    unlink(path);
    struct options *o = &p->o;
    assert_int_equal(o->napps, 3);
    assert_true(o->label);
    assert_int_equal(o->apps[0].np, 2);
    assert_string_equal(o->apps[0].wdir, "/a b");
    assert_int_equal(o->apps[0].argc, 4);
    assert_string_equal(o->apps[0].argv[1], "x \"y\" $z");
    assert_string_equal(o->apps[0].argv[2], "its");
    assert_string_equal(o->apps[0].argv[3], "#");
    assert_int_equal(o->apps[1].np, 3);
    assert_string_equal(o->apps[1].argv[0], "other");
    assert_string_equal(o->apps[1].argv[1], "1 2");
    assert_string_equal(o->apps[2].argv[0], "third");
    assert_non_null(strstr(o->apps[1].where, ":4"));
    parsed_free(p);
}

static void a_wrong_configfile_is_named_with_its_line(void **state)
{
    static const struct {
        const char *text, *says;
    } files[] = {
        {"a\n-n x b\n", ":2: -n: a number"},          {"-n 2\n", ":1: no program to run"},
        {"a\n\n-nn 3 b\n", ":3: unknown option -nn"}, {"a 'b\n", ":1: a single quote"},
        {"-configfile x\n", "cannot name another"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char line[100], *path = text_file(files[i].text);
        snprintf(line, sizeof line, "-configfile %s", path);
        struct parsed *p = parse(line);
        unlink(path);
        if (p->rc != OPTIONS_ERROR || !strstr(p->e.text, files[i].says) || !strstr(p->e.text, path))
            fail_msg("%s: %s", files[i].text, p->e.text);
        parsed_free(p);
    }
}

static char *hosts_drawn(const char *line, char **env)
{
    struct parsed *p = parse_ok_env(line, env);
    struct hostlist l = {0};
    char *s = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&s, &n);
    if (options_hosts(&p->o, &l, &p->e) < 0)
        fputs(p->e.text, f);
    else
        for (size_t i = 0; i < l.n; i++)
            fprintf(f, "%s%s:%u", i ? " " : "", l.hosts[i].name, l.hosts[i].slots);
    fclose(f);
    hostlist_fini(&l);
    parsed_free(p);
    return s;
}

static void hosts_come_from_where_they_are_named(void **state)
{
    char line[200], *path = text_file("a:4\nb:2\nc\n");
    char *env[] = {"MUSTER_HOSTS=x,y", NULL};
    const struct {
        const char *line;
        char **env;
        const char *hosts;
    } cases[] = {
        {"p", no_env, ""},
        {"--hosts b,a:2 p", no_env, "b:0 a:2"},
        {"-f FILE p", no_env, "a:4 b:2 c:0"},
        {"-f FILE --hosts c,a:1,b p", no_env, "c:0 a:1 b:2"},
        {"-f FILE --hosts d p", no_env, "host d of --hosts is not in "},
        {"--host a:2 p : --host a:3,b p", no_env, "a:3 b:0"},
        {"--hosts a,b --host b p : p", no_env, "a:0 b:0"},
        {"--hosts a,b --host c p : p", no_env, "host c of --host (command line, for p) is not among"},
        {"p", env, "x:0 y:0"},
        {"-f FILE p", env, "a:4 b:2 c:0"},
        {"--host z p", env, "z:0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *at = strstr(cases[i].line, "FILE");
        snprintf(line, sizeof line, "%.*s%s%s", (int)(at ? at - cases[i].line : 100), cases[i].line, at ? path : "",
                 at ? at + 4 : "");
        char *s = hosts_drawn(line, cases[i].env);
        if (strncmp(s, cases[i].hosts, strlen(cases[i].hosts)) || (!*cases[i].hosts && *s))
            fail_msg("%s: %s", cases[i].line, s);
        free(s);
    }
    unlink(path);
}

static void help_fits_a_screen(void **state)
{
    for (int topic = -1; topic < OPT_TOPICS; topic++) {
        char *s = NULL;
        size_t n = 0, lines = 0;
        struct err e;
        FILE *f = open_memstream(&s, &n);
        assert_int_equal(opt_help(f, topic < 0 ? NULL : opt_subjects[topic].name, &e), 0);
        fclose(f);
        for (char *at = s, *line; (line = strsep(&at, "\n")) && at; lines++)
            if (strlen(line) > 79)
                fail_msg("a line of %zu characters: %s", strlen(line), line);
        if (topic < 0 && lines > 23)
            fail_msg("%zu lines", lines);
        free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_contract),
        cmocka_unit_test(every_spelling_of_ports_is_two_ports),
        cmocka_unit_test(every_spelling_of_a_count_is_the_count),
        cmocka_unit_test(the_words_of_srun_mean_what_they_do_there),
        cmocka_unit_test(the_words_of_mpirun_mean_what_they_do_there),
        cmocka_unit_test(times_have_units_or_colons),
        cmocka_unit_test(verbose_has_two_levels),
        cmocka_unit_test(a_file_of_srun_deals_programs_to_ranks),
        cmocka_unit_test(a_wrong_file_of_srun_is_named_with_its_line),
        cmocka_unit_test(every_name_is_taken_with_one_dash_and_two),
        cmocka_unit_test(the_table_is_well_formed),
        cmocka_unit_test(programs_are_separated_by_colons),
        cmocka_unit_test(the_environment_is_taken_apart),
        cmocka_unit_test(messages_are_printable),
        cmocka_unit_test(values_of_each_kind_arrive),
        cmocka_unit_test(wrong_lines_say_what_is_wrong),
        cmocka_unit_test(variables_and_file_are_defaults),
        cmocka_unit_test(wrong_variables_and_files_are_named),
        cmocka_unit_test(mpiexec_timeout_is_weaker_than_ours),
        cmocka_unit_test(a_configfile_is_an_application_a_line),
        cmocka_unit_test(a_wrong_configfile_is_named_with_its_line),
        cmocka_unit_test(hosts_come_from_where_they_are_named),
        cmocka_unit_test(help_fits_a_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
