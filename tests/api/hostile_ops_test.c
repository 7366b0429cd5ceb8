/* The conformance cases' models with bits changed: a few hundred bytes each, so most changes hit
 * the structure, the attributes or the shapes of some operator. Each case runs in a process of its
 * own, so that one that crashes does not hide the next. KAON_TESTS_CHANGES sets how many each;
 * KAON_TESTS_SEED another seed. */
#include "tests/api/hostile.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHANGES = 30, MOST_FILE = 6000 };

static size_t number(const char *name, size_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : otherwise;
}

static int is_case(const struct dirent *e)
{
    const char *only = getenv("KAON_TESTS_ONLY");
    return !strncmp(e->d_name, "test_", 5) && (!only || strstr(e->d_name, only));
}

static void check_case(const char *path, struct hostile_count *count)
{
    struct test_random r = { number("KAON_TESTS_SEED", 1) };
    const size_t changes = number("KAON_TESTS_CHANGES", CHANGES);
    size_t bytes;
    unsigned char *data = test_read(path, &bytes), *changed = malloc(bytes + 1);
    for (size_t i = 0; bytes && bytes < MOST_FILE && i < changes; i++) {
        memcpy(changed, data, bytes);
        hostile_watch(path, i);
        hostile_try(changed, hostile_change(changed, bytes, &r), count);
    }
    free(data);
    free(changed);
}

/* Runs a case in a child; false if that did not end well. */
static bool survives(const char *path, struct hostile_count *count)
{
    int status = 0;
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        check_case(path, count);
        fflush(NULL);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status)
        printf("%s: the process ended with status 0x%x\n", path, (unsigned)status);
    return status == 0;
}

static void check_group(const char *group)
{
    struct hostile_count *count =
        mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct dirent **list;
    char name[600];
    int crashed = 0;
    assert_true(count != MAP_FAILED);
    count->most_elements = 200000; /* loops of so many iterations end in time */
    const int n = scandir(test_case_path(group), &list, is_case, alphasort);
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s/%s/model.onnx", group, list[i]->d_name);
        free(list[i]);
        if (test_have_file(test_case_path(name)))
            crashed += !survives(test_case_path(name), count);
    }
    if (n >= 0)
        free(list);
    printf("%s: %zu files, %zu opened, %zu ran\n", group, count->tried, count->opened, count->ran);
    munmap(count, sizeof *count);
    assert_int_equal(crashed, 0);
}

static void operators_may_be_broken_anywhere(void **state)
{
    (void)state;
    check_group("node");
}

static void operators_of_onnx_runtime_may_be_broken_anywhere(void **state)
{
    (void)state;
    check_group("ort-ops");
}

static void operators_of_older_opsets_may_be_broken_anywhere(void **state)
{
    (void)state;
    check_group("node-old");
}

static void small_graphs_may_be_broken_anywhere(void **state)
{
    (void)state;
    check_group("simple");
}

static void converted_layers_may_be_broken_anywhere(void **state)
{
    (void)state;
    check_group("pytorch-converted");
    check_group("pytorch-operator");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_may_be_broken_anywhere),
        cmocka_unit_test(operators_of_onnx_runtime_may_be_broken_anywhere),
        cmocka_unit_test(operators_of_older_opsets_may_be_broken_anywhere),
        cmocka_unit_test(converted_layers_may_be_broken_anywhere),
        cmocka_unit_test(small_graphs_may_be_broken_anywhere),
    };
    if (!test_have_file(test_case_path("node")))
        return test_skip("there are no conformance cases under KAON_CONFORMANCE");
    return cmocka_run_group_tests(tests, hostile_setup, NULL);
}
