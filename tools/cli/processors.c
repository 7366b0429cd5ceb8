#include "tools/cli/processors.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/option.h"

static size_t least(size_t a, size_t b)
{
    return a && (!b || a < b) ? a : b;
}

static size_t whole(double processors)
{
    return processors < 1 ? 1 : (size_t)processors;
}

/* Two numbers of a file; false if it has none, or no limit. */
static int read_numbers(const char *path, long long *number, int n)
{
    FILE *file = fopen(path, "re");
    int got = 0;
    while (file && got < n && fscanf(file, "%lld", &number[got]) == 1)
        got++;
    if (file)
        fclose(file);
    return got == n && number[0] > 0 && number[n - 1] > 0;
}

/* The limit in one folder; 0: none. */
static size_t quota_in(const char *folder)
{
    char path[PATH_MAX];
    long long two[2], quota, period;
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    if (read_numbers(path, two, 2))
        return whole((double)two[0] / (double)two[1]);
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
    if (!read_numbers(path, &quota, 1))
        return 0;
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
    return read_numbers(path, &period, 1) ? whole((double)quota / (double)period) : 0;
}

/* The least limit from a group up to the root. */
static size_t quota_up(const char *root, const char *mount, const char *group)
{
    char folder[PATH_MAX];
    size_t quota = 0;
    const int base = snprintf(folder, sizeof folder, "%s%s", root, mount);
    if (base < 0 || (size_t)base + strlen(group) >= sizeof folder)
        return 0;
    strcat(folder, group);
    for (;;) {
        quota = least(quota_in(folder), quota);
        char *slash = strrchr(folder, '/');
        if (!slash || slash - folder < base)
            return quota;
        *slash = '\0';
    }
}

static int has_word(const char *list, const char *word)
{
    const size_t n = strlen(word);
    for (; list; list = strchr(list, ',')) {
        list += *list == ',';
        if (!strncmp(list, word, n) && (list[n] == ',' || !list[n]))
            return 1;
    }
    return 0;
}

size_t kaon_processors_quota(const char *groups, const char *root)
{
    char line[PATH_MAX];
    size_t quota = 0;
    for (const char *at = groups; *at;) { /* "0::/group" and "4:cpu,cpuacct:/group" */
        const size_t n = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)(n < PATH_MAX ? n : PATH_MAX - 1), at);
        at += n + (at[n] == '\n');
        char *kinds = strchr(line, ':'), *group = kinds ? strchr(kinds + 1, ':') : NULL;
        if (!group)
            continue;
        *kinds++ = *group++ = '\0';
        if (!*kinds)
            quota =
                least(least(quota_up(root, "", group), quota_up(root, "/unified", group)), quota);
        else if (has_word(kinds, "cpu"))
            quota = least(
                least(quota_up(root, "/cpu", group), quota_up(root, "/cpu,cpuacct", group)), quota);
    }
    return quota;
}

size_t kaon_processors_usable(void)
{
    char groups[16384] = "";
    cpu_set_t set;
    int64_t slurm = 0;
    size_t n = 1;
    const char *text = getenv("SLURM_CPUS_PER_TASK");
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        n = (size_t)CPU_COUNT(&set);
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (file) {
        groups[fread(groups, 1, sizeof groups - 1, file)] = '\0';
        fclose(file);
    }
    n = least(kaon_processors_quota(groups, "/sys/fs/cgroup"), n);
    if (text && kaon_parse_int(text, &slurm) && slurm > 0)
        n = least((size_t)slurm, n);
    return n;
}
