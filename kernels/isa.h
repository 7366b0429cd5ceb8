/* The vector of the kernels: `vf`, SIXTEEN floats on every ISA (one zmm, two ymm, or float[16]),
 * its integer companion `vi` and its mask `vm`. Everything is `static inline`, so no copy built
 * with one ISA's flags can be linked into another's.
 *
 * What makes the bits equal everywhere: the lane count is the same, every operation rounds once as
 * IEEE 754 says, v_max/v_min have the semantics written below instead of "whatever the CPU does",
 * and sums across lanes follow one tree (16 -> 8 -> 4 -> 2 -> 1: lane i meets lane i + half).
 *
 * v_load_n and v_store_n touch at most the first n floats, n counting on past sixteen. */
#ifndef KAON_KERNELS_ISA_H
#define KAON_KERNELS_ISA_H

#include <math.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "engine/base/cpu.h"
#include "kernels/name.h"

enum { VLEN = 16 };

#if defined(KAON_ISA_AVX512)
#include "kernels/isa_avx512.h"
#define KAON_ISA_NAME "avx512"
#define KAON_ISA_NEED (KAON_CPU_AVX2 | KAON_CPU_AVX512)
#elif defined(KAON_ISA_AVX2)
#include "kernels/isa_avx2.h"
#define KAON_ISA_NAME "avx2"
#define KAON_ISA_NEED KAON_CPU_AVX2
#elif defined(KAON_ISA_SCALAR)
#include "kernels/isa_scalar.h"
#define KAON_ISA_NAME "scalar"
#define KAON_ISA_NEED 0
#else
#error "define KAON_ISA (scalar, avx2 or avx512) and KAON_ISA_<NAME>: see kernels/CMakeLists.txt"
#endif

/* Extensions of AVX-512: tables of their own, the same but for the kernels that use them. */
#if defined(KAON_EXTENSION_VNNI)
#define KAON_EXTENSION_NAME "vnni"
#define KAON_EXTENSION_NEED KAON_CPU_VNNI
#else
#define KAON_EXTENSION_NAME ""
#define KAON_EXTENSION_NEED 0
#endif

/* For functions whose arguments are constants in every call: specialised at each. Not so the scalar form, whose
 * every operation is a loop: it would be written out tenfold and no faster. */
#ifdef KAON_ISA_SCALAR
#define ALWAYS static inline
#else
#define ALWAYS static inline __attribute__((always_inline))
#endif

typedef vf v_op1(vf);
typedef vf v_op2(vf, vf);

/* The first n floats, zeros after. */
static inline vf v_load_n(const float *p, size_t n)
{
    return n >= VLEN ? v_load(p) : v_load_part(p, n, v_set(0.0f));
}

/* The first n floats, `fill` after. */
static inline vf v_load_fill(const float *p, size_t n, vf fill)
{
    return n >= VLEN ? v_load(p) : v_load_part(p, n, fill);
}

static inline void v_store_n(float *p, vf x, size_t n)
{
    if (n >= VLEN)
        v_store(p, x);
    else
        v_store_part(p, x, n);
}

static inline vf v_neg(vf x)
{
    return i_as_v(i_xor(v_as_i(x), i_set(INT32_MIN)));
}

static inline vf v_abs(vf x)
{
    return i_as_v(i_and(v_as_i(x), i_set(INT32_MAX)));
}

/* The magnitude of x (which must be >= 0) with the sign of s. */
static inline vf v_with_sign(vf x, vf s)
{
    return i_as_v(i_or(v_as_i(x), i_and(v_as_i(s), i_set(INT32_MIN))));
}

static inline vm v_is_nan(vf x)
{
    return v_unordered(x, x);
}

/* NaN if either is NaN, as numpy and ONNX have it; v_max and v_min alone return the second then. */
static inline vf v_max_nan(vf a, vf b)
{
    return v_select(v_is_nan(a), a, v_max(a, b));
}

static inline vf v_min_nan(vf a, vf b)
{
    return v_select(v_is_nan(a), a, v_min(a, b));
}

/* op over the sixteen lanes along the fixed tree; `op` must be v_add, v_mul, v_max... The inner
 * call is resolved at compile time. */
static inline __attribute__((always_inline)) float v_reduce(vf x, v_op2 *op)
{
    return v_first(v_fold(x, op));
}

/* One step of v_fold for 2 half vectors, and the steps from lanes `from` apart to lanes `to` apart, both
 * powers of two: see v_join. */
static inline __attribute__((always_inline)) void v_join_all(vf *v, int half, v_op2 *op)
{
#pragma GCC unroll 8
    for (int j = 0; j < half; j++)
        v[j] = v_join(v[j], v[j + half], half, op);
}

static inline __attribute__((always_inline)) void v_join_steps(vf *v, int from, int to, v_op2 *op)
{
    if (from >= 8 && to <= 8)
        v_join_all(v, 8, op);
    if (from >= 4 && to <= 4)
        v_join_all(v, 4, op);
    if (from >= 2 && to <= 2)
        v_join_all(v, 2, op);
    if (to <= 1)
        v_join_all(v, 1, op);
}

static inline float v_sum(vf x)
{
    return v_reduce(x, v_add);
}

#endif
