/* Products of rows rounded to bytes with weights of 4 or 8 bits: a block is eight dot products of four
 * bytes a lane, whose exact sum joins the float sums by one fma. */
#include "kernels/gemm_nbits.h"

#include "kernels/dot.h"
#include "kernels/nbits.h"

enum { BLOCK = KAON_NBITS_BLOCK, PANEL = KAON_GEMM_PANEL, QUADS = BLOCK / 4 };

/* Rows of a tile of one panel, and panels of a tile of one row. */
#if defined(KAON_ISA_AVX512)
enum { ROWS = 4, ROW_PANELS = 4 };
#else
enum { ROWS = 1, ROW_PANELS = 1 };
#endif

/* The rows of a in bytes, with the step and the sum of each block. */
struct bytes {
    const int8_t *x;
    const float *step;
    const int32_t *sum;
    size_t blocks;
};

struct problem {
    struct result out;
    struct bytes a;
    const uint8_t *packed;
};

/* One block of a row. Adding 1.5 * 2^23 rounds to the nearest integer, halves to even, and leaves it
 * in the low bits. */
static void round_block(int8_t *y, float *step, int32_t *sum, const float *x, size_t n)
{
    const vf x0 = v_load_n(x, n), x1 = n > VLEN ? v_load_n(x + VLEN, n - VLEN) : v_set(0.0f);
    const float most = v_reduce(v_max_nan(v_abs(x0), v_abs(x1)), v_max_nan);
    const bool finite = most < INFINITY;
    const vf factor = v_set(most >= 0x1p-120f && finite ? 127.0f / most : 0.0f);
    const vf shift = v_set(0x1.8p23f);
    int32_t whole[BLOCK];
    i_store_n(whole, i_sub(v_as_i(v_fma(x0, factor, shift)), v_as_i(shift)), VLEN);
    i_store_n(whole + VLEN, i_sub(v_as_i(v_fma(x1, factor, shift)), v_as_i(shift)), VLEN);
    *sum = 0;
    for (size_t i = 0; i < BLOCK; i++) {
        y[i] = finite ? (int8_t)whole[i] : 0;
        *sum += y[i];
    }
    *step = finite ? most / 127.0f : NAN;
}

static struct bytes round_rows(void *scratch, const float *a, size_t lda, size_t m, size_t k)
{
    const size_t blocks = kaon_nbits_blocks(k);
    float *step = scratch;
    int32_t *sum = (int32_t *)(step + m * blocks);
    int8_t *x = (int8_t *)(sum + m * blocks);
    for (size_t i = 0; i < m; i++)
        for (size_t b = 0; b < blocks; b++) {
            const size_t at = i * blocks + b, left = k - b * BLOCK;
            round_block(x + at * BLOCK, step + at, sum + at, a + i * lda + b * BLOCK,
                        left < BLOCK ? left : BLOCK);
        }
    return (struct bytes){ x, step, sum, blocks };
}

/* One block of a panel for `rows` rows; columns v, v + 1 of the tile. */
static inline __attribute__((always_inline)) void block_step(tile_sums acc, const struct bytes *a,
                                                             size_t at, const struct kaon_nbits *f,
                                                             const uint8_t *block, size_t v,
                                                             size_t rows)
{
    const struct nbits_block b = nbits_block(f, block);
    vi sums[ROWS][2];
    UNROLLED
    for (size_t r = 0; r < rows; r++) {
        const int32_t all = -a->sum[r * a->blocks + at];
        sums[r][0] = sums[r][1] = i_set(all * (1 << (f->bits - 1)));
        if (f->zeros) {
            sums[r][0] = i_mul(nbits_zeros(f, &b, 0), i_set(all));
            sums[r][1] = i_mul(nbits_zeros(f, &b, 1), i_set(all));
        }
    }
    for (size_t quad = 0; quad < QUADS; quad++) {
        vi q[2];
        nbits_quad(q, f->bits, b.weights, quad);
        const unsigned_bytes w0 = unsigned_of(q[0]), w1 = unsigned_of(q[1]);
        UNROLLED
        for (size_t r = 0; r < rows; r++) {
            const int8_t *row = a->x + (r * a->blocks + at) * BLOCK;
            const signed_bytes x = signed_of(i_set(bytes_at(row + 4 * quad, 4)));
            sums[r][0] = dot(sums[r][0], w0, x);
            sums[r][1] = dot(sums[r][1], w1, x);
        }
    }
    UNROLLED
    for (size_t r = 0; r < rows; r++) {
        const vf step = v_set(a->step[r * a->blocks + at]);
        UNROLLED
        for (size_t half = 0; half < 2; half++)
            acc[r][v + half] = v_fma(v_from_i(sums[r][half]),
                                     v_mul(nbits_scales(f, &b, half), step), acc[r][v + half]);
    }
}

/* `rows` rows from i on by `panels` panels from column j on; these and `bits` are constants. */
static inline __attribute__((always_inline)) void tile(const struct problem *p, unsigned bits,
                                                       const struct kaon_nbits *format, size_t i,
                                                       size_t j, size_t rows, size_t panels)
{
    const struct kaon_nbits f = { bits, format->half_scales, format->zeros };
    const size_t block_bytes = kaon_nbits_block_bytes(&f), blocks = p->a.blocks;
    const uint8_t *block = p->packed + j / PANEL * blocks * block_bytes;
    const struct bytes a = { p->a.x + i * blocks * BLOCK, p->a.step + i * blocks,
                             p->a.sum + i * blocks, blocks };
    const size_t vectors = (p->out.n - j + VLEN - 1) / VLEN;
    tile_sums acc;
    clear(acc, rows, 2 * panels);
    for (size_t at = 0; at < blocks; at++, block += block_bytes) {
        UNROLLED
        for (size_t t = 0; t < panels; t++)
            block_step(acc, &a, at, &f, block + t * blocks * block_bytes, 2 * t, rows);
    }
    if (vectors >= 2 * panels)
        finish(&p->out, acc, i, j, rows, 2 * panels);
    else
        finish(&p->out, acc, i, j, rows, 2 * panels - 1);
}

static inline __attribute__((always_inline)) void product(const struct problem *p, unsigned bits,
                                                          const struct kaon_nbits *f, size_t m)
{
    const size_t n = p->out.n, whole = ROWS > 1 ? m / ROWS * ROWS : 0;
    for (size_t j = 0; j < n; j += PANEL)
        for (size_t i = 0; i < whole; i += ROWS)
            tile(p, bits, f, i, j, ROWS, 1);
    for (size_t i = whole; i < m; i++) {
        size_t j = 0;
        for (; j + ROW_PANELS * PANEL - VLEN < n; j += ROW_PANELS * PANEL)
            tile(p, bits, f, i, j, 1, ROW_PANELS);
        for (; j < n; j += PANEL)
            tile(p, bits, f, i, j, 1, 1);
    }
}

void KAON_X(kaon_gemm_nbits_s8)(float *c, size_t ldc, const float *a, size_t lda,
                                const uint8_t *packed, const struct kaon_nbits *f, size_t m,
                                size_t n, size_t k, const struct kaon_epilogue *e, void *scratch)
{
    if (m == 0 || n == 0)
        return;
    const struct problem p = { result_of(c, ldc, n, e), round_rows(scratch, a, lda, m, k), packed };
    if (f->bits == 4)
        product(&p, 4, f, m);
    else
        product(&p, 8, f, m);
    if (activates_later(p.out.e))
        activate(&p.out, 0, m, 0, n);
}
