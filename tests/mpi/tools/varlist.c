/* SPDX-License-Identifier: BSD-3-Clause
 *
 * varlist: lists what a tool finds that knows nothing of this library: every control variable with its value, every
 * performance variable, event, source and category; rank 0 prints it. What the standard promises of each is checked. */
#include <stdarg.h>
#include "tools.h"

enum { TEXT = 512 };
static char (*names)[TEXT]; /* of one kind, to see that they differ */
static int names_count;

static __attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    if (rank == 0)
        vprintf(format, ap);
    va_end(ap);
}

static void names_begin(int n)
{
    free(names);
    names = calloc((size_t)n + 1, sizeof *names);
    names_count = 0;
    CHECK(names);
}

static void name_new(const char *name)
{
    CHECK(name[0] && strlen(name) < TEXT);
    for (int i = 0; i < names_count; i++)
        CHECK(strcmp(names[i], name) != 0);
    strcpy(names[names_count++], name);
}

static bool verbosity_ok(int v)
{
    int who = v & ~7, what = v & 7;
    return (who == 8 || who == 16 || who == 32) && (what == 1 || what == 2 || what == 4);
}

static void enum_list(MPI_T_enum e)
{
    char name[TEXT];
    int num = 0, value, len = sizeof name;
    OK(MPI_T_enum_get_info(e, &num, name, &len));
    CHECK(num > 0 && len == (int)strlen(name) + 1);
    for (int i = 0; i < num; i++) {
        len = sizeof name;
        OK(MPI_T_enum_get_item(e, i, &value, name, &len));
        say("%s%s=%d", i ? ", " : " (", name, value);
    }
    say(")");
}

static void cvar_list(int i)
{
    char name[TEXT], desc[TEXT];
    int name_len = sizeof name, desc_len = sizeof desc, verbosity, bind, scope, index, count, word = -1;
    MPI_Datatype type;
    MPI_T_enum e;
    MPI_T_cvar_handle h;
    OK(MPI_T_cvar_get_info(i, name, &name_len, &verbosity, &type, &e, desc, &desc_len, &bind, &scope));
    name_new(name);
    CHECK(name_len == (int)strlen(name) + 1 && desc_len == (int)strlen(desc) + 1 && desc_len > 10);
    CHECK(verbosity_ok(verbosity) && bind == MPI_T_BIND_NO_OBJECT);
    CHECK(scope >= MPI_T_SCOPE_CONSTANT && scope <= MPI_T_SCOPE_ALL_EQ);
    OK(MPI_T_cvar_get_index(name, &index));
    CHECK(index == i);
    say("  %s", name);
    OK(MPI_T_cvar_handle_alloc(i, NULL, &h, &count));
    CHECK(count == 1 && (type == MPI_INT || type == MPI_UNSIGNED_LONG) && (type == MPI_INT) == (e != MPI_T_ENUM_NULL));
    if (e != MPI_T_ENUM_NULL) {
        OK(MPI_T_cvar_read(h, &word));
        say(" = %d", word);
        enum_list(e);
    } else {
        say(" = %lu", cvar_value(h));
    }
    say(", scope %d: %s\n", scope, desc);
    OK(MPI_T_cvar_handle_free(&h));
    CHECK(h == MPI_T_CVAR_HANDLE_NULL);
}

static void pvar_list(int i)
{
    char name[TEXT], desc[TEXT];
    int name_len = sizeof name, desc_len = sizeof desc, verbosity, class, bind, readonly, continuous, atomic, index;
    MPI_Datatype type;
    MPI_T_enum e;
    OK(MPI_T_pvar_get_info(i, name, &name_len, &verbosity, &class, &type, &e, desc, &desc_len, &bind, &readonly,
                           &continuous, &atomic));
    name_new(name);
    CHECK(verbosity_ok(verbosity) && e == MPI_T_ENUM_NULL && desc_len > 10);
    CHECK(class >= MPI_T_PVAR_CLASS_STATE && class <= MPI_T_PVAR_CLASS_GENERIC);
    CHECK(class == MPI_T_PVAR_CLASS_TIMER ? type == MPI_DOUBLE : type == MPI_UNSIGNED_LONG_LONG);
    OK(MPI_T_pvar_get_index(name, class, &index));
    CHECK(index == i);
    TFAILS(MPI_T_ERR_INVALID_NAME, MPI_T_pvar_get_index(name, MPI_T_PVAR_CLASS_PERCENTAGE, &index));
    CHECK((readonly | continuous | atomic) <= 1);
    say("  %s: class %d, bind %d%s%s: %s\n", name, class, bind, readonly ? ", read only" : "",
        continuous ? ", continuous" : "", desc);
}

static void event_list(int i)
{
    char name[TEXT], desc[TEXT];
    int name_len = sizeof name, desc_len = sizeof desc, verbosity, bind, n = 16, index;
    MPI_Datatype types[16];
    MPI_Aint at[16];
    MPI_Info info;
    OK(MPI_T_event_get_info(i, name, &name_len, &verbosity, types, at, &n, NULL, &info, desc, &desc_len, &bind));
    name_new(name);
    OK(MPI_Info_free(&info));
    CHECK(n >= 1 && n <= 16 && verbosity_ok(verbosity) && bind == MPI_T_BIND_NO_OBJECT);
    for (int k = 1; k < n; k++)
        CHECK(at[k] > at[k - 1] && types[k] != MPI_DATATYPE_NULL);
    OK(MPI_T_event_get_index(name, &index));
    CHECK(index == i);
    say("  %s: %d elements: %s\n", name, n, desc);
}

/* Every variable and event is in one category, and in the one that holds all others. */
static void category_list(int i, int *cvars, int *pvars, int *events)
{
    char name[TEXT], desc[TEXT];
    int name_len = sizeof name, desc_len = sizeof desc, c, p, e, children, index, list[256];
    OK(MPI_T_category_get_info(i, name, &name_len, desc, &desc_len, &c, &p, &children));
    OK(MPI_T_category_get_num_events(i, &e));
    name_new(name);
    OK(MPI_T_category_get_index(name, &index));
    CHECK(index == i && c < 256 && p < 256 && e < 256 && children < 256);
    OK(MPI_T_category_get_cvars(i, c, list));
    for (int k = 0; k < c; k++)
        cvars[list[k]]++;
    OK(MPI_T_category_get_pvars(i, p, list));
    for (int k = 0; k < p; k++)
        pvars[list[k]]++;
    OK(MPI_T_category_get_events(i, e, list));
    for (int k = 0; k < e; k++)
        events[list[k]]++;
    OK(MPI_T_category_get_categories(i, children, list));
    for (int k = 0; k < children; k++)
        CHECK(list[k] != i);
    list[0] = -7;
    OK(MPI_T_category_get_pvars(i, 0, list));
    CHECK(list[0] == -7);
    say("  %s: %d control variables, %d performance variables, %d events, %d categories: %s\n", name, c, p, e, children,
        desc);
}

static void source_list(int i)
{
    char name[TEXT], desc[TEXT];
    int name_len = sizeof name, desc_len = sizeof desc;
    MPI_T_source_order order;
    MPI_Count ticks, most, a, b;
    OK(MPI_T_source_get_info(i, name, &name_len, desc, &desc_len, &order, &ticks, &most, NULL));
    CHECK(ticks > 0 && most > 0 && (order == MPI_T_SOURCE_ORDERED || order == MPI_T_SOURCE_UNORDERED));
    OK(MPI_T_source_get_timestamp(i, &a));
    OK(MPI_T_source_get_timestamp(i, &b));
    CHECK(a <= b && b <= most);
    say("  %s: %s\n", name, desc);
}

static void all(const char *title, int n, void (*one)(int))
{
    CHECK(n > 0);
    names_begin(n);
    say("%s: %d\n", title, n);
    for (int i = 0; i < n; i++)
        one(i);
}

static void categories(int cvars, int pvars, int events)
{
    int n, in_c[256] = {0}, in_p[256] = {0}, in_e[256] = {0}, stamp = -1, again = -2;
    CHECK(cvars < 256 && pvars < 256 && events < 256);
    OK(MPI_T_category_get_num(&n));
    OK(MPI_T_category_changed(&stamp));
    names_begin(n);
    say("categories: %d\n", n);
    for (int i = 0; i < n; i++)
        category_list(i, in_c, in_p, in_e);
    for (int i = 0; i < cvars; i++)
        CHECK(in_c[i] == 1);
    for (int i = 0; i < pvars; i++)
        CHECK(in_p[i] == 1);
    for (int i = 0; i < events; i++)
        CHECK(in_e[i] == 1);
    OK(MPI_T_category_changed(&again));
    CHECK(stamp == again);
}

int main(int argc, char **argv)
{
    int provided = -1, cvars, pvars, events, sources;
    OK(MPI_T_init_thread(MPI_THREAD_SINGLE, &provided));
    begin(&argc, &argv);
    OK(MPI_T_cvar_get_num(&cvars));
    OK(MPI_T_pvar_get_num(&pvars));
    OK(MPI_T_event_get_num(&events));
    OK(MPI_T_source_get_num(&sources));
    all("control variables", cvars, cvar_list);
    all("performance variables", pvars, pvar_list);
    all("events", events, event_list);
    all("sources", sources, source_list);
    categories(cvars, pvars, events);
    free(names);
    OK(MPI_T_finalize());
    return end();
}
