/* How many processors this process may use. */
#ifndef KAON_TOOLS_CLI_PROCESSORS_H
#define KAON_TOOLS_CLI_PROCESSORS_H

#include <stddef.h>

/* Those that the scheduler allows it, at most those that its control groups pay for (cpu.max, or
 * cpu.cfs_quota_us of version 1), at most SLURM_CPUS_PER_TASK; at least 1. Never the host's number. */
size_t kaon_processors_usable(void);

/* The limit of control groups, rounded down but at least 1; 0: none. `groups` is the text of
 * /proc/self/cgroup, `root` where the groups are mounted. */
size_t kaon_processors_quota(const char *groups, const char *root);

#endif
