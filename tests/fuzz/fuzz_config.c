/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The text of a configuration file (first byte even), or of a -configfile (odd), whose settings are then applied.
 */
#include "launcher/opt.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int words_only(const char *text, struct err *e)
{
    struct opt_text t = {text, 1, "apps"};
    struct opt_words w = {0};
    int rc;
    while ((rc = opt_words_next(&w, &t, e)) > 0)
        if (w.n == 0 || w.all[w.n] || w.line > t.line)
            abort();
    opt_words_fini(&w);
    return rc;
}

static int defaults(const char *text, struct err *e)
{
    static char *env[] = {"LC_ALL=C", NULL};
    struct opt_settings l = {0}, none = {0};
    struct options o;
    char *warning = NULL;
    options_init(&o);
    int rc = opt_from_text(&l, text, "config", e);
    if (rc == 0)
        rc = opt_apply(&l, &none, &o, env, &warning, e);
    free(warning);
    opt_settings_fini(&l);
    options_fini(&o);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {""};
    if (size == 0)
        return 0;
    char *text = strndup((const char *)data + 1, size - 1);
    if (!text)
        abort();
    int rc = data[0] % 2 ? words_only(text, &e) : defaults(text, &e);
    if (rc < 0 && !*e.text)
        abort();
    free(text);
    return 0;
}
