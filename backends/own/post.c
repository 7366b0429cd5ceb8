/* What classical models do to their scores at last. */
#include "backends/own/post.h"

#include <math.h>

static float apply(const struct kaon_kernels *k, enum kaon_unary f, float x)
{
    float y;
    k->unary[f](&y, &x, 1, 0.0f, 0.0f);
    return y;
}

/* sqrt(2) erfinv(2 x - 1), erfinv after S. Winitzki, "A handy approximation for the error function and
 * its inverse", 2008, with his a = 0.147. */
float kaon_probit(const struct kaon_kernels *k, float x)
{
    const float v = 2.0f * x - 1.0f, log_x = apply(k, KAON_UNARY_LOG, (1.0f - v) * (1.0f + v));
    const float a = 2.0f / (3.14159274f * 0.147f) + 0.5f * log_x, b = log_x / 0.147f;
    const float r = sqrtf(-a + sqrtf(a * a - b));
    return 1.41421356f * (v < 0.0f ? -r : r);
}

/* Zeros stay out of the sum and take the factor exp(-maximum). */
static void softmax_zero(const struct kaon_kernels *k, float *z, size_t n)
{
    float most = z[0], sum = 0.0f;
    for (size_t i = 1; i < n; i++)
        most = z[i] > most ? z[i] : most;
    const float small = apply(k, KAON_UNARY_EXP, -most);
    for (size_t i = 0; i < n; i++) {
        if (fabsf(z[i]) > 1e-7f) {
            z[i] = apply(k, KAON_UNARY_EXP, z[i] - most);
            sum += z[i];
        } else {
            z[i] *= small;
        }
    }
    for (size_t i = 0; i < n; i++)
        z[i] /= sum;
}

void kaon_post_transform(const struct kaon_kernels *k, enum kaon_post_transform post, float *z,
                         size_t n)
{
    if (post == KAON_POST_LOGISTIC)
        k->unary[KAON_UNARY_SIGMOID](z, z, n, 0.0f, 0.0f);
    else if (post == KAON_POST_SOFTMAX)
        k->softmax_rows(z, z, 1, n);
    else if (post == KAON_POST_SOFTMAX_ZERO)
        softmax_zero(k, z, n);
    for (size_t i = 0; post == KAON_POST_PROBIT && i < n; i++)
        z[i] = kaon_probit(k, z[i]);
}
