/* Matrix product with 16-bit weights, widened as they are read: the bits are those of kaon_gemm on the
 * weights widened by kernels/convert.h. Everything but the weights is as in kernels/gemm.h.
 *
 * packed: the panels of kernels/gemm.h in 16-bit elements, kaon_gemm_packed_floats of them, from
 * kaon_gemm_pack_16, which serves both types. scratch: KAON_GEMM_PANEL * k floats, used if m > 2. */
#ifndef KAON_KERNELS_GEMM_HALF_H
#define KAON_KERNELS_GEMM_HALF_H

#include <stdint.h>

#include "kernels/gemm.h"

typedef void kaon_gemm_pack_16_fn(uint16_t *packed, const uint16_t *b, ptrdiff_t k_stride,
                                  ptrdiff_t n_stride, size_t k, size_t n);
typedef void kaon_gemm_half_fn(float *c, size_t ldc, const float *a, size_t lda,
                               const uint16_t *packed, size_t m, size_t n, size_t k,
                               const struct kaon_epilogue *e, float *scratch);

#ifdef KAON_ISA
kaon_gemm_pack_16_fn KAON_K(kaon_gemm_pack_16);
kaon_gemm_half_fn KAON_K(kaon_gemm_f16);
kaon_gemm_half_fn KAON_K(kaon_gemm_bf16);
#endif

#endif
