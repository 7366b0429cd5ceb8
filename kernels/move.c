/* Transpose in square tiles of a vector's length, copies of rows, and gather. */
#include "kernels/move.h"

#include "kernels/isa.h"

/* ---- transpose ------------------------------------------------------------------------------- */

#if defined(KAON_ISA_AVX512)
enum { TILE = 16 };
typedef __m512 row;

static inline row load_row(const uint32_t *p, size_t n)
{
    return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
}

static inline void store_row(uint32_t *p, row x, size_t n)
{
    if (n == TILE)
        _mm512_storeu_ps(p, x);
    else
        _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), x);
}

/* Quarters k of rows i, i + 4, i + 8 and i + 12. */
static inline row load_quarters(const uint32_t *x, size_t ld)
{
    const float *p = (const float *)x;
    row r = _mm512_castps128_ps512(_mm_loadu_ps(p));
    r = _mm512_insertf32x4(r, _mm_loadu_ps(p + 4 * ld), 1);
    r = _mm512_insertf32x4(r, _mm_loadu_ps(p + 8 * ld), 2);
    return _mm512_insertf32x4(r, _mm_loadu_ps(p + 12 * ld), 3);
}

/* 4 x 4 within each 128-bit lane. */
static inline void transpose_lanes(row *r)
{
    const row a = _mm512_unpacklo_ps(r[0], r[1]), b = _mm512_unpackhi_ps(r[0], r[1]);
    const row c = _mm512_unpacklo_ps(r[2], r[3]), d = _mm512_unpackhi_ps(r[2], r[3]);
    r[0] = _mm512_shuffle_ps(a, c, 0x44);
    r[1] = _mm512_shuffle_ps(a, c, 0xee);
    r[2] = _mm512_shuffle_ps(b, d, 0x44);
    r[3] = _mm512_shuffle_ps(b, d, 0xee);
}

/* The lanes of rows k, k + 4, k + 8, k + 12 as quarters 0 to 3 of them. */
static inline void transpose_quarters(row *r)
{
    for (size_t k = 0; k < 4; k++) {
        const row a = _mm512_shuffle_f32x4(r[k], r[k + 4], 0x44);
        const row b = _mm512_shuffle_f32x4(r[k], r[k + 4], 0xee);
        const row c = _mm512_shuffle_f32x4(r[k + 8], r[k + 12], 0x44);
        const row d = _mm512_shuffle_f32x4(r[k + 8], r[k + 12], 0xee);
        r[k] = _mm512_shuffle_f32x4(a, c, 0x88);
        r[k + 4] = _mm512_shuffle_f32x4(a, c, 0xdd);
        r[k + 8] = _mm512_shuffle_f32x4(b, d, 0x88);
        r[k + 12] = _mm512_shuffle_f32x4(b, d, 0xdd);
    }
}
#elif defined(KAON_ISA_AVX2)
enum { TILE = 8 };
typedef __m256 row;

static inline __m256i first_lanes(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline row load_row(const uint32_t *p, size_t n)
{
    return _mm256_maskload_ps((const float *)p, first_lanes(n));
}

static inline void store_row(uint32_t *p, row x, size_t n)
{
    if (n == TILE)
        _mm256_storeu_ps((float *)p, x);
    else
        _mm256_maskstore_ps((float *)p, first_lanes(n), x);
}

/* Halves of rows i and i + 4. */
static inline row load_quarters(const uint32_t *x, size_t ld)
{
    const float *p = (const float *)x;
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + 4 * ld),
                                1);
}

static inline void transpose_lanes(row *r)
{
    const row a = _mm256_unpacklo_ps(r[0], r[1]), b = _mm256_unpackhi_ps(r[0], r[1]);
    const row c = _mm256_unpacklo_ps(r[2], r[3]), d = _mm256_unpackhi_ps(r[2], r[3]);
    r[0] = _mm256_shuffle_ps(a, c, 0x44);
    r[1] = _mm256_shuffle_ps(a, c, 0xee);
    r[2] = _mm256_shuffle_ps(b, d, 0x44);
    r[3] = _mm256_shuffle_ps(b, d, 0xee);
}

static inline void transpose_quarters(row *r)
{
    for (size_t k = 0; k < 4; k++) {
        const row a = _mm256_permute2f128_ps(r[k], r[k + 4], 0x20);
        r[k + 4] = _mm256_permute2f128_ps(r[k], r[k + 4], 0x31);
        r[k] = a;
    }
}
#else
enum { TILE = 8 };
#endif

#if defined(KAON_ISA_SCALAR)
static void whole_tile(uint32_t *y, const uint32_t *x, size_t ld_x, size_t ld_y)
{
    for (size_t j = 0; j < TILE; j++)
        for (size_t i = 0; i < TILE; i++)
            y[j * ld_y + i] = x[i * ld_x + j];
}

static void edge_tile(uint32_t *y, const uint32_t *x, size_t ld_x, size_t ld_y, size_t rows,
                      size_t cols)
{
    for (size_t j = 0; j < cols; j++)
        for (size_t i = 0; i < rows; i++)
            y[j * ld_y + i] = x[i * ld_x + j];
}
#else
/* Four columns at a time: the loads gather what each lane needs, so that only the 4 x 4 within lanes
 * is left for the shuffle unit. */
static inline void whole_tile(uint32_t *y, const uint32_t *x, size_t ld_x, size_t ld_y)
{
    for (size_t j = 0; j < TILE; j += 4) {
        row r[4];
        for (size_t i = 0; i < 4; i++)
            r[i] = load_quarters(x + i * ld_x + j, ld_x);
        transpose_lanes(r);
        for (size_t i = 0; i < 4; i++)
            store_row(y + (j + i) * ld_y, r[i], TILE);
    }
}

/* A tile cut off by an edge: masked rows, then exchanges of all sizes in registers. */
static __attribute__((noinline)) void edge_tile(uint32_t *y, const uint32_t *x, size_t ld_x,
                                                size_t ld_y, size_t rows, size_t cols)
{
    row r[TILE];
    for (size_t i = 0; i < TILE; i++)
        r[i] = load_row(x + (i < rows ? i * ld_x : 0), i < rows ? cols : 0);
    transpose_quarters(r);
    for (size_t k = 0; k < TILE; k += 4)
        transpose_lanes(r + k);
    for (size_t j = 0; j < TILE; j++)
        if (j < cols)
            store_row(y + j * ld_y, r[j], rows);
}
#endif

void KAON_K(kaon_transpose_32)(uint32_t *y, const uint32_t *x, size_t rows, size_t cols,
                               size_t ld_x, size_t ld_y)
{
    for (size_t j = 0; j < cols; j += TILE)
        for (size_t i = 0; i < rows; i += TILE) {
            uint32_t *to = y + j * ld_y + i;
            const uint32_t *from = x + i * ld_x + j;
            const size_t height = rows - i, width = cols - j;
            if (height >= TILE && width >= TILE)
                whole_tile(to, from, ld_x, ld_y);
            else
                edge_tile(to, from, ld_x, ld_y, height < TILE ? height : TILE,
                          width < TILE ? width : TILE);
        }
}

/* ---- rows ------------------------------------------------------------------------------------ */

enum { LONG_ROW = 256 }; /* from here on memcpy's start is repaid */

/* The copy of one row as vectors: without a call, and without a branch on its length within whole
 * vectors. Loading and storing leaves the bits as they are. */
static inline __attribute__((always_inline)) void copy_row(uint32_t *y, const uint32_t *x, size_t n)
{
#if defined(KAON_ISA_SCALAR)
    memcpy(y, x, n * sizeof *y);
#else
    size_t i = 0;
    for (; i + VLEN <= n; i += VLEN)
        v_store((float *)y + i, v_load((const float *)x + i));
    if (i < n)
        v_store_part((float *)y + i, v_load_part((const float *)x + i, n - i, v_set(0.0f)), n - i);
#endif
}

void KAON_K(kaon_copy_rows_32)(uint32_t *y, ptrdiff_t ld_y, const uint32_t *x, ptrdiff_t ld_x,
                               size_t rows, size_t n)
{
    for (size_t r = 0; r < rows; r++, y += ld_y, x += ld_x)
        if (n < LONG_ROW)
            copy_row(y, x, n);
        else
            memcpy(y, x, n * sizeof *y);
}

void KAON_K(kaon_gather_rows_32)(uint32_t *y, const uint32_t *x, const int64_t *index,
                                 size_t n_index, size_t row_elements)
{
    const size_t n = row_elements;
    for (size_t r = 0; r < n_index && n == 1; r++)
        y[r] = x[index[r]];
    for (size_t r = 0; r < n_index && n > 1; r++)
        if (n < LONG_ROW)
            copy_row(y + r * n, x + (size_t)index[r] * n, n);
        else
            memcpy(y + r * n, x + (size_t)index[r] * n, n * sizeof *y);
}
