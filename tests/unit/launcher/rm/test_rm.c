/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_rm: allocations, from recorded environments. Slurm's are those of Slurm 22.05; the others follow their manuals.
 */
#include "launcher/rm/rm.h"

#include "common/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define VARIABLES 12

/* What was recorded: variables, and the text of the one file, or of the one command. */
struct recording {
    const char *env[VARIABLES];
    const char *path, *text;
    const char *command;
};

static char *recorded_file(const struct rm_source *s, const char *path, struct err *e)
{
    const struct recording *r = s->arg;
    if (r->path && !strcmp(path, r->path))
        return xstrdup(r->text);
    err_set(e, "unable to read %s: No such file or directory", path);
    return NULL;
}

static char *recorded_output(const struct rm_source *s, const char *const argv[], struct err *e)
{
    const struct recording *r = s->arg;
    char line[200] = "";
    for (int i = 0; argv[i]; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), "%s%s", i ? " " : "", argv[i]);
    if (r->command && !strcmp(line, r->command))
        return xstrdup(r->text);
    err_set(e, "unable to run %s: No such file or directory", argv[0]);
    return NULL;
}

static int detect(const struct recording *r, const char *name, struct allocation *a, struct err *e)
{
    struct rm_source s = {(char **)r->env, recorded_file, recorded_output, r};
    *a = (struct allocation){0};
    return rm_detect(&s, name, a, e);
}

/* "Slurm 12: a:4 b:2, 2 cpus, 6 ranks" */
static char *drawn(const struct allocation *a)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    fprintf(f, "%s %s:", a->rm ? a->rm->title : "none", a->job ? a->job : "-");
    for (size_t i = 0; i < a->hosts.n; i++)
        fprintf(f, " %s:%u", a->hosts.hosts[i].name, a->hosts.hosts[i].slots);
    if (a->cpus_per_rank)
        fprintf(f, ", %u cpus", a->cpus_per_rank);
    if (a->ranks)
        fprintf(f, ", %u ranks", a->ranks);
    fclose(f);
    return text;
}

#define FLUX_R                                                                                                         \
    "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0,2\",\"children\":{\"core\":\"0-3\",\"gpu\":\"0\"}},"      \
    "{\"rank\":\"1\",\"children\":{\"core\":\"0,2\"}}],\"starttime\":0,\"expiration\":0,\"nodelist\":[\"n[1-3]\"]}}"

static const struct {
    const char *what;
    struct recording r;
    const char *found;
} good[] = {
    {"nothing", {{"HOME=/home/me", "SLURM_CONF=/etc/slurm/slurm.conf"}}, "none -:"},
    {"salloc -N3 -n7",
     {{"SLURM_JOBID=1", "SLURM_JOB_CPUS_PER_NODE=4,2,1", "SLURM_JOB_ID=1", "SLURM_JOB_NODELIST=node[02,04-05]",
       "SLURM_JOB_NUM_NODES=3", "SLURM_NNODES=3", "SLURM_NODELIST=node[02,04-05]", "SLURM_NPROCS=7", "SLURM_NTASKS=7",
       "SLURM_TASKS_PER_NODE=4,2,1"}},
     "Slurm 1: node02:4 node04:2 node05:1, 7 ranks"},
    {"salloc -N3 -c2 --ntasks-per-node=2",
     {{"SLURM_CPUS_PER_TASK=2", "SLURM_JOB_CPUS_PER_NODE=4(x3)", "SLURM_JOB_ID=2", "SLURM_JOB_NODELIST=node[01-03]",
       "SLURM_NTASKS=6", "SLURM_NTASKS_PER_NODE=2", "SLURM_TASKS_PER_NODE=2(x3)"}},
     "Slurm 2: node01:2 node02:2 node03:2, 2 cpus, 6 ranks"},
    {"salloc -N3",
     {{"SLURM_JOB_CPUS_PER_NODE=4(x3)", "SLURM_JOB_ID=3", "SLURM_JOB_NODELIST=node[01-03]",
       "SLURM_TASKS_PER_NODE=1(x3)"}},
     "Slurm 3: node01:1 node02:1 node03:1"},
    {"runs and single numbers",
     {{"SLURM_JOB_ID=4", "SLURM_JOB_NODELIST=a,n[1-3]", "SLURM_TASKS_PER_NODE=1,2(x2),16"}},
     "Slurm 4: a:1 n1:2 n2:2 n3:16"},
    {"names in two dimensions",
     {{"SLURM_JOB_ID=4", "SLURM_JOB_NODELIST=r[1-2]n[01-02]", "SLURM_TASKS_PER_NODE=2(x4)"}},
     "Slurm 4: r1n01:2 r1n02:2 r2n01:2 r2n02:2"},
    {"an old name", {{"SLURM_JOBID=5", "SLURM_NODELIST=a"}}, "Slurm 5: a:0"},
    {"no tasks, but processors",
     {{"SLURM_JOB_ID=6", "SLURM_JOB_NODELIST=n[1-2]", "SLURM_JOB_CPUS_PER_NODE=8,3", "SLURM_CPUS_PER_TASK=4"}},
     "Slurm 6: n1:2 n2:1, 4 cpus"},
    {"a shell that srun -n1 --pty started in a job of three nodes",
     {{"SLURM_JOB_ID=7", "SLURM_JOB_NODELIST=n[1-3]", "SLURM_STEP_ID=0", "SLURM_STEP_NODELIST=n1",
       "SLURM_TASKS_PER_NODE=1", "SLURM_NTASKS=1", "SLURM_JOB_CPUS_PER_NODE=4(x3)",
       "SLURM_JOB_CPUS_PER_NODE_PACK_GROUP_0=4(x3)"}},
     "Slurm 7: n1:4 n2:4 n3:4"},
    {"PBS",
     {{"PBS_ENVIRONMENT=PBS_BATCH", "PBS_JOBID=12.front", "PBS_NODEFILE=/var/spool/pbs/aux/12.front"},
      "/var/spool/pbs/aux/12.front",
      "n1.example.org\nn1.example.org\nn2.example.org\nn1.example.org\n"},
     "PBS 12.front: n1.example.org:3 n2.example.org:1"},
    {"a file of another system", {{"PBS_NODEFILE=f"}, "f", "\r\n a \r\nb\r\n\n"}, "PBS -: a:1 b:1"},
    {"Cobalt, beside what it leaves for PBS' programs",
     {{"PBS_NODEFILE=f", "COBALT_NODEFILE=f", "COBALT_JOBID=77"}, "f", "nid1\nnid2\n"},
     "Cobalt 77: nid1:0 nid2:0"},
    {"LSF",
     {{"LSB_JOBID=5", "LSB_MCPU_HOSTS=hostA 8 hostB 4 ", "LSB_HOSTS=hostA hostB", "LSF_BINDIR=/lsf/bin"}},
     "LSF 5: hostA:8 hostB:4"},
    {"LSF, a file", {{"LSB_JOBID=5", "LSB_DJOB_HOSTFILE=f"}, "f", "a\na\nb\n"}, "LSF 5: a:2 b:1"},
    {"LSF, a list", {{"LSB_HOSTS=a b  a a"}}, "LSF -: a:3 b:1"},
    {"Grid Engine",
     {{"SGE_ROOT=/opt/sge", "ARC=lx-amd64", "JOB_ID=9", "PE_HOSTFILE=/spool/9.1/pe_hostfile"},
      "/spool/9.1/pe_hostfile",
      "n1 4 all.q@n1 UNDEFINED\nn2\t2 all.q@n2 <NULL>\nn1 1 long.q@n1 0,0:0,1\n"},
     "Grid Engine 9: n1:5 n2:2"},
    {"LoadLeveler", {{"LOADL_STEP_ID=ll.1.0", "LOADL_HOSTFILE=f"}, "f", "a\na\nb\n"}, "LoadLeveler ll.1.0: a:2 b:1"},
    {"LoadLeveler, a list", {{"LOADL_PROCESSOR_LIST=a b a "}}, "LoadLeveler -: a:2 b:1"},
    {"a Flux instance",
     {{"FLUX_URI=local:///run/flux/local"}, NULL, FLUX_R, "flux kvs get resource.R"},
     "Flux -: n1:4 n2:2 n3:4"},
    {"a Flux job in a job of Slurm",
     {{"FLUX_URI=local:///tmp/x", "FLUX_JOB_ID=f3", "SLURM_JOB_NODELIST=n[1-9]"},
      NULL,
      "{\"execution\":{\"R_lite\":[{\"rank\":\"5\",\"children\":{\"core\":\"1\"}}],\"nodelist\":[\"n5\"]}}",
      "flux job info f3 R"},
     "Flux f3: n5:1"},
    {"a Flux instance of several brokers on one host",
     {{"FLUX_URI=local:///tmp/x"},
      NULL,
      "{\"execution\":{\"R_lite\":[{\"rank\":\"0-1\",\"children\":{\"core\":\"0-1\"}}],\"nodelist\":[\"me,me\"]}}",
      "flux kvs get resource.R"},
     "Flux -: me:4"},
};

static void recordings_are_read(void **state)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct allocation a;
        struct err e = {""};
        if (detect(&good[i].r, NULL, &a, &e) < 0)
            fail_msg("%s: %s", good[i].what, e.text);
        char *text = drawn(&a);
        if (strcmp(text, good[i].found))
            fail_msg("%s: %s", good[i].what, text);
        assert_true(!a.rm || *a.from);
        free(text);
        allocation_fini(&a);
    }
}

static const struct {
    struct recording r;
    const char *says;
} bad[] = {
    {{{"SLURM_JOB_NODELIST=n[1-"}}, "Slurm has allocated (--rmk none goes without it): SLURM_JOB_NODELIST: a number"},
    {{{"SLURM_JOB_NODELIST=n[1-2]", "SLURM_TASKS_PER_NODE=2(x3)"}},
     "2(x3) speaks of 3 hosts, but SLURM_JOB_NODELIST names 2"},
    {{{"SLURM_JOB_NODELIST=n1", "SLURM_TASKS_PER_NODE=2(x"}}, "SLURM_TASKS_PER_NODE=2(x is not a list such as"},
    {{{"SLURM_JOB_NODELIST=n1", "SLURM_TASKS_PER_NODE=0"}}, "is not a list"},
    {{{"SLURM_JOB_NODELIST=n1", "SLURM_TASKS_PER_NODE=1,"}}, "is not a list"},
    {{{"SLURM_JOB_NODELIST=n1", "SLURM_TASKS_PER_NODE=1(x99999999999)"}}, "is not a list"},
    {{{"SLURM_JOB_NODELIST=n1", "SLURM_STEP_ID=0", "SLURM_JOB_CPUS_PER_NODE=1,1"}},
     "SLURM_JOB_CPUS_PER_NODE=1,1 speaks of 2"},
    {{{"SLURM_JOB_NODELIST=n1", "SLURM_HET_SIZE=2"}}, "heterogeneous job (SLURM_HET_SIZE=2), which is not supported"},
    {{{"SLURM_JOB_NODELIST=n1", "SLURM_PACK_SIZE=3"}}, "SLURM_PACK_SIZE=3"},
    {{{"PBS_NODEFILE=/gone"}}, "PBS has allocated (--rmk none goes without it): unable to read /gone"},
    {{{"PBS_NODEFILE=f"}, "f", "a\n\na;b\n"}, "f:3: this character is not allowed here\n  a;b\n   ^"},
    {{{"PBS_NODEFILE=f"}, "f", "\n"}, "PBS_NODEFILE=f names no host"},
    {{{"LSB_MCPU_HOSTS=a 2 b"}}, "no number of slots after host b"},
    {{{"LSB_MCPU_HOSTS=a x"}}, "no number of slots after host a"},
    {{{"LSB_MCPU_HOSTS=a 9999999"}}, "no number of slots after host a"},
    {{{"PE_HOSTFILE=f"}, "f", "a 2 q\nb\n"}, "f:2: the number of slots"},
    {{{"PE_HOSTFILE=f"}, "f", "a q 2\n"}, "f:1: the number of slots"},
    {{{"FLUX_URI=x"}}, "unable to run flux"},
    {{{"FLUX_URI=x"}, NULL, "nonsense", "flux kvs get resource.R"}, "no readable JSON"},
    {{{"FLUX_URI=x"}, NULL, "{}", "flux kvs get resource.R"}, "no readable nodelist"},
    {{{"FLUX_URI=x"}, NULL, "{\"execution\":{\"nodelist\":[3]}}", "flux kvs get resource.R"}, "no readable nodelist"},
    {{{"FLUX_URI=x"},
      NULL,
      "{\"execution\":{\"nodelist\":[\"a,b\"],\"R_lite\":[{\"rank\":\"0-2\",\"children\":{\"core\":\"0\"}}]}}",
      "flux kvs get resource.R"},
     "2 hosts, but 3 ranks"},
    {{{"FLUX_URI=x"},
      NULL,
      "{\"execution\":{\"nodelist\":[\"a\"],\"R_lite\":[{\"rank\":\"0\"}]}}",
      "flux kvs get resource.R"},
     "cores in R_lite"},
};

static void what_cannot_be_read_is_said(void **state)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct allocation a;
        struct err e = {""};
        assert_int_equal(detect(&bad[i].r, NULL, &a, &e), -1);
        if (!strstr(e.text, bad[i].says))
            fail_msg("%zu: %s", i, e.text);
        allocation_fini(&a);
    }
}

static void one_manager_can_be_named(void **state)
{
    const struct recording r = {
        {"SLURM_JOB_NODELIST=n[1-2]", "SLURM_TASKS_PER_NODE=2(x2)", "PBS_NODEFILE=f"}, "f", "a\n"};
    static const struct {
        const char *name, *found;
    } names[] = {{"slurm", "Slurm -: n1:2 n2:2"}, {"pbs", "PBS -: a:1"}, {"torque", "PBS -: a:1"},
                 {"pals", "PBS -: a:1"},          {"none", "none -:"},   {"user", "none -:"}};
    struct allocation a;
    struct err e;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(detect(&r, names[i].name, &a, &e), 0);
        char *text = drawn(&a);
        assert_string_equal(text, names[i].found);
        free(text);
        allocation_fini(&a);
    }
    assert_int_equal(detect(&r, "lsf", &a, &e), -1);
    assert_non_null(strstr(e.text, "not a job of LSF (LSB_MCPU_HOSTS is not set)"));
    assert_int_equal(detect(&r, "slur", &a, &e), -1);
    assert_non_null(strstr(e.text, "flux, slurm, cobalt, pbs, lsf, sge, loadleveler, none is expected, not \"slur\""));
    assert_int_equal(detect(&r, "", &a, &e), -1);
}

static void many_hosts_are_read(void **state)
{
    const struct recording r = {{"SLURM_JOB_NODELIST=n[00001-10000]", "SLURM_TASKS_PER_NODE=128(x10000)"}};
    struct allocation a;
    struct err e;
    assert_int_equal(detect(&r, NULL, &a, &e), 0);
    assert_int_equal(a.hosts.n, 10000);
    assert_int_equal(a.hosts.hosts[9999].slots, 128);
    allocation_fini(&a);
}

/* The machine's own files and commands. */
static void the_machine_is_read(void **state)
{
    char path[] = "/tmp/muster-rm-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a\nb\na\n", 6), 6);
    close(fd);
    char *variable = xasprintf("PBS_NODEFILE=%s", path), *env[] = {variable, (char *)"PATH=/usr/bin:/bin", NULL};
    struct rm_source s = {env, rm_file, rm_output, NULL};
    struct allocation a = {0};
    struct err e;
    assert_int_equal(rm_detect(&s, NULL, &a, &e), 0);
    assert_int_equal(a.hosts.n, 2);
    allocation_fini(&a);
    unlink(path);
    const char *const echo[] = {"sh", "-c", "echo $PATH; cat", NULL}, *const fails[] = {"sh", "-c", "exit 3", NULL};
    const char *const none[] = {"/nonexistent/flux", "a", "b", NULL};
    char *text = rm_output(&s, echo, &e);
    assert_string_equal(text, "/usr/bin:/bin\n");
    free(text);
    assert_null(rm_output(&s, fails, &e));
    assert_string_equal(e.text, "sh -c exit 3 failed with status 3");
    assert_null(rm_output(&s, none, &e));
    assert_string_equal(e.text, "unable to run /nonexistent/flux: No such file or directory");
    free(variable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recordings_are_read),      cmocka_unit_test(what_cannot_be_read_is_said),
        cmocka_unit_test(one_manager_can_be_named), cmocka_unit_test(many_hosts_are_read),
        cmocka_unit_test(the_machine_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
