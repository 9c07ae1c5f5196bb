/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cpus: a container's CPU limit is seldom its cpuset and often a quota, which the affinity mask does not show. Each
 * cgroup on the way to the root may have one; the smallest counts. Within a container the path may lead out of what
 * is mounted: what does not exist has no quota.
 */
#include "common/cpus.h"

#include "common/cpulist.h"
#include "common/file.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#define PROC_MAX ((size_t)16 << 20)

double cpus_quota_v1(const char *quota, const char *period)
{
    double q = strtod(quota, NULL), p = strtod(period, NULL);
    return q > 0 && p > 0 ? q / p : 0;
}

double cpus_quota_v2(const char *cpu_max)
{
    char *period;
    double q = strtod(cpu_max, &period); /* "max" is no number: 0 */
    double p = strtod(period, NULL);
    return q > 0 && p > 0 ? q / p : 0;
}

/* Is word among the n bytes of list, which commas separate? */
static bool listed(const char *list, size_t n, const char *word)
{
    size_t len = strlen(word);
    for (const char *end = list + n; list < end;) {
        const char *comma = memchr(list, ',', (size_t)(end - list));
        size_t k = (size_t)((comma ? comma : end) - list);
        if (k == len && !memcmp(list, word, k))
            return true;
        list += k + 1;
    }
    return false;
}

static void copy(char *to, size_t size, const char *from, size_t n)
{
    n = MIN(n, size - 1);
    memcpy(to, from, n);
    to[n] = '\0';
}

/* Lines "number:controllers:path"; v2 is "0::path". */
static int find_path(const char *text, const char *controller, char *path, size_t size)
{
    for (const char *line = text, *next; *line; line = next) {
        size_t n = strcspn(line, "\n");
        next = line + n + (line[n] == '\n');
        const char *list = memchr(line, ':', n);
        const char *from = list ? memchr(list + 1, ':', (size_t)(line + n - list - 1)) : NULL;
        if (!from)
            continue;
        list++;
        size_t k = (size_t)(from - list);
        if (*controller ? !listed(list, k, controller) : k > 0)
            continue;
        copy(path, size, from + 1, (size_t)(line + n - from - 1));
        return 0;
    }
    return -1;
}

struct mount {
    char root[PATH_MAX], dir[PATH_MAX], type[32], options[1024];
};

/* "id parent dev root dir options [optional ...] - type source options" */
static bool mount_read(struct mount *m, const char *line, size_t n)
{
    static char text[4 * PATH_MAX]; /* longer lines are of no cgroup */
    if (n >= sizeof text)
        return false;
    copy(text, sizeof text, line, n);
    const char *dash = strstr(text, " - ");
    return dash && sscanf(text, "%*s %*s %*s %4095s %4095s", m->root, m->dir) == 2 &&
           sscanf(dash, " - %31s %*s %1023s", m->type, m->options) == 2;
}

static bool mount_fits(const struct mount *m, const char *controller)
{
    if (!*controller)
        return !strcmp(m->type, "cgroup2");
    return !strcmp(m->type, "cgroup") && listed(m->options, strlen(m->options), controller);
}

/* The path below the mount, whose root may itself be some way down the hierarchy. */
static const char *below(const char *path, const char *root)
{
    size_t n = strlen(root);
    if (!strcmp(root, "/"))
        return path;
    return !strncmp(path, root, n) && (path[n] == '/' || !path[n]) ? path + n : "";
}

int cpus_cgroup_find(struct cpus_cgroup *g, const char *cgroup, const char *mountinfo, const char *controller)
{
    char path[PATH_MAX];
    static struct mount m;
    if (find_path(cgroup, controller, path, sizeof path) < 0)
        return -1;
    for (const char *line = mountinfo, *next; *line; line = next) {
        size_t n = strcspn(line, "\n");
        next = line + n + (line[n] == '\n');
        if (!mount_read(&m, line, n) || !mount_fits(&m, controller))
            continue;
        copy(g->dir, sizeof g->dir, m.dir, strlen(m.dir));
        const char *rest = below(path, m.root);
        copy(g->path, sizeof g->path, rest, strlen(rest));
        if (!strcmp(g->path, "/"))
            g->path[0] = '\0';
        return 0;
    }
    return -1;
}

static char *cgroup_read(const struct cpus_cgroup *g, const char *name)
{
    char file[sizeof *g + 64];
    snprintf(file, sizeof file, "%s%s/%s", g->dir, g->path, name);
    return file_read(file, PROC_MAX, NULL, NULL);
}

/* The quota of this very cgroup, 0 for none. */
static double quota_here(const struct cpus_cgroup *g, bool v2)
{
    char *quota = cgroup_read(g, v2 ? "cpu.max" : "cpu.cfs_quota_us");
    char *period = v2 ? NULL : cgroup_read(g, "cpu.cfs_period_us");
    double cpus = 0;
    if (quota && v2)
        cpus = cpus_quota_v2(quota);
    else if (quota && period)
        cpus = cpus_quota_v1(quota, period);
    free(quota);
    free(period);
    return cpus;
}

/* The smallest quota from the cgroup up to the root. */
static double quota_above(struct cpus_cgroup *g, bool v2)
{
    double least = 0;
    for (;;) {
        double q = quota_here(g, v2);
        if (q > 0 && (least == 0 || q < least))
            least = q;
        char *slash = strrchr(g->path, '/');
        if (!slash)
            return least;
        *slash = '\0';
    }
}

static double quota_of_process(void)
{
    static struct cpus_cgroup g;
    char *cgroup = file_read("/proc/self/cgroup", PROC_MAX, NULL, NULL);
    char *mounts = file_read("/proc/self/mountinfo", PROC_MAX, NULL, NULL);
    double least = 0;
    for (int v2 = 0; cgroup && mounts && v2 < 2; v2++) {
        if (cpus_cgroup_find(&g, cgroup, mounts, v2 ? "" : "cpu") < 0)
            continue;
        double q = quota_above(&g, v2);
        if (q > 0 && (least == 0 || q < least))
            least = q;
    }
    free(cgroup);
    free(mounts);
    return least;
}

static unsigned affinity_count(void)
{
    struct cpulist l;
    cpulist_init(&l);
    unsigned n = cpulist_affinity(&l, 0, NULL) == 0 ? cpulist_count(&l) : 1;
    cpulist_fini(&l);
    return n ? n : 1;
}

unsigned cpus_usable(void)
{
    unsigned n = affinity_count();
    double quota = quota_of_process();
    return quota > 0 && quota < n ? (unsigned)quota + ((unsigned)quota < quota) : n;
}
