/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cpus: how many processors this process may use: the default number of ranks on this machine.
 */
#ifndef COMMON_CPUS_H
#define COMMON_CPUS_H

/* Processors of the affinity mask (so of the cpuset too), or what the CPU quotas of the cgroups on the way to the
 * root allow, rounded up, if that is less. At least 1. */
unsigned cpus_usable(void);

/* The pure parts. A quota is in processors; 0 stands for none. */

/* The text of a cgroup v2 cpu.max ("max 100000", "150000 100000"). */
double cpus_quota_v2(const char *cpu_max);

/* The texts of v1's cpu.cfs_quota_us and cpu.cfs_period_us. */
double cpus_quota_v1(const char *quota, const char *period);

/* Where the cgroup of a process is, out of the texts of /proc/self/cgroup and /proc/self/mountinfo: of the v1
 * hierarchy that has the controller, or of v2 when controller is "". dir is the mount point, path what follows it,
 * without a slash at the end. 0, or -1 when there is none. */
struct cpus_cgroup {
    char dir[4096], path[4096];
};
int cpus_cgroup_find(struct cpus_cgroup *g, const char *cgroup, const char *mountinfo, const char *controller);

#endif
