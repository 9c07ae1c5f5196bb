/* SPDX-License-Identifier: BSD-3-Clause
 *
 * error: the user's classes and codes are numbered from MPI_ERR_LASTCODE + 1 on; a class is a code that is its own
 * class. A removed number is used again. */
#include "lib/core/error.h"
#include "lib/bindings/impl.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOOL = MPI_T_ERR_CANNOT_INIT };
static const char *const predefined[] = {
#define E(name, text) [MPI_##name] = "MPI_" #name ": " text,
#define T(name, text)
#include "lib/core/error.def"
#undef E
#undef T
};
static const char *const tool[] = {
#define E(name, text)
#define T(name, text) [MPI_T_ERR_##name - TOOL] = "MPI_T_ERR_" #name ": " text,
#include "lib/core/error.def"
#undef E
#undef T
};
enum { TOOLS = sizeof tool / sizeof *tool };
enum { PREDEFINED = sizeof predefined / sizeof *predefined, FIRST = MPI_ERR_LASTCODE + 1 };

struct user_code {
    int class; /* 0: free */
    int users; /* of a class: its codes */
    char text[MPI_MAX_ERROR_STRING];
};
static struct user_code **codes;
static int code_count;
static int last_used = MPI_ERR_LASTCODE;

static struct user_code *user_code(int code)
{
    if (code < FIRST || code - FIRST >= code_count || !codes[code - FIRST]->class)
        return NULL;
    return codes[code - FIRST];
}

const char *error_text(int code)
{
    if (code >= 0 && code < PREDEFINED && predefined[code])
        return predefined[code];
    if (code >= TOOL && code < TOOL + TOOLS)
        return tool[code - TOOL];
    struct user_code *u = user_code(code);
    return u ? u->text : "MPI_ERR_UNKNOWN: not an error code";
}

static struct {
    int code;
    char text[448];
} note;

void error_detail_set(int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    note.code = code;
    vsnprintf(note.text, sizeof note.text, fmt, ap);
    va_end(ap);
}

const char *error_detail_get(int code)
{
    return code == note.code ? note.text : "";
}

/* What is said of these in general adds nothing to what is said of the case. */
static bool is_told_by_detail(int code)
{
    return code == MPI_ERR_OTHER || code == MPI_ERR_BUFFER || code == MPI_ERR_TRUNCATE || code == MPI_ERR_IN_STATUS ||
           code == MPI_ERR_TYPE || code == MPI_ERR_REQUEST;
}

void error_line(int code, char *text, size_t n)
{
    const char *say = error_text(code), *detail = error_detail_get(code);
    int named = *detail && is_told_by_detail(code) ? (int)strcspn(say, ":") : (int)strlen(say);
    snprintf(text, n, "%.*s%s%s", named, say, *detail ? ": " : "", detail);
}

int error_class(int code)
{
    if ((code >= 0 && code < PREDEFINED) || (code >= TOOL && code < TOOL + TOOLS))
        return code;
    struct user_code *u = user_code(code);
    return u ? u->class : MPI_ERR_UNKNOWN;
}

int *error_last_used(void)
{
    return &last_used;
}

/* A number that is free; of class 0 it is its own class. */
static int code_add(int class, int *code)
{
    int i = 0;
    while (i < code_count && codes[i]->class)
        i++;
    if (i == code_count) {
        struct user_code **p = realloc(codes, (size_t)(code_count + 1) * sizeof *p);
        if (!p)
            return MPI_ERR_NO_MEM;
        codes = p;
        if (!(codes[i] = calloc(1, sizeof **codes)))
            return MPI_ERR_NO_MEM;
        code_count++;
    }
    *codes[i] = (struct user_code){.class = class ? class : FIRST + i};
    *code = FIRST + i;
    if (*code > last_used)
        last_used = *code;
    return MPI_SUCCESS;
}

int mpi_add_error_class(int *errorclass)
{
    return code_add(0, errorclass);
}

int mpi_add_error_code(int errorclass, int *errorcode)
{
    struct user_code *u = user_code(errorclass);
    if ((u && u->class != errorclass) || (!u && (errorclass < 0 || errorclass >= PREDEFINED)))
        return MPI_ERR_ARG;
    int rc = code_add(errorclass, errorcode);
    if (rc == MPI_SUCCESS && u)
        u->users++;
    return rc;
}

int mpi_add_error_string(int errorcode, const char *string)
{
    struct user_code *u = user_code(errorcode);
    if (!u || strlen(string) >= sizeof u->text)
        return MPI_ERR_ARG;
    strcpy(u->text, string);
    return MPI_SUCCESS;
}

int mpi_remove_error_class(int errorclass)
{
    struct user_code *u = user_code(errorclass);
    if (!u || u->class != errorclass || u->users || u->text[0])
        return MPI_ERR_ARG;
    u->class = 0;
    return MPI_SUCCESS;
}

int mpi_remove_error_code(int errorcode)
{
    struct user_code *u = user_code(errorcode);
    if (!u || u->class == errorcode || u->text[0])
        return MPI_ERR_ARG;
    struct user_code *class = user_code(u->class);
    if (class)
        class->users--;
    u->class = 0;
    return MPI_SUCCESS;
}

int mpi_remove_error_string(int errorcode)
{
    struct user_code *u = user_code(errorcode);
    if (!u || !u->text[0])
        return MPI_ERR_ARG;
    u->text[0] = 0;
    return MPI_SUCCESS;
}

int mpi_error_class(int errorcode, int *errorclass)
{
    int c = error_class(errorcode);
    if (c == MPI_ERR_UNKNOWN && errorcode != MPI_ERR_UNKNOWN)
        return MPI_ERR_ARG;
    *errorclass = c;
    return MPI_SUCCESS;
}

int mpi_error_string(int errorcode, char *string, int *resultlen)
{
    int c = error_class(errorcode);
    if (c == MPI_ERR_UNKNOWN && errorcode != MPI_ERR_UNKNOWN)
        return MPI_ERR_ARG;
    strcpy(string, error_text(errorcode));
    *resultlen = (int)strlen(string);
    return MPI_SUCCESS;
}
