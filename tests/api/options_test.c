/* Opening: options, memory, order of closing, and what is refused. */
#include "tests/support/support.h"

#define SMALL "btag/btag_small/model.onnx"

static enum kaon_status try_open(const struct kaon_open_options *options, struct kaon_msg *msg)
{
    struct kaon_model *model = (struct kaon_model *)(uintptr_t)1;
    const enum kaon_status st = kaon_model_open(&model, test_model_path(SMALL), options, msg);
    assert_true((st == KAON_OK) == (model != NULL));
    kaon_model_close(model);
    return st;
}

static void zero_options_are_the_defaults(void **state)
{
    (void)state;
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    assert_int_equal(try_open(&o, NULL), KAON_OK);
    o.backend = "own";
    assert_int_equal(try_open(&o, NULL), KAON_OK);
}

static void fields_past_an_older_callers_size_are_not_read(void **state)
{
    (void)state;
    struct kaon_open_options o;
    memset(&o, 0xa5, sizeof o); /* pointers to nowhere, unknown flags */
    o.size = offsetof(struct kaon_open_options, cpu);
    o.backend = "own";
    assert_int_equal(try_open(&o, NULL), KAON_OK);

    struct kaon_session_options s = { .size = sizeof s.size, .flags = 0xffff };
    struct kaon_model *model = test_open(test_model_path(SMALL), NULL);
    struct kaon_session *session;
    assert_int_equal(kaon_session_open(&session, model, &s, NULL), KAON_OK);
    kaon_session_close(session);
    kaon_model_close(model);
}

static void options_without_a_size_are_refused(void **state)
{
    (void)state;
    struct kaon_msg msg = { "" };
    const struct kaon_open_options o = { 0 };
    const struct kaon_session_options s = { 0 };
    struct kaon_model *model = test_open(test_model_path(SMALL), NULL);
    struct kaon_session *session;
    assert_int_equal(try_open(&o, &msg), KAON_BAD_ARGUMENT);
    assert_non_null(strstr(msg.text, "size"));
    assert_int_equal(kaon_session_open(&session, model, &s, &msg), KAON_BAD_ARGUMENT);
    assert_null(session);
    kaon_model_close(model);
}

static void unknown_flags_are_refused(void **state)
{
    (void)state;
    struct kaon_msg msg = { "" };
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    struct kaon_session_options s = KAON_SESSION_OPTIONS_INIT;
    struct kaon_model *model = test_open(test_model_path(SMALL), NULL);
    struct kaon_session *session;
    o.flags = s.flags = 1u << 31;
    assert_int_equal(try_open(&o, &msg), KAON_BAD_ARGUMENT);
    assert_non_null(strstr(msg.text, "80000000"));
    assert_int_equal(kaon_session_open(&session, model, &s, &msg), KAON_BAD_ARGUMENT);
    assert_null(session);
    kaon_model_close(model);
}

static void names_that_are_not_there_are_refused_and_told(void **state)
{
    (void)state;
    struct kaon_msg msg = { "" };
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    o.backend = "owl";
    assert_int_equal(try_open(&o, &msg), KAON_BAD_ARGUMENT);
    assert_non_null(strstr(msg.text, "owl"));
    o.backend = NULL;
    o.cpu = "avx1024";
    assert_int_equal(try_open(&o, &msg), KAON_BAD_ARGUMENT);
    assert_non_null(strstr(msg.text, "avx1024"));
}

static void an_allocator_needs_both_functions(void **state)
{
    (void)state;
    struct test_allocator a;
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    test_allocator_open(&a, 0, 0);
    a.self.free = NULL;
    o.allocator = &a.self;
    assert_int_equal(try_open(&o, NULL), KAON_BAD_ARGUMENT);
}

static void the_environment_bounds_the_instruction_set(void **state)
{
    (void)state;
    struct kaon_msg msg = { "" };
    setenv("KAON_CPU", "scalar", 1);
    struct kaon_model *model = test_open(test_model_path(SMALL), NULL);
    assert_string_equal(kaon_model_isa(model), "scalar");
    kaon_model_close(model);

    setenv("KAON_CPU", "386", 1);
    assert_int_equal(try_open(NULL, &msg), KAON_BAD_ARGUMENT);
    assert_non_null(strstr(msg.text, "386"));

    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT; /* the caller's word goes before it */
    o.cpu = "scalar";
    assert_int_equal(try_open(&o, NULL), KAON_OK);

    setenv("KAON_CPU", "", 1);
    assert_int_equal(try_open(NULL, NULL), KAON_OK);
    unsetenv("KAON_CPU");
}

static void limits_are_kept(void **state)
{
    (void)state;
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    o.limits.file_bytes = 1000;
    assert_int_equal(try_open(&o, NULL), KAON_OVER_LIMIT);
    o.limits.file_bytes = 0;
    o.limits.nodes = 10;
    assert_int_equal(try_open(&o, NULL), KAON_OVER_LIMIT);
    o.limits.nodes = 0;
    o.limits.elements = 100;
    assert_int_equal(try_open(&o, NULL), KAON_OVER_LIMIT);
}

static void files_that_are_not_there_or_not_files_are_told(void **state)
{
    (void)state;
    struct kaon_model *model;
    struct kaon_msg msg = { "" };
    assert_int_equal(kaon_model_open(&model, "no/such/model.onnx", NULL, &msg), KAON_IO);
    assert_non_null(strstr(msg.text, "no/such/model.onnx"));
    assert_int_equal(kaon_model_open(&model, "/", NULL, &msg), KAON_IO);
    assert_int_equal(kaon_model_open(&model, "/dev/null", NULL, &msg), KAON_IO);
    assert_null(model);
}

static void null_pointers_are_refused(void **state)
{
    (void)state;
    struct kaon_model *model = test_open(test_model_path(SMALL), NULL), *none;
    struct kaon_session *session = (struct kaon_session *)(uintptr_t)1;
    struct kaon_port port;
    assert_int_equal(kaon_model_open(NULL, "x", NULL, NULL), KAON_BAD_ARGUMENT);
    assert_int_equal(kaon_model_open(&none, NULL, NULL, NULL), KAON_BAD_ARGUMENT);
    assert_int_equal(kaon_model_open_memory(&none, NULL, 7, "x", NULL, NULL), KAON_BAD_ARGUMENT);
    assert_int_equal(kaon_model_open_memory(&none, NULL, 0, NULL, NULL, NULL), KAON_BAD_MODEL);
    assert_int_equal(kaon_session_open(NULL, model, NULL, NULL), KAON_BAD_ARGUMENT);
    assert_int_equal(kaon_session_open(&session, NULL, NULL, NULL), KAON_BAD_ARGUMENT);
    assert_null(session);
    session = test_session(model);
    assert_int_equal(kaon_session_run(NULL, NULL, NULL, NULL), KAON_BAD_ARGUMENT);
    assert_int_equal(kaon_session_run(session, NULL, NULL, NULL), KAON_BAD_ARGUMENT);
    assert_int_equal(kaon_session_prepare(session, NULL, 1, NULL), KAON_BAD_ARGUMENT);
    assert_int_equal(kaon_session_prepare(NULL, NULL, 0, NULL), KAON_BAD_ARGUMENT);
    assert_int_equal(kaon_session_observe(NULL, NULL, NULL), KAON_BAD_ARGUMENT);
    assert_int_equal(kaon_session_profile(NULL, NULL, NULL), KAON_BAD_ARGUMENT);
    assert_int_equal(kaon_session_print_plan(session, test_text_write, NULL, NULL), KAON_BAD_STATE);
    assert_int_equal(kaon_model_print(model, 99, test_text_write, NULL, NULL), KAON_BAD_ARGUMENT);
    assert_int_equal(kaon_model_print(model, KAON_PRINT_JSON, NULL, NULL, NULL), KAON_BAD_ARGUMENT);
    assert_int_equal(kaon_model_input(model, 1, &port), KAON_BAD_ARGUMENT);
    assert_int_equal(kaon_model_output(model, 0, NULL), KAON_BAD_ARGUMENT);
    kaon_session_close(NULL);
    kaon_model_close(NULL);
    kaon_tensor_free(NULL, NULL);
    kaon_session_close(session);
    kaon_model_close(model);
}

static void a_model_opens_from_memory_and_gives_the_same_bits(void **state)
{
    (void)state;
    struct kaon_model *model, *from_file = test_open(test_model_path(SMALL), NULL);
    struct test_random r = { 5 };
    struct kaon_tensor in[1], out[1] = { 0 }, from_file_out[1] = { 0 };
    size_t bytes;
    unsigned char *data = test_read(test_model_path(SMALL), &bytes);
    assert_int_equal(kaon_model_open_memory(&model, data, bytes, "small", NULL, NULL), KAON_OK);
    struct kaon_session *a = test_session(model), *b = test_session(from_file);
    test_inputs(in, model, 3, &r);
    assert_int_equal(kaon_session_run(a, in, out, NULL), KAON_OK);
    assert_int_equal(kaon_session_run(b, in, from_file_out, NULL), KAON_OK);
    assert_true(test_digest(TEST_DIGEST, out, 1) == test_digest(TEST_DIGEST, from_file_out, 1));
    test_inputs_close(in, model);
    kaon_session_close(a);
    kaon_session_close(b);
    kaon_model_close(model);
    kaon_model_close(from_file);
    free(data);
}

static void sessions_outlive_the_callers_reference_to_the_model(void **state)
{
    (void)state;
    struct test_allocator a;
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    struct test_random r = { 6 };
    struct kaon_tensor in[1], out[1] = { 0 };
    test_allocator_open(&a, 0, 0);
    o.allocator = &a.self;
    struct kaon_model *model = test_open(test_model_path(SMALL), &o);
    struct kaon_session *first = test_session(model), *second = test_session(model);
    test_inputs(in, model, 2, &r);
    kaon_model_close(model);
    assert_int_equal(kaon_session_run(first, in, out, NULL), KAON_OK);
    kaon_session_close(first);
    out[0] = (struct kaon_tensor){ 0 };
    assert_int_equal(kaon_session_run(second, in, out, NULL), KAON_OK);
    kaon_session_close(second);
    assert_int_equal(a.blocks, 0);
    free(in[0].data);
}

static void metadata_of_a_model_is_told(void **state)
{
    (void)state;
    struct kaon_model *model = test_open(test_model_path("btag/btag_gn2/model.onnx"), NULL);
    const char *key = kaon_model_metadata_key(model, 0);
    assert_non_null(key);
    assert_non_null(kaon_model_metadata(model, key));
    assert_non_null(kaon_model_metadata(model, "gnn_config"));
    assert_string_equal(kaon_model_metadata(model, ":opset"), "ai.onnx:20");
    assert_null(kaon_model_metadata(model, "no such key"));
    assert_null(kaon_model_metadata_key(model, 1000));
    kaon_model_close(model);
}

static void ports_are_told_with_the_names_of_their_axes(void **state)
{
    (void)state;
    struct kaon_model *model = test_open(test_model_path("btag/btag_gn2/model.onnx"), NULL);
    struct kaon_port port;
    assert_int_equal(kaon_model_input(model, 1, &port), KAON_OK);
    assert_string_equal(port.name, "track_features");
    assert_int_equal(port.type, KAON_F32);
    assert_int_equal(port.rank, 2);
    assert_int_equal(port.dims[0], -1);
    assert_string_equal(port.axes[0], "n_tracks");
    assert_int_equal(port.dims[1], 19);
    assert_null(port.axes[1]);
    kaon_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_options_are_the_defaults),
        cmocka_unit_test(fields_past_an_older_callers_size_are_not_read),
        cmocka_unit_test(options_without_a_size_are_refused),
        cmocka_unit_test(unknown_flags_are_refused),
        cmocka_unit_test(names_that_are_not_there_are_refused_and_told),
        cmocka_unit_test(an_allocator_needs_both_functions),
        cmocka_unit_test(the_environment_bounds_the_instruction_set),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(files_that_are_not_there_or_not_files_are_told),
        cmocka_unit_test(null_pointers_are_refused),
        cmocka_unit_test(a_model_opens_from_memory_and_gives_the_same_bits),
        cmocka_unit_test(sessions_outlive_the_callers_reference_to_the_model),
        cmocka_unit_test(metadata_of_a_model_is_told),
        cmocka_unit_test(ports_are_told_with_the_names_of_their_axes),
    };
    unsetenv("KAON_CPU");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
