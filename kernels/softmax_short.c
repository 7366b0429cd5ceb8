#include "kernels/softmax_short.h"

#include "kernels/softmax_row.h"

/* What is fixed for rows of one length: 16 full + a tail of 1 .. group elements. */
struct form {
    enum softmax_kind kind;
    size_t stride, full; /* of x */
    int group;           /* 4, 8 or 16: the lanes of one tail */
    vm tail;             /* those that hold an element */
};

/* Sixteen rows between the passes: full vectors row by row, and tails as v_load_groups has them. They
 * hold exponentials or, for LOG_SOFTMAX, x - max. Row r's maximum, and its factor or what else its sum
 * gives, are in lane r. */
struct block {
    vf full[BLOCK_ROWS * (SHORT_ROW / VLEN - 1)], tails[BLOCK_ROWS];
    vf max, end;
};

ALWAYS vf load_tails(const struct form *f, const float *x, int j)
{
    return v_load_groups(x + (size_t)j * f->stride + f->full * VLEN, f->stride, f->group);
}

/* What to subtract: 0 in place of a maximum that is infinite where the kind has a meaning for that. */
ALWAYS vf shift_of(const struct form *f, vf max)
{
    const vf zero = v_set(0.0f);
    if (f->kind == LOG_SUM_EXP)
        return v_select(v_lt(v_abs(max), v_set(INFINITY)), max, zero);
    if (f->kind == SOFTMAX_OR_ZERO)
        return v_select(v_eq(max, v_set(-INFINITY)), zero, max);
    return max;
}

ALWAYS vf block_max(const struct form *f, const float *x)
{
    const int group = f->group;
    vf v[BLOCK_ROWS];
    for (int r = 0; r < BLOCK_ROWS; r++)
        v[r] = v_set(-INFINITY);
    if (f->full) {
        for (size_t r = 0; r < BLOCK_ROWS; r++) {
            v[r] = v_load(x + r * f->stride);
            for (size_t i = 1; i < f->full; i++)
                v[r] = v_max(v[r], v_load(x + r * f->stride + i * VLEN));
        }
        if (group < 16)
            v_join_steps(v, 8, group, v_max);
    }
    for (int j = 0; j < group; j++)
        v[j] = v_max_if(f->tail, v[j], load_tails(f, x, j));
    v_join_steps(v, group / 2, 1, v_max);
    return shift_of(f, v[0]);
}

/* e = exp(d) of V_SIDE vectors; what the last pass needs goes to `keep`, each `stride` on. */
ALWAYS void exp_keep(const struct form *f, vf *d, const vm *lanes, vf *keep, size_t stride)
{
    V_FOR (k, V_SIDE) {
        if (f->kind == LOG_SOFTMAX)
            keep[(size_t)k * stride] = d[k];
        if (f->kind == LOG_SUM_EXP)
            d[k] = v_min(v_set(89.0f), d[k]); /* +inf - 0 */
    }
    v_exp_negative_many(d, lanes, V_SIDE);
    V_FOR (k, V_SIDE)
        if (f->kind != LOG_SOFTMAX)
            keep[(size_t)k * stride] = d[k];
}

/* The exponentials themselves are in b->tails, or for LOG_SOFTMAX in e. */
ALWAYS void tails_exp(const struct form *f, struct block *b, const float *x, vf *e)
{
    const float *max = (const float *)&b->max;
#pragma GCC unroll 1
    for (int j = 0; j < f->group; j += V_SIDE) {
        vf d[V_SIDE];
        V_FOR (k, V_SIDE)
            d[k] = v_sub(load_tails(f, x, j + k), v_set_groups(max + j + k, f->group));
        exp_keep(f, d, &f->tail, b->tails + j, 1);
        V_FOR (k, V_SIDE)
            if (f->kind == LOG_SOFTMAX)
                e[j + k] = d[k];
    }
}

/* Row r's sum over its full vectors is sum[r]. */
ALWAYS void full_exp(const struct form *f, struct block *b, const float *x, vf *sum)
{
    const float *max = (const float *)&b->max;
    vf *keep = b->full;
#pragma GCC unroll 1
    for (size_t r = 0; r < BLOCK_ROWS; r += V_SIDE, keep += V_SIDE * f->full)
        for (size_t i = 0; i < f->full; i++) {
            vf d[V_SIDE];
            V_FOR (k, V_SIDE) {
                const size_t row = r + (size_t)k;
                d[k] = v_sub(v_load(x + row * f->stride + i * VLEN), v_set(max[row]));
            }
            exp_keep(f, d, NULL, keep + i, f->full);
            V_FOR (k, V_SIDE) {
                vf *s = sum + r + (size_t)k;
                *s = i == 0 ? d[k] : v_add(*s, d[k]);
            }
        }
}

/* The exponentials of x - max; returns row r's sum in lane r. */
ALWAYS vf block_exp(const struct form *f, struct block *b, const float *x)
{
    const int group = f->group;
    vf logs[BLOCK_ROWS], v[BLOCK_ROWS];
    for (int r = 0; r < BLOCK_ROWS; r++)
        v[r] = v_set(0.0f);
    const vf *tails = f->kind == LOG_SOFTMAX ? logs : b->tails;
    tails_exp(f, b, x, logs);
    if (f->full) {
        full_exp(f, b, x, v);
        for (int r = 0; r < BLOCK_ROWS; r++)
            v[r] = v_add(v[r], v_group(tails[r % group], r / group, group));
        if (group < 16)
            v_join_steps(v, 8, group, v_add);
    } else {
        for (int j = 0; j < group; j++)
            v[j] = tails[j];
    }
    v_join_steps(v, group / 2, 1, v_add);
    return v[0];
}

ALWAYS vf end_of(const struct form *f, const struct block *b, vf sum)
{
    if (f->kind == LOG_SOFTMAX)
        return v_log(sum);
    if (f->kind == LOG_SUM_EXP)
        return v_add(v_log(sum), b->max);
    const vf factor = v_div(v_set(1.0f), sum);
    if (f->kind == SOFTMAX_OR_ZERO)
        return v_select(v_eq(sum, v_set(0.0f)), v_set(0.0f), factor);
    return factor;
}

/* The last pass. Where rows lie one behind the other, tails are stored whole: what goes past a row's end is
 * the beginning of the rows after it, which are stored later; only what would reach past the last is cut. */
ALWAYS void block_store(const struct form *f, const struct block *b, float *y, size_t stride,
                        size_t rows, size_t tail, bool padded)
{
    const float *ends = (const float *)&b->end;
    const size_t group = (size_t)f->group, n = f->full * VLEN + tail;
    const vf *full = b->full;
#pragma GCC unroll 1
    for (size_t r = 0; r < rows; r++, y += stride) {
        const vf end = v_set(ends[r]);
        for (size_t i = 0; i < f->full; i++, full++)
            v_store(y + i * VLEN, f->kind == LOG_SOFTMAX ? v_sub(*full, end) : v_mul(*full, end));
        const float *at = (const float *)(b->tails + r % group) + r / group * group;
        const vf t = v_load_group(at, f->group);
        const vf last = f->kind == LOG_SOFTMAX ? v_sub(t, end) : v_mul(t, end);
        if (padded || (stride == n && (rows - r) * n >= f->full * VLEN + group))
            v_store_group(y + f->full * VLEN, last, f->group);
        else
            v_store_n(y + f->full * VLEN, last, tail);
    }
}

/* The next block's maxima are found before this one's ends are needed: folds, division and logarithm are
 * long chains, which the other block's work fills. */
ALWAYS void blocks(const struct softmax_short *s, enum softmax_kind kind, size_t full, int group)
{
    const size_t tail = s->n - full * VLEN;
    const struct form f = { kind, s->x_stride, full, group, m_first(tail, group) };
    const float *x = s->x;
    float *y = s->y;
    struct block b;
    b.max = block_max(&f, x);
    for (size_t left = s->rows; left > 0;) {
        const size_t rows = left < BLOCK_ROWS ? left : BLOCK_ROWS;
        b.end = end_of(&f, &b, block_exp(&f, &b, x));
        x += BLOCK_ROWS * s->x_stride;
        left -= rows;
        if (left > 0)
            b.max = block_max(&f, x);
        if (kind == LOG_SUM_EXP)
            v_store_n(y, b.end, rows);
        else
            block_store(&f, &b, y, s->y_stride, rows, tail, s->padded);
        y += kind == LOG_SUM_EXP ? BLOCK_ROWS : BLOCK_ROWS * s->y_stride;
    }
}

ALWAYS int group_of(size_t tail)
{
    return tail <= 4 ? 4 : tail <= 8 ? 8 : 16;
}

#if defined(KAON_ISA_SCALAR) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
/* One function, where no number of them is fast. */
void KAON_K(kaon_softmax_blocks)(const struct softmax_short *s)
{
    const size_t full = (s->n - 1) / VLEN;
    if (s->rows > 0)
        blocks(s, s->kind, full, group_of(s->n - full * VLEN));
}
#else

/* Softmax has a function for every number of full vectors up to 3: 5 % faster. */
typedef void blocks_fn(const struct softmax_short *s);
#define BLOCKS(name, kind, full, group)                                                            \
    static void name##_##group(const struct softmax_short *s)                                      \
    {                                                                                              \
        blocks(s, kind, full, group);                                                              \
    }
#define BLOCKS_OF(name, kind, full)                                                                \
    BLOCKS(name, kind, full, 4)                                                                    \
    BLOCKS(name, kind, full, 8)                                                                    \
    BLOCKS(name, kind, full, 16)
BLOCKS_OF(softmax_0, SOFTMAX, 0)
BLOCKS_OF(softmax_1, SOFTMAX, 1)
BLOCKS_OF(softmax_2, SOFTMAX, 2)
BLOCKS_OF(softmax_3, SOFTMAX, 3)
BLOCKS_OF(softmax_n, SOFTMAX, (s->n - 1) / VLEN)
BLOCKS_OF(other_0, s->kind, 0)
BLOCKS_OF(other_n, s->kind, (s->n - 1) / VLEN)

/* By full vectors and group. */
#define ROW(name)                                                                                  \
    {                                                                                              \
        name##_4, name##_8, name##_16                                                              \
    }
enum { FULL_FORMS = 4 };
static blocks_fn *const softmax_forms[FULL_FORMS + 1][3] = { ROW(softmax_0), ROW(softmax_1),
                                                             ROW(softmax_2), ROW(softmax_3),
                                                             ROW(softmax_n) };
static blocks_fn *const other_forms[2][3] = { ROW(other_0), ROW(other_n) };

void KAON_K(kaon_softmax_blocks)(const struct softmax_short *s)
{
    const size_t full = (s->n - 1) / VLEN;
    const int group = group_of(s->n - full * VLEN) / 8; /* 0, 1, 2 */
    if (s->rows == 0)
        return;
    if (s->kind == SOFTMAX)
        softmax_forms[full < FULL_FORMS ? full : FULL_FORMS][group](s);
    else
        other_forms[full > 0][group](s);
}
#endif

/* Up to sixteen rows, read from where a block may read past them. */
static void part_block(struct softmax_short *s)
{
    float copy[BLOCK_ROWS * SHORT_ROW + VLEN];
    const size_t elements = s->rows * s->n;
    memcpy(copy, s->x, elements * sizeof *copy);
    memset(copy + elements, 0, (BLOCK_ROWS * s->n + VLEN - elements) * sizeof *copy);
    s->x = copy;
    KAON_K(kaon_softmax_blocks)(s);
}

void KAON_K(kaon_softmax_short)(enum softmax_kind kind, float *y, const float *x, size_t rows,
                                size_t n)
{
    struct softmax_short s = { kind, y, x, rows, n, n, n, false };
    /* how many rows have the rest of their block and sixteen floats behind them */
    const size_t after = (VLEN + n - 1) / n, out = kind == LOG_SUM_EXP ? 1 : n;
    s.rows = rows > after ? (rows - after) / BLOCK_ROWS * BLOCK_ROWS : 0;
    KAON_K(kaon_softmax_blocks)(&s);
    for (size_t r = s.rows; r < rows; r += BLOCK_ROWS) {
        s.x = x + r * n;
        s.y = y + r * out;
        s.rows = rows - r < BLOCK_ROWS ? rows - r : BLOCK_ROWS;
        part_block(&s);
    }
}
