/* preprocess.json, whole and broken; what it does to values. */
#include <stdarg.h>
#include <setjmp.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/eval/fill.h"
#include "tools/eval/preprocess.h"

struct read {
    struct eval_input in;
    struct eval_pool pool;
    struct kaon_msg msg;
};

static enum kaon_status read_text(struct read *r, const char *text)
{
    json_t *root;
    *r = (struct read){ .in = { .name = "pf_features" } };
    enum kaon_status status = kaon_eval_json_parse(&root, text, strlen(text), "p.json", &r->msg);
    if (!status)
        status = kaon_eval_preprocess_read(&r->in, root, "p.json", &r->pool, &r->msg);
    json_decref(root);
    return status;
}

#define GROUP(lengths)                                                                             \
    "{\"pf_features\": {\"var_names\": [\"d0\", \"pt\"], " lengths                                 \
    " \"var_infos\": {\"d0\": {\"median\": 1, \"norm_factor\": 2, \"replace_inf_value\": 7, "      \
    "\"lower_bound\": -3, \"upper_bound\": 4, \"pad\": -9}, \"pt\": {\"median\": 0, "              \
    "\"norm_factor\": 1}}}}"

static void every_key_is_taken(void **state)
{
    struct read r;
    (void)state;
    assert_int_equal(read_text(&r, GROUP("\"min_length\": 2, \"max_length\": 5, \"pad_mode\": "
                                         "\"wrap\",")),
                     KAON_OK);
    assert_int_equal(r.in.n_features, 2);
    assert_int_equal(r.in.least, 2);
    assert_int_equal(r.in.most, 5);
    assert_true(r.in.wrap && r.in.by_variable);
    const struct eval_feature *f = &r.in.feature[0];
    assert_true(f->offset == -1 && f->scale == 2 && f->lower == -3 && f->upper == 4);
    assert_true(f->replace == 7 && f->replaces && f->most == 1e32f && f->pad == -9);
    assert_true(isinf(r.in.feature[1].lower) && isinf(r.in.feature[1].upper));
    kaon_eval_pool_close(&r.pool);
    assert_int_equal(read_text(&r, GROUP("\"var_length\": 8,")), KAON_OK);
    assert_int_equal(r.in.fixed, 8);
    assert_false(r.in.wrap);
    kaon_eval_pool_close(&r.pool);
}

/* Three places for two entries: the third is padding, or the first again. */
static void values_are_shifted_scaled_and_clamped(void **state)
{
    struct read r;
    float values[] = { 2, 10, -40, 20 }, to[6];
    int32_t count = 2;
    struct eval_part part = { .width = 2, .value = values, .count = &count };
    const struct eval_block block = { .rows = 1, .part = &part, .n_parts = 1 };
    const struct eval_set set = { .dataset = "tracks", .n_columns = 2 };
    const struct eval_query query = { .set = &set, .n_sets = 1 };
    (void)state;
    assert_int_equal(read_text(&r, GROUP("")), KAON_OK);
    r.in.layout = EVAL_TURNED;
    r.in.feature[1].column = 1;
    kaon_eval_fill_jet(&r.in, &query, &block, 0, 3, to);
    const float constant[] = { 2, -3, -9, 10, 20, 0 }, wrapped[] = { 2, -3, 2, 10, 20, 10 };
    assert_memory_equal(to, constant, sizeof to);
    r.in.wrap = true;
    kaon_eval_fill_jet(&r.in, &query, &block, 0, 3, to);
    assert_memory_equal(to, wrapped, sizeof to);
    r.in.feature[1].negate = true;
    kaon_eval_fill_jet(&r.in, &query, &block, 0, 3, to);
    assert_true(to[3] == -10 && to[0] == 2);
    kaon_eval_pool_close(&r.pool);
}

static void broken_texts_are_refused(void **state)
{
    static const char *const texts[] = {
        GROUP("\"pad_mode\": \"mirror\","),
        GROUP("\"min_length\": 6, \"max_length\": 5,"),
        GROUP("\"min_length\": -1,"),
        GROUP("\"max_length\": 1e300,"),
        "{\"pf_features\": []}",
        "{\"pf_features\": {\"var_names\": [1]}}",
        "{\"pf_features\": {\"var_names\": [\"x\"], \"var_infos\": {\"x\": {\"median\": \"0\"}}}}",
        "{\"pf_features\": {\"var_names\": [\"x\"], \"var_infos\": {\"x\": {\"lower_bound\": 2, "
        "\"upper_bound\": 1}}}}",
        "[]",
    };
    struct read r;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (read_text(&r, texts[i]) != KAON_BAD_INPUT)
            fail_msg("taken: %s", texts[i]);
        assert_non_null(strstr(r.msg.text, "p.json"));
        kaon_eval_pool_close(&r.pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_taken),
        cmocka_unit_test(values_are_shifted_scaled_and_clamped),
        cmocka_unit_test(broken_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
