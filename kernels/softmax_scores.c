#include "kernels/softmax_scores.h"

#include "kernels/softmax_row.h"
#include "kernels/softmax_short.h"

/* Rows of a last block from which on it beats rows alone. */
enum { WORTH_A_BLOCK = 6 };

/* The keys that row r may see at all: begin .. end - 1. */
struct keys {
    size_t begin, end;
};

static struct keys keys_of(const struct kaon_scores *s, size_t r)
{
    const ptrdiff_t n = (ptrdiff_t)s->n, first = (ptrdiff_t)r + s->first,
                    stop = (ptrdiff_t)r + s->last + 1;
    const ptrdiff_t end = stop < 0 ? 0 : stop < n ? stop : n;
    const ptrdiff_t begin = first < 0 ? 0 : first < end ? first : end;
    return (struct keys){ (size_t)begin, (size_t)end };
}

/* z of up to sixteen keys, -inf where bias or mask hide one; what lies past n means nothing. */
ALWAYS vf scored(const float *x, const float *bias, const uint8_t *mask, size_t n, vf scale)
{
    const vf low = v_set(-INFINITY);
    vf v = v_load_n(x, n);
    if (bias) {
        const vf b = v_load_n(bias, n);
        v = v_select(v_eq(b, low), low, v_fma(v, scale, b));
    } else {
        v = v_mul(v, scale);
    }
    return mask ? v_select(m_bytes(mask, n), v, low) : v;
}

/* The operands of one row. */
struct row {
    const float *x, *bias;
    const uint8_t *mask;
};

static struct row row_of(const struct kaon_scores *s, const float *x, size_t r)
{
    return (struct row){ x + r * s->x_stride, s->bias ? s->bias + r * s->bias_stride : NULL,
                         s->mask ? s->mask + r * s->mask_stride : NULL };
}

ALWAYS vf scored_at(const struct row *row, size_t i, size_t n, vf scale)
{
    return scored(row->x + i, row->bias ? row->bias + i : NULL, row->mask ? row->mask + i : NULL, n,
                  scale);
}

/* The keys that may be seen, from z + begin on. */
static void score_keys(float *z, const struct row *row, struct keys keys, vf scale)
{
    for (size_t i = keys.begin; i < keys.end; i += VLEN)
        v_store_n(z + i, scored_at(row, i, keys.end - i, scale), keys.end - i);
}

/* All n keys, and -inf for those that are not to be seen. Writes whole vectors. */
ALWAYS void score_whole(float *z, const struct row *row, struct keys keys, size_t n, vf scale)
{
    const vf low = v_set(-INFINITY), lanes = v_lane_numbers();
    for (size_t i = 0; i < n; i += VLEN) {
        vf v = scored_at(row, i, n - i, scale);
        if (i < keys.begin)
            v = v_select(v_lt(lanes, v_set((float)(keys.begin - i))), low, v);
        if (keys.end < n && keys.end < i + VLEN)
            v = v_select(v_lt(lanes, v_set(keys.end > i ? (float)(keys.end - i) : 0.0f)), v, low);
        v_store(z + i, v);
    }
}

static void fill(float *y, size_t n, float value)
{
    for (size_t i = 0; i < n; i += VLEN)
        v_store_n(y + i, v_set(value), n - i);
}

/* Up to sixteen rows from row `first` on, n up to SHORT_ROW. Each begins on a vector of its own, so that
 * the block loads what was stored. */
ALWAYS void score_block(float *y, const float *x, const struct kaon_scores *s, size_t first,
                        size_t count, bool bias, bool mask)
{
    float z[BLOCK_ROWS * SHORT_ROW + VLEN];
    const size_t stride = (s->n + VLEN - 1) / VLEN * VLEN;
    for (size_t r = 0; r < count; r++) {
        struct row row = row_of(s, x, first + r);
        row.bias = bias ? row.bias : NULL;
        row.mask = mask ? row.mask : NULL;
        score_whole(z + r * stride, &row, keys_of(s, first + r), s->n, v_set(s->scale));
    }
    fill(z + count * stride, (BLOCK_ROWS - count) * stride + VLEN, 0.0f);
    KAON_K(kaon_softmax_blocks)
    (&(struct softmax_short){ SOFTMAX_OR_ZERO, y + first * s->y_stride, z, count, s->n, s->y_stride,
                              stride });
}

static void short_rows(float *y, const float *x, const struct kaon_scores *s, size_t r,
                       size_t count)
{
    if (s->mask)
        score_block(y, x, s, r, count, s->bias != NULL, true);
    else if (s->bias)
        score_block(y, x, s, r, count, true, false);
    else
        score_block(y, x, s, r, count, false, false);
}

/* Short rows in whole, so that their lanes are those of a block; of others, the keys that may be seen. */
static void score_row(float *y, const float *x, const struct kaon_scores *s, size_t r)
{
    const struct keys keys = keys_of(s, r);
    const struct row row = row_of(s, x, r);
    const bool whole = s->n <= SHORT_ROW;
    const size_t n = whole ? s->n : keys.end - keys.begin;
    float *to = y + r * s->y_stride, *z = whole ? to : to + keys.begin;
    score_keys(to, &row, keys, v_set(s->scale));
    fill(to, keys.begin, whole ? -INFINITY : 0.0f);
    fill(to + keys.end, s->n - keys.end, whole ? -INFINITY : 0.0f);
    const vf max = row_max(z, n);
    const bool nothing = v_first(max) == -INFINITY; /* or NaN and -inf alone */
    const vf sum = exp_sum(EXP_STORE_SUM, z, z, n, nothing ? v_set(0.0f) : max, false);
    scale_row(z, n, v_first(sum) == 0.0f ? v_set(0.0f) : reciprocal(sum));
}

void KAON_K(kaon_softmax_scores)(float *y, const float *x, const struct kaon_scores *s)
{
    size_t r = 0;
    for (; s->n > 0 && s->n <= SHORT_ROW && s->rows - r >= WORTH_A_BLOCK;) {
        const size_t count = s->rows - r < BLOCK_ROWS ? s->rows - r : BLOCK_ROWS;
        short_rows(y, x, s, r, count);
        r += count;
    }
    for (; r < s->rows; r++)
        score_row(y, x, s, r);
}
