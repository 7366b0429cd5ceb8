/* Our exp, log and what is made of them, against the C library in long double. */
#include <stdarg.h>
#include <setjmp.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/eval/mathd.h"

static uint64_t seed = 88172645463325252u;

static uint64_t draw(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static double uniform(double low, double high)
{
    return low + (high - low) * ((double)(draw() >> 11) * 0x1p-53);
}

/* Distance in units of the last place of `want`. */
static double ulps(double got, long double want)
{
    const double near = (double)want;
    double step = nextafter(fabs(near), INFINITY) - fabs(near);
    if (got == near && isinf(near))
        return 0;
    return (double)(fabsl((long double)got - want) / step);
}

static void log_is_within_one_ulp(void **state)
{
    double worst = 0;
    (void)state;
    for (int i = 0; i < 2000000; i++) {
        uint64_t bits = draw() >> 1; /* any positive number */
        double x;
        if (i % 2)
            x = uniform(0.4, 2.5); /* where cancellation would show */
        else
            memcpy(&x, &bits, sizeof x);
        if (!isfinite(x) || x == 1)
            continue;
        const double off = ulps(kaon_eval_log(x), logl((long double)x));
        worst = off > worst ? off : worst;
    }
    printf("log: at most %.3f ulp\n", worst);
    assert_true(worst <= 1);
    assert_true(kaon_eval_log(1) == 0 && isinf(kaon_eval_log(0)) && kaon_eval_log(0) < 0);
    assert_true(isnan(kaon_eval_log(-1)) && isinf(kaon_eval_log(INFINITY)));
    assert_true(isnan(kaon_eval_log(NAN)));
    assert_true(ulps(kaon_eval_log(0x1p-1074), logl(0x1p-1074L)) <= 1);
}

static void exp_is_within_one_ulp(void **state)
{
    double worst = 0;
    (void)state;
    for (int i = 0; i < 2000000; i++) {
        const double x = i % 2 ? uniform(-1, 1) : uniform(-745, 709.7);
        const double off = ulps(kaon_eval_exp(x), expl((long double)x));
        worst = off > worst ? off : worst;
    }
    printf("exp: at most %.3f ulp\n", worst);
    assert_true(worst <= 1);
    assert_true(kaon_eval_exp(0) == 1 && isinf(kaon_eval_exp(INFINITY)));
    assert_true(kaon_eval_exp(-INFINITY) == 0 && kaon_eval_exp(-800) == 0);
    assert_true(isinf(kaon_eval_exp(709.79)) && isnan(kaon_eval_exp(NAN)));
}

/* Bits that must not change with compiler, library or processor. */
static void bits_are_as_ever(void **state)
{
    uint64_t sum = 0;
    (void)state;
    seed = 1;
    for (int i = 0; i < 100000; i++) {
        const double l = kaon_eval_log(uniform(1e-12, 1)), x = kaon_eval_exp(uniform(-30, 30));
        uint64_t bits;
        memcpy(&bits, &l, sizeof bits);
        sum = sum * 6364136223846793005u + bits;
        memcpy(&bits, &x, sizeof bits);
        sum = sum * 6364136223846793005u + bits;
    }
    assert_true(sum == UINT64_C(6622141155108900672));
}

static void gamma_and_beta_are_right(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        const double x = i % 2 ? uniform(0.01, 40) : uniform(1, 1e7);
        const long double want = lgammal((long double)x);
        assert_true(fabsl(kaon_eval_log_gamma(x) - want) <= 1e-13L * (1 + fabsl(want)));
    }
    for (int n = 1; n < 60; n++) /* sums of the binomial distribution */
        for (int k = 0; k < n; k++) {
            const long double p = 0.31L;
            long double below = 0, term = powl(1 - p, n);
            for (int i = 0; i <= k; i++) {
                below += term;
                term *= (long double)(n - i) / (i + 1) * p / (1 - p);
            }
            assert_true(fabsl(kaon_eval_beta(n - k, k + 1, 0.69) - below) < 1e-12L);
            const double x = kaon_eval_beta_inverse(n - k, k + 1, (double)below);
            assert_true(fabs(x - 0.69) < 1e-9 || below > 0.999999L || below < 1e-6L);
        }
    for (double z = 0; z < 12; z += 0.01) {
        const long double want = erfcl((long double)z / sqrtl(2));
        assert_true(fabsl(kaon_eval_normal_two_sided(z) - want) <= 1e-10L * want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_is_within_one_ulp),
        cmocka_unit_test(exp_is_within_one_ulp),
        cmocka_unit_test(bits_are_as_ever),
        cmocka_unit_test(gamma_and_beta_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
