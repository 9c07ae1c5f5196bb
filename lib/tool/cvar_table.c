/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cvar_table: the control variables and their words. */
#include <stdio.h>
#include "lib/coll/table.h"
#include "lib/core/knobs.h"
#include "lib/tool/cvar.h"

static int coll_count(void)
{
    int n = 0;
    while (coll_kinds[n])
        n++;
    return n;
}

int cvar_count(void)
{
    return (int)knobs_count + coll_count();
}

struct cvar cvar_at(int index)
{
    int place = index - (int)knobs_count;
    return place < 0 ? (struct cvar){.knob = &knobs_table[index]} : (struct cvar){NULL, coll_kinds[place], place};
}

void cvar_name(struct cvar v, char name[CVAR_NAME])
{
    snprintf(name, CVAR_NAME, "MUSTER_%s%s", v.knob ? "" : "COLL_", v.knob ? v.knob->name : v.coll->name);
}

int cvar_words(struct cvar v)
{
    int rows = 0;
    if (v.knob)
        return v.knob->words ? (int)knob_words(v.knob) : 0;
    while (v.coll->rows[rows].name)
        rows++;
    return rows + 1;
}

void cvar_word(struct cvar v, int number, char word[CVAR_NAME])
{
    size_t n = 0;
    const char *text = v.knob ? knob_word(v.knob, (size_t)number, &n) : "";
    if (v.knob)
        snprintf(word, CVAR_NAME, "%.*s", (int)n, text);
    else
        snprintf(word, CVAR_NAME, "%s", number > 0 ? v.coll->rows[number - 1].name : "auto");
}
