/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hostlist_line: a line of a host file: a list, then KEY=VALUE, whose keys are a table. Hydra's files, Open MPI's and
 * Slurm's are such files.
 */
#include "common/cpulist.h"
#include "common/hostlist_item.h"

#include <ctype.h>
#include <string.h>

#define VALUE_MAX 1023u /* bytes of a key file's name, and of what a host's ranks are bound to */

/* Where the values of one line are kept while it is read. */
struct line {
    struct hostlist_host host;
    char user[HOSTLIST_NAME_MAX + 1], key[VALUE_MAX + 1], cpus[VALUE_MAX + 1], binding[VALUE_MAX + 1];
    char ignored[VALUE_MAX + 1];
};

static int value_slots(struct hostlist_text *t, struct line *l)
{
    return hostlist_slots(t, &l->host.slots);
}

static int value_max_slots(struct hostlist_text *t, struct line *l)
{
    return hostlist_slots(t, &l->host.max_slots);
}

static int value_port(struct hostlist_text *t, struct line *l)
{
    const char *start = t->at;
    uint32_t port;
    int width;
    if (hostlist_number(t, &port, &width) < 0)
        return -1;
    if (port < 1 || port > UINT16_MAX)
        return hostlist_fail(t, start, "a port is a number from 1 to %u", UINT16_MAX);
    l->host.port = (uint16_t)port;
    return 0;
}

static int value_user(struct hostlist_text *t, struct line *l)
{
    size_t len;
    l->host.user = l->user;
    if (hostlist_literal(t, l->user, &len) < 0)
        return -1;
    return len ? 0 : hostlist_fail(t, t->at, "the name of a user is expected here");
}

/* All up to the next blank. */
static int value_word(struct hostlist_text *t, char text[VALUE_MAX + 1], const char *what)
{
    const char *start = t->at;
    while (t->at < t->end && !isspace((unsigned char)*t->at))
        t->at++;
    size_t len = (size_t)(t->at - start);
    if (!len)
        return hostlist_fail(t, start, "%s is expected here", what);
    if (len > VALUE_MAX)
        return hostlist_fail(t, start, "a value of more than %u characters", VALUE_MAX);
    memcpy(text, start, len);
    text[len] = '\0';
    return 0;
}

static int value_key(struct hostlist_text *t, struct line *l)
{
    l->host.key = l->key;
    return value_word(t, l->key, "the name of a key file");
}

static int value_cpus(struct hostlist_text *t, struct line *l)
{
    const char *start = t->at;
    struct cpulist cpus;
    struct err why;
    l->host.cpus = l->cpus;
    if (value_word(t, l->cpus, "a list of processors") < 0)
        return -1;
    cpulist_init(&cpus);
    int rc = cpulist_parse(&cpus, l->cpus, &why);
    cpulist_fini(&cpus);
    return rc < 0 ? hostlist_fail(t, start, "%s", why.text) : 0;
}

static int value_binding(struct hostlist_text *t, struct line *l)
{
    l->host.binding = l->binding;
    return value_word(t, l->binding, "what ranks are bound to");
}

/* Hydra's: which network interface a host has for its ranks. */
static int value_ignored(struct hostlist_text *t, struct line *l)
{
    return value_word(t, l->ignored, "the name of a network interface");
}

static const struct {
    const char *name;
    int (*read)(struct hostlist_text *t, struct line *l);
} keys[] = {
    {"slots", value_slots},
    {"max_slots", value_max_slots},
    {"max-slots", value_max_slots},
    {"slots_max", value_max_slots},
    {"user", value_user},
    {"port", value_port},
    {"key", value_key},
    {"cpus", value_cpus},
    {"binding", value_binding},
    {"ifname", value_ignored},
};

static int key_read(struct hostlist_text *t, struct line *l)
{
    char key[HOSTLIST_NAME_MAX + 1];
    const char *start = t->at;
    size_t len;
    if (hostlist_literal(t, key, &len) < 0)
        return -1;
    hostlist_skip_blanks(t);
    if (len == 0 || !hostlist_take(t, '='))
        return hostlist_fail(t, start, "slots=N, user=NAME or another key and its value are expected here");
    hostlist_skip_blanks(t);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!strcmp(key, keys[i].name))
            return keys[i].read(t, l);
    return hostlist_fail(t, start, "unknown key %.40s: slots, max_slots, user, port, key, cpus and binding are known",
                         key);
}

static int keys_read(struct hostlist_text *t, struct line *l)
{
    for (hostlist_skip_blanks(t); t->at < t->end; hostlist_skip_blanks(t)) {
        if (key_read(t, l) < 0)
            return -1;
        if (hostlist_peek(t) > 0 && !isspace(hostlist_peek(t)))
            return hostlist_fail(t, t->at, "this character is not allowed here");
    }
    if (l->host.slots && l->host.max_slots && l->host.max_slots < l->host.slots)
        return hostlist_fail(t, t->start, "max_slots is less than slots");
    return 0;
}

int hostlist_line(struct hostlist *l, struct hostlist *out, char *text, const char *where, struct err *e)
{
    text[strcspn(text, "#")] = '\0';
    text += strspn(text, " \t\r\v\f");
    size_t all = strlen(text), first = strcspn(text, " \t\r\v\f");
    while (all && isspace((unsigned char)text[all - 1]))
        all--;
    struct line line = {0};
    struct hostlist_text t = {text, text + all, text + (first < all ? first : all), text + all, where, e};
    if (keys_read(&t, &line) < 0)
        return -1;
    t.at = text;
    t.end = text + (first < all ? first : all);
    return hostlist_items(l, out, &t, &line.host);
}
