/* The same bits on every instruction set, and whatever other jets are in the batch. */
#include "tests/support/support.h"

enum { INPUTS = 200, OUTPUTS = 8, BATCH = 64, TRACKS = 15, WIDTH = 6 };

/* A digest over the outputs of INPUTS inputs, symbolic axes from `least` to `most`, with one
 * form of the kernels; 0 if the CPU lacks it. */
static uint64_t digest_of(const char *name, const char *cpu, uint32_t least, uint32_t most)
{
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    struct test_random r = { 31 };
    uint64_t h = TEST_DIGEST;
    o.cpu = cpu;
    struct kaon_model *model = test_open(test_model_path(name), &o);
    if (strcmp(kaon_model_isa(model), cpu)) {
        printf("%s is not checked: this CPU or build lacks it\n", cpu);
        kaon_model_close(model);
        return 0;
    }
    struct kaon_session *session = test_session(model);
    for (int i = 0; i < INPUTS; i++) {
        struct kaon_tensor in[TEST_PORTS], out[OUTPUTS] = { 0 };
        test_inputs(in, model, least + test_next(&r) % (most - least + 1), &r);
        struct kaon_msg msg = { "" };
        if (kaon_session_run(session, in, out, &msg) != KAON_OK)
            fail_msg("%s", msg.text);
        h = test_digest(h, out, kaon_model_output_count(model));
        test_inputs_close(in, model);
    }
    kaon_session_close(session);
    kaon_model_close(model);
    return h;
}

static void check_forms(const char *name, uint32_t least, uint32_t most)
{
    static const char *const forms[] = { "avx2", "avx512" };
    const uint64_t scalar = digest_of(name, "scalar", least, most);
    assert_true(scalar != 0);
    for (size_t i = 0; i < 2; i++) {
        const uint64_t other = digest_of(name, forms[i], least, most);
        if (other && other != scalar)
            fail_msg("%s: %s gives other bits than scalar", name, forms[i]);
    }
}

static void every_form_gives_the_same_bits(void **state)
{
    (void)state;
    check_forms("btag/btag_gn2/model.onnx", 0, 40);
    check_forms("btag/btag_gn2_vertex/model.onnx", 0, 12);
    check_forms("btag/btag_small/model.onnx", 0, 40);
    check_forms("btag/btag_particle/model.onnx", 1, 6);
}

static void neighbours_in_a_batch_do_not_change_a_bit(void **state)
{
    (void)state;
    enum { JET = TRACKS * WIDTH, CLASSES = 3 };
    struct kaon_model *model = test_open(test_model_path("btag/btag_small/model.onnx"), NULL);
    struct kaon_session *session = test_session(model);
    struct test_random r = { 32 };
    struct kaon_tensor in[1], out[1] = { 0 };
    float whole[BATCH * CLASSES];
    test_inputs(in, model, BATCH, &r);
    assert_int_equal(kaon_tensor_count(&in[0]), BATCH * JET);
    out[0].data = whole;
    out[0].bytes = sizeof whole;
    assert_int_equal(kaon_session_run(session, in, out, NULL), KAON_OK);
    for (int i = 0; i < BATCH; i++) {
        struct kaon_tensor one = in[0];
        float scores[CLASSES];
        one.dims[0] = 1;
        one.data = (float *)in[0].data + i * JET;
        one.bytes = 0;
        out[0].data = scores;
        out[0].bytes = sizeof scores;
        assert_int_equal(kaon_session_run(session, &one, out, NULL), KAON_OK);
        assert_memory_equal(scores, whole + i * CLASSES, sizeof scores);
    }
    test_inputs_close(in, model);
    kaon_session_close(session);
    kaon_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_gives_the_same_bits),
        cmocka_unit_test(neighbours_in_a_batch_do_not_change_a_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
