/* passes_stop_after: the graph after any number of edits gives the results of all. */
#include "tests/support/support.h"

enum { OUTPUTS = 8 };
#define ABSOLUTE 1e-5

static void run(const char *name, int32_t stop_after, const struct kaon_tensor *in,
                struct kaon_tensor *out, struct kaon_model **model, struct kaon_session **session)
{
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    struct kaon_msg msg;
    o.passes_stop_after = stop_after;
    *model = test_open(test_model_path(name), &o);
    *session = test_session(*model);
    memset(out, 0, OUTPUTS * sizeof *out);
    if (kaon_session_run(*session, in, out, &msg) != KAON_OK)
        fail_msg("%s, %d edits: %s", name, stop_after, msg.text);
}

static unsigned edits_of(const struct kaon_model *model)
{
    struct test_text text = { 0 };
    assert_int_equal(kaon_model_print(model, KAON_PRINT_JSON, test_text_write, &text, NULL),
                     KAON_OK);
    const char *at = strstr(text.text, "\"edits\":");
    assert_non_null(at);
    const unsigned n = (unsigned)strtoul(at + strlen("\"edits\":"), NULL, 10);
    free(text.text);
    return n;
}

static void check(const char *name)
{
    struct kaon_tensor in[TEST_PORTS], want[OUTPUTS], got[OUTPUTS];
    struct kaon_model *all, *some;
    struct kaon_session *of_all, *of_some;
    struct test_random r = { 51 };
    struct kaon_model *first = test_open(test_model_path(name), NULL);
    test_inputs(in, first, 5, &r);
    run(name, 0, in, want, &all, &of_all);
    const int32_t edits = (int32_t)edits_of(all);
    assert_true(edits > 0);
    for (int32_t i = -1; i <= edits; i++) {
        if (i == 0)
            continue; /* means all */
        run(name, i, in, got, &some, &of_some);
        assert_int_equal(edits_of(some), i < 0 ? 0 : i);
        for (size_t k = 0; k < kaon_model_output_count(some); k++)
            if (test_compare(&got[k], &want[k], ABSOLUTE, 0.0))
                fail_msg("%s: output %zu differs after %d edits", name, k, i);
        kaon_session_close(of_some);
        kaon_model_close(some);
    }
    printf("%s: %d edits\n", name, edits);
    test_inputs_close(in, first);
    kaon_model_close(first);
    kaon_session_close(of_all);
    kaon_model_close(all);
}

static void any_number_of_edits_gives_the_same_scores(void **state)
{
    (void)state;
    check("btag/btag_gn2/model.onnx");
    check("btag/btag_small/model.onnx");
    check("btag/btag_particle/model.onnx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_edits_gives_the_same_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
