/* Forms of the metadata gnn_config. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tools/eval/gnn_config.h"

#define VARIABLES                                                                                  \
    "\"inputs\": [{\"name\": \"%s\", \"variables\": [{\"name\": \"pt\", \"offset\": -2.5, "        \
    "\"scale\": 0.5}]}], \"input_sequences\": [{\"name\": \"%s\", \"variables\": [{\"name\": "     \
    "\"d0\", \"offset\": 0, \"scale\": 1, \"default\": 0}, {\"name\": \"dphi\"}]}]"

struct parsed {
    struct eval_gnn gnn;
    struct eval_pool pool;
    struct kaon_msg msg;
};

static enum kaon_status parse(struct parsed *p, const char *head, const char *jets,
                              const char *tracks)
{
    char text[1024];
    const int at = snprintf(text, sizeof text, "{%s", head);
    snprintf(text + at, sizeof text - (size_t)at, VARIABLES "}", jets, tracks);
    *p = (struct parsed){ .pool = { NULL } };
    return kaon_eval_gnn_parse(&p->gnn, text, "m.onnx", &p->pool, &p->msg);
}

static void version_1_names_inputs_by_kind(void **state)
{
    struct parsed p;
    (void)state;
    assert_int_equal(parse(&p, "\"onnx_model_version\": \"v1\", \"model_name\": \"Tiny\", ",
                           "jet_var", "tracks_r22default_sd0sort"),
                     KAON_OK);
    assert_int_equal(p.gnn.version, 1);
    assert_string_equal(p.gnn.model_name, "Tiny");
    assert_int_equal(p.gnn.n_inputs, 2);
    assert_string_equal(p.gnn.input[0].input, "jet_features");
    assert_string_equal(p.gnn.input[0].dataset, "jets");
    assert_string_equal(p.gnn.input[1].input, "track_features");
    assert_string_equal(p.gnn.input[1].dataset, "tracks");
    assert_true(p.gnn.input[1].is_sequence);
    assert_int_equal(p.gnn.input[1].n_features, 2);
    assert_true(p.gnn.input[0].feature[0].offset == -2.5);
    assert_true(p.gnn.input[0].feature[0].scale == 0.5);
    assert_true(p.gnn.input[1].feature[1].scale == 1); /* left out */
    kaon_eval_pool_close(&p.pool);
}

static void version_2_names_inputs_as_datasets(void **state)
{
    struct parsed p;
    (void)state;
    assert_int_equal(parse(&p, "\"onnx_model_version\": \"v2\", ", "jets", "flows"), KAON_OK);
    assert_string_equal(p.gnn.input[0].input, "jets");
    assert_string_equal(p.gnn.input[1].input, "flows");
    assert_string_equal(p.gnn.input[1].dataset, "flows");
    kaon_eval_pool_close(&p.pool);
}

static void version_0_has_its_name_under_outputs(void **state)
{
    struct parsed p;
    (void)state;
    assert_int_equal(parse(&p,
                           "\"outputs\": {\"Old\": {\"labels\": [\"pb\"], \"node_index\": 0}}, ",
                           "jet_var", "electrons_all"),
                     KAON_OK);
    assert_int_equal(p.gnn.version, 0);
    assert_string_equal(p.gnn.model_name, "Old");
    assert_string_equal(p.gnn.input[1].input, "electron_features");
    kaon_eval_pool_close(&p.pool);
}

static void broken_texts_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{",
        "{\"onnx_model_version\": \"v9\"}",
        "{\"onnx_model_version\": 1}",
        "{\"inputs\": {}}",
        "{\"inputs\": [{\"variables\": []}]}",
        "{\"inputs\": [{\"name\": \"jet_var\", \"variables\": [{\"offset\": 1}]}]}",
        "{\"inputs\": [{\"name\": \"jet_var\", \"variables\": [{\"name\": \"pt\", \"scale\": "
        "\"1\"}]}]}",
        "{\"inputs\": [], \"inputs\": []}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct parsed p = { .pool = { NULL } };
        if (kaon_eval_gnn_parse(&p.gnn, texts[i], "m.onnx", &p.pool, &p.msg) != KAON_BAD_INPUT)
            fail_msg("taken: %s", texts[i]);
        assert_non_null(strstr(p.msg.text, "m.onnx"));
        kaon_eval_pool_close(&p.pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_1_names_inputs_by_kind),
        cmocka_unit_test(version_2_names_inputs_as_datasets),
        cmocka_unit_test(version_0_has_its_name_under_outputs),
        cmocka_unit_test(broken_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
