/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ssh_config: a table of the words that matter; most of what ssh knows has to do with terminals and forwarding.
 */
#include "launcher/start/ssh_config.h"

#include "common/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct reader {
    struct ssh_config *config;
    const char *home;
};

static bool is_none(const char *value)
{
    return strcasecmp(value, "none") == 0;
}

static bool is_off(const char *value)
{
    return strcasecmp(value, "no") == 0 || strcasecmp(value, "false") == 0 || is_none(value);
}

static void set_text(char **to, const char *value)
{
    free(*to);
    *to = xstrdup(value);
}

static char *file_name(const struct reader *r, const char *value)
{
    if (strncmp(value, "~/", 2) == 0)
        return xasprintf("%s/%s", r->home, value + 2);
    return xstrdup(value);
}

static void add_file(const struct reader *r, char ***list, const char *value)
{
    size_t n = 0;
    while (*list && (*list)[n])
        n++;
    *list = xreallocarray(*list, n + 2, sizeof **list);
    (*list)[n] = file_name(r, value);
    (*list)[n + 1] = NULL;
}

static void read_hostname(struct reader *r, char *value)
{
    set_text(&r->config->hostname, value);
}

static void read_user(struct reader *r, char *value)
{
    set_text(&r->config->user, value);
}

static void read_port(struct reader *r, char *value)
{
    set_text(&r->config->port, value);
}

static void read_alias(struct reader *r, char *value)
{
    set_text(&r->config->known_as, value);
}

static void read_identity(struct reader *r, char *value)
{
    if (!is_none(value) && !strchr(value, '%'))
        add_file(r, &r->config->identities, value);
}

static void read_known_hosts(struct reader *r, char *value)
{
    for (char *at = value, *word; (word = strsep(&at, " "));)
        if (*word && !is_none(word))
            add_file(r, &r->config->known_hosts, word);
}

static void read_agent(struct reader *r, char *value)
{
    if (is_none(value))
        r->config->no_agent = true;
    else if (strcmp(value, "SSH_AUTH_SOCK") != 0)
        set_text(&r->config->agent, value);
}

static void read_identities_only(struct reader *r, char *value)
{
    r->config->no_agent |= !is_off(value);
}

static void read_timeout(struct reader *r, char *value)
{
    r->config->connect_s = is_none(value) ? 0 : (unsigned)strtoul(value, NULL, 10);
}

enum when { ALWAYS, UNLESS_NONE, UNLESS_OFF, UNLESS_ANY, IF_OFF, IF_THERE };

/* Whether the ssh program is needed where a word has this value. */
static bool needs_ssh(enum when when, const char *value)
{
    switch (when) {
    case UNLESS_NONE:
        return !is_none(value);
    case UNLESS_OFF:
        return !is_off(value);
    case UNLESS_ANY:
        return strcasecmp(value, "any") != 0;
    case IF_OFF:
        return is_off(value);
    case IF_THERE:
        return access(value, F_OK) == 0; /* a connection that is shared stands already */
    default:
        return true;
    }
}

static const struct {
    const char *word;
    void (*read)(struct reader *r, char *value); /* NULL: only the ssh program can do it, */
    enum when when;                              /* ... when */
} words[] = {
    {"hostname", read_hostname},
    {"user", read_user},
    {"port", read_port},
    {"hostkeyalias", read_alias},
    {"identityfile", read_identity},
    {"identitiesonly", read_identities_only},
    {"identityagent", read_agent},
    {"userknownhostsfile", read_known_hosts},
    {"globalknownhostsfile", read_known_hosts},
    {"connecttimeout", read_timeout},
    {"proxyjump", NULL, UNLESS_NONE},
    {"proxycommand", NULL, UNLESS_NONE},
    {"certificatefile", NULL, ALWAYS},
    {"knownhostscommand", NULL, UNLESS_NONE},
    {"canonicalizehostname", NULL, UNLESS_OFF},
    {"bindaddress", NULL, ALWAYS},
    {"bindinterface", NULL, ALWAYS},
    {"addressfamily", NULL, UNLESS_ANY},
    {"compression", NULL, UNLESS_OFF},
    {"verifyhostkeydns", NULL, UNLESS_OFF},
    {"pubkeyauthentication", NULL, IF_OFF},
    {"controlpath", NULL, IF_THERE},
    {"pkcs11provider", NULL, UNLESS_NONE},
    {"tunnel", NULL, UNLESS_OFF},
};

static void read_word(struct reader *r, const char *word, char *value)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].word, word) != 0)
            continue;
        if (words[i].read)
            words[i].read(r, value);
        else if (needs_ssh(words[i].when, value))
            r->config->needs_ssh = words[i].word;
        return;
    }
}

void ssh_config_parse(struct ssh_config *c, const char *text, const char *home)
{
    struct reader r = {c, home};
    *c = (struct ssh_config){.port = xstrdup("22")};
    char *copy = xstrdup(text);
    for (char *at = copy, *line; (line = strsep(&at, "\n"));) {
        char *value = strchr(line, ' ');
        if (!value)
            continue;
        *value++ = '\0';
        read_word(&r, line, value);
    }
    free(copy);
}

static void list_free(char **list)
{
    for (char **v = list; v && *v; v++)
        free(*v);
    free(list);
}

void ssh_config_fini(struct ssh_config *c)
{
    free(c->hostname);
    free(c->user);
    free(c->port);
    free(c->known_as);
    free(c->agent);
    list_free(c->identities);
    list_free(c->known_hosts);
    *c = (struct ssh_config){0};
}
