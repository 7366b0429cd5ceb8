/* LayerNorm and RMSNorm. Rows of LayerNorm go sixteen at a time where they are short: their sums are folded at
 * once and share one division and one root. The bits are those of a row alone. RMSNorm has half the folds
 * and gained nothing. */
#include "kernels/norm.h"

#include <stdbool.h>

#include "kernels/isa.h"

enum {
    BLOCK_ROWS = 16,
    WORTH_A_BLOCK = 4, /* fewer rows are faster one by one */
    SHORT_ROW = 1024,  /* sixteen longer rows leave the first cache between the passes */
};

ALWAYS vf row_sum(const float *x, size_t n)
{
    vf sum = v_set(0.0f);
    size_t i = 0;
    for (; i + VLEN <= n; i += VLEN)
        sum = v_add(sum, v_load(x + i));
    return i < n ? v_add(sum, v_load_part(x + i, n - i, v_set(0.0f))) : sum;
}

/* Of x - centre; the lanes past the end are 0. */
ALWAYS vf row_squares(const float *x, size_t n, vf centre)
{
    vf squares = v_set(0.0f);
    size_t i = 0;
    for (; i + VLEN <= n; i += VLEN) {
        const vf d = v_sub(v_load(x + i), centre);
        squares = v_fma(d, d, squares);
    }
    if (i < n) {
        const vf d = v_sub(v_load_part(x + i, n - i, centre), centre);
        squares = v_fma(d, d, squares);
    }
    return squares;
}

/* Sixteen or fewer rows; what belongs to row r is in lane r. */
ALWAYS vf block_mean(const float *x, size_t rows, size_t n)
{
    vf v[BLOCK_ROWS];
    for (size_t r = 0; r < BLOCK_ROWS; r++)
        v[r] = r < rows ? row_sum(x + r * n, n) : v_set(0.0f);
    return v_div(v_reduce_16(v, v_add), v_set((float)n));
}

ALWAYS vf block_invstd(const float *x, size_t rows, size_t n, const float *mean, float eps)
{
    vf v[BLOCK_ROWS];
    for (size_t r = 0; r < BLOCK_ROWS; r++)
        v[r] = r < rows ? row_squares(x + r * n, n, v_set(mean[r])) : v_set(0.0f);
    const vf variance = v_div(v_reduce_16(v, v_add), v_set((float)n));
    return v_div(v_set(1.0f), v_sqrt(v_add(variance, v_set(eps))));
}

/* One row; whether there are scale and bias is a constant in every call. */
ALWAYS void output_row(float *y, const float *x, const float *scale, const float *bias, size_t n,
                       vf centre, vf factor, bool scaled, bool biased)
{
    for (size_t i = 0; i < n; i += VLEN) {
        const vf v = v_mul(v_sub(v_load_n(x + i, n - i), centre), factor);
        const vf s = scaled ? v_load_n(scale + i, n - i) : v,
                 b = biased ? v_load_n(bias + i, n - i) : v;
        v_store_n(y + i,
                  scaled && biased ? v_fma(v, s, b)
                  : scaled         ? v_mul(v, s)
                  : biased         ? v_add(v, b)
                                   : v,
                  n - i);
    }
}

static void layernorm_output(float *y, const float *x, const float *scale, const float *bias,
                             size_t rows, size_t n, const float *mean, const float *invstd)
{
    for (size_t r = 0; r < rows; r++, y += n, x += n) {
        const vf centre = v_set(mean[r]), factor = v_set(invstd[r]);
        if (scale && bias)
            output_row(y, x, scale, bias, n, centre, factor, true, true);
        else if (scale)
            output_row(y, x, scale, bias, n, centre, factor, true, false);
        else if (bias)
            output_row(y, x, scale, bias, n, centre, factor, false, true);
        else
            output_row(y, x, scale, bias, n, centre, factor, false, false);
    }
}

static void layernorm_alone(float *y, const float *x, const float *scale, const float *bias,
                            size_t n, float eps, float *mean, float *invstd)
{
    *mean = v_sum(row_sum(x, n)) / (float)n;
    *invstd = 1.0f / sqrtf(v_sum(row_squares(x, n, v_set(*mean))) / (float)n + eps);
    layernorm_output(y, x, scale, bias, 1, n, mean, invstd);
}

/* A block's means are found before the block before it is done with its roots and divisions: those are long
 * chains, which the other block's work fills. */
static void layernorm_blocks(float *y, const float *x, const float *scale, const float *bias,
                             size_t rows, size_t n, float eps, float *mean_out, float *invstd_out)
{
    float mean[BLOCK_ROWS], invstd[BLOCK_ROWS];
    vf next = block_mean(x, rows < BLOCK_ROWS ? rows : BLOCK_ROWS, n);
    for (size_t r = 0; r < rows; r += BLOCK_ROWS) {
        const size_t left = rows - r, some = left < BLOCK_ROWS ? left : BLOCK_ROWS;
        v_store(mean, next);
        v_store(invstd, block_invstd(x + r * n, some, n, mean, eps));
        if (left > BLOCK_ROWS)
            next = block_mean(x + (r + BLOCK_ROWS) * n,
                              left - BLOCK_ROWS < BLOCK_ROWS ? left - BLOCK_ROWS : BLOCK_ROWS, n);
        layernorm_output(y + r * n, x + r * n, scale, bias, some, n, mean, invstd);
        if (mean_out)
            memcpy(mean_out + r, mean, some * sizeof *mean);
        if (invstd_out)
            memcpy(invstd_out + r, invstd, some * sizeof *invstd);
    }
}

/* How many of the rows go in blocks; the last one may be smaller. */
static size_t block_rows(size_t rows, size_t n)
{
    const size_t rest = rows % BLOCK_ROWS;
    return n > SHORT_ROW ? 0 : rest < WORTH_A_BLOCK ? rows - rest : rows;
}

void KAON_K(kaon_layernorm_rows)(float *y, const float *x, const float *scale, const float *bias,
                                 size_t rows, size_t n, float eps, float *mean_out,
                                 float *invstd_out)
{
    const size_t blocks = block_rows(rows, n);
    if (blocks > 0)
        layernorm_blocks(y, x, scale, bias, blocks, n, eps, mean_out, invstd_out);
    for (size_t r = blocks; r < rows; r++) {
        float mean, invstd;
        layernorm_alone(y + r * n, x + r * n, scale, bias, n, eps, &mean, &invstd);
        if (mean_out)
            mean_out[r] = mean;
        if (invstd_out)
            invstd_out[r] = invstd;
    }
}

ALWAYS void rmsnorm_row(float *y, const float *x, const float *scale, size_t n, float invrms)
{
    const vf factor = v_set(invrms);
    for (size_t i = 0; i < n; i += VLEN) {
        vf v = v_mul(v_load_n(x + i, n - i), factor);
        if (scale)
            v = v_mul(v, v_load_n(scale + i, n - i));
        v_store_n(y + i, v, n - i);
    }
}

void KAON_K(kaon_rmsnorm_rows)(float *y, const float *x, const float *scale, size_t rows, size_t n,
                               float eps)
{
    for (size_t r = 0; r < rows; r++, x += n, y += n) {
        const vf squares = row_squares(x, n, v_set(0.0f));
        rmsnorm_row(y, x, scale, n, 1.0f / sqrtf(v_sum(squares) / (float)n + eps));
    }
}
