/* Element-wise functions of two arguments, either of which may be one value for all. */
#include "kernels/binary.h"

#include <assert.h>
#include <stdbool.h>

#include "kernels/isa.h"
#include "kernels/real.h"

/* Elements i .. i + width - 1; whole vectors have a width that is a constant, and so are the steps in every
 * call, or the loop would ask for each vector. */
static inline __attribute__((always_inline)) void map2_vector(float *y, const float *a, bool step_a,
                                                              const float *b, bool step_b, vf one_a,
                                                              vf one_b, size_t i, size_t width,
                                                              v_op2 *op)
{
    const vf va = step_a ? v_load_n(a + i, width) : one_a;
    const vf vb = step_b ? v_load_n(b + i, width) : one_b;
    v_store_n(y + i, op(va, vb), width);
}

/* A single value is read before the first store, so y may lie on it. */
static inline __attribute__((always_inline)) void
map2_steps(float *y, const float *a, bool step_a, const float *b, bool step_b, size_t n, v_op2 *op)
{
    const vf one_a = v_set(*a), one_b = v_set(*b);
    size_t i = 0;
    for (; i + VLEN <= n; i += VLEN)
        map2_vector(y, a, step_a, b, step_b, one_a, one_b, i, VLEN, op);
    if (i < n)
        map2_vector(y, a, step_a, b, step_b, one_a, one_b, i, n - i, op);
}

/* `op` is a constant in every call below and is inlined. */
static inline __attribute__((always_inline)) void
map2(float *y, const float *a, size_t step_a, const float *b, size_t step_b, size_t n, v_op2 *op)
{
    assert(step_a <= 1 && step_b <= 1);
    if (n == 0)
        return;
    if (step_a && step_b)
        map2_steps(y, a, true, b, true, n, op);
    else if (step_a)
        map2_steps(y, a, true, b, false, n, op);
    else
        map2_steps(y, a, false, b, step_b, n, op);
}

static inline __attribute__((always_inline)) void map2_float(float *y, const float *a,
                                                             size_t step_a, const float *b,
                                                             size_t step_b, size_t n,
                                                             float (*op)(float, float))
{
    assert(step_a <= 1 && step_b <= 1);
    if (n == 0)
        return;
    const float one_a = *a, one_b = *b;
    for (size_t i = 0; i < n; i++)
        y[i] = op(step_a ? a[i] : one_a, step_b ? b[i] : one_b);
}

static vf op_prelu(vf a, vf slope)
{
    return v_select(v_lt(a, v_set(0.0f)), v_mul(a, slope), a);
}

static vf op_square(vf a, vf b)
{
    (void)b;
    return v_mul(a, a);
}

static vf op_cube(vf a, vf b)
{
    (void)b;
    return v_mul(v_mul(a, a), a);
}

/* as real_powf: pow(-inf, 0.5) is inf, pow(-0, 0.5) is 0 */
static vf op_root(vf a, vf b)
{
    (void)b;
    const vf root = v_sqrt(v_add(a, v_set(0.0f)));
    return v_select(v_eq(a, v_set(-INFINITY)), v_set(INFINITY), root);
}

/* The common single exponents in vectors; they give the bits of real_powf. */
static void KAON_K(pow)(float *y, const float *a, size_t step_a, const float *b, size_t step_b,
                        size_t n)
{
    const float exponent = n > 0 && step_b == 0 ? *b : NAN;
    if (exponent == 2.0f)
        map2(y, a, step_a, b, step_b, n, op_square);
    else if (exponent == 3.0f)
        map2(y, a, step_a, b, step_b, n, op_cube);
    else if (exponent == 0.5f)
        map2(y, a, step_a, b, step_b, n, op_root);
    else
        map2_float(y, a, step_a, b, step_b, n, real_powf);
}

static void KAON_K(add)(float *y, const float *a, size_t step_a, const float *b, size_t step_b,
                        size_t n)
{
    map2(y, a, step_a, b, step_b, n, v_add);
}

static void KAON_K(sub)(float *y, const float *a, size_t step_a, const float *b, size_t step_b,
                        size_t n)
{
    map2(y, a, step_a, b, step_b, n, v_sub);
}

static void KAON_K(mul)(float *y, const float *a, size_t step_a, const float *b, size_t step_b,
                        size_t n)
{
    map2(y, a, step_a, b, step_b, n, v_mul);
}

static void KAON_K(div)(float *y, const float *a, size_t step_a, const float *b, size_t step_b,
                        size_t n)
{
    map2(y, a, step_a, b, step_b, n, v_div);
}

static void KAON_K(max)(float *y, const float *a, size_t step_a, const float *b, size_t step_b,
                        size_t n)
{
    map2(y, a, step_a, b, step_b, n, v_max_nan);
}

static void KAON_K(min)(float *y, const float *a, size_t step_a, const float *b, size_t step_b,
                        size_t n)
{
    map2(y, a, step_a, b, step_b, n, v_min_nan);
}

static void KAON_K(prelu)(float *y, const float *a, size_t step_a, const float *b, size_t step_b,
                          size_t n)
{
    map2(y, a, step_a, b, step_b, n, op_prelu);
}

/* fmodf has no rounding at all, so every libm gives the same. */
static void KAON_K(mod)(float *y, const float *a, size_t step_a, const float *b, size_t step_b,
                        size_t n)
{
    map2_float(y, a, step_a, b, step_b, n, fmodf);
}

kaon_binary_fn *const KAON_K(kaon_binary)[KAON_BINARY_COUNT] = {
    [KAON_BINARY_ADD] = KAON_K(add), [KAON_BINARY_SUB] = KAON_K(sub),
    [KAON_BINARY_MUL] = KAON_K(mul), [KAON_BINARY_DIV] = KAON_K(div),
    [KAON_BINARY_POW] = KAON_K(pow), [KAON_BINARY_MAX] = KAON_K(max),
    [KAON_BINARY_MIN] = KAON_K(min), [KAON_BINARY_PRELU] = KAON_K(prelu),
    [KAON_BINARY_MOD] = KAON_K(mod),
};
