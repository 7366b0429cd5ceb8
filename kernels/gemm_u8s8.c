/* Products of bytes. A tile as in gemm.c, with four steps of k in each lane; what the zero points
 * change is taken off at the end, from sums over k:
 *
 *   sum (a - za) (b - zb) = sum a b - za sum b - zb (sum a - k za) */
#include "kernels/gemm_u8s8.h"

#include "kernels/dot.h"
#include "kernels/unrolled.h"

enum { PANEL = 32, COLS_LIMIT = 8 };

/* Rows and vectors of the tile of many rows, and vectors of that of one row. */
#if defined(KAON_EXTENSION_VNNI)
enum { ROWS = 8, COLS = 2, ROW_COLS = 8 };
#define HEIGHTS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)
#elif defined(KAON_ISA_AVX512)
enum { ROWS = 6, COLS = 2, ROW_COLS = 8 };
#define HEIGHTS(X) X(1) X(2) X(3) X(4) X(5) X(6)
#elif defined(KAON_ISA_AVX2)
enum { ROWS = 4, COLS = 1, ROW_COLS = 2 };
#define HEIGHTS(X) X(1) X(2) X(3) X(4)
#else
enum { ROWS = 1, COLS = 1, ROW_COLS = 1 };
#define HEIGHTS(X) X(1)
#endif

struct problem {
    int32_t *c;
    const uint8_t *a;
    const int8_t *packed;
    size_t ldc, lda, n, k;
    const struct kaon_byte_zeros *zeros;
};

/* Vector v of the tile at column j: where its sums lie, and 128 bytes on its first four k. */
static inline const int8_t *vector_at(const struct problem *p, size_t j, size_t v)
{
    const size_t at = j + v * VLEN;
    return p->packed + at / PANEL * kaon_gemm_packed_bytes(p->k, PANEL) + at % PANEL * 4;
}

static inline vi take_zeros(const struct problem *p, vi sum, size_t i, size_t at, vi column_sum)
{
    const struct kaon_byte_zeros *z = p->zeros;
    const int32_t za = z->a ? z->a[i * z->a_step] : 0;
    sum = i_sub(sum, i_mul(i_set(za), column_sum));
    if (z->b) {
        const uint32_t rest = (uint32_t)z->row_sums[i] - (uint32_t)p->k * (uint32_t)za;
        sum = i_sub(sum, i_mul(i_load_n(z->b + at, p->n - at), i_set((int32_t)rest)));
    }
    return sum;
}

typedef vi tile_sums[ROWS][COLS_LIMIT];

/* Four steps of k, `left` of them real. */
static inline __attribute__((always_inline)) void step(tile_sums acc, const uint8_t *a, size_t lda,
                                                       const int8_t *const *b, size_t kk,
                                                       size_t left, size_t rows, size_t cols)
{
    signed_bytes w[COLS_LIMIT];
    UNROLLED
    for (size_t v = 0; v < cols; v++)
        w[v] = signed_of(i_load(b[v] + kk * PANEL));
    UNROLLED
    for (size_t r = 0; r < rows; r++) {
        const unsigned_bytes x = unsigned_of(i_set(bytes_at(a + r * lda + kk, left)));
        UNROLLED
        for (size_t v = 0; v < cols; v++)
            acc[r][v] = dot(acc[r][v], x, w[v]);
    }
}

/* Both extents are constants in every call. */
static inline __attribute__((always_inline)) void tile(const struct problem *p, size_t i, size_t j,
                                                       size_t rows, size_t cols)
{
    const uint8_t *a = p->a + i * p->lda;
    const int8_t *b[COLS_LIMIT];
    tile_sums acc;
    UNROLLED
    for (size_t v = 0; v < cols; v++)
        b[v] = vector_at(p, j, v) + 4 * PANEL;
    UNROLLED
    for (size_t r = 0; r < rows; r++) {
        UNROLLED
        for (size_t v = 0; v < cols; v++)
            acc[r][v] = i_set(0);
    }
    size_t kk = 0;
    for (; kk + 4 <= p->k; kk += 4)
        step(acc, a, p->lda, b, kk, 4, rows, cols);
    if (kk < p->k)
        step(acc, a, p->lda, b, kk, p->k - kk, rows, cols);
    UNROLLED
    for (size_t v = 0; v < cols; v++) {
        const size_t at = j + v * VLEN;
        if (at >= p->n)
            return;
        const vi sums = i_load(vector_at(p, j, v));
        UNROLLED
        for (size_t r = 0; r < rows; r++)
            i_store_n(p->c + (i + r) * p->ldc + at, take_zeros(p, acc[r][v], i + r, at, sums),
                      p->n - at);
    }
}

typedef void tile_fn(const struct problem *p, size_t i, size_t j);

#define TILE_FUNCTION(rows)                                                                        \
    static void tile_##rows(const struct problem *p, size_t i, size_t j)                           \
    {                                                                                              \
        tile(p, i, j, rows, COLS);                                                                 \
    }
#define TILE_ENTRY(rows) [rows] = tile_##rows,
HEIGHTS(TILE_FUNCTION)
static tile_fn *const tiles[ROWS + 1] = { HEIGHTS(TILE_ENTRY) };

/* One row lacks sums to work on at a time unless its tiles are wide. */
static void one_row(const struct problem *p)
{
    size_t j = 0;
    for (; j + (ROW_COLS - 1) * VLEN < p->n; j += ROW_COLS * VLEN)
        tile(p, 0, j, 1, ROW_COLS);
    for (; j < p->n; j += COLS * VLEN)
        tile_1(p, 0, j);
}

/* Rows in equal groups: the first `taller` have one more. */
static void many_rows(const struct problem *p, size_t m)
{
    const size_t groups = (m + ROWS - 1) / ROWS, rows = m / groups, taller = m % groups;
    for (size_t j = 0; j < p->n; j += COLS * VLEN)
        for (size_t g = 0, i = 0; g < groups; g++) {
            const size_t height = rows + (g < taller);
            tiles[height](p, i, j);
            i += height;
        }
}

static void row_sums(const struct problem *p, size_t m)
{
    for (size_t i = 0; i < m; i++) {
        uint32_t sum = 0;
        for (size_t kk = 0; kk < p->k; kk++)
            sum += p->a[i * p->lda + kk];
        p->zeros->row_sums[i] = (int32_t)sum;
    }
}

void KAON_X(kaon_gemm_u8s8)(int32_t *c, size_t ldc, const uint8_t *a, size_t lda,
                            const int8_t *packed, size_t m, size_t n, size_t k,
                            const struct kaon_byte_zeros *zeros)
{
    static const struct kaon_byte_zeros none = { 0 };
    const struct problem p = { c, a, packed, ldc, lda, n, k, zeros ? zeros : &none };
    if (p.zeros->b)
        row_sums(&p, m);
    if (m == 1)
        one_row(&p);
    else if (m > 1)
        many_rows(&p, m);
}
