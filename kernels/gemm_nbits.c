/* Products of floats with weights of 4 or 8 bits. One or two rows widen the weights in registers, more
 * share a panel widened into scratch. */
#include "kernels/gemm_nbits.h"

#include "kernels/nbits.h"

enum { BLOCK = KAON_NBITS_BLOCK, PANEL = KAON_GEMM_PANEL };

/* Number i of those of `bits` bits, low end first. */
static unsigned number(const uint8_t *x, size_t i, unsigned bits)
{
    return bits == 8 ? x[i] : x[i / 2] >> i % 2 * 4 & 15;
}

static void pack_block(uint8_t *packed, const struct kaon_nbits *f, const uint8_t *q,
                       const void *scales, const uint8_t *zeros, size_t blocks, size_t block,
                       size_t width)
{
    const size_t scale = f->half_scales ? 2 : 4, zero_row = (blocks * f->bits + 7) / 8;
    const struct nbits_block b = nbits_block(f, packed);
    uint8_t *weights = packed + (b.weights - packed);
    memset(packed, 0, kaon_nbits_block_bytes(f));
    for (size_t j = 0; j < width; j++, q += blocks * BLOCK * f->bits / 8) {
        memcpy(packed + j * scale, (const char *)scales + (j * blocks + block) * scale, scale);
        if (f->zeros)
            packed[b.zeros - packed + (ptrdiff_t)j] =
                (uint8_t)number(zeros + j * zero_row, block, f->bits);
        for (size_t kk = 0; kk < BLOCK; kk++) {
            const unsigned x = number(q, kk, f->bits);
            if (f->bits == 8)
                weights[kk / 4 * 4 * PANEL + j * 4 + kk % 4] = (uint8_t)x;
            else
                weights[kk / 4 * 2 * PANEL + j % VLEN * 4 + kk % 4] |= (uint8_t)(x << j / VLEN * 4);
        }
    }
}

void KAON_K(kaon_gemm_pack_nbits)(uint8_t *packed, const struct kaon_nbits *f, const uint8_t *q,
                                  const void *scales, const uint8_t *zeros, size_t k, size_t n)
{
    const size_t blocks = kaon_nbits_blocks(k), zero_row = (blocks * f->bits + 7) / 8;
    const size_t scale = f->half_scales ? 2 : 4, bytes = BLOCK * f->bits / 8;
    for (size_t j = 0; j < n; j += PANEL)
        for (size_t i = 0; i < blocks; i++, packed += kaon_nbits_block_bytes(f))
            pack_block(
                packed, f, q + (j * blocks + i) * bytes, (const char *)scales + j * blocks * scale,
                f->zeros ? zeros + j * zero_row : NULL, blocks, i, n - j < PANEL ? n - j : PANEL);
}

/* The weights of four k, w[k][half]. */
static inline __attribute__((always_inline)) void widen_quad(vf w[4][2], const struct kaon_nbits *f,
                                                             const struct nbits_block *b,
                                                             size_t quad, const vf zeros[2],
                                                             const vf scales[2])
{
    vi q[2];
    nbits_quad(q, f->bits, b->weights, quad);
    UNROLLED
    for (size_t half = 0; half < 2; half++) {
        UNROLLED
        for (size_t t = 0; t < 4; t++, q[half] = i_srl8(q[half]))
            w[t][half] =
                v_mul(v_sub(v_from_i(i_and(q[half], i_set(255))), zeros[half]), scales[half]);
    }
}

struct problem {
    struct result out;
    const float *a;
    const uint8_t *packed;
    size_t lda, k;
};

static inline __attribute__((always_inline)) void
columns_of(vf zeros[2], vf scales[2], const struct kaon_nbits *f, const struct nbits_block *b)
{
    for (size_t half = 0; half < 2; half++) {
        zeros[half] = v_from_i(nbits_zeros(f, b, half));
        scales[half] = nbits_scales(f, b, half);
    }
}

/* Four steps of k, `count` of them real. */
static inline __attribute__((always_inline)) void quad_step(tile_sums acc, const struct problem *p,
                                                            vf w[4][2], size_t at, size_t count,
                                                            size_t v, size_t rows)
{
    UNROLLED
    for (size_t t = 0; t < count; t++) {
        UNROLLED
        for (size_t r = 0; r < rows; r++) {
            const vf x = v_set(p->a[r * p->lda + at + t]);
            acc[r][v] = v_fma(x, w[t][0], acc[r][v]);
            acc[r][v + 1] = v_fma(x, w[t][1], acc[r][v + 1]);
        }
    }
}

/* The block of k that begins at `at`, for the vectors v and v + 1 of the tile. */
static inline __attribute__((always_inline)) void block_step(tile_sums acc, const struct problem *p,
                                                             const struct kaon_nbits *f,
                                                             const uint8_t *block, size_t at,
                                                             size_t v, size_t rows)
{
    const struct nbits_block b = nbits_block(f, block);
    const size_t end = p->k - at < BLOCK ? p->k - at : BLOCK;
    vf w[4][2], zeros[2], scales[2];
    size_t kk = 0;
    columns_of(zeros, scales, f, &b);
    for (; kk + 4 <= end; kk += 4) {
        widen_quad(w, f, &b, kk / 4, zeros, scales);
        quad_step(acc, p, w, at + kk, 4, v, rows);
    }
    if (kk == end)
        return;
    widen_quad(w, f, &b, kk / 4, zeros, scales);
    for (size_t t = 0; kk + t < end; t++)
        quad_step(acc, p, w + t, at + kk + t, 1, v, rows);
}

/* `panels` panels, one or two rows; `bits`, `rows` and `panels` are constants. */
static inline __attribute__((always_inline)) void low_panels(const struct problem *p,
                                                             const struct kaon_nbits *format,
                                                             unsigned bits, size_t j, size_t rows,
                                                             size_t panels)
{
    const struct kaon_nbits f = { bits, format->half_scales, format->zeros };
    const size_t block_bytes = kaon_nbits_block_bytes(&f), blocks = kaon_nbits_blocks(p->k);
    const uint8_t *block = p->packed + j / PANEL * blocks * block_bytes;
    tile_sums acc;
    clear(acc, rows, 2 * panels);
    for (size_t at = 0; at < p->k; at += BLOCK, block += block_bytes) {
        UNROLLED
        for (size_t t = 0; t < panels; t++)
            block_step(acc, p, &f, block + t * blocks * block_bytes, at, 2 * t, rows);
    }
    if (p->out.n - j > (2 * panels - 1) * VLEN)
        finish(&p->out, acc, 0, j, rows, 2 * panels);
    else
        finish(&p->out, acc, 0, j, rows, 2 * panels - 1);
}

static inline __attribute__((always_inline)) void
low_rows(const struct problem *p, const struct kaon_nbits *f, unsigned bits, size_t rows)
{
    for (size_t j = 0; j < p->out.n; j += PANEL)
        low_panels(p, f, bits, j, rows, 1);
}

static void low(const struct problem *p, const struct kaon_nbits *f, size_t m)
{
    if (f->bits == 4 && m == 1)
        low_rows(p, f, 4, 1);
    else if (f->bits == 4)
        low_rows(p, f, 4, 2);
    else if (m == 1)
        low_rows(p, f, 8, 1);
    else
        low_rows(p, f, 8, 2);
}

/* A panel as kaon_gemm takes it. */
static void widen_panel(float *y, const uint8_t *block, const struct kaon_nbits *f, size_t k)
{
    for (size_t at = 0; at < k; at += 4) {
        vf w[4][2], zeros[2], scales[2];
        const uint8_t *from = block + at / BLOCK * kaon_nbits_block_bytes(f);
        const struct nbits_block b = nbits_block(f, from);
        columns_of(zeros, scales, f, &b);
        widen_quad(w, f, &b, at % BLOCK / 4, zeros, scales);
        for (size_t t = 0; t < 4 && at + t < k; t++, y += PANEL) {
            v_store(y, w[t][0]);
            v_store(y + VLEN, w[t][1]);
        }
    }
}

void KAON_K(kaon_gemm_nbits)(float *c, size_t ldc, const float *a, size_t lda,
                             const uint8_t *packed, const struct kaon_nbits *f, size_t m, size_t n,
                             size_t k, const struct kaon_epilogue *e, void *scratch)
{
    const struct problem p = { result_of(c, ldc, n, e), a, packed, lda, k };
    const size_t panel_bytes = kaon_nbits_packed_bytes(f, k, PANEL);
    if (m == 0 || n == 0)
        return;
    if (m <= 2)
        low(&p, f, m);
    for (size_t j = 0; m > 2 && j < n; j += PANEL) {
        struct kaon_epilogue part = epilogue_at(p.out.e, j);
        part.act = activates_later(&part) ? KAON_ACT_NONE : part.act;
        widen_panel(scratch, packed + j / PANEL * panel_bytes, f, k);
        KAON_K(kaon_gemm)(c + j, ldc, a, lda, scratch, m, n - j < PANEL ? n - j : PANEL, k, &part);
    }
    if (activates_later(p.out.e))
        activate(&p.out, 0, m, 0, n);
}
