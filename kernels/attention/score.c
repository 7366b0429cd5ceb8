#include "kernels/attention/score.h"

#include "kernels/attention/direct.h"
#include "kernels/isa.h"
#include "kernels/vmath.h"

static const float ones[VLEN] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

static size_t aligned(size_t floats)
{
    return (floats + VLEN - 1) / VLEN * VLEN;
}

static bool is_transformed(const struct kaon_attention_call *c, enum score_mode mode)
{
    return c->rope.cos || mode == SCORE_COSINE || mode == SCORE_SIGN;
}

static bool is_direct(const struct kaon_attention_call *c)
{
    return c->queries <= DIRECT_QUERIES;
}

/* Whether values are packed, which is worth a copy where many queries share them. */
static bool packs(const struct kaon_attention_call *c)
{
    return c->queries >= PACK_QUERIES;
}

size_t KAON_K(kaon_score_room)(const struct kaon_attention_call *c, enum score_mode mode)
{
    const size_t keys = c->keys < KEY_BLOCK ? c->keys : KEY_BLOCK;
    const size_t rows = c->queries < QUERY_TILE ? c->queries : QUERY_TILE;
    size_t floats = aligned(kaon_gemm_packed_floats(c->size, keys));
    floats += kaon_gemm_packed_floats(keys, c->value_size);
    if (is_transformed(c, mode))
        floats += aligned(keys * c->size) + aligned(rows * c->size);
    if (mode == SCORE_GAUSS)
        floats += QUERY_TILE + KEY_BLOCK;
    return floats;
}

/* ---- queries and keys ------------------------------------------------------------------------- */

static vf square_sum(const float *x, size_t n)
{
    vf sum = v_set(0.0f);
    for (size_t i = 0; i < n; i += VLEN) {
        const vf v = v_load_n(x + i, n - i);
        sum = v_fma(v, v, sum);
    }
    return v_fold(sum, v_add);
}

/* x / max(|x|, 1e-12) */
static void to_unit(float *x, size_t n)
{
    const vf length = v_max(v_sqrt(square_sum(x, n)), v_set(1e-12f));
    for (size_t i = 0; i < n; i += VLEN)
        v_store_n(x + i, v_div(v_load_n(x + i, n - i), length), n - i);
}

static void to_signs(float *x, size_t n)
{
    const vf zero = v_set(0.0f), one = v_set(1.0f);
    for (size_t i = 0; i < n; i += VLEN) {
        const vf v = v_load_n(x + i, n - i);
        v_store_n(x + i, v_select(v_eq(v, zero), zero, v_with_sign(one, v)), n - i);
    }
}

/* Rows of queries or keys, rotated from position row `angle` on and as the mode wants them. */
static void transform(const struct scoring *s, float *y, const float *x, size_t x_stride,
                      size_t rows, size_t angle)
{
    const struct kaon_attention_call *c = s->call;
    const struct kaon_attention_rope *rope = &c->rope;
    const size_t n = c->size;
    const size_t at = s->head / (c->heads / c->kv_heads) * rope->head + angle * rope->pairs;
    const struct kaon_rotary r = { .rows = rows,
                                   .n = n,
                                   .pairs = rope->pairs,
                                   .y_stride = n,
                                   .x_stride = x_stride,
                                   .angle_stride = rope->pairs,
                                   .cos = rope->cos ? rope->cos + at : NULL,
                                   .sin = rope->cos ? rope->sin + at : NULL,
                                   .interleaved = rope->interleaved };
    if (rope->cos)
        s->kernels->rotary_rows(y, x, &r);
    for (size_t i = 0; i < rows; i++) {
        if (!rope->cos)
            memcpy(y + i * n, x + i * x_stride, n * sizeof *y);
        if (s->mode == SCORE_COSINE)
            to_unit(y + i * n, n);
        else if (s->mode == SCORE_SIGN)
            to_signs(y + i * n, n);
    }
}

/* -scale / 2 |x|^2 of each row. */
static void square_terms(float *term, const float *x, size_t stride, size_t rows, size_t n,
                         float scale)
{
    for (size_t i = 0; i < rows; i++)
        term[i] = -0.5f * scale * v_first(square_sum(x + i * stride, n));
}

/* ---- rows ------------------------------------------------------------------------------------- */

/* 1 in each lane where masks and bias leave key j + lane to a row, else 0. */
ALWAYS vf shown(const struct score_row *row, size_t j, size_t n)
{
    const struct kaon_attention_call *c = row->call;
    const vf zero = v_set(0.0f);
    vf keep = v_load_fill(ones, n, zero);
    if (c->key_mask)
        keep = v_select(m_bytes(c->key_mask + j, n), keep, zero);
    if (c->mask.at) {
        const uint8_t *at = c->mask.at + row->head * c->mask.head + row->query * c->mask.row;
        if (c->mask.key)
            keep = v_select(m_bytes(at + j, n), keep, zero);
        else if (!*at)
            keep = zero;
    }
    if (c->bias.at) {
        const float *at = c->bias.at + row->head * c->bias.head + row->query * c->bias.row;
        const vf bias = c->bias.key ? v_load_n(at + j, n) : v_set(*at);
        keep = v_select(v_eq(bias, v_set(-INFINITY)), zero, keep);
    }
    return keep;
}

/* Whole numbers below 2^24: exact. */
static float count_visible(const struct score_row *row)
{
    vf n = v_set(0.0f);
    for (size_t j = row->begin; j < row->end; j += VLEN)
        n = v_add(n, shown(row, j, row->end - j));
    return v_sum(n);
}

bool KAON_K(kaon_score_visible)(const struct score_row *row, size_t j)
{
    return j >= row->begin && j < row->end && v_first(shown(row, j, 1)) > 0.0f;
}

/* Keys that causal order and window leave to a query. */
static void find_range(struct score_row *row)
{
    const struct kaon_attention_call *c = row->call;
    const int64_t p = row->position, keys = (int64_t)c->keys;
    int64_t end = keys, begin = 0;
    if (c->causal && p < end - 1)
        end = p + 1;
    if (c->right >= 0 && c->right < end - 1 - p)
        end = p + c->right + 1;
    if (c->left >= 0 && p > c->left)
        begin = p - c->left;
    end = end < 0 ? 0 : end;
    row->begin = (size_t)(begin < end ? begin : end);
    row->end = (size_t)end;
}

void KAON_K(kaon_score_begin)(struct scoring *s, const struct kaon_attention_call *c,
                              const struct kaon_kernels *kernels, enum score_mode mode, bool count,
                              size_t head, size_t first, size_t rows, struct score_row *row,
                              float *room)
{
    const float *q = c->q.at + head * c->q.head + first * c->q.row;
    const size_t keys = c->keys < KEY_BLOCK ? c->keys : KEY_BLOCK;
    const float scale = isnan(c->scale) ? 1.0f / sqrtf((float)c->size) : c->scale;
    *s = (struct scoring){ .call = c,
                           .kernels = kernels,
                           .mode = mode,
                           .head = head,
                           .rows = rows,
                           .row = row,
                           .q = q,
                           .q_row = c->q.row,
                           .panels = room,
                           .masked = c->mask.at || c->key_mask || c->bias.at,
                           .own_scale = mode == SCORE_COSINE };
    room += aligned(kaon_gemm_packed_floats(c->size, keys));
    s->v_room = room;
    s->packs = packs(c);
    room += kaon_gemm_packed_floats(keys, c->value_size);
    if (is_transformed(c, mode)) {
        s->k_rows = room;
        s->q_rows = room + aligned(keys * c->size);
        room = s->q_rows + aligned((c->queries < QUERY_TILE ? c->queries : QUERY_TILE) * c->size);
        transform(s, s->q_rows, q, c->q.row, rows, c->rope.query_at + first);
        s->q = s->q_rows;
        s->q_row = c->size;
    }
    if (mode == SCORE_GAUSS) {
        s->q_term = room;
        s->k_term = room + QUERY_TILE;
        square_terms(s->q_term, s->q, s->q_row, rows, c->size, scale);
    }
    for (size_t r = 0; r < rows; r++) {
        row[r] = (struct score_row){ .call = c,
                                     .head = head,
                                     .query = first + r,
                                     .position = (int64_t)(first + r) + c->offset,
                                     .scale = scale,
                                     .factor = 1.0f };
        find_range(&row[r]);
        row[r].n = count && s->masked ? count_visible(&row[r]) : (float)(row[r].end - row[r].begin);
    }
}

static const float *values_of(const struct scoring *s, size_t key)
{
    const struct kaon_attention_call *c = s->call;
    return c->v.at + s->head / (c->heads / c->kv_heads) * c->v.head + key * c->v.row;
}

void KAON_K(kaon_score_keys)(struct scoring *s, size_t j, size_t n)
{
    const struct kaon_attention_call *c = s->call;
    const size_t kv = s->head / (c->heads / c->kv_heads);
    const float *k = c->k.at + kv * c->k.head + j * c->k.row;
    size_t stride = c->k.row;
    if (s->k_rows) {
        transform(s, s->k_rows, k, stride, n, c->rope.key_at + j);
        k = s->k_rows;
        stride = c->size;
    }
    if (s->k_term)
        square_terms(s->k_term, k, stride, n, c->size, s->row->scale);
    s->key = j;
    s->keys = n;
    s->values = VALUES_UNKNOWN;
    s->k = k;
    s->k_row = stride;
    if (s->packs)
        s->kernels->gemm_pack(s->v_room, values_of(s, j), (ptrdiff_t)c->v.row, 1, n, c->value_size);
    if (!is_direct(c))
        s->kernels->gemm_pack(s->panels, k, 1, (ptrdiff_t)stride, c->size, n);
}

/* ---- the pipeline behind the product ---------------------------------------------------------- */

/* Rows of x are whole vectors: what lies past the keys is computed as well and hidden in the end. Storing
 * parts of vectors costs some processors dozens of operations. */

ALWAYS void map_row(float *x, size_t n, vf a, vf b, vf (*f)(vf x, vf a, vf b))
{
    for (size_t i = 0; i < n; i += VLEN)
        v_store(x + i, f(v_load(x + i), a, b));
}

ALWAYS vf f_scale(vf x, vf a, vf b)
{
    (void)b;
    return v_mul(x, a);
}

ALWAYS vf f_softcap(vf x, vf cap, vf inverse)
{
    return v_mul(cap, v_tanh(v_mul(x, inverse)));
}

ALWAYS vf f_no_more(vf x, vf most, vf b)
{
    (void)b;
    return v_min(most, x);
}

/* -inf stays what it is where the factor is 0. */
ALWAYS vf f_factor(vf x, vf a, vf low)
{
    return v_select(v_eq(x, low), low, v_mul(x, a));
}

static void add_bias(const struct score_row *row, float *x, size_t j, size_t n)
{
    const struct kaon_attention_floats *b = &row->call->bias;
    const float *bias = b->at + row->head * b->head + row->query * b->row;
    const vf low = v_set(-INFINITY);
    for (size_t i = 0; i < n; i += VLEN) {
        const vf v = b->key ? v_load_n(bias + j + i, n - i) : v_set(*bias);
        v_store(x + i, v_select(v_eq(v, low), low, v_add(v_load(x + i), v)));
    }
}

/* Distances are whole and below 2^24, so exact. */
static void add_slope(const struct score_row *row, float *x, size_t j, size_t n)
{
    const struct kaon_attention_call *c = row->call;
    const vf slope = v_set(c->slopes[row->head]);
    vf distance = v_sub(v_set((float)(row->position - (int64_t)j)), v_lane_numbers());
    for (size_t i = 0; i < n; i += VLEN) {
        const vf v = v_load(x + i);
        const vf y =
            c->signed_slopes ? v_fma(slope, distance, v) : v_fnma(slope, v_abs(distance), v);
        v_store(x + i, y);
        distance = v_sub(distance, v_set(VLEN));
    }
}

/* Boolean masks; what the bias hides is -inf already. */
static void hide_masked(const struct score_row *row, float *x, size_t j, size_t n)
{
    const vf low = v_set(-INFINITY), zero = v_set(0.0f);
    for (size_t i = 0; i < n; i += VLEN) {
        const vf keep = shown(row, j + i, n - i);
        v_store(x + i, v_select(v_lt(zero, keep), v_load(x + i), low));
    }
}

static void fill(float *x, size_t from, size_t to)
{
    for (; from < to; from++)
        x[from] = -INFINITY;
}

/* Keys outside the row's range. */
static void hide_outside(const struct score_row *row, float *x, size_t j, size_t n)
{
    if (row->begin > j)
        fill(x, 0, row->begin - j < n ? row->begin - j : n);
    if (row->end < j + n)
        fill(x, row->end > j ? row->end - j : 0, n);
}

static void hide_rest(float *x, size_t n)
{
    const size_t whole = n / VLEN * VLEN;
    if (whole < n)
        v_store(x + whole, v_load_fill(x + whole, n - whole, v_set(-INFINITY)));
}

/* One row of scores from key j on. */
static void finish_row(const struct scoring *s, const struct score_row *row, float *x, size_t j,
                       size_t n)
{
    const struct kaon_attention_call *c = s->call;
    const vf low = v_set(-INFINITY);
    if (s->own_scale)
        map_row(x, n, v_set(row->scale), low, f_scale);
    if (s->mode == SCORE_GAUSS)
        map_row(x, n, v_set(0.0f), low, f_no_more);
    if (c->softcap > 0)
        map_row(x, n, v_set(c->softcap), v_set(1.0f / c->softcap), f_softcap);
    if (c->bias.at)
        add_bias(row, x, j, n);
    if (c->slopes)
        add_slope(row, x, j, n);
    if (row->factor != 1.0f)
        map_row(x, n, v_set(row->factor), low, f_factor);
    if (c->mask.at || c->key_mask)
        hide_masked(row, x, j, n);
    hide_outside(row, x, j, n);
    hide_rest(x, n);
}

/* The products of a few queries with keys as they lie, and what kaon_gemm's epilogue would add. */
static void direct_block(const struct scoring *s, float *x, size_t stride, size_t first,
                         size_t rows, size_t from, size_t to, const struct kaon_epilogue *e)
{
    for (size_t r = 0; r < rows; r++) {
        float *at = x + r * stride;
        KAON_K(kaon_direct_scores)
        (at, s->q + (first + r) * s->q_row, s->k + from * s->k_row, s->k_row, to - from,
         s->call->size, e->alpha);
        for (size_t i = 0; e->bias && i < to - from; i++)
            at[i] = at[i] + e->bias[i] + e->row_bias[r];
    }
}

bool KAON_K(kaon_score_block)(const struct scoring *s, float *x, size_t stride, size_t first,
                              size_t rows, size_t from, size_t to)
{
    const struct kaon_attention_call *c = s->call;
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    e.alpha = s->own_scale ? 1.0f : s->row->scale;
    e.bias = s->k_term ? s->k_term + from : NULL;
    e.row_bias = s->q_term ? s->q_term + first : NULL;
    if (is_direct(c))
        direct_block(s, x, stride, first, rows, from, to, &e);
    else
        s->kernels->gemm(x, stride, s->q + first * s->q_row, s->q_row, s->panels + from * c->size,
                         rows, aligned(to - from), c->size, &e);
    bool all = !s->masked;
    if (s->bare)
        return all;
    for (size_t r = 0; r < rows; r++) {
        const struct score_row *row = &s->row[first + r];
        finish_row(s, row, x + r * stride, s->key + from, to - from);
        all = all && row->begin <= s->key + from && row->end >= s->key + to;
    }
    return all;
}

void KAON_K(kaon_score_gate)(float *x, const struct score_row *row, size_t j, size_t n,
                             const struct kaon_attention_floats *by)
{
    const float *factor = by->at + row->head * by->head + row->query * by->row + j * by->key;
    for (size_t i = 0; i < n; i += VLEN) {
        const vf f = by->key ? v_load_n(factor + i, n - i) : v_set(*factor);
        v_store(x + i, v_mul(v_load(x + i), f));
    }
}

/* ---- values ----------------------------------------------------------------------------------- */

/* Whether the values of all keys that are ready are finite. */
static bool are_finite(struct scoring *s)
{
    const size_t n = s->call->value_size;
    vf sum = v_set(0.0f);
    if (s->values == VALUES_UNKNOWN) {
        for (size_t j = s->key; j < s->key + s->keys; j++)
            for (size_t i = 0; i < n; i += VLEN)
                sum = v_fma(v_load_n(values_of(s, j) + i, n - i), v_set(0.0f), sum);
        s->values = v_sum(sum) == 0.0f ? VALUES_FINITE : VALUES_NOT_FINITE;
    }
    return s->values == VALUES_FINITE;
}

/* Key by key, so that what is not visible is not touched. */
static void apply_visible(const struct scoring *s, float *y, const float *w, size_t n, size_t key,
                          const struct score_row *row)
{
    const size_t size = s->call->value_size;
    memset(y, 0, size * sizeof *y);
    for (size_t i = 0; i < n; i++) {
        if (!KAON_K(kaon_score_visible)(row, key + i))
            continue;
        const float *v = values_of(s, key + i);
        for (size_t d = 0; d < size; d += VLEN)
            v_store_n(y + d,
                      v_fma(v_set(w[i]), v_load_n(v + d, size - d), v_load_n(y + d, size - d)),
                      size - d);
    }
}

/* A product a panel: panels hold all keys that are ready. */
static void apply_packed(const struct scoring *s, float *y, size_t y_stride, const float *w,
                         size_t stride, size_t rows, size_t from, size_t n)
{
    const size_t size = s->call->value_size;
    const float *panel = s->v_room + from * KAON_GEMM_PANEL;
    for (size_t d = 0; d < size; d += KAON_GEMM_PANEL, panel += s->keys * KAON_GEMM_PANEL)
        s->kernels->gemm(y + d, y_stride, w, stride, panel, rows,
                         size - d < KAON_GEMM_PANEL ? size - d : KAON_GEMM_PANEL, n, NULL);
}

void KAON_K(kaon_score_apply)(struct scoring *s, float *y, size_t y_stride, const float *w,
                              size_t stride, size_t first, size_t rows, size_t from, size_t to,
                              bool all)
{
    const struct kaon_attention_call *c = s->call;
    const size_t key = s->key + from, n = to - from;
    const bool any = all || are_finite(s);
    if (any && is_direct(c)) {
        for (size_t r = 0; r < rows; r++)
            KAON_K(kaon_direct_values)
        (y + r * y_stride, w + r * stride, values_of(s, key), c->v.row, n, c->value_size);
        return;
    }
    if (any && !s->packs) {
        s->kernels->gemm_unpacked(y, y_stride, w, stride, values_of(s, key), c->v.row, rows,
                                  c->value_size, n, NULL, s->v_room);
        return;
    }
    if (any) {
        apply_packed(s, y, y_stride, w, stride, rows, from, n);
        return;
    }
    for (size_t r = 0; r < rows; r++)
        apply_visible(s, y + r * y_stride, w + r * stride, n, key, &s->row[first + r]);
}
