/* Normalisations along rows.
 *
 *   layernorm  y[r][i] = (x[r][i] - mean) * invstd * scale[i] + bias[i],   mean = sum_i x[r][i] /
 * n, invstd = 1 / sqrt(sum_i (x[r][i] - mean)^2 / n + eps)       arXiv:1607.06450 rmsnorm y[r][i] =
 * x[r][i] * scale[i] / sqrt(sum_i x[r][i]^2 / n + eps)   arXiv:1910.07467
 *
 * x, y (rows, n)   contiguous; y may be x          scale, bias (n) or NULL (1 and 0)
 * mean_out, invstd_out (rows) or NULL. rows, n >= 0, any alignment. NaN in a row gives a row of
 * NaN. The variance is taken in a second pass over the row, so a large mean costs no digits of it
 * beyond those of x - mean. scale and bias enter by one fma. Error against double for |x| in a
 * range that float squares (1e18), n <= 4096: layernorm 2e-6 (|y - bias| + |scale|) for rows whose
 * spread is at least 1e-2 of their mean; rmsnorm 6 ulp. */
#ifndef KAON_KERNELS_NORM_H
#define KAON_KERNELS_NORM_H

#include <stddef.h>

#include "kernels/name.h"

typedef void kaon_layernorm_rows_fn(float *y, const float *x, const float *scale, const float *bias,
                                    size_t rows, size_t n, float eps, float *mean_out,
                                    float *invstd_out);
typedef void kaon_rmsnorm_rows_fn(float *y, const float *x, const float *scale, size_t rows,
                                  size_t n, float eps);

/* LayerNorm of a sum: sum[r][i] = (x[r][i] + bias_in[i]) + residual[r][i], and y its layernorm.
 *
 * residual (rows, n); bias_in (n) or NULL; sum (rows, n) is written too, and may be x or residual; y may be
 * any of them but sum. The rest as layernorm; the bits are those of Add, Add and LayerNorm run one after another.
 * rmsnorm_of_sum likewise. */
struct kaon_norm_sum {
    float *sum;
    const float *residual, *bias_in;
};
typedef void kaon_layernorm_of_sum_fn(float *y, const float *x, const struct kaon_norm_sum *s,
                                      const float *scale, const float *bias, size_t rows, size_t n,
                                      float eps);
typedef void kaon_rmsnorm_of_sum_fn(float *y, const float *x, const struct kaon_norm_sum *s,
                                    const float *scale, size_t rows, size_t n, float eps);

#ifdef KAON_ISA
kaon_layernorm_rows_fn KAON_K(kaon_layernorm_rows);
kaon_rmsnorm_rows_fn KAON_K(kaon_rmsnorm_rows);
kaon_layernorm_of_sum_fn KAON_K(kaon_layernorm_of_sum);
kaon_rmsnorm_of_sum_fn KAON_K(kaon_rmsnorm_of_sum);
#endif

#endif
