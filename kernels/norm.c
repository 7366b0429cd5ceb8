/* LayerNorm and RMSNorm. */
#include "kernels/norm.h"

#include "kernels/isa.h"

void KAON_K(kaon_layernorm_rows)(float *y, const float *x, const float *scale, const float *bias,
                                 size_t rows, size_t n, float eps, float *mean_out,
                                 float *invstd_out)
{
    for (size_t r = 0; r < rows; r++, x += n, y += n) {
        vf sum = v_set(0.0f), squares = v_set(0.0f);
        for (size_t i = 0; i < n; i += VLEN)
            sum = v_add(sum, v_load_n(x + i, n - i));
        const float mean = v_sum(sum) / (float)n;
        const vf centre = v_set(mean);
        for (size_t i = 0; i < n; i += VLEN) {
            const vf d = v_sub(v_load_fill(x + i, n - i, centre), centre); /* 0 past the end */
            squares = v_fma(d, d, squares);
        }
        const float invstd = 1.0f / sqrtf(v_sum(squares) / (float)n + eps);
        const vf factor = v_set(invstd);
        for (size_t i = 0; i < n; i += VLEN) {
            vf v = v_mul(v_sub(v_load_n(x + i, n - i), centre), factor);
            if (scale && bias)
                v = v_fma(v, v_load_n(scale + i, n - i), v_load_n(bias + i, n - i));
            else if (scale)
                v = v_mul(v, v_load_n(scale + i, n - i));
            else if (bias)
                v = v_add(v, v_load_n(bias + i, n - i));
            v_store_n(y + i, v, n - i);
        }
        if (mean_out)
            mean_out[r] = mean;
        if (invstd_out)
            invstd_out[r] = invstd;
    }
}

void KAON_K(kaon_rmsnorm_rows)(float *y, const float *x, const float *scale, size_t rows, size_t n,
                               float eps)
{
    for (size_t r = 0; r < rows; r++, x += n, y += n) {
        vf squares = v_set(0.0f);
        for (size_t i = 0; i < n; i += VLEN) {
            const vf v = v_load_n(x + i, n - i);
            squares = v_fma(v, v, squares);
        }
        const vf factor = v_set(1.0f / sqrtf(v_sum(squares) / (float)n + eps));
        for (size_t i = 0; i < n; i += VLEN) {
            vf v = v_mul(v_load_n(x + i, n - i), factor);
            if (scale)
                v = v_mul(v, v_load_n(scale + i, n - i));
            v_store_n(y + i, v, n - i);
        }
    }
}
