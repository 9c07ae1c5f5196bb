/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A command line: arguments, each ended by a newline (a NUL would make it hard to write seeds). Help goes nowhere.
 */
#include "launcher/options.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Files are not what this is about, and some never end; -x may warn (fuzz_config has it). */
static int left_out(const char *word)
{
    const char *name = word + strspn(word, "-");
    return strstr(word, "configfile") || strstr(word, "app") || !strcmp(name, "x") || !strncmp(name, "x=", 2);
}

static void check(const struct options *o)
{
    if (o->napps == 0)
        abort();
    for (size_t i = 0; i < o->napps; i++) {
        const struct app *a = &o->apps[i];
        if (a->argc == 0 || !a->argv[0] || a->argv[a->argc] || !a->where || a->np == 0 || a->np < -1)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size), *words[WORDS + 2] = {"mpiexec"};
    static char *env[] = {"LC_ALL=C", "HOME=/nonexistent", NULL};
    static FILE *nowhere;
    int n = 1;
    if (!text || (!nowhere && !(nowhere = freopen("/dev/null", "w", stdout))))
        abort();
    for (char *at = text, *w; n <= WORDS && (w = strsep(&at, "\n"));)
        if (!left_out(w))
            words[n++] = w;
    struct options o;
    struct err e = {""};
    enum options_result rc = options_parse(&o, n, words, env, &e);
    if (rc == OPTIONS_RUN)
        check(&o);
    if (rc == OPTIONS_ERROR && !*e.text)
        abort();
    options_fini(&o);
    free(text);
    return 0;
}
