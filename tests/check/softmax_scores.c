/* softmax_scores: every mix of bias, mask, band and strides. */
#include <math.h>
#include <string.h>

#include "tests/check/check.h"

enum extent { NONE, ONE_ROW, MATRIX, EXTENTS };
enum band { ALL, CAUSAL, WINDOW, BANDS };

struct mix {
    size_t rows, n;
    unsigned pattern, bias, mask, band;
};

static bool visible(const struct kaon_scores *s, size_t r, size_t j)
{
    const ptrdiff_t from = (ptrdiff_t)r + s->first, to = (ptrdiff_t)r + s->last;
    return (ptrdiff_t)j >= from && (ptrdiff_t)j <= to &&
           (!s->mask || s->mask[r * s->mask_stride + j]) &&
           (!s->bias || s->bias[r * s->bias_stride + j] != -INFINITY);
}

static double score(const struct kaon_scores *s, const float *x, size_t r, size_t j)
{
    const double b = s->bias ? (double)s->bias[r * s->bias_stride + j] : 0.0;
    return (double)(float)((double)x[r * s->x_stride + j] * (double)s->scale + b);
}

static void compare_row(struct check *c, const struct kaon_scores *s, const float *x,
                        const float *got, size_t r)
{
    double max = -INFINITY, sum = 0.0;
    bool nan = false;
    for (size_t j = 0; j < s->n; j++)
        if (visible(s, r, j)) {
            max = fmax(max, score(s, x, r, j));
            nan |= isnan(score(s, x, r, j)) || score(s, x, r, j) == INFINITY;
        }
    for (size_t j = 0; j < s->n; j++)
        sum += visible(s, r, j) && max > -INFINITY ? exp(score(s, x, r, j) - max) : 0.0;
    for (size_t j = 0; j < s->n; j++) {
        const double d = score(s, x, r, j) - max;
        const double y = nan ? NAN : visible(s, r, j) && sum > 0.0 ? exp(d) / sum : 0.0;
        if (nan && !visible(s, r, j) && got[r * s->y_stride + j] == 0.0f)
            continue;
        check_near(c, &y, &got[r * s->y_stride + j], 1, y > 0.0 ? 12.0 + fabs(d) : 0.0,
                   y > 0.0 ? 1e-37 : 0.0);
    }
}

/* Alone, a row of the matrix has the bits that it has among others. */
static void alone(struct check *c, const struct kaon_scores *s, const float *x, const float *got,
                  float *one)
{
    for (size_t r = 0; r < s->rows; r++) {
        struct kaon_scores row = *s;
        row.rows = 1;
        row.bias = s->bias ? s->bias + r * s->bias_stride : NULL;
        row.mask = s->mask ? s->mask + r * s->mask_stride : NULL;
        row.first += (ptrdiff_t)r;
        row.last += (ptrdiff_t)r;
        c->now->softmax_scores(one, x + r * s->x_stride, &row);
        check_same_floats(c, got + r * s->y_stride, one, s->n);
    }
}

/* The last row of a matrix ends with its n-th element, not with the stride. */
static size_t extent(size_t rows, size_t stride, size_t n)
{
    return rows ? (rows - 1) * stride + n : 0;
}

static void check_mix(struct check *c, const struct mix *m)
{
    if (!check_begin(c, &c->now->softmax_scores,
                     "softmax_scores_%zu of %zu pattern %u bias %u mask %u band %u", m->n, m->rows,
                     m->pattern, m->bias, m->mask, m->band))
        return;
    struct kaon_scores s = { .rows = m->rows, .n = m->n, .scale = 0.37f };
    s.x_stride = m->n + 3;
    s.y_stride = m->n + (m->mask ? 5 : 0);
    s.bias_stride = m->bias == MATRIX ? m->n + 1 : 0;
    s.mask_stride = m->mask == MATRIX ? m->n + 2 : 0;
    s.first = m->band == WINDOW ? -7 : KAON_KEYS_FIRST;
    s.last = m->band == CAUSAL   ? (ptrdiff_t)m->n - (ptrdiff_t)m->rows
             : m->band == WINDOW ? 2
                                 : KAON_KEYS_LAST;
    const size_t x_size = extent(m->rows, s.x_stride, m->n),
                 y_size = extent(m->rows, s.y_stride, m->n),
                 bias_size = extent(m->rows, s.bias_stride, m->n),
                 mask_size = extent(m->rows, s.mask_stride, m->n);
    float *x = check_floats(c, x_size), *want = check_floats(c, y_size),
          *got = check_floats(c, y_size), *bias = check_floats(c, bias_size),
          *one = check_floats(c, m->n);
    uint8_t *mask = check_alloc(c, mask_size);
    check_pattern(c, CHECK_SOME_MINUS_INF, bias, bias_size, -3.0f, 3.0f);
    check_pattern(c, m->pattern, x, x_size, -40.0f, 40.0f);
    for (size_t i = 0; i < mask_size; i++)
        mask[i] = (uint8_t)(check_random(c) % 3 * 0x55);
    s.bias = m->bias ? bias : NULL;
    s.mask = m->mask ? mask : NULL;

    memcpy(want, got, y_size * sizeof *got); /* what lies between rows stays */
    c->ref->softmax_scores(want, x, &s);
    c->now->softmax_scores(got, x, &s);
    check_same_floats(c, want, got, y_size);
    for (size_t r = 0; r < m->rows && c->scalar; r++)
        compare_row(c, &s, x, got, r);
    alone(c, &s, x, got, one);
    if (s.y_stride > s.x_stride)
        return;
    struct kaon_scores in_place = s;
    in_place.y_stride = s.x_stride;
    c->now->softmax_scores(x, x, &in_place);
    for (size_t r = 0; r < m->rows; r++)
        check_same_floats(c, want + r * s.y_stride, x + r * s.x_stride, m->n);
}

struct timed {
    float *y, *x;
    struct kaon_scores s;
};

static void run_timed(const struct kaon_kernels *k, void *arg)
{
    const struct timed *t = arg;
    k->softmax_scores(t->y, t->x, &t->s);
}

static void bench(struct check *c, size_t n, bool biased)
{
    if (!c->bench || c->scalar ||
        !check_begin(c, &c->now->softmax_scores, "softmax_scores_%zu%s", n,
                     biased ? " biased" : ""))
        return;
    struct timed t = { .s = { .rows = n,
                              .n = n,
                              .x_stride = n,
                              .y_stride = n,
                              .scale = 0.25f,
                              .bias_stride = n,
                              .first = KAON_KEYS_FIRST,
                              .last = KAON_KEYS_LAST } };
    t.x = check_scratch(c, n * n);
    t.y = check_scratch(c, n * n);
    if (biased)
        t.s.bias = t.x;
    check_pattern(c, CHECK_RANDOM, t.x, n * n, -10.0f, 10.0f);
    check_time(c, (double)(n * n), 0, run_timed, &t);
}

void check_softmax_scores(struct check *c)
{
    static const size_t widths[] = { 1, 4, 9, 15, 16, 33, 40, 128, 129, 300 };
    static const size_t rows[] = { 1, 5, 20 }, timed[] = { 15, 25, 40, 128, 512 };
    struct mix m;
    for (size_t i = 0; i < CHECK_COUNT(widths) * CHECK_COUNT(rows) * EXTENTS * EXTENTS * BANDS;
         i++) {
        size_t rest = i;
        m.n = widths[rest % CHECK_COUNT(widths)];
        rest /= CHECK_COUNT(widths);
        m.rows = rows[rest % CHECK_COUNT(rows)];
        rest /= CHECK_COUNT(rows);
        m.bias = rest % EXTENTS;
        m.mask = rest / EXTENTS % EXTENTS;
        m.band = (unsigned)(rest / (EXTENTS * EXTENTS));
        for (m.pattern = 0; m.pattern < CHECK_PATTERNS; m.pattern++)
            check_mix(c, &m);
    }
    for (size_t i = 0; i < CHECK_COUNT(timed); i++)
        for (int biased = 0; biased < 2; biased++)
            bench(c, timed[i], biased);
}
