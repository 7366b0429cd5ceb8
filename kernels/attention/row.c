#include "kernels/attention/row.h"

#include "kernels/isa.h"

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t aligned(size_t floats)
{
    return (floats + VLEN - 1) / VLEN * VLEN;
}

/* Queries whose scores are kept: as many as the panels of the keys are worth, but not too many scores. */
static size_t rows_at_once(const struct kaon_attention_call *c)
{
    const size_t fit = ROW_FLOATS / (c->keys ? c->keys : 1);
    return least(least(c->queries, QUERY_TILE), fit < QUERY_ROWS ? QUERY_ROWS : fit);
}

static size_t tiles(const struct kaon_attention_call *c)
{
    const size_t rows = rows_at_once(c);
    return rows ? (c->queries + rows - 1) / rows : 0;
}

size_t KAON_K(kaon_row_items)(const struct kaon_attention_call *c)
{
    return c->heads * tiles(c);
}

size_t KAON_K(kaon_row_scratch)(const struct kaon_attention_call *c, const struct row_kind *kind)
{
    return aligned(KAON_K(kaon_score_room)(c, kind->mode)) + rows_at_once(c) * aligned(c->keys) +
           (kind->room ? kind->room(c->keys) : 0);
}

/* Scores of all keys for the queries of the tile; -inf where none of them sees a block. */
static void make_scores(struct scoring *s, float *x, size_t stride)
{
    const size_t keys = s->call->keys;
    for (size_t j = 0; j < keys; j += KEY_BLOCK) {
        const size_t n = least(keys - j, KEY_BLOCK);
        KAON_K(kaon_score_keys)(s, j, n);
        for (size_t first = 0; first < s->rows; first += QUERY_ROWS)
            KAON_K(kaon_score_block)
        (s, x + first * stride + j, stride, first, least(s->rows - first, QUERY_ROWS), 0, n);
    }
}

/* Sum of weighted values over the keys that have a weight; what is not visible has none. */
static void apply(const struct scoring *s, const struct row_kind *kind, const struct score_row *row,
                  const float *w, float *out)
{
    const struct kaon_attention_call *c = s->call;
    const float *values = c->v.at + s->head / (c->heads / c->kv_heads) * c->v.head;
    memset(out, 0, c->value_size * sizeof *out);
    for (size_t j = row->begin; j < row->end; j++) {
        const float *v = values + j * c->v.row;
        const vf weight = v_set(w[j]);
        for (size_t i = 0; w[j] != 0.0f && i < c->value_size; i += VLEN) {
            const size_t n = c->value_size - i;
            vf value = v_load_n(v + i, n);
            if (kind->sign_values)
                value = v_select(v_eq(value, v_set(0.0f)), v_set(0.0f),
                                 v_with_sign(v_set(1.0f), value));
            v_store_n(out + i, v_fma(weight, value, v_load_n(out + i, n)), n);
        }
    }
}

static void gate(const struct score_row *row, float *w, size_t n)
{
    const struct kaon_attention_floats *g = &row->call->gate;
    for (size_t j = 0; g->at && j < n; j++)
        w[j] *= g->at[row->head * g->head + row->query * g->row + j * g->key];
}

static bool sees_any(const float *x, size_t n)
{
    for (size_t j = 0; j < n; j++)
        if (x[j] != -INFINITY)
            return true;
    return false;
}

void KAON_K(kaon_row_run)(const struct kaon_attention_call *c, const struct kaon_kernels *kernels,
                          const struct row_kind *kind, size_t from, size_t to, float *scratch)
{
    const size_t at_once = rows_at_once(c), stride = aligned(c->keys);
    struct score_row row[QUERY_TILE];
    struct scoring s;
    float *x = scratch + aligned(KAON_K(kaon_score_room)(c, kind->mode));
    float *room = x + at_once * stride;
    if (kind->begin)
        kind->begin(c, room);
    for (size_t item = from; item < to; item++) {
        const size_t head = item / tiles(c), first = item % tiles(c) * at_once;
        const size_t rows = least(c->queries - first, at_once);
        KAON_K(kaon_score_begin)
        (&s, c, kernels, kind->mode, false, head, first, rows, row, scratch);
        s.packs = false; /* values are read where they are wanted */
        make_scores(&s, x, stride);
        for (size_t r = 0; r < rows; r++) {
            float *w = x + r * stride;
            float *out = c->out + head * c->out_head + (first + r) * c->out_row;
            if (sees_any(w, c->keys)) {
                kind->weigh(w, c->keys, c, head, first + r, room);
                gate(&row[r], w, c->keys);
                apply(&s, kind, &row[r], w, out);
            } else {
                memset(out, 0, c->value_size * sizeof *out);
            }
        }
    }
}
