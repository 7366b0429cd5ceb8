/* Matrix product of bytes with 32-bit sums, as MatMulInteger, QLinearMatMul and their kin need it:
 *
 *   c[i][j] = sum_k (a[i][k] - a_zero[i]) (b[k][j] - b_zero[j])          exact, modulo 2^32
 *
 * a (m, k) unsigned, rows lda apart; b (k, n) signed, packed; c (m, n) rows ldc apart, overlapping
 * nothing. m, n, k >= 0, any alignment. Every instruction set gives the same integers.
 *
 * Signed a: flip the top bit of each byte and add 128 to a_zero. Unsigned b: flip it likewise before
 * packing and take 128 from b_zero.
 *
 * Packed: for each 32 columns their sums over k (32 of int32_t), then for each four k and each column
 * four bytes: packed[j / 32 * (k' + 4) * 32 + 128 + kk / 4 * 128 + j % 32 * 4 + kk % 4], where k' is k
 * rounded up to a multiple of 4. Zeros fill what is past k and n. */
#ifndef KAON_KERNELS_GEMM_U8S8_H
#define KAON_KERNELS_GEMM_U8S8_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/name.h"

struct kaon_byte_zeros {
    const int32_t *a;  /* NULL: 0 */
    size_t a_step;     /* 0: one for all rows, 1: one for each */
    const int32_t *b;  /* (n) or NULL: 0 */
    int32_t *row_sums; /* scratch (m), needed with b */
};

/* Bytes that kaon_gemm_pack_s8 writes. */
static inline size_t kaon_gemm_packed_bytes(size_t k, size_t n)
{
    return (n + 31) / 32 * ((k + 3) / 4 * 4 + 4) * 32;
}

/* b[kk][j] = b[kk * k_stride + j * n_stride]. */
typedef void kaon_gemm_pack_s8_fn(int8_t *packed, const int8_t *b, ptrdiff_t k_stride,
                                  ptrdiff_t n_stride, size_t k, size_t n);
typedef void kaon_gemm_u8s8_fn(int32_t *c, size_t ldc, const uint8_t *a, size_t lda,
                               const int8_t *packed, size_t m, size_t n, size_t k,
                               const struct kaon_byte_zeros *zeros);

#ifdef KAON_ISA
kaon_gemm_pack_s8_fn KAON_K(kaon_gemm_pack_s8);
kaon_gemm_u8s8_fn KAON_X(kaon_gemm_u8s8);
#endif

#endif
