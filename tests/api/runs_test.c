/* Runs: what they take, what they give, and what a failed one leaves behind. */
#include "tests/support/support.h"

#define GN2 "btag/btag_gn2/model.onnx"

enum { OUTPUTS = 5, TRACKS = 7 };

struct fixture {
    struct kaon_model *model;
    struct kaon_session *session;
    struct kaon_tensor in[2], out[OUTPUTS];
    struct kaon_msg msg;
};

static int open_fixture(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct test_random r = { 1 };
    f->model = test_open(test_model_path(GN2), NULL);
    f->session = test_session(f->model);
    assert_int_equal(kaon_model_output_count(f->model), OUTPUTS);
    test_inputs(f->in, f->model, TRACKS, &r);
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;
    test_inputs_close(f->in, f->model);
    kaon_session_close(f->session);
    kaon_model_close(f->model);
    free(f);
    return 0;
}

static uint64_t run(struct fixture *f)
{
    memset(f->out, 0, sizeof f->out);
    assert_int_equal(kaon_session_run(f->session, f->in, f->out, &f->msg), KAON_OK);
    return test_digest(TEST_DIGEST, f->out, OUTPUTS);
}

/* The run fails with `st` and a message with `word`; the next good one gives what the first did. */
static void refuses(struct fixture *f, const struct kaon_tensor *in, enum kaon_status st,
                    const char *word)
{
    const uint64_t good = run(f);
    f->msg.text[0] = 0;
    assert_int_equal(kaon_session_run(f->session, in, f->out, &f->msg), st);
    if (!strstr(f->msg.text, word))
        fail_msg("'%s' does not say '%s'", f->msg.text, word);
    assert_true(run(f) == good);
}

static void an_input_of_the_wrong_type_is_refused(void **state)
{
    struct fixture *f = *state;
    struct kaon_tensor in[2] = { f->in[0], f->in[1] };
    in[1].type = KAON_F64;
    refuses(f, in, KAON_BAD_INPUT, "double");
    in[1].type = KAON_UNDEFINED;
    refuses(f, in, KAON_BAD_INPUT, "track_features");
    in[1].type = (enum kaon_type)12345;
    refuses(f, in, KAON_BAD_INPUT, "track_features");
}

static void an_input_of_the_wrong_shape_is_refused(void **state)
{
    struct fixture *f = *state;
    struct kaon_tensor in[2] = { f->in[0], f->in[1] };
    in[1].dims[1] = 18;
    refuses(f, in, KAON_BAD_INPUT, "[7,18]");
    in[1] = f->in[1];
    in[1].rank = 1;
    refuses(f, in, KAON_BAD_INPUT, "track_features");
    in[1] = f->in[1];
    in[1].dims[0] = -3;
    refuses(f, in, KAON_BAD_INPUT, "[-3,19]");
}

static void an_impossible_rank_is_refused_before_it_is_used(void **state)
{
    struct fixture *f = *state;
    struct kaon_tensor *in = malloc(2 * sizeof *in); /* a sanitizer sees reads past its end */
    memcpy(in, f->in, 2 * sizeof *in);
    in[1].rank = 1000;
    refuses(f, in, KAON_BAD_INPUT, "1000");
    in[1].rank = -1;
    refuses(f, in, KAON_BAD_INPUT, "-1");
    in[1].rank = INT32_MAX;
    refuses(f, in, KAON_BAD_INPUT, "rank");
    free(in);
}

static void a_huge_length_is_over_the_limit(void **state)
{
    struct fixture *f = *state;
    struct kaon_tensor in[2] = { f->in[0], f->in[1] };
    in[1].dims[0] = INT64_MAX;
    refuses(f, in, KAON_OVER_LIMIT, "track_features");
    in[1].dims[0] = (int64_t)1 << 26; /* the input is within the limit, the scores [n,n] are not */
    refuses(f, in, KAON_OVER_LIMIT, "elements");
}

static void an_input_without_data_is_refused(void **state)
{
    struct fixture *f = *state;
    struct kaon_tensor in[2] = { f->in[0], f->in[1] };
    in[1].data = NULL;
    refuses(f, in, KAON_BAD_ARGUMENT, "track_features");
    in[1] = f->in[1];
    in[1].bytes--;
    refuses(f, in, KAON_BAD_ARGUMENT, "bytes");
    in[1].bytes = 0; /* exactly what the shape needs */
    assert_int_equal(kaon_session_run(f->session, in, f->out, NULL), KAON_OK);
}

static void an_output_without_room_is_refused(void **state)
{
    struct fixture *f = *state;
    float room;
    const uint64_t good = run(f);
    memset(f->out, 0, sizeof f->out);
    f->out[0].data = &room;
    f->out[0].bytes = sizeof room - 1;
    assert_int_equal(kaon_session_run(f->session, f->in, f->out, &f->msg), KAON_BAD_ARGUMENT);
    assert_non_null(strstr(f->msg.text, "3"));
    assert_true(run(f) == good);
}

static void copied_and_borrowed_outputs_have_the_same_bits(void **state)
{
    struct fixture *f = *state;
    struct kaon_tensor copied[OUTPUTS] = { 0 };
    char room[OUTPUTS][64];
    run(f);
    for (size_t i = 0; i < OUTPUTS; i++) {
        copied[i].data = room[i];
        copied[i].bytes = sizeof room[i];
    }
    assert_int_equal(kaon_session_run(f->session, f->in, copied, NULL), KAON_OK);
    for (size_t i = 0; i < OUTPUTS; i++) {
        assert_ptr_equal(copied[i].data, room[i]);
        assert_int_equal(copied[i].bytes,
                         kaon_tensor_count(&copied[i]) * (int64_t)kaon_type_bytes(copied[i].type));
    }
    const uint64_t of_copy = test_digest(TEST_DIGEST, copied, OUTPUTS);
    assert_true(run(f) == of_copy);
}

/* As the header's example does it: one array, not cleared between runs. */
static void outputs_that_were_borrowed_may_be_passed_again(void **state)
{
    struct fixture *f = *state;
    struct kaon_tensor kept[OUTPUTS] = { 0 };
    struct kaon_session *other = test_session(f->model);
    struct test_random r = { 4 };
    for (int i = 0; i < 40; i++) {
        struct kaon_tensor in[2], fresh[OUTPUTS] = { 0 };
        test_inputs(in, f->model, test_next(&r) % 20, &r);
        assert_int_equal(kaon_session_run(other, in, fresh, NULL), KAON_OK);
        const uint64_t want = test_digest(TEST_DIGEST, fresh, OUTPUTS);
        assert_int_equal(kaon_session_run(f->session, in, kept, &f->msg), KAON_OK);
        assert_true(test_digest(TEST_DIGEST, kept, OUTPUTS) == want);
        test_inputs_close(in, f->model);
    }
    kaon_session_close(other);
}

static void inputs_are_not_written(void **state)
{
    struct fixture *f = *state;
    const uint64_t before = test_digest(TEST_DIGEST, f->in, 2);
    run(f);
    assert_true(test_digest(TEST_DIGEST, f->in, 2) == before);
}

static void inputs_may_move_between_runs(void **state)
{
    struct fixture *f = *state;
    const uint64_t good = run(f);
    struct kaon_tensor in[2] = { f->in[0], f->in[1] };
    void *moved = malloc(in[1].bytes);
    memcpy(moved, in[1].data, in[1].bytes);
    in[1].data = moved;
    memset(f->out, 0, sizeof f->out);
    assert_int_equal(kaon_session_run(f->session, in, f->out, NULL), KAON_OK);
    assert_true(test_digest(TEST_DIGEST, f->out, OUTPUTS) == good);
    free(moved);
}

static void zero_tracks_are_an_ordinary_input(void **state)
{
    struct fixture *f = *state;
    struct kaon_tensor in[2] = { f->in[0], f->in[1] };
    in[1].dims[0] = 0;
    in[1].data = NULL;
    in[1].bytes = 0;
    memset(f->out, 0, sizeof f->out);
    assert_int_equal(kaon_session_run(f->session, in, f->out, NULL), KAON_OK);
    float sum = 0.0f;
    for (size_t i = 0; i < 4; i++)
        sum += *(const float *)f->out[i].data;
    assert_true(sum > 0.999f && sum < 1.001f);
    assert_int_equal(f->out[4].rank, 1);
    assert_int_equal(f->out[4].dims[0], 0);
}

static void more_shapes_than_plans_are_kept_give_the_same_results(void **state)
{
    struct fixture *f = *state;
    struct kaon_session_options few = KAON_SESSION_OPTIONS_INIT;
    struct kaon_session *session;
    struct test_random r = { 2 };
    few.plans = 2;
    assert_int_equal(kaon_session_open(&session, f->model, &few, NULL), KAON_OK);
    for (int i = 0; i < 60; i++) {
        struct kaon_tensor in[2], a[OUTPUTS] = { 0 }, b[OUTPUTS] = { 0 };
        test_inputs(in, f->model, test_next(&r) % 6, &r);
        assert_int_equal(kaon_session_run(session, in, a, NULL), KAON_OK);
        assert_int_equal(kaon_session_run(f->session, in, b, NULL), KAON_OK);
        assert_true(test_digest(TEST_DIGEST, a, OUTPUTS) == test_digest(TEST_DIGEST, b, OUTPUTS));
        test_inputs_close(in, f->model);
    }
    struct kaon_session_info info;
    kaon_session_get_info(session, &info);
    assert_int_equal(info.plans, 2);
    kaon_session_close(session);
}

static void ranges_that_make_no_sense_are_refused(void **state)
{
    struct fixture *f = *state;
    const struct kaon_range bad[] = {
        { "n_tracks", 5, 4 },
        { "n_tracks", -1, 4 },
        { "no_axis", 0, 1 },
        { NULL, 0, 1 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(kaon_session_prepare(f->session, &bad[i], 1, &f->msg), KAON_BAD_ARGUMENT);
    const struct kaon_range huge = { "n_tracks", 0, INT64_MAX };
    assert_int_equal(kaon_session_prepare(f->session, &huge, 1, &f->msg), KAON_OVER_LIMIT);
    run(f);
}

static void observe(void *user, const char *node, const char *op, const char *name,
                    const struct kaon_tensor *value)
{
    assert_non_null(node);
    assert_non_null(op);
    assert_non_null(name);
    assert_true(kaon_tensor_count(value) == 0 || value->data);
    ++*(size_t *)user;
}

static void an_observer_sees_the_steps_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    const uint64_t good = run(f);
    size_t seen = 0;
    kaon_session_observe(f->session, observe, &seen);
    assert_true(run(f) == good);
    assert_true(seen > 10);
    const size_t once = seen;
    kaon_session_observe(f->session, NULL, NULL);
    run(f);
    assert_int_equal(seen, once);
}

struct profiled {
    size_t steps;
    uint64_t macs, bytes;
};

static void profile(void *user, size_t index, const struct kaon_profile_step *step)
{
    struct profiled *p = user;
    assert_true(index == p->steps);
    assert_true(step->node && step->op && *step->op && step->kernel && *step->kernel);
    assert_true(step->bytes_written > 0);
    assert_true(step->ns < UINT64_C(60000000000));
    p->steps++;
    p->macs += step->macs;
    p->bytes += step->bytes_read;
}

static void a_profile_has_every_step_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    const uint64_t good = run(f);
    struct profiled p = { 0 };
    struct kaon_session_info info;
    kaon_session_get_info(f->session, &info);
    assert_int_equal(kaon_session_profile(f->session, profile, &p), KAON_OK);
    assert_true(run(f) == good);
    assert_int_equal(p.steps, info.steps);
    assert_true(p.macs == info.macs && p.bytes > 0);
    assert_int_equal(kaon_session_profile(f->session, NULL, NULL), KAON_OK);
    run(f);
    assert_int_equal(p.steps, info.steps);
}

static void files_with_other_metadata_give_the_same_scores(void **state)
{
    (void)state;
    static const char *const names[] = { "v1", "v1_new_names", "v2", "none" };
    uint64_t digest[4];
    for (size_t i = 0; i < 4; i++) {
        char path[100];
        struct kaon_tensor in[2], out[TEST_PORTS] = { 0 };
        struct test_random r = { 3 };
        snprintf(path, sizeof path, "btag/metadata/%s.onnx", names[i]);
        struct kaon_model *model = test_open(test_model_path(path), NULL);
        struct kaon_session *session = test_session(model);
        test_inputs(in, model, 5, &r);
        assert_int_equal(kaon_session_run(session, in, out, NULL), KAON_OK);
        digest[i] = test_digest(TEST_DIGEST, out, kaon_model_output_count(model));
        test_inputs_close(in, model);
        kaon_session_close(session);
        kaon_model_close(model);
    }
    for (size_t i = 1; i < 4; i++)
        assert_true(digest[i] == digest[0]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

/* Values within the graph, a softmax among those that passes rewrite: they come last, and the outputs that
 * the model has keep their bits. */
static void inner_values_can_be_outputs_too(void **state)
{
    struct fixture *f = *state;
    static const char *const also[] = { "/model/encoder/layers.0/attn/fn/Softmax_output_0",
                                        "/model/pool_net/ReduceSum_output_0" };
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    struct kaon_tensor out[OUTPUTS + 2] = { 0 };
    const uint64_t plain = run(f);
    o.also = also;
    o.n_also = 2;
    struct kaon_model *model = test_open(test_model_path(GN2), &o);
    struct kaon_session *session = test_session(model);
    struct kaon_port port;
    assert_int_equal(kaon_model_output_count(model), OUTPUTS + 2);
    assert_int_equal(kaon_model_output(model, OUTPUTS, &port), KAON_OK);
    assert_string_equal(port.name, also[0]);
    assert_int_equal(kaon_session_run(session, f->in, out, &f->msg), KAON_OK);
    assert_true(test_digest(TEST_DIGEST, out, OUTPUTS) == plain);
    const float *share = out[OUTPUTS].data;
    double sum = 0;
    for (size_t i = 0; i < TRACKS + 1; i++) /* a row: the tracks and the zero one */
        sum += (double)share[i];
    assert_true(sum > 1 - 1e-6 && sum < 1 + 1e-6);
    assert_int_equal(out[OUTPUTS + 1].dims[out[OUTPUTS + 1].rank - 1], 128);
    kaon_session_close(session);
    kaon_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_input_of_the_wrong_type_is_refused),
        TEST(an_input_of_the_wrong_shape_is_refused),
        TEST(an_impossible_rank_is_refused_before_it_is_used),
        TEST(a_huge_length_is_over_the_limit),
        TEST(an_input_without_data_is_refused),
        TEST(an_output_without_room_is_refused),
        TEST(copied_and_borrowed_outputs_have_the_same_bits),
        TEST(outputs_that_were_borrowed_may_be_passed_again),
        TEST(inputs_are_not_written),
        TEST(inputs_may_move_between_runs),
        TEST(zero_tracks_are_an_ordinary_input),
        TEST(more_shapes_than_plans_are_kept_give_the_same_results),
        TEST(ranges_that_make_no_sense_are_refused),
        TEST(an_observer_sees_the_steps_and_changes_nothing),
        TEST(a_profile_has_every_step_and_changes_nothing),
        TEST(files_with_other_metadata_give_the_same_scores),
        TEST(inner_values_can_be_outputs_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
