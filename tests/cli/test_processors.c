/* Processors that a process may use. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tools/cli/processors.h"

static char root[] = "/tmp/kaon_processors_XXXXXX";

static void put(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s%s", root, folder);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s%s/%s", root, folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", root);
    return system(command);
}

static void the_least_of_all_groups_counts(void **state)
{
    (void)state;
    put("/a", "cpu.max", "400000 100000\n");
    put("/a/b", "cpu.max", "max 100000\n");
    put("/a/b/half", "cpu.max", "50000 100000\n");
    put("/a/b/more", "cpu.max", "250000 100000\n");
    assert_int_equal(kaon_processors_quota("0::/a/b\n", root), 4);
    assert_int_equal(kaon_processors_quota("0::/a/b/half\n", root), 1);
    assert_int_equal(kaon_processors_quota("0::/a/b/more", root), 2);
    assert_int_equal(kaon_processors_quota("0::/\n", root), 0);
    assert_int_equal(kaon_processors_quota("0::/nowhere\n", root), 0);
    assert_int_equal(kaon_processors_quota("", root), 0);
    assert_int_equal(kaon_processors_quota("nonsense\n:\n", root), 0);
}

static void groups_of_version_1_count(void **state)
{
    (void)state;
    put("/cpu", "cpu.cfs_quota_us", "-1\n");
    put("/cpu/job", "cpu.cfs_quota_us", "300000\n");
    put("/cpu/job", "cpu.cfs_period_us", "100000\n");
    assert_int_equal(kaon_processors_quota("4:cpuset:/\n3:cpu,cpuacct:/job\n0::/\n", root), 3);
    assert_int_equal(kaon_processors_quota("3:cpuacct:/job\n", root), 0);
    assert_int_equal(kaon_processors_quota("3:cpu:/\n", root), 0);
}

static void slurm_lowers_the_number(void **state)
{
    (void)state;
    unsetenv("SLURM_CPUS_PER_TASK");
    const size_t all = kaon_processors_usable();
    assert_true(all >= 1);
    setenv("SLURM_CPUS_PER_TASK", "1", 1);
    assert_int_equal(kaon_processors_usable(), 1);
    setenv("SLURM_CPUS_PER_TASK", "100000", 1);
    assert_int_equal(kaon_processors_usable(), all);
    setenv("SLURM_CPUS_PER_TASK", "many", 1);
    assert_int_equal(kaon_processors_usable(), all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_of_all_groups_counts),
        cmocka_unit_test(groups_of_version_1_count),
        cmocka_unit_test(slurm_lowers_the_number),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
