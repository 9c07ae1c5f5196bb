/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ssh_known: libssh2 reads plain and hashed names. Patterns and certificate authorities it does not know, so that such
 * a host seems unknown here; but a key that was revoked must not seem known.
 */
#include "launcher/start/ssh_known.h"

#include "common/file.h"
#include "common/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (64u << 20)

/* In order of preference. */
static const char *const kinds[] = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
                                    "ssh-rsa"};
#define KINDS (sizeof kinds / sizeof *kinds)

static char *read_next(char **files)
{
    struct err e;
    return file_read(*files, FILE_MAX, NULL, &e); /* one that is not there has no keys */
}

void ssh_known_prefer(const struct ssh2_calls *ssh2, LIBSSH2_SESSION *session, const struct ssh_config *c)
{
    bool seen[KINDS] = {false};
    char list[256] = "";
    size_t len = 0;
    for (char **f = c->known_hosts; f && *f; f++) {
        char *text = read_next(f);
        for (size_t k = 0; text && k < KINDS; k++)
            seen[k] |= strstr(text, kinds[k]) != NULL;
        free(text);
    }
    for (int known = 1; known >= 0; known--)
        for (size_t k = 0; k < KINDS; k++)
            if (seen[k] == known)
                len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", len ? "," : "", kinds[k]);
    ssh2->session_method_pref(session, LIBSSH2_METHOD_HOSTKEY, list);
}

/* libssh2 1.10 passes over plain names of less than three bytes; but not over the long form of them. */
static char *with_long_names(const char *line)
{
    size_t names = strcspn(line, " \t"), size = 8 * names + strlen(line) + 8, len = 0;
    char *to = xmalloc(size);
    for (size_t at = 0, n; at < names; at += n + 1) {
        n = strcspn(line + at, ", \t");
        const char *format = n > 0 && n < 3 && *line != '|' ? "%s[%.*s]:22" : "%s%.*s";
        len += (size_t)snprintf(to + len, size - len, format, at ? "," : "", (int)n, line + at);
    }
    snprintf(to + len, size - len, "%s", line + names);
    return to;
}

static void add_line(const struct ssh2_calls *ssh2, LIBSSH2_KNOWNHOSTS *known, const char *line)
{
    char *longer = with_long_names(line);
    ssh2->knownhost_readline(known, longer, strlen(longer), LIBSSH2_KNOWNHOST_FILE_OPENSSH);
    free(longer);
}

/* false: it holds a line that forbids a key. */
static bool add_lines(const struct ssh2_calls *ssh2, LIBSSH2_KNOWNHOSTS *known, char *text)
{
    for (char *at = text, *line; (line = strsep(&at, "\n"));) {
        line += strspn(line, " \t");
        if (strncmp(line, "@revoked", 8) == 0)
            return false;
        if (*line && *line != '#' && *line != '@')
            add_line(ssh2, known, line);
    }
    return true;
}

static int check(const struct ssh2_calls *ssh2, LIBSSH2_SESSION *session, LIBSSH2_KNOWNHOSTS *known,
                 const struct ssh_config *c)
{
    size_t len;
    int type;
    const char *key = ssh2->session_hostkey(session, &len, &type);
    int port = c->known_as ? -1 : atoi(c->port);
    if (!key)
        return LIBSSH2_KNOWNHOST_CHECK_FAILURE;
    return ssh2->knownhost_checkp(known, c->known_as ? c->known_as : c->hostname, port, key, len,
                                  LIBSSH2_KNOWNHOST_TYPE_PLAIN | LIBSSH2_KNOWNHOST_KEYENC_RAW, NULL);
}

bool ssh_known_fits(const struct ssh2_calls *ssh2, LIBSSH2_SESSION *session, const struct ssh_config *c)
{
    LIBSSH2_KNOWNHOSTS *known = ssh2->knownhost_init(session);
    bool ok = known != NULL;
    for (char **f = c->known_hosts; ok && f && *f; f++) {
        char *text = read_next(f);
        ok = !text || add_lines(ssh2, known, text);
        free(text);
    }
    ok = ok && check(ssh2, session, known, c) == LIBSSH2_KNOWNHOST_CHECK_MATCH;
    if (known)
        ssh2->knownhost_free(known);
    return ok;
}
