/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_set_dialect: what options of srun and mpirun take that mean something else than ours, put into our words.
 */
#include "common/xalloc.h"
#include "launcher/opt_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char *value_of(const struct opt_target *a)
{
    return a->s->values[0] ? a->s->values[0] : "";
}

/* ---- files, as srun names them ---- */

/* The number of the scheduler's job that this is part of; else one that no other mpiexec of this machine has now. */
static const char *job_number(const struct opt_target *a, char own[16])
{
    static const char *const names[] = {"SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID", "FLUX_JOB_ID"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *v = opt_getenv(a->env, names[i]);
        if (v && *v && !strpbrk(v, "%{/"))
            return v;
    }
    snprintf(own, 16, "%d", (int)getpid());
    return own;
}

/* What %LETTER is in a pattern of ours; NULL: there is no such letter. */
static const char *letter_text(const struct opt_target *a, char letter, char own[16])
{
    const char *user = opt_getenv(a->env, "USER");
    switch (letter) {
    case 't':
    case 'r':
        return "{rank}";
    case 'n':
        return "{node}";
    case 'N':
    case 'h':
        return "{host}";
    case 'j':
    case 'J':
        return job_number(a, own);
    case 'u':
        return user && !strpbrk(user, "%{/") ? user : "user";
    case '%':
        return "%%";
    default:
        return NULL;
    }
}

/* The name of a file in srun's letters as a pattern of ours, or NULL with a->e set. The caller frees. */
static char *file_pattern(struct opt_target *a)
{
    char *text = NULL, own[16];
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        err_set(a->e, "out of memory");
        return NULL;
    }
    for (const char *p = value_of(a); *p; p++) {
        const char *w = *p == '%' ? letter_text(a, p[1], own) : NULL;
        if (*p == '%' && !w) {
            fclose(out);
            free(text);
            opt_expected(a, "a file name with %%t (rank), %%n, %%N, %%h (host), %%j (job), %%u (user) or %%%% in it");
            return NULL;
        }
        if (w)
            fputs(w, out);
        else
            fputc(*p, out);
        p += w != NULL;
    }
    fclose(out);
    return text;
}

static int set_file(struct opt_target *a, char **field)
{
    const char *v = value_of(a);
    if (!*v || strspn(v, "0123456789") == strlen(v))
        return opt_expected(a, "the name of a file, with %%t for the rank");
    char *pattern = strcmp(v, "none") ? file_pattern(a) : xstrdup("/dev/null");
    if (!pattern)
        return -1;
    opt_replace(field, pattern);
    return 0;
}

int opt_set_error_file(struct opt_target *a)
{
    return set_file(a, &a->o->errfile_pattern);
}

/* ---- mpirun's --output ---- */

/* DIR or DIR:nocopy; len: of both. */
static void set_dir(struct opt_target *a, const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && text[n] != ':')
        n++;
    opt_replace(&a->o->output_dir, xstrndup(text, n));
    a->o->tee = len - n != 7 || strncmp(text + n, ":nocopy", 7);
}

static bool is_word(const char *s, size_t n, const char *word)
{
    return strlen(word) == n && !strncasecmp(s, word, n);
}

/* One item of the list; false: it is none of mpirun's. */
static bool output_item(struct opt_target *a, const char *s, size_t n)
{
    if (is_word(s, n, "tag") || is_word(s, n, "tag-detailed") || is_word(s, n, "tag-fullname") || is_word(s, n, "rank"))
        a->o->label = true;
    else if (is_word(s, n, "timestamp")) {
        a->o->label = true;
        opt_replace(&a->o->label_pattern, xstrdup("{time} [{rank}] "));
    } else if (is_word(s, n, "merge-stderr-to-stdout") || is_word(s, n, "merge"))
        a->o->merge_stderr = true;
    else if (n > 4 && !strncasecmp(s, "dir=", 4))
        set_dir(a, s + 4, n - 4);
    else if (n > 5 && !strncasecmp(s, "file=", 5)) {
        opt_replace(&a->o->outfile_pattern, xasprintf("%.*s.{rank}", (int)n - 5, s + 5));
        a->o->merge_stderr = true;
    } else
        return false;
    return true;
}

/* mpirun's words, else all (which is so anyway) or a file of srun's. */
int opt_set_output(struct opt_target *a)
{
    const char *v = value_of(a);
    size_t n = strcspn(v, ",");
    if (!strcmp(v, "all"))
        return 0;
    if (!output_item(a, v, n)) {
        a->file_for_both = true;
        return set_file(a, &a->o->outfile_pattern);
    }
    while (v[n]) {
        v += n + 1;
        n = strcspn(v, ",");
        if (!output_item(a, v, n))
            return opt_expected(a, "a list of tag, rank, timestamp, merge-stderr-to-stdout, dir=DIR, file=NAME");
    }
    return 0;
}

int opt_set_output_dir(struct opt_target *a)
{
    if (!*value_of(a) || *value_of(a) == ':')
        return opt_expected(a, "DIR or DIR:nocopy");
    set_dir(a, value_of(a), strlen(value_of(a)));
    return 0;
}

/* ---- the rest ---- */

int opt_set_input(struct opt_target *a)
{
    struct opt_target who = *a;
    struct err why;
    who.field = &a->o->stdin_ranks;
    who.e = &why;
    if (opt_set_stdin(&who) == 0)
        return 0;
    return opt_expected(a, "all, none or a rank (a file is read by the shell: mpiexec ... < FILE)");
}

int opt_set_export_list(struct opt_target *a)
{
    struct env_rules *r = a->field;
    const char *v = value_of(a);
    if (!*v || *v == '=')
        return opt_expected(a, "ALL, NONE, or a list of NAME and NAME=VALUE");
    r->mode = ENV_LIST;
    for (size_t n; *v; v += n + (v[n] == ',')) {
        n = strcspn(v, ",");
        if (is_word(v, n, "ALL"))
            r->mode = ENV_ALL;
        else if (is_word(v, n, "NONE") || is_word(v, n, "NIL"))
            r->mode = ENV_NONE;
        else if (memchr(v, '=', n))
            opt_env_add(r, xstrndup(v, n));
        else if (n)
            opt_env_name(r, xstrndup(v, n));
    }
    return 0;
}

int opt_set_order(struct opt_target *a)
{
    const char *v = value_of(a);
    bool cyclic = !strcasecmp(v, "cyclic");
    if (!cyclic && strcasecmp(v, "block"))
        return opt_expected(a, "block or cyclic (more is said by --map-by, --rank-by and --rankfile)");
    opt_replace(&a->o->map_by, xstrdup(cyclic ? "node" : "slot"));
    return 0;
}

int opt_set_cpu_bind(struct opt_target *a)
{
    static const char *const words[][2] = {{"none", "none"},        {"no", "none"},        {"cores", "core"},
                                           {"threads", "hwthread"}, {"sockets", "socket"}, {"ldoms", "numa"},
                                           {"rank", "rr"}};
    const char *v = value_of(a);
    if (!strncasecmp(v, "verbose,", 8)) {
        a->o->display |= DISPLAY_BINDINGS;
        v += 8;
    } else if (!strncasecmp(v, "quiet,", 6))
        v += 6;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(v, words[i][0])) {
            opt_replace(&a->o->bind_to, xstrdup(words[i][1]));
            return 0;
        }
    if (strncasecmp(v, "map_cpu:", 8) || !v[8])
        return opt_expected(a, "none, cores, threads, sockets, ldoms, rank or map_cpu:LIST (see --bind-to)");
    opt_replace(&a->o->bind_to, xasprintf("user:%s", v + 8));
    return 0;
}

int opt_set_mca(struct opt_target *a)
{
    char *const *v = a->s->values;
    if (!v[0] || !*v[0] || !v[1] || strchr(v[0], '='))
        return opt_expected(a, "NAME VALUE");
    opt_env_add(a->field, xasprintf("OMPI_MCA_%s=%s", v[0], v[1]));
    opt_remark(a, "%s %s: set as OMPI_MCA_%s, which only programs of Open MPI read", a->s->shown, v[0], v[0]);
    return 0;
}

/* srun knows versions of PMIx, and plugins that serve nothing that we have not. */
int opt_set_pmi(struct opt_target *a)
{
    static const char *const words[] = {"auto", "pmi1", "pmi2", "pmix", "all", "none"};
    const char *word = value_of(a);
    if (strncmp(word, "pmix_v", 6) == 0)
        word = "pmix";
    else if (strcmp(word, "1") == 0 || strcmp(word, "2") == 0) /* so our library reads MUSTER_PMI, which is the same */
        word = words[word[0] - '0'];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], word) == 0) {
            opt_replace(a->field, i ? xstrdup(word) : NULL);
            return 0;
        }
    return opt_expected(a, "auto, pmi1, pmi2, pmix, all or none");
}
