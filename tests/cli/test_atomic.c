#include "tests/cli/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/atomic.h"

/* A folder of its own, which is the working directory during a test. */
struct place {
    char folder[64], back[1024];
};

static int enter(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    if (!p || !getcwd(p->back, sizeof p->back))
        return -1;
    strcpy(p->folder, "/tmp/kaon-atomic-XXXXXX");
    *state = p;
    return mkdtemp(p->folder) && chdir(p->folder) == 0 ? 0 : -1;
}

/* How many files there are; with `remove`, removes them. */
static int files(int remove)
{
    int n = 0;
    DIR *dir = opendir(".");
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        n++;
        if (remove)
            assert_int_equal(unlinkat(dirfd(dir), e->d_name, 0), 0);
    }
    closedir(dir);
    return n;
}

static int leave(void **state)
{
    struct place *p = *state;
    files(1);
    const int bad = chdir(p->back) != 0 || rmdir(p->folder) != 0;
    free(p);
    return bad;
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void assert_holds(const char *path, const char *want)
{
    char text[64] = "";
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fread(text, 1, sizeof text - 1, f), strlen(want));
    fclose(f);
    assert_string_equal(text, want);
}

static void appears_only_when_whole(void **state)
{
    struct kaon_atomic a;
    struct kaon_msg msg;
    struct stat st;
    (void)state;
    const mode_t mask = umask(027);
    assert_int_equal(kaon_atomic_open(&a, "f", false, &msg), KAON_OK);
    umask(mask);
    fputs("text", a.file);
    assert_int_equal(access("f", F_OK), -1);
    assert_int_equal(kaon_atomic_commit(&a, &msg), KAON_OK);
    assert_holds("f", "text");
    assert_int_equal(stat("f", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(files(0), 1);
}

static void leaves_nothing_when_abandoned(void **state)
{
    struct kaon_atomic a;
    struct kaon_msg msg;
    (void)state;
    assert_int_equal(kaon_atomic_open(&a, "f", false, &msg), KAON_OK);
    fputs("half", a.file);
    kaon_atomic_abandon(&a);
    kaon_atomic_abandon(&a);
    assert_int_equal(files(0), 0);
}

static void replaces_only_by_force(void **state)
{
    struct kaon_atomic a;
    struct kaon_msg msg;
    (void)state;
    put("f", "old");
    assert_int_equal(kaon_atomic_open(&a, "f", false, &msg), KAON_BAD_ARGUMENT);
    assert_non_null(strstr(msg.text, "--force"));
    assert_int_equal(kaon_atomic_open(&a, "f", true, &msg), KAON_OK);
    fputs("new", a.file);
    assert_holds("f", "old");
    assert_int_equal(kaon_atomic_commit(&a, &msg), KAON_OK);
    assert_holds("f", "new");
}

static void spares_a_file_that_appeared_meanwhile(void **state)
{
    struct kaon_atomic a;
    struct kaon_msg msg;
    (void)state;
    assert_int_equal(kaon_atomic_open(&a, "f", false, &msg), KAON_OK);
    put("f", "other");
    assert_int_equal(kaon_atomic_commit(&a, &msg), KAON_IO);
    assert_holds("f", "other");
    assert_int_equal(files(0), 1);
}

static void writes_through_a_link(void **state)
{
    struct kaon_atomic a;
    struct kaon_msg msg;
    struct stat st;
    (void)state;
    put("target", "old");
    assert_int_equal(symlink("target", "link"), 0);
    assert_int_equal(kaon_atomic_open(&a, "link", true, &msg), KAON_OK);
    fputs("new", a.file);
    assert_int_equal(kaon_atomic_commit(&a, &msg), KAON_OK);
    assert_holds("target", "new");
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void does_not_replace_a_device_or_folder(void **state)
{
    struct kaon_atomic a;
    struct kaon_msg msg;
    (void)state;
    assert_int_equal(kaon_atomic_open(&a, "/dev/null", true, &msg), KAON_BAD_ARGUMENT);
    assert_int_equal(kaon_atomic_open(&a, "/tmp", true, &msg), KAON_BAD_ARGUMENT);
    assert_int_equal(kaon_atomic_open(&a, "no/such/folder/f", true, &msg), KAON_IO);
    kaon_atomic_abandon(&a);
}

static void lets_a_library_write_by_name(void **state)
{
    struct kaon_atomic a;
    struct kaon_msg msg;
    (void)state;
    assert_int_equal(kaon_atomic_open(&a, "f", false, &msg), KAON_OK);
    assert_int_equal(kaon_atomic_detach(&a, &msg), KAON_OK);
    put(a.temporary, "by name");
    assert_int_equal(kaon_atomic_commit(&a, &msg), KAON_OK);
    assert_holds("f", "by name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(appears_only_when_whole, enter, leave),
        cmocka_unit_test_setup_teardown(leaves_nothing_when_abandoned, enter, leave),
        cmocka_unit_test_setup_teardown(replaces_only_by_force, enter, leave),
        cmocka_unit_test_setup_teardown(spares_a_file_that_appeared_meanwhile, enter, leave),
        cmocka_unit_test_setup_teardown(writes_through_a_link, enter, leave),
        cmocka_unit_test_setup_teardown(does_not_replace_a_device_or_folder, enter, leave),
        cmocka_unit_test_setup_teardown(lets_a_library_write_by_name, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
