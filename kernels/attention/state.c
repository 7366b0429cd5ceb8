#include "kernels/attention/state.h"

/* The state of a head: a header, S, z, sum of values. */
enum { TOKENS, VISIBLE, REFERENCE, HEADER = VLEN };
enum { TILE = 4 }; /* rows of S in registers */

struct walk {
    const struct kaon_attention_call *call;
    const struct state_kind *kind;
    size_t kv, group, rows, stride, width;
    float *header, *s, *z, *v;
    struct state_rows keys, queries;
    size_t at[STATE_CHUNK]; /* how many of the keys a query reads behind */
    size_t query;           /* the first of these queries */
    /* [group][STATE_CHUNK][stride], [group][STATE_CHUNK][width], [group][STATE_CHUNK][VLEN], [STATE_CHUNK][width] */
    float *f, *o, *products, *sums;
    float ref[STATE_CHUNK + 1];
};

static size_t aligned(size_t floats, size_t to)
{
    return (floats + to - 1) / to * to;
}

static size_t floats_of_head(const struct kaon_attention_call *c, const struct state_kind *kind)
{
    const size_t m = kind->features(c), width = aligned(c->value_size, VLEN);
    return HEADER + aligned(m, TILE) * width + (kind->normaliser ? aligned(m, VLEN) : 0) +
           (kind->sums_values ? width : 0);
}

size_t KAON_K(kaon_state_floats)(const struct kaon_attention_call *c, const struct state_kind *kind)
{
    return c->kv_heads * floats_of_head(c, kind);
}

size_t KAON_K(kaon_state_items)(const struct kaon_attention_call *c)
{
    return c->kv_heads;
}

/* Places the parts of scratch; the floats that they take. */
static size_t place(struct walk *w, const struct kaon_attention_call *c,
                    const struct state_kind *kind, float *scratch)
{
    size_t at = 0;
    w->call = c;
    w->kind = kind;
    w->group = c->heads / c->kv_heads;
    w->rows = aligned(kind->features(c), TILE);
    w->stride = aligned(w->rows, VLEN);
    w->width = aligned(c->value_size, VLEN);
    w->keys.f = scratch + at;
    at += STATE_CHUNK * w->stride;
    w->keys.decay = scratch + at;
    at += kind->decays ? STATE_CHUNK * w->stride : 0;
    w->keys.values = scratch + at;
    at += STATE_CHUNK * w->width;
    w->f = scratch + at;
    at += w->group * STATE_CHUNK * w->stride;
    w->o = scratch + at;
    at += w->group * STATE_CHUNK * w->width;
    w->products = scratch + at;
    at += w->group * STATE_CHUNK * VLEN;
    w->sums = scratch + at;
    at += kind->sums_values ? STATE_CHUNK * w->width : 0;
    w->header = scratch + at;
    at += c->present ? 0 : aligned(floats_of_head(c, kind), VLEN);
    w->keys.room = w->queries.room = scratch + at;
    return at + (kind->room ? kind->room(c) : 0);
}

size_t KAON_K(kaon_state_scratch)(const struct kaon_attention_call *c,
                                  const struct state_kind *kind)
{
    static float nothing[1];
    struct walk w;
    return place(&w, c, kind, nothing);
}

/* ---- through the state ------------------------------------------------------------------------ */

/* The queries that read behind `seen` keys, from q on: o += phi(q) times these rows of S. */
ALWAYS size_t read_rows(const struct walk *w, size_t q, size_t seen, const vf *s, size_t row,
                        size_t column)
{
    for (; q < w->queries.n && w->at[q] <= seen; q++)
        for (size_t g = 0; g < w->group; g++) {
            const float *f = w->f + (g * STATE_CHUNK + q) * w->stride + row;
            float *at = w->o + (g * STATE_CHUNK + q) * w->width + column;
            vf o = v_load(at);
            V_FOR (k, TILE)
                o = v_fma(v_set(f[k]), s[k], o);
            v_store(at, o);
        }
    return q;
}

/* TILE rows and VLEN columns of S on their way through the keys. */
ALWAYS void pass_tile(const struct walk *w, size_t row, size_t column, bool decays)
{
    const size_t stride = w->stride, width = w->width;
    float *at = w->s + row * width + column;
    vf s[TILE];
    size_t q = 0;
    V_FOR (k, TILE)
        s[k] = v_load(at + (size_t)k * width);
    for (size_t t = 0; t < w->keys.n; t++) {
        const float *f = w->keys.f + t * stride + row, *a = w->keys.decay + t * stride + row;
        const vf v = v_load(w->keys.values + t * width + column);
        q = read_rows(w, q, t, s, row, column);
        V_FOR (k, TILE)
            s[k] = v_fma(v_set(f[k]), v, decays ? v_mul(v_set(a[k]), s[k]) : s[k]);
    }
    read_rows(w, q, w->keys.n, s, row, column);
    V_FOR (k, TILE)
        v_store(at + (size_t)k * width, s[k]);
}

ALWAYS void pass_matrix(const struct walk *w, bool decays)
{
    for (size_t row = 0; row < w->rows; row += TILE)
        for (size_t column = 0; column < w->width; column += VLEN)
            pass_tile(w, row, column, decays);
}

static size_t read_normaliser(const struct walk *w, size_t q, size_t seen, vf z, size_t row)
{
    for (; q < w->queries.n && w->at[q] <= seen; q++)
        for (size_t g = 0; g < w->group; g++) {
            const float *f = w->f + (g * STATE_CHUNK + q) * w->stride + row;
            float *at = w->products + (g * STATE_CHUNK + q) * VLEN;
            v_store(at, v_fma(v_load(f), z, v_load(at)));
        }
    return q;
}

/* z, and lane by lane its products with the queries. */
static void pass_normaliser(const struct walk *w)
{
    for (size_t row = 0; row < w->stride; row += VLEN) {
        vf z = v_load(w->z + row);
        size_t q = 0;
        for (size_t t = 0; t < w->keys.n; t++) {
            const size_t at = t * w->stride + row;
            q = read_normaliser(w, q, t, z, row);
            if (w->kind->decays)
                z = v_mul(v_load(w->keys.decay + at), z);
            z = v_add(z, v_load(w->keys.f + at));
        }
        read_normaliser(w, q, w->keys.n, z, row);
        v_store(w->z + row, z);
    }
}

static size_t read_values(const struct walk *w, size_t q, size_t seen, vf v, size_t column)
{
    for (; q < w->queries.n && w->at[q] <= seen; q++)
        v_store(w->sums + q * w->width + column, v);
    return q;
}

static void pass_values(const struct walk *w)
{
    for (size_t column = 0; column < w->width; column += VLEN) {
        vf v = v_load(w->v + column);
        size_t q = 0;
        for (size_t t = 0; t < w->keys.n; t++) {
            q = read_values(w, q, t, v, column);
            v = v_add(v, v_load(w->keys.values + t * w->width + column));
        }
        read_values(w, q, w->keys.n, v, column);
        v_store(w->v + column, v);
    }
}

/* ---- a chunk ---------------------------------------------------------------------------------- */

static void take_keys(struct walk *w)
{
    const struct kaon_attention_call *c = w->call;
    struct state_rows *k = &w->keys;
    memset(k->f, 0, k->n * w->stride * sizeof *k->f);
    for (size_t i = 0; w->kind->decays && i < k->n * w->stride; i++)
        k->decay[i] = 1.0f;
    for (size_t t = 0; t < k->n; t++) {
        float *v = k->values + t * w->width;
        k->x[t] = c->k.at + w->kv * c->k.head + k->index[t] * c->k.row;
        memset(v, 0, w->width * sizeof *v);
        memcpy(v, c->v.at + w->kv * c->v.head + k->index[t] * c->v.row, c->value_size * sizeof *v);
        k->ref[t + 1] = k->ref[t];
    }
    w->kind->keys(k);
}

static void take_queries(struct walk *w)
{
    const struct kaon_attention_call *c = w->call;
    struct state_rows *q = &w->queries;
    memset(w->f, 0, w->group * STATE_CHUNK * w->stride * sizeof *w->f);
    memset(w->o, 0, w->group * STATE_CHUNK * w->width * sizeof *w->o);
    memset(w->products, 0, w->group * STATE_CHUNK * VLEN * sizeof *w->products);
    for (size_t g = 0; g < w->group; g++) {
        q->head = w->kv * w->group + g;
        q->f = w->f + g * STATE_CHUNK * w->stride;
        for (size_t i = 0; i < q->n; i++) {
            q->index[i] = w->query + i;
            q->x[i] = c->q.at + q->head * c->q.head + q->index[i] * c->q.row;
        }
        w->kind->queries(q);
    }
}

static void finish_query(const struct walk *w, size_t g, size_t i, float n)
{
    const struct kaon_attention_call *c = w->call;
    const size_t at = g * STATE_CHUNK + i, head = w->kv * w->group + g;
    float *out = c->out + head * c->out_head + (w->query + i) * c->out_row;
    const struct state_read r = { .call = c,
                                  .kv = w->kv,
                                  .head = head,
                                  .query = w->query + i,
                                  .f = w->f + at * w->stride,
                                  .o = w->o + at * w->width,
                                  .z = v_sum(v_load(w->products + at * VLEN)),
                                  .v = w->sums + i * w->width,
                                  .n = n,
                                  .ref = w->ref[w->at[i]] };
    if (n > 0)
        w->kind->finish(out, &r);
    else
        memset(out, 0, c->value_size * sizeof *out);
}

static void pass_chunk(struct walk *w)
{
    const float seen = w->header[VISIBLE];
    w->ref[0] = w->header[REFERENCE];
    take_keys(w);
    take_queries(w);
    if (w->kind->decays)
        pass_matrix(w, true);
    else
        pass_matrix(w, false);
    if (w->kind->normaliser)
        pass_normaliser(w);
    if (w->kind->sums_values)
        pass_values(w);
    for (size_t g = 0; g < w->group; g++)
        for (size_t i = 0; i < w->queries.n; i++)
            finish_query(w, g, i, seen + (float)w->at[i]);
    w->header[VISIBLE] = seen + (float)w->keys.n;
    w->header[REFERENCE] = w->ref[w->keys.n];
    w->query += w->queries.n;
}

/* ---- a head ----------------------------------------------------------------------------------- */

/* The next key from `key` on that is not hidden, or their number. */
static size_t next_key(const struct kaon_attention_call *c, size_t key)
{
    while (key < c->keys && c->key_mask && !c->key_mask[key])
        key++;
    return key;
}

/* Keys below this one are what a query sees. */
static size_t end_of(const struct walk *w, size_t query)
{
    const struct kaon_attention_call *c = w->call;
    const int64_t end = (int64_t)query + c->offset + 1;
    if (!c->causal && !w->kind->always_causal)
        return c->keys;
    return end < 0 ? 0 : end < (int64_t)c->keys ? (size_t)end : c->keys;
}

static size_t count_below(const struct walk *w, size_t end)
{
    size_t n = 0;
    while (n < w->keys.n && w->keys.index[n] < end)
        n++;
    return n;
}

/* Chooses keys from `key` on, and the queries that read between them; returns the next key. Where there are
 * too many such queries the rest of the keys waits. */
static size_t choose(struct walk *w, size_t key)
{
    const size_t queries = w->call->queries;
    size_t next = next_key(w->call, key), q = w->query;
    w->keys.n = w->queries.n = 0;
    while (next < w->call->keys && w->keys.n < STATE_CHUNK) {
        w->keys.index[w->keys.n++] = next;
        next = next_key(w->call, next + 1);
    }
    for (; q < queries && w->queries.n < STATE_CHUNK && end_of(w, q) <= next; q++)
        w->at[w->queries.n++] = count_below(w, end_of(w, q));
    const size_t seen = q < queries ? count_below(w, end_of(w, q)) : w->keys.n;
    if (seen < w->keys.n) {
        next = w->keys.index[seen];
        w->keys.n = seen;
    }
    return next;
}

static void begin_state(struct walk *w)
{
    const struct kaon_attention_call *c = w->call;
    const size_t n = floats_of_head(c, w->kind);
    if (c->present)
        w->header = c->present + w->kv * n;
    if (c->past && c->past != c->present)
        memcpy(w->header, c->past + w->kv * n, n * sizeof *w->header);
    if (!c->past) {
        memset(w->header, 0, n * sizeof *w->header);
        w->header[REFERENCE] = -INFINITY;
    }
    w->s = w->header + HEADER;
    w->z = w->s + w->rows * w->width;
    w->v = w->z + (w->kind->normaliser ? w->stride : 0);
}

static void run_head(struct walk *w, const struct kaon_kernels *kernels)
{
    const struct kaon_attention_call *c = w->call;
    begin_state(w);
    w->query = 0;
    w->keys.call = w->queries.call = c;
    w->keys.kernels = w->queries.kernels = kernels;
    w->keys.kv = w->queries.kv = w->kv;
    w->keys.stride = w->queries.stride = w->stride;
    w->keys.width = w->width;
    w->keys.ref = w->ref;
    w->keys.before = w->queries.before = w->header[TOKENS];
    w->keys.n = w->queries.n = 0;
    if (w->kind->begin)
        w->kind->begin(&w->keys);
    for (size_t key = 0; w->query < c->queries || (c->present && next_key(c, key) < c->keys);) {
        key = choose(w, key);
        pass_chunk(w);
    }
    w->header[TOKENS] += (float)c->keys;
}

void KAON_K(kaon_state_run)(const struct kaon_attention_call *c, const struct kaon_kernels *kernels,
                            const struct state_kind *kind, size_t from, size_t to, float *scratch)
{
    for (size_t i = from; i < to; i++) {
        struct walk w;
        place(&w, c, kind, scratch);
        w.kv = i;
        run_head(&w, kernels);
    }
}
