/* engine/onnx/names.c: scopes. */
#include "engine/onnx/names.h"
#include "tests/support/support.h"

struct fixture {
    struct kaon_arena arena;
    struct kaon_onnx_names names;
    struct kaon_value values[4];
};

static int open_fixture(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    kaon_arena_open(&f->arena, &kaon_allocator_default, 4096);
    kaon_onnx_names_open(&f->names, &f->arena);
    kaon_onnx_names_enter(&f->names);
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;
    kaon_arena_close(&f->arena);
    free(f);
    return 0;
}

static void an_empty_scope_has_no_names(void **state)
{
    struct fixture *f = *state;
    assert_null(kaon_onnx_names_find(&f->names, "a"));
    assert_false(kaon_onnx_names_here(&f->names, "a"));
    kaon_onnx_names_enter(&f->names);
    kaon_onnx_names_leave(&f->names);
}

static void a_name_is_made_once_in_a_scope(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(kaon_onnx_names_add(&f->names, "a", &f->values[0], NULL), KAON_OK);
    assert_int_equal(kaon_onnx_names_add(&f->names, "a", &f->values[1], NULL), KAON_BAD_MODEL);
    assert_ptr_equal(kaon_onnx_names_find(&f->names, "a"), &f->values[0]);
}

static void inner_scopes_hide_outer_ones_until_they_end(void **state)
{
    struct fixture *f = *state;
    kaon_onnx_names_add(&f->names, "a", &f->values[0], NULL);
    kaon_onnx_names_enter(&f->names);
    assert_ptr_equal(kaon_onnx_names_find(&f->names, "a"), &f->values[0]);
    assert_false(kaon_onnx_names_here(&f->names, "a"));
    assert_int_equal(kaon_onnx_names_add(&f->names, "a", &f->values[1], NULL), KAON_OK);
    assert_ptr_equal(kaon_onnx_names_find(&f->names, "a"), &f->values[1]);
    kaon_onnx_names_leave(&f->names);
    assert_ptr_equal(kaon_onnx_names_find(&f->names, "a"), &f->values[0]);
}

/* The table grows while scopes are open: the innermost name still comes first. */
static void growing_keeps_the_innermost_first(void **state)
{
    struct fixture *f = *state;
    static char text[5000][8];
    kaon_onnx_names_add(&f->names, "a", &f->values[0], NULL);
    kaon_onnx_names_enter(&f->names);
    kaon_onnx_names_add(&f->names, "a", &f->values[1], NULL);
    for (size_t i = 0; i < 5000; i++) {
        snprintf(text[i], sizeof text[i], "v%zu", i);
        assert_int_equal(kaon_onnx_names_add(&f->names, text[i], &f->values[2], NULL), KAON_OK);
    }
    assert_ptr_equal(kaon_onnx_names_find(&f->names, "a"), &f->values[1]);
    for (size_t i = 0; i < 5000; i++)
        assert_ptr_equal(kaon_onnx_names_find(&f->names, text[i]), &f->values[2]);
    kaon_onnx_names_leave(&f->names);
    assert_ptr_equal(kaon_onnx_names_find(&f->names, "a"), &f->values[0]);
    for (size_t i = 0; i < 5000; i++)
        assert_null(kaon_onnx_names_find(&f->names, text[i]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_scope_has_no_names),
        TEST(a_name_is_made_once_in_a_scope),
        TEST(inner_scopes_hide_outer_ones_until_they_end),
        TEST(growing_keeps_the_innermost_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
