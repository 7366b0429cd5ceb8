/* Plug-ins with an attention of their own: what they are asked, and what is refused. */
#include <math.h>

#include "engine/kaon_plugin.h"
#include "tests/support/support.h"

#define SMALL "btag/btag_small/model.onnx"

static void soften(void *user, float *x, size_t n, const struct kaon_plugin_row *row)
{
    double sum = 0;
    float most = -INFINITY;
    size_t visible = 0;
    (void)user;
    for (size_t j = 0; j < n; j++) {
        most = fmaxf(most, x[j]);
        visible += x[j] > -INFINITY;
    }
    assert_int_equal(visible, row->visible);
    assert_true(row->param[0] == 2.0f);
    for (size_t j = 0; j < n; j++)
        sum += (double)(x[j] = expf(x[j] - most));
    for (size_t j = 0; j < n; j++)
        x[j] = (float)((double)x[j] / sum);
}

/* Softmax of everything that a call describes, a score at a time. */
static void attend(void *user, const struct kaon_plugin_call *c)
{
    for (size_t h = 0; h < c->heads; h++)
        for (size_t i = 0; i < c->queries; i++) {
            const size_t g = h / (c->heads / c->kv_heads);
            struct kaon_plugin_row row = { .visible = c->keys, .param = c->param };
            for (size_t j = 0; j < c->keys; j++) {
                double sum = 0;
                for (size_t d = 0; d < c->head_size; d++)
                    sum += (double)c->q.at[h * c->q.head + i * c->q.row + d] *
                           (double)c->k.at[g * c->k.head + j * c->k.row + d];
                c->scratch[j] = (float)sum * c->scale;
            }
            soften(user, c->scratch, c->keys, &row);
            for (size_t d = 0; d < c->value_size; d++) {
                double sum = 0;
                for (size_t j = 0; j < c->keys; j++)
                    sum +=
                        (double)c->scratch[j] * (double)c->v.at[g * c->v.head + j * c->v.row + d];
                c->out[h * c->out_head + i * c->out_row + d] = (float)sum;
            }
        }
}

static size_t scratch(void *user, const struct kaon_plugin_call *c)
{
    (void)user;
    return c->keys;
}

static const struct kaon_plugin_param params[] = { { "two", 1.0, 0.0, 9.0 } };
static const struct kaon_attention_plugin by_row = {
    .version = KAON_PLUGIN_VERSION,
    .size = sizeof by_row,
    .name = "by_row",
    .param = params,
    .n_params = 1,
    .row = soften,
};
static const struct kaon_attention_plugin by_call = {
    .version = KAON_PLUGIN_VERSION,
    .size = sizeof by_call,
    .name = "by_call",
    .param = params,
    .n_params = 1,
    .attend = attend,
    .scratch = scratch,
};

static void run(const struct kaon_tensor *in, const char *attention, float *to)
{
    const struct kaon_attention_plugin *const plugins[] = { &by_row, &by_call };
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    struct kaon_tensor out[TEST_PORTS] = { 0 };
    o.attention = attention;
    o.plugins = plugins;
    o.n_plugins = 2;
    struct kaon_model *model = test_open(test_model_path(SMALL), &o);
    struct kaon_session *session = test_session(model);
    assert_int_equal(kaon_session_run(session, in, out, NULL), KAON_OK);
    assert_int_equal(kaon_tensor_count(&out[0]), 3);
    memcpy(to, out[0].data, 3 * sizeof *to);
    kaon_session_close(session);
    kaon_model_close(model);
}

static void both_kinds_do_what_softmax_does(void **state)
{
    static const char *const words[] = { "by_row:two=2", "by_call:two=2",
                                         "0:by_row:two=2,2:by_call:two=2" };
    float own[3], other[3];
    struct kaon_tensor in[TEST_PORTS];
    struct test_random r = { 1 };
    (void)state;
    struct kaon_model *model = test_open(test_model_path(SMALL), NULL);
    test_inputs(in, model, 1, &r);
    run(in, NULL, own);
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        run(in, words[k], other);
        for (size_t i = 0; i < 3; i++)
            assert_true(fabsf(other[i] - own[i]) < 1e-5f);
    }
    test_inputs_close(in, model);
    kaon_model_close(model);
}

static void refuses(struct kaon_attention_plugin p, const char *words)
{
    const struct kaon_attention_plugin *const list[] = { &p };
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    struct kaon_model *model;
    struct kaon_msg msg = { "" };
    assert_int_equal(kaon_attention_plugin_check(&p, &msg), KAON_BAD_ARGUMENT);
    if (!strstr(msg.text, words))
        fail_msg("'%s' does not say '%s'", msg.text, words);
    o.plugins = list;
    o.n_plugins = 1;
    assert_int_equal(kaon_model_open(&model, test_model_path(SMALL), &o, NULL), KAON_BAD_ARGUMENT);
}

static void what_does_not_fit_is_refused(void **state)
{
    struct kaon_attention_plugin p;
    (void)state;
    assert_int_equal(kaon_attention_plugin_check(&by_row, NULL), KAON_OK);
    assert_int_equal(kaon_attention_plugin_check(NULL, NULL), KAON_BAD_ARGUMENT);
    p = by_row, p.version = 2;
    refuses(p, "version 2 of the interface, wanted 1");
    p = by_row, p.size = 8;
    refuses(p, "has 8 bytes");
    p = by_row, p.row = NULL;
    refuses(p, "neither of row and attend");
    p = by_row, p.attend = attend;
    refuses(p, "both of row and attend");
    p = by_row, p.name = "softpick";
    refuses(p, "built-in variant");
    p = by_row, p.name = "By Row";
    refuses(p, "no name");
    p = by_row, p.n_params = 9;
    refuses(p, "9 parameters");
}

static void variants_are_described(void **state)
{
    struct kaon_attention_about a = { .size = sizeof a };
    (void)state;
    assert_true(kaon_attention_count() >= 25);
    for (size_t i = 0; i < kaon_attention_count(); i++) {
        assert_int_equal(kaon_attention_describe(i, &a), KAON_OK);
        assert_true(a.name && a.title && a.family && a.formula && a.source && a.state);
    }
    assert_int_equal(kaon_attention_describe(kaon_attention_count(), &a), KAON_BAD_ARGUMENT);
    assert_int_equal(kaon_attention_describe(0, NULL), KAON_BAD_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_kinds_do_what_softmax_does),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(variants_are_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
