/* Energies and distances of hidden values: of jets made by hand against an independent computation with
 * NumPy (expected/strange.json, see strange.py), and of a model whose hidden value is its logits.
 * argv: the folder of the expected figures, a model, its logits, a file of jets. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "tools/eval/entry.h"
#include "tools/eval/look.h"

enum { JETS = 900, CLASSES = 4, WIDTH = 5, INNER = 1 + WIDTH };

static json_t *expected;
static const char *model_path, *logits, *jets_path;

static float draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (float)(*state >> 40) / 16777216.0f;
}

struct made {
    struct eval_spec spec;
    struct eval_scores scores;
    float probability[JETS * (CLASSES - 1)], weight[JETS], inner[JETS * INNER];
    unsigned char class[JETS];
};

/* The jets of strange.py; singular: a unit never fires, and one repeats another. */
static struct made *make(bool singular, bool weighted)
{
    struct made *m = calloc(1, sizeof *m);
    uint64_t state = 11;
    assert_non_null(m);
    m->spec.n_classes = CLASSES;
    m->spec.n_given = m->spec.n_probabilities = CLASSES - 1;
    for (long c = 0; c < CLASSES; c++)
        m->spec.class[c].probability = c < CLASSES - 1 ? c : -1;
    m->spec.logits.name = "logits";
    m->spec.hidden = (struct eval_inner){ "hidden", 0, WIDTH };
    m->spec.n_inner = INNER;
    for (size_t i = 0; i < JETS; i++) {
        const float of = (float)(i % CLASSES);
        float *inner = m->inner + i * INNER;
        m->class[i] = (unsigned char)(i % CLASSES);
        m->scores.class_count[i % CLASSES]++;
        for (size_t k = 0; k < CLASSES - 1; k++)
            m->probability[i * (CLASSES - 1) + k] = 0.25f;
        m->weight[i] = 0.5f + draw(&state);
        inner[0] = draw(&state) + 0.125f * of;
        const float shift = 0.25f * of * draw(&state);
        for (size_t k = 1; k < INNER; k++)
            inner[k] = i == 7 ? NAN * draw(&state) : draw(&state) + shift;
        if (singular) {
            inner[3] = 0;
            inner[5] = inner[4];
        }
    }
    m->scores.n = JETS;
    m->scores.n_probabilities = CLASSES - 1;
    m->scores.n_inner = INNER;
    m->scores.probability = m->probability;
    m->scores.class = m->class;
    m->scores.inner = m->inner;
    m->scores.weight = weighted ? m->weight : NULL;
    return m;
}

static void near(const char *what, double got, const json_t *want, double share)
{
    const double w = json_number_value(want);
    if (!json_is_number(want) || fabs(got - w) > share * fmax(1e-3, fabs(w)))
        fail_msg("%s: %.17g and not %.17g", what, got, w);
}

static void check(bool singular, bool weighted)
{
    struct made *m = make(singular, weighted);
    struct eval_ood *ood;
    struct kaon_msg msg = { "" };
    const json_t *want = json_object_get(expected, weighted ? "weighted" : "plain");
    const json_t *energy = json_object_get(want, "energy");
    const json_t *hidden = json_object_get(want, singular ? "singular" : "regular");
    assert_int_equal(kaon_eval_ood(&ood, &m->spec, &m->scores, &msg), KAON_OK);
    assert_non_null(ood);
    assert_int_equal(ood->n_against, 1);
    near("energy", ood->against[0].auroc[EVAL_OOD_ENERGY], json_object_get(energy, "auroc"), 1e-9);
    near("energy", ood->against[0].fpr[EVAL_OOD_ENERGY], json_object_get(energy, "fpr_at_95"),
         1e-9);
    near("hidden", ood->against[0].auroc[EVAL_OOD_HIDDEN], json_object_get(hidden, "auroc"), 1e-9);
    near("hidden", ood->against[0].fpr[EVAL_OOD_HIDDEN], json_object_get(hidden, "fpr_at_95"),
         1e-9);
    near("ridge", ood->ridge, json_object_get(hidden, "ridge"), 1e-9);
    free(ood);
    free(m);
}

static void figures_are_as_numpy_says(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        check(i & 1, i & 2);
}

static void without_names_there_are_neither(void **state)
{
    struct made *m = make(false, false);
    struct eval_ood *ood;
    struct kaon_msg msg = { "" };
    (void)state;
    m->spec.logits.name = m->spec.hidden.name = NULL;
    assert_int_equal(kaon_eval_ood(&ood, &m->spec, &m->scores, &msg), KAON_OK);
    assert_true(ood->has[EVAL_OOD_MAHALANOBIS]);
    assert_false(ood->has[EVAL_OOD_ENERGY] || ood->has[EVAL_OOD_HIDDEN]);
    free(ood);
    free(m);
}

/* All hidden values equal: no covariance, no figure, no crash. */
static void nothing_varies(void **state)
{
    struct made *m = make(false, false);
    struct eval_ood *ood;
    struct kaon_msg msg = { "" };
    (void)state;
    for (size_t i = 0; i < JETS * INNER; i++)
        m->inner[i] = 1;
    assert_int_equal(kaon_eval_ood(&ood, &m->spec, &m->scores, &msg), KAON_OK);
    assert_true(isnan(ood->against[0].auroc[EVAL_OOD_HIDDEN]));
    assert_true(fabs(ood->against[0].auroc[EVAL_OOD_ENERGY] - 0.5) < 1e-12);
    free(ood);
    free(m);
}

static void hidden_values_are_means_of_tokens(void **state)
{
    float data[] = { 9, 9, 1, -2, 2, 4, 6, 7 }, inner[3] = { 0, 0, 0 };
    const struct kaon_tensor value = { .type = KAON_F32, .data = data };
    struct eval_spec spec = { .hidden = { "h", 1, 2 } };
    struct kaon_msg msg = { "" };
    (void)state;
    assert_int_equal(kaon_eval_look(&spec, 1, &value, 8, 24, inner, &msg), KAON_OK);
    assert_true(inner[0] == 3 && inner[1] == 3);
    assert_int_equal(kaon_eval_look(&spec, 1, &value, 8, 0, inner, &msg), KAON_OK);
    assert_true(isnan(inner[0]) && isnan(inner[1]));
    spec.logits = (struct eval_inner){ "z", 0, 2 };
    assert_int_equal(kaon_eval_look(&spec, 0, &value, 0, 8, inner, &msg), KAON_OK);
    assert_true(fabs((double)inner[0] + 9 + log(2)) < 1e-6);
    assert_int_equal(kaon_eval_look(&spec, 0, &value, 0, 16, inner, &msg), KAON_BAD_INPUT);
}

/* The softmax of the logits of each jet gives its probabilities, and their energy is what was kept. */
static void logits_of_a_model(void **state)
{
    const char *const also[] = { logits };
    const struct kaon_engine_choice engine = { .also = also, .n_also = 1 };
    const struct eval_choices choices = { .ood_logits = logits, .ood_hidden = logits };
    const struct kaon_say say = kaon_say_stderr();
    struct evaluation e = { .n = 1 };
    struct kaon_msg msg = { "" };
    (void)state;
    e.entry = calloc(1, sizeof *e.entry);
    assert_non_null(e.entry);
    struct eval_entry *entry = e.entry;
    e.settings = (struct eval_settings){
        .data = &jets_path, .n_data = 1, .threads = 2, .batch = 7, .limit = 500
    };
    if (kaon_eval_entry_open(&e, entry, model_path, &choices, &engine, &say, &msg) ||
        kaon_eval_entry_prepare(&e, entry, &msg) || kaon_eval_entry_run(&e, entry, NULL, &msg))
        fail_msg("%s", msg.text);
    const size_t n = entry->spec.hidden.width;
    assert_int_equal(n, entry->spec.n_given);
    assert_true(entry->scores.n > 100);
    for (size_t i = 0; i < entry->scores.n; i++) {
        const float *inner = entry->scores.inner + i * (n + 1);
        double sum = 0;
        for (size_t k = 0; k < n; k++)
            sum += exp((double)inner[1 + k]);
        assert_true(fabs(log(sum) + (double)inner[0]) < 1e-5);
        for (size_t k = 0; k < n; k++)
            assert_true(fabs(exp((double)inner[1 + k]) / sum -
                             (double)entry->scores.probability[i * n + k]) < 1e-5);
    }
    kaon_eval_close(&e);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_as_numpy_says),
        cmocka_unit_test(without_names_there_are_neither),
        cmocka_unit_test(nothing_varies),
        cmocka_unit_test(hidden_values_are_means_of_tokens),
        cmocka_unit_test(logits_of_a_model),
    };
    char path[1024];
    if (argc < 5)
        return 1;
    snprintf(path, sizeof path, "%s/strange.json", argv[1]);
    expected = json_load_file(path, 0, NULL);
    model_path = argv[2];
    logits = argv[3];
    jets_path = argv[4];
    const int failed = expected ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
    json_decref(expected);
    return failed;
}
