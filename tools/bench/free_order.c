#include "tools/bench/free_order.h"

#include "kernels/gemm.h"
#include "kernels/isa.h"
#include "kernels/vmath.h"

enum { CHAINS = 4 };

static inline vf joined(const vf *sum)
{
    return v_add(v_add(sum[0], sum[1]), v_add(sum[2], sum[3]));
}

/* Four sums of (x - centre), or of its square. */
ALWAYS vf sum_of(const float *x, size_t n, vf centre, bool square)
{
    vf sum[CHAINS];
    size_t i = 0;
    V_FOR (c, CHAINS)
        sum[c] = v_set(0.0f);
    for (; i + CHAINS * VLEN <= n; i += CHAINS * VLEN)
        V_FOR (c, CHAINS) {
            const vf d = v_sub(v_load(x + i + (size_t)c * VLEN), centre);
            sum[c] = square ? v_fma(d, d, sum[c]) : v_add(sum[c], d);
        }
    for (; i < n; i += VLEN) {
        const vf d = v_sub(v_load_fill(x + i, n - i, centre), centre);
        sum[0] = square ? v_fma(d, d, sum[0]) : v_add(sum[0], d);
    }
    return joined(sum);
}

static void sum_rows(float *y, const float *x, size_t rows, size_t n)
{
    for (size_t r = 0; r < rows; r++)
        y[r] = v_sum(sum_of(x + r * n, n, v_set(0.0f), false));
}

static void layernorm_rows(float *y, const float *x, const float *scale, const float *bias,
                           size_t rows, size_t n, float eps)
{
    for (size_t r = 0; r < rows; r++, x += n, y += n) {
        const vf mean = v_set(v_sum(sum_of(x, n, v_set(0.0f), false)) / (float)n);
        const float squares = v_sum(sum_of(x, n, mean, true));
        const vf factor = v_set(1.0f / sqrtf(squares / (float)n + eps));
        for (size_t i = 0; i < n; i += VLEN) {
            const vf z = v_mul(v_sub(v_load_n(x + i, n - i), mean), factor);
            v_store_n(y + i, v_fma(z, v_load_n(scale + i, n - i), v_load_n(bias + i, n - i)),
                      n - i);
        }
    }
}

/* Reload: exponentials are stored and scaled afterwards. */
static void softmax_rows(float *y, const float *x, size_t rows, size_t n)
{
    const vf low = v_set(-INFINITY);
    for (size_t r = 0; r < rows; r++, x += n, y += n) {
        vf max[CHAINS] = { low, low, low, low }, sum[CHAINS];
        size_t i = 0;
        for (; i + CHAINS * VLEN <= n; i += CHAINS * VLEN)
            V_FOR (c, CHAINS)
                max[c] = v_max(max[c], v_load(x + i + (size_t)c * VLEN));
        for (; i < n; i += VLEN)
            max[0] = v_max(max[0], v_load_fill(x + i, n - i, low));
        const vf most = v_fold(v_max(v_max(max[0], max[1]), v_max(max[2], max[3])), v_max);
        V_FOR (c, CHAINS)
            sum[c] = v_set(0.0f);
        for (i = 0; i + CHAINS * VLEN <= n; i += CHAINS * VLEN) {
            vf e[CHAINS];
            V_FOR (c, CHAINS)
                e[c] = v_sub(v_load(x + i + (size_t)c * VLEN), most);
            for (int half = 0; half < CHAINS; half += V_SIDE)
                v_exp_negative_many(e + half, NULL, V_SIDE);
            V_FOR (c, CHAINS) {
                sum[c] = v_add(sum[c], e[c]);
                v_store(y + i + (size_t)c * VLEN, e[c]);
            }
        }
        for (; i < n; i += VLEN) {
            const vf e = v_exp_negative(v_sub(v_load_fill(x + i, n - i, low), most));
            sum[0] = v_add(sum[0], e);
            v_store_n(y + i, e, n - i);
        }
        const vf factor = v_set(1.0f / v_sum(joined(sum)));
        for (i = 0; i < n; i += VLEN)
            v_store_n(y + i, v_mul(v_load_n(y + i, n - i), factor), n - i);
    }
}

/* Two vectors of columns, four sums of each along k. */
static void product_of_row(float *y, const float *x, const float *packed, const float *bias,
                           size_t n, size_t k)
{
    for (size_t j = 0; j < n; j += KAON_GEMM_PANEL, packed += KAON_GEMM_PANEL * k) {
        vf lo[CHAINS], hi[CHAINS];
        size_t kk = 0;
        V_FOR (c, CHAINS)
            lo[c] = hi[c] = v_set(0.0f);
        for (; kk + CHAINS <= k; kk += CHAINS)
            V_FOR (c, CHAINS) {
                const vf value = v_set(x[kk + (size_t)c]);
                const float *b = packed + (kk + (size_t)c) * KAON_GEMM_PANEL;
                lo[c] = v_fma(value, v_load(b), lo[c]);
                hi[c] = v_fma(value, v_load(b + VLEN), hi[c]);
            }
        for (; kk < k; kk++) {
            lo[0] = v_fma(v_set(x[kk]), v_load(packed + kk * KAON_GEMM_PANEL), lo[0]);
            hi[0] = v_fma(v_set(x[kk]), v_load(packed + kk * KAON_GEMM_PANEL + VLEN), hi[0]);
        }
        v_store_n(y + j, v_add(joined(lo), v_load_n(bias + j, n - j)), n - j);
        if (n - j > VLEN)
            v_store_n(y + j + VLEN, v_add(joined(hi), v_load_n(bias + j + VLEN, n - j - VLEN)),
                      n - j - VLEN);
    }
}

/* One dot product along k for each element, four rows abreast. */
ALWAYS void dots(float *y, const float *x, const float *b, float bias, size_t rows, size_t n,
                 size_t k)
{
    vf sum[CHAINS];
    V_FOR (r, (int)rows)
        sum[r] = v_set(0.0f);
    for (size_t kk = 0; kk < k; kk += VLEN) {
        const vf w = v_load_n(b + kk, k - kk);
        V_FOR (r, (int)rows)
            sum[r] = v_fma(v_load_n(x + (size_t)r * k + kk, k - kk), w, sum[r]);
    }
    V_FOR (r, (int)rows)
        y[(size_t)r * n] = v_sum(sum[r]) + bias;
}

static void narrow_product(float *y, const float *x, const float *b, const float *bias, size_t m,
                           size_t n, size_t k)
{
    for (size_t j = 0; j < n; j++) {
        size_t i = 0;
        for (; i + CHAINS <= m; i += CHAINS)
            dots(y + i * n + j, x + i * k, b + j * k, bias[j], CHAINS, n, k);
        for (; i < m; i++)
            dots(y + i * n + j, x + i * k, b + j * k, bias[j], 1, n, k);
    }
}

const struct kaon_free_order KAON_K(kaon_free_order) = {
    .isa = KAON_ISA_NAME,
    .need = KAON_ISA_NEED,
    .sum_rows = sum_rows,
    .layernorm_rows = layernorm_rows,
    .softmax_rows = softmax_rows,
    .product_of_row = product_of_row,
    .narrow_product = narrow_product,
};
