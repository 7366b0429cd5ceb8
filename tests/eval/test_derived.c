/* Ensembles and cascades over scores made by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/eval/derived.h"

enum { JETS = 4 };

/* Probabilities of b, c, u of four jets, of which the second model lacks row 1. */
static const float first[JETS][3] = {
    { 0.7f, 0.2f, 0.1f }, { 0.5f, 0.3f, 0.2f }, { 0.4f, 0.5f, 0.1f }, { 0.05f, 0.05f, 0.9f }
};
static const float second[JETS - 1][3] = { { 0.5f, 0.4f, 0.1f },
                                           { 0.8f, 0.1f, 0.1f },
                                           { 0.1f, 0.8f, 0.1f } };
static const unsigned char class[JETS] = { 0, 1, 0, 2 };

static void make_spec(struct eval_spec *s, const char *name, size_t classes)
{
    static const char *const names[] = { "bjets", "cjets", "ujets" };
    static const char *const suffixes[] = { "pb", "pc", "pu" };
    s->name = name;
    s->title = name;
    s->probability = kaon_eval_pool_take(&s->pool, classes, sizeof *s->probability);
    for (size_t i = 0; i < classes; i++) {
        s->class[i] = (struct eval_class){ .name = names[i], .probability = (long)i };
        s->probability[i].published = kaon_eval_pool_format(&s->pool, "%s_%s", name, suffixes[i]);
    }
    s->n_classes = s->n_probabilities = s->n_given = classes;
}

static void add(struct eval_scores *s, size_t classes, uint64_t row, const float *p, double macs)
{
    struct eval_scores one = { .n = 1, .n_probabilities = classes };
    float none = 0;
    uint64_t rows[] = { row };
    unsigned char of[] = { class[row] };
    one.row = rows;
    one.class = of;
    one.variable = &none;
    assert_true(kaon_eval_scores_copy(s, &one, 0, p, macs));
}

static void begin(struct evaluation *e, size_t n)
{
    *e = (struct evaluation){ .n = 2 + n };
    e->entry = calloc(e->n, sizeof *e->entry);
    assert_non_null(e->entry);
    make_spec(&e->entry[0].spec, "A", 3);
    make_spec(&e->entry[1].spec, "B", 3);
    e->entry[0].label = "A";
    e->entry[1].label = "B";
    for (size_t i = 0; i < JETS; i++)
        add(&e->entry[0].scores, 3, i, first[i], 100);
    for (size_t i = 0; i < JETS - 1; i++)
        add(&e->entry[1].scores, 3, i ? i + 1 : 0, second[i], 1000);
}

static void derive(struct evaluation *e, size_t at, const char *text, bool cascade)
{
    struct kaon_msg msg = { "" };
    if (kaon_eval_derived_open(e, &e->entry[at], text, cascade, &msg) ||
        kaon_eval_derived_fill(&e->entry[at], &msg))
        fail_msg("%s", msg.text);
}

static double score(const struct evaluation *e, size_t at, size_t jet, size_t i)
{
    return (double)e->entry[at].scores.probability[jet * 3 + i];
}

static void rules(void **state)
{
    (void)state;
    struct evaluation e;
    begin(&e, 3);
    derive(&e, 2, "avg=average:A,B", false);
    derive(&e, 3, "geo=logit:A,B", false);
    derive(&e, 4, "cross=crossmax:A,B", false);
    const struct eval_scores *s = &e.entry[2].scores;
    assert_int_equal(s->n, 3); /* the jets that both have */
    assert_int_equal(s->row[1], 2);
    assert_int_equal(s->class[2], 2);
    assert_int_equal(s->bad_score, 1);
    assert_string_equal(e.entry[2].spec.probability[1].published, "avg_pc");
    assert_true(fabs(score(&e, 2, 0, 0) - 0.6) < 1e-7);
    assert_true(fabs(score(&e, 2, 2, 1) - 0.425) < 1e-7);
    /* softmax of the mean logarithm: roots of products, to a sum of one */
    const double g[3] = { sqrt(0.7 * 0.5), sqrt(0.2 * 0.4), sqrt(0.1 * 0.1) };
    for (size_t i = 0; i < 3; i++)
        assert_true(fabs(score(&e, 3, 0, i) - g[i] / (g[0] + g[1] + g[2])) < 1e-6);
    /* by hand: logits less the model's largest, less the class's largest, mean of the two, softmax */
    double z[2][3], sum = 0;
    for (size_t i = 0; i < 3; i++) {
        z[0][i] = log((double)first[0][i] / 0.7);
        z[1][i] = log((double)second[0][i] / 0.5);
        const double most = fmax(z[0][i], z[1][i]);
        z[0][i] = exp((z[0][i] + z[1][i]) / 2 - most);
        sum += z[0][i];
    }
    for (size_t i = 0; i < 3; i++)
        assert_true(fabs(score(&e, 4, 0, i) - z[0][i] / sum) < 1e-6);
    kaon_eval_close(&e);
}

static void cascade(void **state)
{
    (void)state;
    struct evaluation e;
    begin(&e, 1);
    derive(&e, 2, "fast=A,B:0.6", true);
    const struct eval_derived *d = e.entry[2].derived;
    assert_true(fabs(score(&e, 2, 0, 0) - 0.7) < 1e-7); /* sure enough */
    assert_true(fabs(score(&e, 2, 1, 0) - 0.8) < 1e-7); /* the second's */
    assert_true(fabs(score(&e, 2, 2, 2) - 0.9) < 1e-7);
    assert_true(fabs(d->chosen.share - 1.0 / 3) < 1e-12);
    assert_true(fabs(d->chosen.macs - (3 * 100 + 1000) / 3.0) < 1e-9);
    assert_true(fabs(d->chosen.accuracy - 1) < 1e-12);
    assert_true(fabs(d->point[0].accuracy - 2.0 / 3) < 1e-12); /* the first alone */
    assert_true(fabs(d->point[EVAL_CASCADE_POINTS - 1].accuracy - 2.0 / 3) < 1e-12);
    assert_true(fabs(d->point[EVAL_CASCADE_POINTS - 1].macs - 1100) < 1e-9);
    kaon_eval_close(&e);
}

static void refuses(const char *text, bool is_cascade, const char *why)
{
    struct evaluation e;
    struct kaon_msg msg = { "" };
    begin(&e, 1);
    e.entry[1].spec.class[2].probability = -1; /* B has no light flavour */
    e.entry[1].spec.n_given = e.entry[1].spec.n_probabilities = 2;
    assert_int_equal(kaon_eval_derived_open(&e, &e.entry[2], text, is_cascade, &msg),
                     KAON_BAD_ARGUMENT);
    if (!strstr(msg.text, why))
        fail_msg("\"%s\" does not say \"%s\"", msg.text, why);
    kaon_eval_close(&e);
}

static void bad_options(void **state)
{
    (void)state;
    refuses("avg=average:A,C", false, "no model 'C'");
    refuses("avg=average:A", false, "wanted NAME=RULE");
    refuses("avg=mean:A,B", false, "average, logit or crossmax");
    refuses("average:A,B", false, "wanted NAME=RULE");
    refuses("A=average:A,B", false, "there is a model 'A' already");
    refuses("a/b=average:A,B", false, "letters, digits");
    refuses("avg=average:A,B", false, "B has no probability 'pu'");
    refuses("fast=A,B", true, "wanted NAME=FIRST,SECOND:CONFIDENCE");
    refuses("fast=A,B:1.5", true, "wanted NAME=FIRST");
    refuses("fast=A,B,A:0.5", true, "wanted NAME=FIRST");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules),
        cmocka_unit_test(cascade),
        cmocka_unit_test(bad_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
