/* Matrix product with a packed right-hand side and everything that follows it on the same tile.
 *
 *   c[i][j] = act( alpha * sum_k a[i][k] b[k][j]  + bias[j] + row_bias[i] + beta * residual[i][j] )
 *
 * a (m, k) rows lda apart, c (m, n) rows ldc apart, residual (m, n) rows ldr apart; packed from
 * kaon_gemm_pack of b (k, n). c may be residual with ldr = ldc, and overlaps nothing else.
 * m, n, k >= 0; k = 0 makes the sum 0. Any alignment.
 *
 * One accumulator an output element, one fma for each k from 0 upwards, k undivided. What follows
 * is written above in order: a product and a sum are rounded each, a factor of 1 and an absent term
 * are left out, and `act` is the function of kernels/unary.h. So the bits are those of MatMul, Mul,
 * Add and the activation run one after another, and do not depend on m, on the other rows or on the
 * blocking. Error of the sum against double: (k + 1) half-ulps of sum |a| |b|.
 *
 * Packed layout, the same on every ISA: panels of 32 columns, k-major inside a panel, the last
 * panel filled with zeros: packed[(j / 32) * 32 k + kk * 32 + j % 32] = b[kk][j]. Fastest where
 * packed begins at a multiple of 64 bytes.
 *
 * A rectangle of c, rows i.. and columns j.. with j a multiple of 32, is a call of its own with c, a,
 * row_bias and residual moved to row i, c, bias and residual to column j, and packed + j * k. Its bits
 * are those it has in the whole, so threads may share out a product in rectangles. */
#ifndef KAON_KERNELS_GEMM_H
#define KAON_KERNELS_GEMM_H

#include <stddef.h>

#include "kernels/name.h"

enum { KAON_GEMM_PANEL = 32 };

enum kaon_act {
    KAON_ACT_NONE,
    KAON_ACT_RELU,
    KAON_ACT_GELU_ERF,
    KAON_ACT_GELU_TANH,
    KAON_ACT_SILU,
    KAON_ACT_SIGMOID,
    KAON_ACT_TANH,
    KAON_ACT_COUNT
};

struct kaon_epilogue {
    float alpha;           /* 1: no factor */
    const float *bias;     /* (n) or NULL */
    const float *row_bias; /* (m) or NULL */
    const float *residual; /* (m, n) or NULL */
    size_t ldr;
    float beta; /* factor of residual; 1: none */
    enum kaon_act act;
};
#define KAON_EPILOGUE_NONE                                                                         \
    {                                                                                              \
        .alpha = 1.0f, .beta = 1.0f                                                                \
    }

/* Floats that kaon_gemm_pack writes. */
static inline size_t kaon_gemm_packed_floats(size_t k, size_t n)
{
    return (n + KAON_GEMM_PANEL - 1) / KAON_GEMM_PANEL * KAON_GEMM_PANEL * k;
}

/* b[kk][j] = b[kk * k_stride + j * n_stride]: any layout, a transposed b too. Strides: elements. */
typedef void kaon_gemm_pack_fn(float *packed, const float *b, ptrdiff_t k_stride,
                               ptrdiff_t n_stride, size_t k, size_t n);

/* e NULL: the plain product. */
typedef void kaon_gemm_fn(float *c, size_t ldc, const float *a, size_t lda, const float *packed,
                          size_t m, size_t n, size_t k, const struct kaon_epilogue *e);

/* b (k, n) as it lies, rows ldb apart; the bits are kaon_gemm's. For products that meet b once, such
 * as scores times values. scratch: KAON_GEMM_PANEL * k floats, used if n is no multiple of 16. */
typedef void kaon_gemm_unpacked_fn(float *c, size_t ldc, const float *a, size_t lda, const float *b,
                                   size_t ldb, size_t m, size_t n, size_t k,
                                   const struct kaon_epilogue *e, float *scratch);

#ifdef KAON_ISA
kaon_gemm_pack_fn KAON_K(kaon_gemm_pack);
kaon_gemm_fn KAON_K(kaon_gemm);
kaon_gemm_unpacked_fn KAON_K(kaon_gemm_unpacked);
#endif

#endif
