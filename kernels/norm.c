/* LayerNorm and RMSNorm. A row's sums run in one chain of additions, each of which takes four cycles:
 * several rows abreast keep the adders busy meanwhile. The order within a row does not change. */
#include "kernels/norm.h"

#include <stdbool.h>

#include "kernels/isa.h"

#if defined(KAON_ISA_AVX512)
enum { ABREAST = 4 };
#elif defined(KAON_ISA_AVX2)
enum { ABREAST = 2 }; /* two registers a vector: as many chains */
#else
enum { ABREAST = 1 };
#endif

struct norm {
    float *y;
    const float *x, *scale, *bias;
    size_t n;
    float eps;
};

/* x * scale + bias, either of which may be absent; `both` is a constant where it is true. */
static inline __attribute__((always_inline)) vf affine(const struct norm *p, vf x, size_t i,
                                                       size_t width, bool both)
{
    if (both || (p->scale && p->bias))
        return v_fma(x, v_load_n(p->scale + i, width), v_load_n(p->bias + i, width));
    if (p->scale)
        return v_mul(x, v_load_n(p->scale + i, width));
    return p->bias ? v_add(x, v_load_n(p->bias + i, width)) : x;
}

/* Elements i .. i + width - 1 of each row; whole vectors have a width that is a constant. */
static inline __attribute__((always_inline)) void write_vectors(const struct norm *p, size_t row,
                                                                size_t rows, size_t i, size_t width,
                                                                const vf *c, const vf *f,
                                                                bool centred, bool both)
{
    for (size_t k = 0; k < rows; k++) {
        const size_t at = (row + k) * p->n + i;
        const vf x = v_load_n(p->x + at, width);
        const vf z = v_mul(centred ? v_sub(x, c[k]) : x, f[k]);
        v_store_n(p->y + at, affine(p, z, i, width, both), width);
    }
}

/* What the rows of a group have in common when they are written: (x - centre) factor, or without a
 * centre x factor. */
static inline __attribute__((always_inline)) void write_rows(const struct norm *p, size_t row,
                                                             size_t rows, const float *centre,
                                                             const float *factor, bool both)
{
    const size_t n = p->n;
    vf c[ABREAST], f[ABREAST];
    for (size_t k = 0; k < rows; k++) {
        c[k] = v_set(centre ? centre[k] : 0.0f);
        f[k] = v_set(factor[k]);
    }
    size_t i = 0;
    for (; i + VLEN <= n; i += VLEN)
        write_vectors(p, row, rows, i, VLEN, c, f, centre != NULL, both);
    if (i < n)
        write_vectors(p, row, rows, i, n - i, c, f, centre != NULL, both);
}

static inline __attribute__((always_inline)) void means(const struct norm *p, size_t row,
                                                        size_t rows, float *mean)
{
    const size_t n = p->n;
    vf sum[ABREAST];
    for (size_t k = 0; k < rows; k++)
        sum[k] = v_set(0.0f);
    size_t i = 0;
    for (; i + VLEN <= n; i += VLEN)
        for (size_t k = 0; k < rows; k++)
            sum[k] = v_add(sum[k], v_load(p->x + (row + k) * n + i));
    for (size_t k = 0; k < rows && i < n; k++)
        sum[k] = v_add(sum[k], v_load_n(p->x + (row + k) * n + i, n - i));
    for (size_t k = 0; k < rows; k++)
        mean[k] = v_sum(sum[k]) / (float)n;
}

static inline __attribute__((always_inline)) void add_squares(const struct norm *p, size_t row,
                                                              size_t rows, size_t i, size_t width,
                                                              const vf *c, vf *squares,
                                                              bool centred)
{
    for (size_t k = 0; k < rows; k++) {
        const vf x = v_load_fill(p->x + (row + k) * p->n + i, width, c[k]);
        const vf d = centred ? v_sub(x, c[k]) : x;
        squares[k] = v_fma(d, d, squares[k]);
    }
}

/* 1 / sqrt(mean of (x - centre)^2 + eps); lanes past the end are filled so that they add 0. */
static inline __attribute__((always_inline)) void
inverses(const struct norm *p, size_t row, size_t rows, const float *centre, float *inverse)
{
    const size_t n = p->n;
    vf squares[ABREAST], c[ABREAST];
    for (size_t k = 0; k < rows; k++) {
        squares[k] = v_set(0.0f);
        c[k] = v_set(centre ? centre[k] : 0.0f);
    }
    size_t i = 0;
    for (; i + VLEN <= n; i += VLEN)
        add_squares(p, row, rows, i, VLEN, c, squares, centre != NULL);
    if (i < n)
        add_squares(p, row, rows, i, n - i, c, squares, centre != NULL);
    for (size_t k = 0; k < rows; k++)
        inverse[k] = 1.0f / sqrtf(v_sum(squares[k]) / (float)n + p->eps);
}

static inline __attribute__((always_inline)) void
layernorm(const struct norm *p, size_t row, size_t rows, float *mean_out, float *invstd_out)
{
    float mean[ABREAST], invstd[ABREAST];
    means(p, row, rows, mean);
    inverses(p, row, rows, mean, invstd);
    if (p->scale && p->bias)
        write_rows(p, row, rows, mean, invstd, true);
    else
        write_rows(p, row, rows, mean, invstd, false);
    for (size_t k = 0; k < rows; k++) {
        if (mean_out)
            mean_out[row + k] = mean[k];
        if (invstd_out)
            invstd_out[row + k] = invstd[k];
    }
}

void KAON_K(kaon_layernorm_rows)(float *y, const float *x, const float *scale, const float *bias,
                                 size_t rows, size_t n, float eps, float *mean_out,
                                 float *invstd_out)
{
    const struct norm p = { y, x, scale, bias, n, eps };
    size_t r = 0;
    for (; r + ABREAST <= rows; r += ABREAST)
        layernorm(&p, r, ABREAST, mean_out, invstd_out);
    for (; r < rows; r++)
        layernorm(&p, r, 1, mean_out, invstd_out);
}

static inline __attribute__((always_inline)) void rmsnorm(const struct norm *p, size_t row,
                                                          size_t rows)
{
    float inverse[ABREAST];
    inverses(p, row, rows, NULL, inverse);
    write_rows(p, row, rows, NULL, inverse, false);
}

void KAON_K(kaon_rmsnorm_rows)(float *y, const float *x, const float *scale, size_t rows, size_t n,
                               float eps)
{
    const struct norm p = { y, x, scale, NULL, n, eps };
    size_t r = 0;
    for (; r + ABREAST <= rows; r += ABREAST)
        rmsnorm(&p, r, ABREAST);
    for (; r < rows; r++)
        rmsnorm(&p, r, 1);
}

/* The rows of a group before they are normalised, which they then are from cache. */
static void add_rows(const float *x, const struct kaon_norm_sum *s, size_t row, size_t rows,
                     size_t n)
{
    for (size_t k = row; k < row + rows; k++)
        for (size_t i = 0; i < n; i += VLEN) {
            const size_t at = k * n + i, left = n - i;
            vf v = v_load_n(x + at, left);
            if (s->bias_in)
                v = v_add(v, v_load_n(s->bias_in + i, left));
            v_store_n(s->sum + at, v_add(v, v_load_n(s->residual + at, left)), left);
        }
}

void KAON_K(kaon_layernorm_of_sum)(float *y, const float *x, const struct kaon_norm_sum *s,
                                   const float *scale, const float *bias, size_t rows, size_t n,
                                   float eps)
{
    const struct norm p = { y, s->sum, scale, bias, n, eps };
    size_t r = 0;
    for (; r + ABREAST <= rows; r += ABREAST) {
        add_rows(x, s, r, ABREAST, n);
        layernorm(&p, r, ABREAST, NULL, NULL);
    }
    for (; r < rows; r++) {
        add_rows(x, s, r, 1, n);
        layernorm(&p, r, 1, NULL, NULL);
    }
}

void KAON_K(kaon_rmsnorm_of_sum)(float *y, const float *x, const struct kaon_norm_sum *s,
                                 const float *scale, size_t rows, size_t n, float eps)
{
    const struct norm p = { y, s->sum, scale, NULL, n, eps };
    size_t r = 0;
    for (; r + ABREAST <= rows; r += ABREAST) {
        add_rows(x, s, r, ABREAST, n);
        rmsnorm(&p, r, ABREAST);
    }
    for (; r < rows; r++) {
        add_rows(x, s, r, 1, n);
        rmsnorm(&p, r, 1);
    }
}
