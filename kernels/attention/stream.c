#include "kernels/attention/stream.h"

#include "kernels/attention/few.h"

/* A tile of queries of one head on its way through the keys. */
struct tile {
    const struct stream *s;
    struct scoring scoring;
    struct score_row row[QUERY_TILE];
    struct stream_part part[QUERY_TILE];
    bool begun[QUERY_TILE / QUERY_ROWS]; /* a block has been met, by groups of QUERY_ROWS */
    float *x, *x2;                       /* [QUERY_ROWS][stride] */
    float *values[2]; /* [QUERY_TILE][width]: sums of values, and the second ones */
    float *block[2];  /* [QUERY_ROWS][width]: those of a block */
    size_t stride, width;
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t aligned(size_t floats)
{
    return (floats + VLEN - 1) / VLEN * VLEN;
}

static size_t tiles(const struct kaon_attention_call *c)
{
    return (c->queries + QUERY_TILE - 1) / QUERY_TILE;
}

size_t KAON_K(kaon_stream_items)(const struct kaon_attention_call *c)
{
    return c->heads * tiles(c);
}

/* Places the parts of scratch; the floats that they take. scratch NULL: only counts. */
static size_t place(struct tile *t, const struct kaon_attention_call *c, const struct stream *s,
                    float *scratch, float **scores)
{
    const size_t keys = least(c->keys, KEY_BLOCK), rows = least(c->queries, QUERY_TILE);
    const size_t some = least(rows, QUERY_ROWS);
    size_t at = aligned(KAON_K(kaon_score_room)(c, s->mode));
    *scores = scratch;
    t->stride = aligned(keys);
    t->width = aligned(c->value_size);
    t->x = scratch + at;
    at += some * t->stride;
    t->x2 = s->accumulators > 1 ? scratch + at : t->x;
    at += s->accumulators > 1 ? some * t->stride : 0;
    for (int i = 0; i < s->accumulators; i++) {
        t->values[i] = scratch + at;
        at += rows * t->width;
        t->block[i] = scratch + at;
        at += some * t->width;
    }
    if (s->accumulators == 1) {
        t->values[1] = t->values[0];
        t->block[1] = t->block[0];
    }
    return at;
}

size_t KAON_K(kaon_stream_scratch)(const struct kaon_attention_call *c, const struct stream *s)
{
    static float nothing[1];
    struct tile t;
    float *scores;
    const size_t floats = place(&t, c, s, nothing, &scores);
    const size_t few = KAON_K(kaon_few_scratch)(c, s);
    return floats < few ? few : floats;
}

/* Gates act on the weights when all statistics are taken. */
static void gate(const struct tile *t, float *x, size_t first, size_t rows, size_t j, size_t n)
{
    const struct kaon_attention_call *c = t->scoring.call;
    const struct kaon_attention_param *p = &c->param[t->s->key_gate];
    const struct kaon_attention_floats keys = { p->at, p->head, 0, 1 };
    for (size_t r = 0; r < rows; r++) {
        if (c->gate.at)
            KAON_K(kaon_score_gate)(x + r * t->stride, &t->row[first + r], j, n, &c->gate);
        if (t->s->key_gate && p->at)
            KAON_K(kaon_score_gate)(x + r * t->stride, &t->row[first + r], j, n, &keys);
    }
}

/* values = a values + b block, with the second ones where there are such. */
static void merge_values(const struct tile *t, size_t row, size_t r, const struct stream_factors *f)
{
    const bool two = t->s->accumulators > 1, adds = t->s->second_adds;
    float *values = t->values[0] + row * t->width, *second = t->values[1] + row * t->width;
    const float *block = t->block[0] + r * t->width, *block2 = t->block[1] + r * t->width;
    const vf a = v_set(f->a), b = v_set(f->b);
    const vf a2 = v_set(f->a_second), b2 = v_set(f->b_second);
    for (size_t i = 0; i < t->scoring.call->value_size; i += VLEN) {
        vf v = v_fma(b, v_load(block + i), v_mul(a, v_load(values + i)));
        if (two) {
            const vf s = v_load(second + i), s2 = v_load(block2 + i);
            v = v_fma(b2, s2, v_fma(a2, s, v));
            v_store(second + i, adds ? v_add(s, s2) : v_fma(b, s2, v_mul(a, s)));
        }
        v_store(values + i, v);
    }
}

/* Columns past the values would be read as vectors. */
static void clear_ends(const struct tile *t, float *values, size_t rows)
{
    const size_t n = t->scoring.call->value_size;
    for (size_t r = 0; n < t->width && r < rows; r++)
        memset(values + r * t->width + n, 0, (t->width - n) * sizeof *values);
}

/* Sums of values of a block. Where the weights are 1 and all keys visible, one query's are those of all. */
static void apply(struct tile *t, int i, float *y, size_t first, size_t rows, size_t from,
                  size_t to, bool all)
{
    const bool same = i > 0 && all && t->s->second_counts && !t->scoring.call->gate.at;
    KAON_K(kaon_score_apply)
    (&t->scoring, y, t->width, i > 0 ? t->x2 : t->x, t->stride, first, same ? 1 : rows, from, to,
     all);
    for (size_t r = 1; same && r < rows; r++)
        memcpy(y + r * t->width, y, t->scoring.call->value_size * sizeof *y);
    clear_ends(t, y, rows);
}

/* Weights of a block, its sums of values, and these into what the queries have so far. */
static void take_block(struct tile *t, size_t first, size_t rows, size_t from, size_t to, bool all)
{
    const size_t n = to - from;
    const bool start = !t->begun[first / QUERY_ROWS];
    struct stream_part found[QUERY_ROWS];
    float *const x[] = { t->x, t->x2 };
    t->s->sweep(start ? t->part + first : found, t->row + first, t->x, t->x2, rows, aligned(n),
                t->stride);
    for (int i = 0; i < t->s->accumulators; i++) {
        float *y = start ? t->values[i] + first * t->width : t->block[i];
        if (t->scoring.call->gate.at || t->s->key_gate)
            gate(t, x[i], first, rows, t->scoring.key + from, n);
        apply(t, i, y, first, rows, from, to, all);
    }
    for (size_t r = 0; !start && r < rows; r++) {
        const struct stream_factors f =
            t->s->merge(&t->part[first + r], &found[r], &t->row[first + r]);
        merge_values(t, first + r, r, &f);
    }
    t->begun[first / QUERY_ROWS] = true;
}

static void take_statistics(struct tile *t, size_t first, size_t rows, size_t n)
{
    struct stream_part found[QUERY_ROWS];
    const bool start = !t->begun[first / QUERY_ROWS];
    t->s->first_sweep(start ? t->part + first : found, t->row + first, t->x, t->x2, rows,
                      aligned(n), t->stride);
    for (size_t r = 0; !start && r < rows; r++)
        t->s->first_merge(&t->part[first + r], &found[r], &t->row[first + r]);
    t->begun[first / QUERY_ROWS] = true;
}

/* The keys of block j .. j + n - 1 that any of these queries may see: *to = 0 if none. */
static void block_range(const struct tile *t, size_t first, size_t rows, size_t j, size_t n,
                        size_t *from, size_t *to)
{
    size_t begin = SIZE_MAX, end = 0;
    for (size_t r = first; r < first + rows; r++) {
        if (t->row[r].begin == t->row[r].end)
            continue;
        begin = least(begin, t->row[r].begin);
        end = end < t->row[r].end ? t->row[r].end : end;
    }
    *to = end > j ? least(end - j, n) : 0;
    *from = begin > j ? (begin - j) / KAON_GEMM_PANEL * KAON_GEMM_PANEL : 0;
    if (*from >= *to)
        *to = 0;
}

enum pass { STATISTICS, WEIGHTS, STATISTICS_AND_WEIGHTS };

static void between(struct tile *t, size_t first, size_t rows)
{
    for (size_t r = first; r < first + rows; r++)
        if (t->begun[r / QUERY_ROWS] && t->s->between)
            t->s->between(&t->row[r], &t->part[r]);
}

/* A factor of the complete scores that `between` found is applied to scores made before. */
static void rescore(struct tile *t, size_t first, size_t rows, size_t n)
{
    const vf low = v_set(-INFINITY);
    for (size_t r = 0; r < rows; r++) {
        const float factor = t->row[first + r].factor;
        float *x = t->x + r * t->stride;
        for (size_t i = 0; factor != 1.0f && i < n; i += VLEN) {
            const vf v = v_load(x + i);
            v_store(x + i, v_select(v_eq(v, low), low, v_mul(v, v_set(factor))));
        }
    }
}

/* One block of keys for all queries of the tile. */
static void pass_block(struct tile *t, size_t j, size_t n, enum pass pass)
{
    bool ready = false;
    for (size_t first = 0; first < t->scoring.rows; first += QUERY_ROWS) {
        const size_t rows = least(t->scoring.rows - first, QUERY_ROWS);
        size_t from, to;
        block_range(t, first, rows, j, n, &from, &to);
        if (to == 0)
            continue;
        if (!ready)
            KAON_K(kaon_score_keys)(&t->scoring, j, n);
        ready = true;
        const bool all =
            KAON_K(kaon_score_block)(&t->scoring, t->x, t->stride, first, rows, from, to);
        const size_t some = to - from;
        if (pass != WEIGHTS)
            take_statistics(t, first, rows, some);
        if (pass == STATISTICS_AND_WEIGHTS) {
            between(t, first, rows);
            t->begun[first / QUERY_ROWS] = false;
            rescore(t, first, rows, some);
        }
        if (pass != STATISTICS)
            take_block(t, first, rows, from, to, all);
    }
}

static void walk(struct tile *t, enum pass pass)
{
    const size_t keys = t->scoring.call->keys;
    memset(t->begun, 0, sizeof t->begun);
    for (size_t j = 0; j < keys; j += KEY_BLOCK)
        pass_block(t, j, least(keys - j, KEY_BLOCK), pass);
}

static void finish(const struct tile *t, size_t head, size_t first)
{
    const struct kaon_attention_call *c = t->scoring.call;
    for (size_t r = 0; r < t->scoring.rows; r++) {
        float *out = c->out + head * c->out_head + (first + r) * c->out_row;
        if (t->begun[r / QUERY_ROWS] && t->row[r].n > 0)
            t->s->finish(out, t->values[0] + r * t->width, t->values[1] + r * t->width,
                         c->value_size, &t->part[r], &t->row[r]);
        else
            memset(out, 0, c->value_size * sizeof *out);
    }
}

static void run_tile(struct tile *t, const struct kaon_attention_call *c,
                     const struct kaon_kernels *kernels, float *scores, size_t head, size_t first)
{
    const size_t rows = least(c->queries - first, QUERY_TILE);
    KAON_K(kaon_score_begin)
    (&t->scoring, c, kernels, t->s->mode, t->s->count, head, first, rows, t->row, scores);
    for (size_t r = 0; t->s->prepare && r < rows; r++)
        t->s->prepare(&t->row[r]);
    if (!t->s->first_sweep) {
        walk(t, WEIGHTS);
    } else if (c->keys <= KEY_BLOCK) {
        walk(t, STATISTICS_AND_WEIGHTS);
    } else {
        walk(t, STATISTICS);
        between(t, 0, rows);
        walk(t, WEIGHTS);
    }
    finish(t, head, first);
}

void KAON_K(kaon_stream_run)(const struct kaon_attention_call *c,
                             const struct kaon_kernels *kernels, const struct stream *s,
                             size_t from, size_t to, float *scratch)
{
    struct tile t;
    float *scores;
    if (KAON_K(kaon_few_takes)(c, s)) {
        KAON_K(kaon_few_run)(c, kernels, s, from, to, scratch);
        return;
    }
    t.s = s;
    place(&t, c, s, scratch, &scores);
    for (size_t i = from; i < to; i++)
        run_tile(&t, c, kernels, scores, i / tiles(c), i % tiles(c) * QUERY_TILE);
}
