#include "kernels/softmax_table.h"

#include <math.h>
#include <stdbool.h>

#include "kernels/real.h"

enum { ONE = 1024, SUM_MAX = 131071, SCORE_MAX = 32767, SCORE_MIN = -32768 };

static int32_t entry(double value)
{
    const double fixed = floor(value * ONE + 0.5);
    return fixed < SUM_MAX ? (int32_t)fixed : SUM_MAX;
}

static double exp_argument(enum kaon_table_softmax variant, int i)
{
    switch (variant) {
    case KAON_TABLE_SOFTMAX_STABLE:
        return -i / 32.0;
    case KAON_TABLE_SOFTMAX_LATENCY:
        return (i < 512 ? i : i - 1024) / 16.0;
    default:
        return i / 64.0 - 8.0;
    }
}

void KAON_K(kaon_softmax_tables)(struct kaon_softmax_tables *t, enum kaon_table_softmax variant)
{
    const bool legacy = variant == KAON_TABLE_SOFTMAX_LEGACY;
    t->variant = variant;
    for (int i = 0; i < 1024; i++) {
        t->exp[i] = entry(real_exp(exp_argument(variant, i)));
        t->inverse[i] = i > 0 ? entry((legacy ? 16.0 : 4.0) / i) : legacy ? 0 : SUM_MAX;
    }
}

static bool visible(float x)
{
    return x != -INFINITY;
}

static int32_t at_most(int32_t x, int32_t limit)
{
    return x < limit ? x : limit;
}

static int32_t score(float x)
{
    const float fixed = floorf(x * (float)ONE);
    return fixed >= (float)SCORE_MAX  ? SCORE_MAX
           : fixed > (float)SCORE_MIN ? (int32_t)fixed
                                      : SCORE_MIN;
}

static float weight(const struct kaon_softmax_tables *t, int32_t e, int32_t sum)
{
    const int64_t w = (int64_t)e * t->inverse[sum >> 8] >> 10;
    return (float)(w < SCORE_MAX ? w : SCORE_MAX) / (float)ONE;
}

static int32_t numerator(const struct kaon_softmax_tables *t, float x, int32_t max)
{
    if (!visible(x))
        return 0;
    if (t->variant == KAON_TABLE_SOFTMAX_STABLE)
        return t->exp[at_most(max - score(x), SCORE_MAX) >> 5];
    const int32_t slice = (score(x) - SCORE_MIN) / 64; /* score >> 6, plus 512 */
    return t->exp[slice ^ 512];
}

static void table_row(float *w, const float *x, size_t n, const struct kaon_softmax_tables *t)
{
    int32_t max = SCORE_MIN;
    for (size_t i = 0; i < n; i++) {
        const int32_t s = visible(x[i]) ? score(x[i]) : SCORE_MIN;
        max = s > max ? s : max;
    }
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum = at_most(sum + numerator(t, x[i], max), SUM_MAX);
    for (size_t i = 0; i < n; i++)
        w[i] = weight(t, numerator(t, x[i], max), sum);
}

static void legacy_row(float *w, const float *x, size_t n, const struct kaon_softmax_tables *t)
{
    for (size_t i = 0; i < n; i++) {
        int32_t sum = 0;
        for (size_t j = 0; j < n && visible(x[i]); j++) {
            const int32_t at = (score(x[j]) - score(x[i])) / 16 + 512;
            if (visible(x[j]))
                sum = at_most(sum + t->exp[at < 0 ? 0 : at_most(at, 1023)], SUM_MAX);
        }
        w[i] = (float)t->inverse[at_most(sum >> 6, 1023)] / (float)ONE;
    }
}

void KAON_K(kaon_table_softmax)(float *w, const float *x, size_t rows, size_t n,
                                const struct kaon_softmax_tables *t)
{
    for (size_t r = 0; r < rows; r++, w += n, x += n) {
        if (t->variant == KAON_TABLE_SOFTMAX_LEGACY)
            legacy_row(w, x, n, t);
        else
            table_row(w, x, n, t);
    }
}
