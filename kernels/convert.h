/* Half precision (IEEE 754 binary16) and bfloat16 to float and back.
 *
 * x, y (n)   contiguous, no overlap; n >= 0, any alignment. Widening is exact; narrowing rounds to
 * nearest, halves to even, overflows to infinity and keeps denormals. NaN stays NaN: quiet, with
 * the upper bits of its payload. */
#ifndef KAON_KERNELS_CONVERT_H
#define KAON_KERNELS_CONVERT_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/name.h"

typedef void kaon_widen_fn(float *y, const uint16_t *x, size_t n);
typedef void kaon_narrow_fn(uint16_t *y, const float *x, size_t n);

#ifdef KAON_ISA
kaon_widen_fn KAON_K(kaon_f32_from_f16);
kaon_narrow_fn KAON_K(kaon_f16_from_f32);
kaon_widen_fn KAON_K(kaon_f32_from_bf16);
kaon_narrow_fn KAON_K(kaon_bf16_from_f32);
#endif

#endif
