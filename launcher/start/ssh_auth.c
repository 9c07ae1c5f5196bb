/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ssh_auth: in the order of ssh itself, the agent first. Who has no key here that serves may still have one for the ssh
 * program, which knows more kinds of them.
 */
#include "launcher/start/ssh_auth.h"

#include "launcher/start/ssh_pass.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void drop_agent(struct ssh_auth *a)
{
    if (!a->agent)
        return;
    a->ssh2->agent_disconnect(a->agent);
    a->ssh2->agent_free(a->agent);
    a->agent = NULL;
}

static void next_key(struct ssh_auth *a)
{
    struct libssh2_agent_publickey *before = a->key;
    if (a->ssh2->agent_get_identity(a->agent, &a->key, before) != 0)
        drop_agent(a);
}

static void begin(struct ssh_auth *a)
{
    const struct ssh_config *c = a->config;
    a->begun = true;
    if (c->no_agent || (!c->agent && !getenv("SSH_AUTH_SOCK")))
        return;
    a->agent = a->ssh2->agent_init(a->session);
    if (a->agent && c->agent)
        a->ssh2->agent_set_identity_path(a->agent, c->agent);
    if (a->agent && a->ssh2->agent_connect(a->agent) == 0 && a->ssh2->agent_list_identities(a->agent) == 0)
        next_key(a);
    else
        drop_agent(a);
}

static int try_file(struct ssh_auth *a, const char *file)
{
    const struct ssh_config *c = a->config;
    const char *text = "";
    if (a->locked) {
        enum ssh_pass p = ssh_pass_get(a->base, file, &text, a->answered, a->arg);
        if (p != PASS_KNOWN)
            return p == PASS_ASKED ? SSH_AUTH_ASKS : 0;
    }
    int rc = a->ssh2->userauth_publickey_fromfile_ex(a->session, c->user, (unsigned)strlen(c->user), NULL, file, text);
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return rc;
    if (rc == LIBSSH2_ERROR_FILE && a->locked)
        ssh_pass_wrong(file);
    return rc == 0;
}

static int try_files(struct ssh_auth *a)
{
    for (; a->config->identities[a->file]; a->file++) {
        const char *file = a->config->identities[a->file];
        if (access(file, R_OK) < 0 || ssh_pass_is_locked(file) != a->locked)
            continue;
        int rc = try_file(a, file);
        if (rc)
            return rc;
    }
    return 0;
}

int ssh_auth_step(struct ssh_auth *a)
{
    const struct ssh_config *c = a->config;
    if (!a->begun)
        begin(a);
    while (a->agent) {
        int rc = a->ssh2->agent_userauth(a->agent, c->user, a->key);
        if (rc == LIBSSH2_ERROR_EAGAIN || rc == 0)
            return rc ? rc : 1;
        next_key(a);
    }
    int rc = c->identities ? try_files(a) : 0;
    if (rc == 0 && c->identities && !a->locked) {
        a->locked = true; /* once more, with those that are to be asked for */
        a->file = 0;
        rc = try_files(a);
    }
    return rc;
}

void ssh_auth_fini(struct ssh_auth *a)
{
    if (a->arg)
        ssh_pass_drop(a->arg);
    drop_agent(a);
}
