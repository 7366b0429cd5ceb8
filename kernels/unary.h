/* y[i] = f(x[i]; a, b)
 *
 * x, y (n)   contiguous; y may be x. n >= 0, any alignment. a, b: parameters, ignored where not
 * named. Semantics are those of the ONNX operator of the same name; NaN in gives NaN out,
 * infinities as the formula has them, denormals kept. Error bounds in ulp of the result against a
 * double-precision loop, as tests/check/unary.c holds them. Where none is given the result is the
 * rounding of each written operation in turn. Sources: kernels/vmath.h (float polynomials),
 * kernels/real.h (double). */
#ifndef KAON_KERNELS_UNARY_H
#define KAON_KERNELS_UNARY_H

#include <stddef.h>

#include "kernels/name.h"

enum kaon_unary {
    KAON_UNARY_ABS,
    KAON_UNARY_NEG,
    KAON_UNARY_RELU,         /* max(0, x) */
    KAON_UNARY_EXP,          /* 1 ulp */
    KAON_UNARY_LOG,          /* 1 ulp */
    KAON_UNARY_SQRT,         /* exact rounding */
    KAON_UNARY_RECIPROCAL,   /* exact rounding */
    KAON_UNARY_RSQRT,        /* 1 / sqrt(x), two roundings: 1.5 ulp */
    KAON_UNARY_ERF,          /* 2 ulp */
    KAON_UNARY_TANH,         /* 2.5 ulp */
    KAON_UNARY_SIGMOID,      /* 2.5 ulp */
    KAON_UNARY_SOFTPLUS,     /* log(1 + exp(x)), 2.5 ulp */
    KAON_UNARY_SOFTSIGN,     /* x / (1 + |x|) */
    KAON_UNARY_GELU_ERF,     /* x/2 (1 + erf(x / sqrt 2)), 4 ulp or 1.2e-7 |x| */
    KAON_UNARY_GELU_TANH,    /* x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), 4 ulp or 5e-7 |x| */
    KAON_UNARY_SILU,         /* x sigmoid(x), 3.5 ulp */
    KAON_UNARY_MISH,         /* x tanh(softplus(x)), 6 ulp */
    KAON_UNARY_HARD_SWISH,   /* x max(0, min(1, x/6 + 1/2)) */
    KAON_UNARY_HARD_SIGMOID, /* max(0, min(1, a x + b)) */
    KAON_UNARY_LEAKY_RELU,   /* x < 0 ? a x : x */
    KAON_UNARY_ELU,          /* x < 0 ? a (exp(x) - 1) : x, 2.5 ulp */
    KAON_UNARY_SELU,         /* b (x < 0 ? a (exp(x) - 1) : x), 3 ulp */
    KAON_UNARY_CELU,         /* x < 0 ? a (exp(x / a) - 1) : x, a > 0, 3.5 ulp */
    KAON_UNARY_THRESHOLDED_RELU, /* x > a ? x : 0 */
    KAON_UNARY_CLIP,             /* min(max(x, a), b) */
    KAON_UNARY_SIGN,             /* -1, 0, 1 */
    KAON_UNARY_FLOOR,
    KAON_UNARY_CEIL,
    KAON_UNARY_ROUND, /* halves to even */
    KAON_UNARY_SIN,   /* this and the next ten, in double inside: 0.51 ulp, any finite x */
    KAON_UNARY_COS,
    KAON_UNARY_TAN,
    KAON_UNARY_ASIN,
    KAON_UNARY_ACOS,
    KAON_UNARY_ATAN,
    KAON_UNARY_SINH,
    KAON_UNARY_COSH,
    KAON_UNARY_ASINH,
    KAON_UNARY_ACOSH,
    KAON_UNARY_ATANH,
    KAON_UNARY_SQUARE,     /* x x */
    KAON_UNARY_AFFINE,     /* a x, then + b: two roundings */
    KAON_UNARY_SWISH,      /* x sigmoid(a x), 3.5 ulp or 8e-6 |x|: a x is rounded */
    KAON_UNARY_GELU_TABLE, /* GELU from a table of 177 entries, exact to 1e-4: arXiv:2305.18691 */
    KAON_UNARY_COUNT
};

typedef void kaon_unary_fn(float *y, const float *x, size_t n, float a, float b);

#ifdef KAON_ISA
extern kaon_unary_fn *const KAON_K(kaon_unary)[KAON_UNARY_COUNT];
#endif

#endif
