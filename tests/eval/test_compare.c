/* Requirements, scans, exact tests and resamplings, each alone. */
#include <stdarg.h>
#include <setjmp.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/eval/bootstrap.h"
#include "tools/eval/compare.h"
#include "tools/eval/require.h"
#include "tools/eval/scan.h"

static void requirements_are_understood(void **state)
{
    struct eval_requirement r;
    struct kaon_msg msg;
    (void)state;
    assert_int_equal(kaon_eval_require_parse(&r, " GN2 : D_c.rej_b@0.70 >= 1e1", &msg), KAON_OK);
    assert_string_equal(r.model, "GN2");
    assert_string_equal(r.discriminant, "D_c");
    assert_string_equal(r.class, "b");
    assert_true(r.quantity == EVAL_REJECTION && r.at == 0.7 && r.bound == 10);
    assert_true(kaon_eval_require_met(&r, 10) && kaon_eval_require_met(&r, INFINITY));
    assert_false(kaon_eval_require_met(&r, 9.999) || kaon_eval_require_met(&r, NAN));
    assert_int_equal(kaon_eval_require_parse(&r, "ece<0.1", &msg), KAON_OK);
    assert_true(r.quantity == EVAL_CALIBRATION_ERROR && !*r.class && !*r.model);
    assert_false(kaon_eval_require_met(&r, 0.1));
    assert_int_equal(kaon_eval_require_parse(&r, "auc_tau<=0.95", &msg), KAON_OK);
    assert_true(kaon_eval_require_met(&r, 0.95) && !kaon_eval_require_met(&r, 0.951));
}

static void wrong_requirements_are_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "rej_c",
        "rej_c>10",
        "rej_c@0.7",
        "rej_c@0.7=10",
        "rej_@0.7>1",
        "rej_c@1>10",
        "rej_c@x>10",
        "auc_c>",
        "auc_c@0.7>1",
        "auc_c>1x",
        "fast>1",
        ":auc_c>1",
        "rej_c@0.7>>1",
        "accuracy_c>0",
        "rej_c@0.7>nan",
        ".rej_c@0.7>10",
    };
    struct eval_requirement r;
    struct kaon_msg msg;
    char longest[600];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (kaon_eval_require_parse(&r, wrong[i], &msg) != KAON_BAD_ARGUMENT)
            fail_msg("\"%s\" is taken", wrong[i]);
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(kaon_eval_require_parse(&r, longest, &msg), KAON_BAD_ARGUMENT);
}

static void scans_are_understood(void **state)
{
    static const char *const wrong[] = { "",           "fc",         "fc=0:1",   "fc=0:1:1",
                                         "fc=1:0:5",   "c=0:1:5",    "fc=0:2:5", "fc=0:1:5:6",
                                         "fc=0:1:2.5", "fc=0:1:1e9", "f=0:1:50" };
    struct eval_scan_wish wish;
    struct kaon_msg msg;
    (void)state;
    assert_int_equal(kaon_eval_scan_parse(&wish, "ftau=0.1:0.5:9", &msg), KAON_OK);
    assert_string_equal(wish.letter, "tau");
    assert_true(wish.from == 0.1 && wish.to == 0.5 && wish.points == 9);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (kaon_eval_scan_parse(&wish, wrong[i], &msg) != KAON_BAD_ARGUMENT)
            fail_msg("\"%s\" is taken", wrong[i]);
}

/* R: mcnemar by binom.test(b, b + c)$p.value */
static void exact_tests_are_exact(void **state)
{
    (void)state;
    assert_true(kaon_eval_mcnemar(0, 0) == 1 && kaon_eval_mcnemar(5, 5) == 1);
    assert_true(fabs(kaon_eval_mcnemar(0, 5) - 0.0625) < 1e-12);
    assert_true(fabs(kaon_eval_mcnemar(9, 3) - 0.14599609375) < 1e-12);
    assert_true(kaon_eval_mcnemar(100, 300) == kaon_eval_mcnemar(300, 100));
    assert_true(kaon_eval_mcnemar(100, 300) < 1e-20);
}

static void counts_are_poisson(void **state)
{
    enum { N = 200000 };
    double sum = 0, squares = 0, product = 0;
    size_t zero = 0;
    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        const double k = kaon_eval_bootstrap_count(3, 5, i), l = kaon_eval_bootstrap_count(3, 6, i);
        sum += k;
        squares += k * k;
        product += (k - 1) * (l - 1);
        zero += k == 0;
    }
    assert_true(fabs(sum / N - 1) < 0.01); /* 4.5 deviations */
    assert_true(fabs(squares / N - sum / N * (sum / N) - 1) < 0.02);
    assert_true(fabs(product / N) < 0.01); /* replicas know nothing of each other */
    assert_true(fabs((double)zero / N - 0.36787944) < 0.005);
}

static void spreads_leave_out_what_is_infinite(void **state)
{
    const double value[] = { 2, 0, 4, 0, INFINITY, 0, 6, 0 }, over[] = { 1, 2, 1, 1 };
    struct eval_spread s;
    (void)state;
    assert_true(kaon_eval_bootstrap_spread(&s, value, NULL, 2, 0, 4));
    assert_int_equal(s.finite, 3);
    assert_true(s.deviation == 2 && s.low > 2 && s.high < 6);
    assert_true(kaon_eval_bootstrap_spread(&s, value, over, 2, 1, 4)); /* 2, 2, -, 6 */
    assert_true(s.finite == 3 && fabs(s.deviation - sqrt(16.0 / 3)) < 1e-12);
    assert_true(kaon_eval_bootstrap_spread(&s, value, NULL, 2, 0, 1));
    assert_true(s.finite == 1 && isnan(s.deviation) && s.low == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requirements_are_understood),
        cmocka_unit_test(wrong_requirements_are_refused),
        cmocka_unit_test(scans_are_understood),
        cmocka_unit_test(exact_tests_are_exact),
        cmocka_unit_test(counts_are_poisson),
        cmocka_unit_test(spreads_leave_out_what_is_infinite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
