/* Transpose in tiles of 8 x 8, and gather. */
#include "kernels/move.h"

#include "kernels/isa.h"

enum { TILE = 8 };

#if defined(KAON_ISA_SCALAR)
static void transpose_tile(uint32_t *y, const uint32_t *x, size_t ld_x, size_t ld_y)
{
    for (size_t j = 0; j < TILE; j++)
        for (size_t i = 0; i < TILE; i++)
            y[j * ld_y + i] = x[i * ld_x + j];
}
#else
/* Pairs of rows interleaved, then pairs of pairs, then the 128-bit halves exchanged. */
static void transpose_tile(uint32_t *y, const uint32_t *x, size_t ld_x, size_t ld_y)
{
    __m256 r[TILE], t[TILE];
    for (size_t i = 0; i < TILE; i++)
        r[i] = _mm256_castsi256_ps(_mm256_loadu_si256((const __m256i *)(x + i * ld_x)));
    for (size_t i = 0; i < TILE; i += 2) {
        t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    for (size_t i = 0; i < TILE; i += 4) {
        r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
        r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
        r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    for (size_t i = 0; i < TILE / 2; i++) {
        t[i] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x20);
        t[i + 4] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x31);
    }
    for (size_t j = 0; j < TILE; j++)
        _mm256_storeu_si256((__m256i *)(y + j * ld_y), _mm256_castps_si256(t[j]));
}
#endif

void KAON_K(kaon_transpose_32)(uint32_t *y, const uint32_t *x, size_t rows, size_t cols,
                               size_t ld_x, size_t ld_y)
{
    const size_t whole_rows = rows / TILE * TILE, whole_cols = cols / TILE * TILE;
    for (size_t j = 0; j < whole_cols; j += TILE)
        for (size_t i = 0; i < whole_rows; i += TILE)
            transpose_tile(y + j * ld_y + i, x + i * ld_x + j, ld_x, ld_y);
    for (size_t j = 0; j < cols; j++)
        for (size_t i = j < whole_cols ? whole_rows : 0; i < rows; i++)
            y[j * ld_y + i] = x[i * ld_x + j];
}

void KAON_K(kaon_gather_rows_32)(uint32_t *y, const uint32_t *x, const int64_t *index,
                                 size_t n_index, size_t row_elements)
{
    if (row_elements == 1) {
        for (size_t r = 0; r < n_index; r++)
            y[r] = x[index[r]];
        return;
    }
    for (size_t r = 0; r < n_index && row_elements > 0; r++)
        memcpy(y + r * row_elements, x + (size_t)index[r] * row_elements, row_elements * sizeof *y);
}
