/* Every allocation fails once: the call says KAON_NO_MEMORY, nothing is leaked, nothing crashes. */
#include "tests/support/support.h"

struct subject {
    const char *path, *axis; /* axis to prepare, or NULL */
    int64_t n;               /* length of symbolic axes */
};

/* All that a caller does with a model, stopped at the first failure. */
static enum kaon_status use(const struct subject *u, const struct kaon_allocator *allocator,
                            struct kaon_tensor *in, struct kaon_msg *msg)
{
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    const struct kaon_range range = { u->axis, 0, 2 };
    struct kaon_model *model = NULL;
    struct kaon_session *session = NULL;
    struct kaon_tensor out[TEST_PORTS] = { 0 };
    struct test_text text = { 0 };
    o.allocator = allocator;
    enum kaon_status st = kaon_model_open(&model, u->path, &o, msg);
    if (st == KAON_OK)
        st = kaon_model_print(model, KAON_PRINT_GRAPH, test_text_write, &text, msg);
    if (st == KAON_OK)
        st = kaon_session_open(&session, model, NULL, msg);
    if (st == KAON_OK && u->axis)
        st = kaon_session_prepare(session, &range, 1, msg);
    if (st == KAON_OK)
        st = kaon_session_run(session, in, out, msg);
    if (st == KAON_OK) { /* again, with a plan and memory there */
        memset(out, 0, sizeof out);
        st = kaon_session_run(session, in, out, msg);
    }
    kaon_session_close(session);
    kaon_model_close(model);
    free(text.text);
    return st;
}

/* A failed run leaves the session usable: fail the k-th allocation of a run, then run again. */
static bool run_again(struct kaon_model *model, struct test_allocator *a, size_t k,
                      const struct kaon_tensor *in, uint64_t want, size_t n_out)
{
    struct kaon_session *session = test_session(model);
    struct kaon_tensor out[TEST_PORTS] = { 0 };
    a->failed = false;
    a->fail_at = a->calls + k;
    const enum kaon_status st = kaon_session_run(session, in, out, NULL);
    const bool failed = a->failed;
    a->fail_at = 0;
    assert_int_equal(st, failed ? KAON_NO_MEMORY : KAON_OK);
    memset(out, 0, sizeof out);
    assert_int_equal(kaon_session_run(session, in, out, NULL), KAON_OK);
    if (want)
        assert_true(test_digest(TEST_DIGEST, out, n_out) == want);
    kaon_session_close(session);
    return failed;
}

static void check_runs(const struct subject *u, const struct kaon_tensor *in)
{
    struct test_allocator a;
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    struct kaon_tensor out[TEST_PORTS] = { 0 };
    test_allocator_open(&a, 0, 0);
    o.allocator = &a.self;
    struct kaon_model *model = test_open(u->path, &o);
    struct kaon_session *session = test_session(model);
    const size_t n_out = kaon_model_output_count(model);
    assert_int_equal(kaon_session_run(session, in, out, NULL), KAON_OK);
    const uint64_t want = out[0].type == KAON_SEQUENCE ? 0 : test_digest(TEST_DIGEST, out, n_out);
    kaon_session_close(session);
    for (size_t k = 1; run_again(model, &a, k, in, want, n_out); k++)
        ;
    kaon_model_close(model);
    assert_int_equal(a.blocks, 0);
}

static void check(struct subject u)
{
    struct kaon_tensor made[TEST_PORTS] = { 0 };
    struct test_random r = { 1 };
    struct test_set set = { 0 };
    struct kaon_model *model = test_open(u.path, NULL);
    const bool has_set = test_set_open(&set, model, test_folder(u.path), 0);
    if (!has_set)
        test_inputs(made, model, u.n, &r);
    struct kaon_tensor *in = has_set ? set.in : made;
    size_t k = 1;
    for (bool failed = true; failed; k++) {
        struct test_allocator a;
        struct kaon_msg msg = { "" };
        test_allocator_open(&a, k, 0);
        const enum kaon_status st = use(&u, &a.self, in, &msg);
        if (st != (a.failed ? KAON_NO_MEMORY : KAON_OK))
            fail_msg("%s: allocation %zu %s: %s: %s", u.path, k, a.failed ? "failed" : "is none",
                     kaon_status_name(st), msg.text);
        if (a.failed && !msg.text[0])
            fail_msg("%s: allocation %zu: no message", u.path, k);
        if (a.blocks)
            fail_msg("%s: allocation %zu: %zu blocks leaked", u.path, k, a.blocks);
        failed = a.failed;
    }
    check_runs(&u, in);
    printf("%s: %zu allocations\n", u.path, k - 2);
    if (has_set)
        test_set_close(&set);
    else
        test_inputs_close(made, model);
    kaon_model_close(model);
}

static void a_small_tagger_survives(void **state)
{
    (void)state;
    check((struct subject){ test_model_path("btag/btag_small/model.onnx"), "N", 2 });
}

static void a_tagger_with_tracks_survives(void **state)
{
    (void)state;
    check((struct subject){ test_model_path("btag/metadata/v1.onnx"), "n_tracks", 3 });
}

static void nested_graphs_survive(void **state)
{
    (void)state;
    static const char *const names[] = {
        "node/test_loop11",
        "node/test_loop13_seq",
        "node/test_if",
        "node/test_if_seq",
        "node/test_scan9_sum",
        "node/test_nonzero_example",
        "node/test_scan9_multi_state",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[200];
        snprintf(name, sizeof name, "%s/model.onnx", names[i]);
        if (!test_have_file(test_case_path(name)))
            skip();
        check((struct subject){ test_case_path(name), NULL, 3 });
    }
}

static void decoding_a_tensor_survives(void **state)
{
    (void)state;
    size_t bytes;
    unsigned char *data =
        test_read(test_model_path("btag/btag_gn2/test_data_set_0/input_1.pb"), &bytes);
    bool failed = true;
    for (size_t k = 1; failed; k++) {
        struct test_allocator a;
        struct kaon_tensor t = { 0 };
        test_allocator_open(&a, k, 0);
        const enum kaon_status st =
            kaon_tensor_decode(&t, KAON_UNDEFINED, data, bytes, &a.self, NULL);
        assert_int_equal(st, a.failed ? KAON_NO_MEMORY : KAON_OK);
        if (st == KAON_OK)
            kaon_tensor_free(&t, &a.self);
        assert_int_equal(a.blocks, 0);
        failed = a.failed;
    }
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_tagger_survives),
        cmocka_unit_test(a_tagger_with_tracks_survives),
        cmocka_unit_test(nested_graphs_survive),
        cmocka_unit_test(decoding_a_tensor_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
