/* Percentiles, areas, rejections and intervals. */
#include <stdarg.h>
#include <setjmp.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tools/eval/stats.h"

static void near(double got, double want)
{
    assert_true(fabs(got - want) <= 1e-12 * (1 + fabs(want)));
}

static double draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (double)(*seed >> 8) / (1 << 24);
}

static void percentiles_are_linear(void **state)
{
    const struct eval_point p[] = { { 1, 1 }, { 2, 1 }, { 4, 1 }, { 8, 1 } };
    double middle[4];
    (void)state;
    near(kaon_eval_percentile(p, 4, NULL, 0), 1);
    near(kaon_eval_percentile(p, 4, NULL, 1), 8);
    near(kaon_eval_percentile(p, 4, NULL, 0.5), 3);
    near(kaon_eval_percentile(p, 4, NULL, 0.9), 6.8);
    near(kaon_eval_percentile(p, 1, NULL, 0.3), 1);
    assert_true(isnan(kaon_eval_percentile(p, 0, NULL, 0.3)));
    kaon_eval_cumulate(p, 4, middle);
    for (double share = 0; share <= 1; share += 0.05) /* equal weights change nothing */
        near(kaon_eval_percentile(p, 4, middle, share), kaon_eval_percentile(p, 4, NULL, share));
}

static void weights_shift_percentiles(void **state)
{
    /* middles 0.5, 2.5, 4.5 of weights 1, 3, 1: scaled 0, 0.5, 1 */
    const struct eval_point p[] = { { 0, 1 }, { 10, 3 }, { 20, 1 } };
    double middle[3];
    (void)state;
    kaon_eval_cumulate(p, 3, middle);
    near(kaon_eval_percentile(p, 3, middle, 0.5), 10);
    near(kaon_eval_percentile(p, 3, middle, 0.75), 15);
}

static void sorting_is_right(void **state)
{
    enum { MOST = 300 };
    struct eval_point p[MOST];
    uint32_t seed = 7;
    (void)state;
    for (size_t n = 0; n < MOST; n += 7) {
        for (size_t i = 0; i < n; i++)
            p[i] = (struct eval_point){ floor(20 * draw(&seed)), (double)i };
        assert_true(kaon_eval_sort(p, n));
        for (size_t i = 1; i < n; i++)
            assert_true(p[i - 1].score < p[i].score ||
                        (p[i - 1].score == p[i].score && p[i - 1].weight < p[i].weight));
    }
}

/* Many scores of both signs, with zeros of both, infinities and equal ones: in order, and equal ones as
 * they came. A score that is NaN loses none of the others. */
static void many_are_sorted(void **state)
{
    enum { MANY = 5000 };
    static const double odd[] = { 0.0, -0.0, INFINITY, -INFINITY, 1e-320, -1e300 };
    struct eval_point *p = malloc(MANY * sizeof *p);
    uint32_t seed = 3;
    size_t known = 0;
    (void)state;
    assert_non_null(p);
    for (size_t i = 0; i < MANY; i++) {
        const double x = draw(&seed) - 0.5;
        p[i].score = i % 9 == 0 ? odd[i / 9 % 6] : i % 2 ? x : floor(30 * x);
        p[i].weight = (double)i;
    }
    assert_true(kaon_eval_sort(p, MANY));
    for (size_t i = 1; i < MANY; i++)
        assert_true(p[i - 1].score < p[i].score ||
                    (p[i - 1].score == p[i].score && p[i - 1].weight < p[i].weight));
    p[MANY / 2].score = NAN;
    assert_true(kaon_eval_sort(p, MANY));
    for (size_t i = 0; i < MANY; i++)
        known += (size_t)p[i].weight;
    assert_int_equal(known, (size_t)MANY * (MANY - 1) / 2);
    free(p);
}

static double brute_auc(const struct eval_point *s, size_t n, const struct eval_point *b, size_t m)
{
    double won = 0, all = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < m; k++) {
            const double w = s[i].weight * b[k].weight;
            all += w;
            won += s[i].score > b[k].score ? w : s[i].score == b[k].score ? w / 2 : 0;
        }
    return won / all;
}

static void areas_equal_brute_force(void **state)
{
    enum { N = 90, M = 140 };
    struct eval_point s[N], b[M];
    uint32_t seed = 3;
    (void)state;
    for (int levels = 2; levels < 1000; levels *= 3) { /* few levels: many ties */
        for (size_t i = 0; i < N; i++)
            s[i] = (struct eval_point){ floor(levels * draw(&seed) * 1.3), 1 + (double)(i % 3) };
        for (size_t i = 0; i < M; i++)
            b[i] = (struct eval_point){ floor(levels * draw(&seed)), 1 + (double)(i % 2) };
        kaon_eval_sort(s, N);
        kaon_eval_sort(b, M);
        near(kaon_eval_auc(s, N, b, M), brute_auc(s, N, b, M));
    }
    assert_true(isnan(kaon_eval_auc(s, N, b, 0)));
}

static void passing_is_strict(void **state)
{
    const struct eval_point p[] = { { 1, 1 }, { 2, 1 }, { 2, 1 }, { 3, 1 } };
    const struct eval_passing above = kaon_eval_above(p, 4, 2);
    (void)state;
    assert_int_equal(above.passed, 1);
    assert_int_equal(above.n, 4);
    near(above.effective, 4);
}

static void rejections_have_errors(void **state)
{
    const struct eval_passing some = { 100, 4, 100, 4, 100 }, none = { 100, 0, 100, 0, 100 };
    struct eval_rejection r = kaon_eval_reject(&some);
    double low, high;
    (void)state;
    near(r.value, 25);
    near(r.error, 25 * 25 * sqrt(0.04 * 0.96 / 100));
    assert_true(r.low < 25 && r.high > 25);
    r = kaon_eval_reject(&none);
    assert_true(isinf(r.value) && isinf(r.high));
    near(r.low, 101); /* Wilson for 0 of n: z^2 / (n + z^2) */
    kaon_eval_wilson(50, 100, 1.96, &low, &high);
    assert_true(fabs(low - 0.4038) < 1e-4 && fabs(high - 0.5962) < 1e-4);
}

static void rounding_is_as_numpy_does(void **state)
{
    (void)state;
    near(kaon_eval_round(2.2685, 3), 2.268);
    near(kaon_eval_round(-0.0004, 3), 0);
    near(kaon_eval_round(1.0625, 3), 1.062); /* exact half: to even */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_linear),  cmocka_unit_test(weights_shift_percentiles),
        cmocka_unit_test(sorting_is_right),        cmocka_unit_test(many_are_sorted),
        cmocka_unit_test(areas_equal_brute_force), cmocka_unit_test(passing_is_strict),
        cmocka_unit_test(rejections_have_errors),  cmocka_unit_test(rounding_is_as_numpy_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
