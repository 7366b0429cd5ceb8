/* engine/base/file.c: mapping, and no way out of a model's folder. */
#include "engine/base/file.h"
#include "tests/support/support.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* root/secret and root/models/{model.onnx,data,sub/data,out -> ../secret,far -> .., in -> data} */
struct fixture {
    char root[64], model[128], secret[128];
};

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static const char *in_folder(const struct fixture *f, const char *name)
{
    static char path[4][256];
    static unsigned next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof path[0], "%s/models/%s", f->root, name);
    return p;
}

static int open_fixture(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->root, "/tmp/kaon-file-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    snprintf(f->secret, sizeof f->secret, "%s/secret", f->root);
    snprintf(f->model, sizeof f->model, "%s/models/model.onnx", f->root);
    assert_int_equal(mkdir(in_folder(f, ""), 0700), 0);
    assert_int_equal(mkdir(in_folder(f, "sub"), 0700), 0);
    put(f->secret, "secret");
    put(f->model, "model");
    put(in_folder(f, "data"), "data");
    put(in_folder(f, "sub/data"), "sub");
    put(in_folder(f, "empty"), "");
    assert_int_equal(symlink("../secret", in_folder(f, "out")), 0);
    assert_int_equal(symlink("..", in_folder(f, "far")), 0);
    assert_int_equal(symlink("/etc", in_folder(f, "etc")), 0);
    assert_int_equal(mkfifo(in_folder(f, "pipe"), 0600), 0);
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    static const char *const names[] = { "model.onnx", "data", "sub/data", "empty",
                                         "out",        "far",  "etc",      "pipe" };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(in_folder(f, names[i]));
    rmdir(in_folder(f, "sub"));
    rmdir(in_folder(f, ""));
    unlink(f->secret);
    rmdir(f->root);
    free(f);
    return 0;
}

static void expect(const struct fixture *f, const char *name, const char *text)
{
    struct kaon_file file;
    struct kaon_msg msg = { "" };
    if (kaon_file_map_beside(&file, f->model, name, 100, &msg) != KAON_OK)
        fail_msg("%s", msg.text);
    assert_int_equal(file.bytes, strlen(text));
    if (file.bytes)
        assert_memory_equal(file.data, text, file.bytes);
    kaon_file_unmap(&file);
    assert_null(file.data);
}

static void refuse(const struct fixture *f, const char *name, enum kaon_status st)
{
    struct kaon_file file;
    struct kaon_msg msg = { "" };
    const enum kaon_status got = kaon_file_map_beside(&file, f->model, name, 100, &msg);
    if (got != st)
        fail_msg("'%s' gives %s: %s", name, kaon_status_name(got), msg.text);
    assert_null(file.mapping);
    assert_true(msg.text[0]);
}

static void files_inside_the_folder_are_mapped(void **state)
{
    expect(*state, "data", "data");
    expect(*state, "sub/data", "sub");
    expect(*state, "./sub/./data", "sub");
    expect(*state, "empty", "");
}

static void absolute_names_are_refused(void **state)
{
    struct fixture *f = *state;
    refuse(f, "/etc/passwd", KAON_BAD_MODEL);
    refuse(f, f->secret, KAON_BAD_MODEL);
    refuse(f, in_folder(f, "data"), KAON_BAD_MODEL);
}

static void names_that_lead_up_are_refused(void **state)
{
    refuse(*state, "..", KAON_BAD_MODEL);
    refuse(*state, "../secret", KAON_BAD_MODEL);
    refuse(*state, "sub/../data", KAON_BAD_MODEL);
    refuse(*state, "sub/../../secret", KAON_BAD_MODEL);
    refuse(*state, "./../secret", KAON_BAD_MODEL);
}

static void symbolic_links_out_of_the_folder_are_refused(void **state)
{
    refuse(*state, "out", KAON_BAD_MODEL);
    refuse(*state, "far/secret", KAON_BAD_MODEL);
    refuse(*state, "etc/passwd", KAON_BAD_MODEL);
}

static void names_of_no_file_are_refused(void **state)
{
    char longest[PATH_MAX + 100];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = 0;
    refuse(*state, "", KAON_BAD_MODEL);
    refuse(*state, "sub/", KAON_BAD_MODEL);
    refuse(*state, "none", KAON_BAD_MODEL);
    refuse(*state, longest, KAON_BAD_MODEL);
    refuse(*state, "sub", KAON_IO);
}

static void pipes_are_refused_without_waiting(void **state)
{
    struct fixture *f = *state;
    struct kaon_file file;
    refuse(f, "pipe", KAON_IO);
    assert_int_equal(kaon_file_map(&file, in_folder(f, "pipe"), 100, NULL), KAON_IO);
}

static void files_over_the_limit_are_refused(void **state)
{
    struct fixture *f = *state;
    struct kaon_file file;
    assert_int_equal(kaon_file_map(&file, f->model, 4, NULL), KAON_OVER_LIMIT);
    assert_int_equal(kaon_file_map(&file, f->model, 5, NULL), KAON_OK);
    kaon_file_unmap(&file);
}

static void a_model_in_the_current_folder_has_its_data_there(void **state)
{
    struct fixture *f = *state;
    char here[PATH_MAX];
    struct kaon_file file;
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(in_folder(f, "")), 0);
    assert_int_equal(kaon_file_map_beside(&file, "model.onnx", "data", 100, NULL), KAON_OK);
    kaon_file_unmap(&file);
    assert_int_equal(chdir(here), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_inside_the_folder_are_mapped),
        TEST(absolute_names_are_refused),
        TEST(names_that_lead_up_are_refused),
        TEST(symbolic_links_out_of_the_folder_are_refused),
        TEST(names_of_no_file_are_refused),
        TEST(pipes_are_refused_without_waiting),
        TEST(files_over_the_limit_are_refused),
        TEST(a_model_in_the_current_folder_has_its_data_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
