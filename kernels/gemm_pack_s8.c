/* Bytes in panels for gemm_u8s8. */
#include <string.h>

#include "kernels/gemm_u8s8.h"

enum { PANEL = 32 };

static void pack_panel(int8_t *packed, const int8_t *b, ptrdiff_t k_stride, ptrdiff_t n_stride,
                       size_t k, size_t width)
{
    int32_t sums[PANEL] = { 0 };
    int8_t *to = packed + sizeof sums;
    memset(to, 0, (k + 3) / 4 * 4 * PANEL);
    for (size_t kk = 0; kk < k; kk++)
        for (size_t j = 0; j < width; j++) {
            const int8_t x = b[(ptrdiff_t)kk * k_stride + (ptrdiff_t)j * n_stride];
            to[kk / 4 * 4 * PANEL + j * 4 + kk % 4] = x;
            sums[j] += x;
        }
    memcpy(packed, sums, sizeof sums);
}

void KAON_K(kaon_gemm_pack_s8)(int8_t *packed, const int8_t *b, ptrdiff_t k_stride,
                               ptrdiff_t n_stride, size_t k, size_t n)
{
    for (size_t j = 0; j < n; j += PANEL, packed += kaon_gemm_packed_bytes(k, PANEL))
        pack_panel(packed, b + (ptrdiff_t)j * n_stride, k_stride, n_stride, k,
                   n - j < PANEL ? n - j : PANEL);
}
