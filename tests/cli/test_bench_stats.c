#include "tests/cli/unit.h"

#include <math.h>

#include "tools/bench/stats.h"

static void near_to(double got, double want)
{
    assert_true(fabs(got - want) <= 1e-9 * (1 + fabs(want)));
}

static void interpolates_quantiles(void **state)
{
    const double v[] = { 1, 2, 4, 8 };
    (void)state;
    near_to(kaon_bench_quantile(v, 4, 0), 1);
    near_to(kaon_bench_quantile(v, 4, 0.5), 3);
    near_to(kaon_bench_quantile(v, 4, 1), 8);
    near_to(kaon_bench_quantile(v, 4, 1.0 / 3), 2);
    near_to(kaon_bench_quantile(v, 1, 0.99), 1);
    assert_true(isnan(kaon_bench_quantile(v, 0, 0.5)));
}

static void summarises_in_any_order(void **state)
{
    double v[] = { 5, 1, 4, 2, 3 };
    const struct kaon_bench_summary s = kaon_bench_summarise(v, 5);
    (void)state;
    near_to(s.min, 1);
    near_to(s.median, 3);
    near_to(s.max, 5);
    near_to(s.mean, 3);
    near_to(s.spread, 1);
    assert_true(s.n == 5 && v[0] == 1 && v[4] == 5);
}

static void of_nothing_all_is_nan(void **state)
{
    const struct kaon_bench_summary s = kaon_bench_summarise(NULL, 0);
    (void)state;
    assert_true(isnan(s.median) && isnan(s.p999) && isnan(s.mean) && s.n == 0);
}

/* Values by scipy.stats.mannwhitneyu(a, b, method="asymptotic"). */
static void tells_sets_apart(void **state)
{
    const double a[] = { 1, 2, 3, 4, 5, 6, 7 }, b[] = { 8, 9, 10, 11, 12, 13, 14 };
    const double c[] = { 1, 3, 3, 5, 7, 9 }, d[] = { 2, 3, 4, 4, 8, 9, 10 };
    (void)state;
    assert_true(fabs(kaon_bench_rank_test(a, 7, b, 7) - 0.002165029) < 1e-6);
    assert_true(fabs(kaon_bench_rank_test(b, 7, a, 7) - 0.002165029) < 1e-6);
    assert_true(fabs(kaon_bench_rank_test(c, 6, d, 7) - 0.564481910) < 1e-6);
    near_to(kaon_bench_rank_test(a, 7, a, 7), 1);
}

static void few_or_equal_values_tell_nothing(void **state)
{
    const double a[] = { 1, 1, 1, 1, 1 }, b[] = { 9, 9, 9, 9 };
    (void)state;
    near_to(kaon_bench_rank_test(a, 5, b, 4), 1);
    near_to(kaon_bench_rank_test(a, 5, a, 5), 1);
}

static void takes_the_geometric_mean(void **state)
{
    const double v[] = { 1, 2, 4 };
    (void)state;
    near_to(kaon_bench_geometric_mean(v, 3), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interpolates_quantiles),
        cmocka_unit_test(summarises_in_any_order),
        cmocka_unit_test(of_nothing_all_is_nan),
        cmocka_unit_test(tells_sets_apart),
        cmocka_unit_test(few_or_equal_values_tell_nothing),
        cmocka_unit_test(takes_the_geometric_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
