#include "engine/base/attention.h"

#include "engine/base/fact.h"
#include "engine/base/size.h"

static int index_of(const int8_t *list, int what)
{
    for (int i = 0; list && list[i] != KAON_ATT_END; i++)
        if (list[i] == what)
            return i;
    return -1;
}

int kaon_attention_in_at(const struct kaon_attention *a, enum kaon_attention_in what)
{
    return index_of(a->in, (int)what);
}

int kaon_attention_out_at(const struct kaon_attention *a, enum kaon_attention_out what)
{
    return index_of(a->out, (int)what);
}

const struct kaon_fact *kaon_attention_fact(const struct kaon_attention *a,
                                            const struct kaon_fact *const *in, size_t n_in,
                                            enum kaon_attention_in what)
{
    const int i = kaon_attention_in_at(a, what);
    return i >= 0 && (size_t)i < n_in ? in[i] : NULL;
}

/* ---- one of the three ------------------------------------------------------------------------- */

static const char *const names[] = { "q", "k", "v" };

/* Rows under way: what is found of one of the three. */
struct rows {
    int64_t batch, tokens, heads, size;
    struct kaon_attention_place place;
};

struct reading {
    const struct kaon_attention *a;
    const char *op;
    struct kaon_msg *msg;
};

static int64_t divided(int64_t a, int64_t by)
{
    return kaon_dim_known(a) && kaon_dim_known(by) && by > 0 ? a / by : KAON_DIM_UNKNOWN;
}

static bool differ(int64_t a, int64_t b)
{
    return kaon_dim_known(a) && kaon_dim_known(b) && a != b;
}

/* `heads` heads side by side in rows of `width`, from column `at` on. */
static enum kaon_status in_columns(const struct reading *r, struct rows *x, int which,
                                   const int64_t *dims, int64_t heads, int64_t size, int64_t at)
{
    const int64_t width = dims[2];
    if (size == 0)
        size = divided(width, heads);
    *x = (struct rows){
        dims[0], dims[1], heads, size, { at, kaon_dim_mul(dims[1], width), size, width }
    };
    if (kaon_dim_known(width) && kaon_dim_known(size) && (size < 1 || at + heads * size > width))
        return kaon_fail(r->msg, KAON_BAD_MODEL,
                         "%s: %s does not hold %lld heads of %lld from column %lld on", r->op,
                         names[which], (long long)heads, (long long)size, (long long)at);
    return KAON_OK;
}

static struct rows heads_first(const int64_t *d)
{
    const int64_t head = kaon_dim_mul(d[2], d[3]);
    return (struct rows){ d[0], d[2], d[1], d[3], { 0, kaon_dim_mul(d[1], head), head, d[3] } };
}

static struct rows tokens_first(const int64_t *d)
{
    const int64_t row = kaon_dim_mul(d[2], d[3]);
    return (struct rows){ d[0], d[1], d[2], d[3], { 0, kaon_dim_mul(d[1], row), d[3], row } };
}

/* [B,T,H,parts,D]. */
static struct rows packed(const int64_t *d, int64_t part)
{
    const int64_t head = kaon_dim_mul(d[3], d[4]), row = kaon_dim_mul(d[2], head);
    return (struct rows){
        d[0], d[1], d[2], d[4], { kaon_dim_mul(part, d[4]), kaon_dim_mul(d[1], row), head, row }
    };
}

static enum kaon_status find_rows(const struct reading *r, struct rows *x, int which,
                                  const int64_t *dims, int32_t rank, int64_t part)
{
    const struct kaon_attention *a = r->a;
    const int64_t wanted = which == 0 ? a->heads : a->kv_heads;
    const int64_t size = which == 2 ? a->value_size : a->head_size;
    const int64_t at = which == 0 ? a->q_at : which == 1 ? a->k_at : a->v_at;
    if (rank == 3 && a->layout == KAON_ATT_TOKENS_FIRST) {
        const int64_t d[] = { 1, dims[0], dims[1], dims[2] };
        *x = tokens_first(d);
    } else if (rank == 3 && wanted > 0) {
        return in_columns(r, x, which, dims, wanted, size, at);
    } else if (rank == 4 && a->layout == KAON_ATT_COLUMNS && a->heads_first[which] && at == 0) {
        *x = heads_first(dims);
    } else if (rank == 4 && a->layout == KAON_ATT_COLUMNS && at == 0) {
        *x = tokens_first(dims);
    } else if (rank == 4 && (a->layout == KAON_ATT_HEADS_FIRST || a->layout == KAON_ATT_ROWS)) {
        *x = heads_first(dims);
    } else if (rank == 5 && a->layout == KAON_ATT_ROWS) {
        *x = packed(dims, part);
    } else if (rank == 3) {
        return kaon_fail(r->msg, KAON_BAD_MODEL,
                         "%s: %s has three axes, and no attribute says how many heads", r->op,
                         names[which]);
    } else {
        return kaon_fail(r->msg, KAON_BAD_MODEL, "%s: %s has %d axes", r->op, names[which],
                         (int)rank);
    }
    if ((wanted > 0 && differ(x->heads, wanted)) || (size > 0 && differ(x->size, size)))
        return kaon_fail(r->msg, KAON_BAD_MODEL,
                         "%s: %s is %s, which does not hold %lld heads of %lld from column 0 on",
                         r->op, names[which], kaon_shape_text(rank, dims).text,
                         (long long)(wanted > 0 ? wanted : x->heads),
                         (long long)(size > 0 ? size : x->size));
    return KAON_OK;
}

/* ---- all three -------------------------------------------------------------------------------- */

/* x [B,T,W] times weights [W,columns]: what comes of it is rows with q, k and v side by side. */
static enum kaon_status projected(const struct reading *r, struct rows *q, struct rows *k,
                                  struct rows *v, const struct kaon_fact *x,
                                  const struct kaon_fact *w)
{
    const struct kaon_attention *a = r->a;
    const int64_t third = divided(w->dims[1], 3);
    const int64_t n[] = { a->columns[0] ? a->columns[0] : third,
                          a->columns[1] ? a->columns[1] : third,
                          a->columns[2] ? a->columns[2] : third };
    const int64_t dims[] = { x->dims[0], x->dims[1], w->dims[1] };
    if (x->rank != 3 || w->rank != 2 || differ(x->dims[2], w->dims[0]))
        return kaon_fail(r->msg, KAON_BAD_MODEL, "%s: input and weights are %s and %s", r->op,
                         kaon_shape_text(x->rank, x->dims).text,
                         kaon_shape_text(w->rank, w->dims).text);
    if (!kaon_dim_known(third))
        return KAON_OK;
    enum kaon_status st = in_columns(r, q, 0, dims, a->heads, n[0] / a->heads, 0);
    if (st == KAON_OK)
        st = in_columns(r, k, 1, dims, a->heads, n[1] / a->heads, n[0]);
    if (st == KAON_OK)
        st = in_columns(r, v, 2, dims, a->heads, n[2] / a->heads, n[0] + n[1]);
    return st;
}

/* All three in one row, or one after another within a head. */
static enum kaon_status from_one(const struct reading *r, struct rows *q, struct rows *k,
                                 struct rows *v, const int64_t *dims, int32_t rank)
{
    const int64_t heads = r->a->heads, kv_heads = r->a->kv_heads;
    if (rank == 5) {
        *q = packed(dims, 0);
        *k = packed(dims, 1);
        *v = packed(dims, 2);
        return !differ(dims[3], 3) && !differ(dims[2], heads)
                   ? KAON_OK
                   : kaon_fail(r->msg, KAON_BAD_MODEL, "%s: q is %s, wanted [..,%lld,3,size]",
                               r->op, kaon_shape_text(rank, dims).text, (long long)heads);
    }
    if (rank != 3)
        return kaon_fail(r->msg, KAON_BAD_MODEL, "%s: q has %d axes, and there are no keys", r->op,
                         (int)rank);
    const int64_t size = divided(dims[2], heads + 2 * kv_heads);
    enum kaon_status st = in_columns(r, q, 0, dims, heads, size, 0);
    if (kaon_dim_known(size)) {
        if (st == KAON_OK)
            st = in_columns(r, k, 1, dims, kv_heads, size, heads * size);
        if (st == KAON_OK)
            st = in_columns(r, v, 2, dims, kv_heads, size, (heads + kv_heads) * size);
    } else {
        *k = *v = *q;
        k->heads = v->heads = kv_heads;
    }
    return st;
}

/* Dims with an axis for the batch, which packed items lack. */
static int32_t with_batch(const struct kaon_fact *f, bool lacks, int64_t *dims)
{
    int32_t n = 0;
    if (lacks)
        dims[n++] = 1;
    for (int32_t i = 0; i < f->rank && n < KAON_MAX_RANK; i++)
        dims[n++] = f->dims[i];
    return n;
}

static enum kaon_status find_all(const struct reading *r, struct rows *q, struct rows *k,
                                 struct rows *v, const struct kaon_fact *const *in, size_t n_in)
{
    const struct kaon_attention *a = r->a;
    const struct kaon_fact *f[] = { kaon_attention_fact(a, in, n_in, KAON_ATT_Q),
                                    kaon_attention_fact(a, in, n_in, KAON_ATT_K),
                                    kaon_attention_fact(a, in, n_in, KAON_ATT_V) };
    const bool lacks = kaon_attention_fact(a, in, n_in, KAON_ATT_STARTS) != NULL;
    struct rows *to[] = { q, k, v };
    int64_t dims[KAON_MAX_RANK];
    const struct kaon_fact *w = kaon_attention_fact(a, in, n_in, KAON_ATT_WEIGHTS);
    if (w)
        return projected(r, q, k, v, f[0], w);
    if (!f[1])
        return from_one(r, q, k, v, dims, with_batch(f[0], lacks, dims));
    for (int i = 0; i < 3; i++) {
        const bool both = i == 2 && !f[2]; /* keys and values in one */
        if (both && f[1]->rank != 5)
            return kaon_fail(r->msg, KAON_BAD_MODEL, "%s: there are keys and no values", r->op);
        const struct kaon_fact *x = both ? f[1] : f[i];
        const int32_t rank = with_batch(x, lacks, dims);
        const enum kaon_status st = find_rows(r, to[i], i, dims, rank, both);
        if (st != KAON_OK)
            return st;
    }
    return KAON_OK;
}

static bool all_ranks_known(const struct kaon_attention *a, const struct kaon_fact *const *in,
                            size_t n_in)
{
    static const enum kaon_attention_in what[] = { KAON_ATT_Q, KAON_ATT_K, KAON_ATT_V,
                                                   KAON_ATT_WEIGHTS, KAON_ATT_STARTS };
    for (size_t i = 0; i < KAON_COUNT(what); i++) {
        const struct kaon_fact *f = kaon_attention_fact(a, in, n_in, what[i]);
        if (f && f->rank < 0)
            return false;
    }
    return true;
}

/* ---- the past --------------------------------------------------------------------------------- */

static enum kaon_status check_past(const struct reading *r, const struct kaon_attention_shape *s,
                                   const struct kaon_fact *f, int32_t axis, int64_t size)
{
    const int64_t wanted[] = { s->batch, s->kv_heads, s->past, size };
    bool fits = f->rank == axis + 4;
    for (int32_t i = 0; fits && i < 4; i++)
        fits = !differ(f->dims[axis + i], wanted[i]);
    return fits
               ? KAON_OK
               : kaon_fail(r->msg, KAON_BAD_MODEL, "%s: the past is %s, wanted %s", r->op,
                           kaon_shape_text(f->rank, f->dims).text, kaon_shape_text(4, wanted).text);
}

static enum kaon_status find_past(const struct reading *r, struct kaon_attention_shape *s,
                                  const struct kaon_fact *const *in, size_t n_in)
{
    const struct kaon_attention *a = r->a;
    const struct kaon_fact *k = kaon_attention_fact(a, in, n_in, KAON_ATT_PAST_K);
    const struct kaon_fact *v = kaon_attention_fact(a, in, n_in, KAON_ATT_PAST_V);
    const struct kaon_fact *both = kaon_attention_fact(a, in, n_in, KAON_ATT_PAST);
    const struct kaon_fact *total = kaon_attention_fact(a, in, n_in, KAON_ATT_TOTAL);
    const struct kaon_fact *first = both ? both : k;
    int64_t n;
    if (!k != !v)
        return kaon_fail(r->msg, KAON_BAD_MODEL, "%s: past keys and values come together", r->op);
    s->past = 0;
    if (first)
        s->past = first->rank == (both ? 5 : 4) ? first->dims[both ? 3 : 2] : KAON_DIM_UNKNOWN;
    s->keys = kaon_dim_add(s->past, s->fresh);
    if (a->shared_past && first)
        s->keys = s->past;
    if (total) {
        s->keys = KAON_DIM_UNKNOWN;
        if (kaon_fact_scalar_int(total, &n) && kaon_dim_known(s->past))
            s->keys = kaon_max_i64(kaon_max_i64(n, 0), s->past);
    }
    enum kaon_status st = KAON_OK;
    if (both && both->rank >= 0)
        st = check_past(r, s, both, 1, s->size);
    if (k && k->rank >= 0)
        st = check_past(r, s, k, 0, s->size);
    if (st == KAON_OK && v && v->rank >= 0)
        st = check_past(r, s, v, 0, s->value_size);
    return st;
}

/* ---- the whole -------------------------------------------------------------------------------- */

static enum kaon_status agree(const struct reading *r, const struct rows *q, const struct rows *k,
                              const struct rows *v)
{
    if (differ(q->batch, k->batch) || differ(q->batch, v->batch) || differ(k->tokens, v->tokens))
        return kaon_fail(r->msg, KAON_BAD_MODEL, "%s: q, k and v differ in batch or keys", r->op);
    if (differ(k->heads, v->heads) ||
        (r->a->layout == KAON_ATT_TOKENS_FIRST && differ(q->heads, k->heads)))
        return kaon_fail(r->msg, KAON_BAD_MODEL, "%s: q, k and v differ in heads", r->op);
    if (differ(q->size, k->size))
        return kaon_fail(r->msg, KAON_BAD_MODEL, "%s: q has heads of %lld, k of %lld", r->op,
                         (long long)q->size, (long long)k->size);
    if (kaon_dim_known(q->heads) && kaon_dim_known(k->heads) &&
        (k->heads < 1 ? q->heads > 0 : q->heads % k->heads != 0))
        return kaon_fail(r->msg, KAON_BAD_MODEL,
                         "%s: %lld heads cannot share %lld of keys and values", r->op,
                         (long long)q->heads, (long long)k->heads);
    return KAON_OK;
}

static struct kaon_attention_place place_output(const struct kaon_attention_shape *s,
                                                bool heads_outside)
{
    const int64_t head = kaon_dim_mul(s->queries, s->value_size);
    const int64_t row = kaon_dim_mul(s->heads, s->value_size);
    return heads_outside ? (struct kaon_attention_place){ 0, kaon_dim_mul(s->heads, head), head,
                                                          s->value_size }
                         : (struct kaon_attention_place){ 0, kaon_dim_mul(s->queries, row),
                                                          s->value_size, row };
}

enum kaon_status kaon_attention_shape(struct kaon_attention_shape *s,
                                      const struct kaon_attention *a,
                                      const struct kaon_fact *const *in, size_t n_in,
                                      const char *op, struct kaon_msg *msg)
{
    const struct reading r = { a, op, msg };
    const int64_t u = KAON_DIM_UNKNOWN;
    const struct rows unknown = { u, u, u, u, { u, u, u, u } };
    struct rows q = unknown, k = unknown, v = unknown;
    enum kaon_status st = KAON_OK;
    if (all_ranks_known(a, in, n_in))
        st = find_all(&r, &q, &k, &v, in, n_in);
    if (st == KAON_OK)
        st = agree(&r, &q, &k, &v);
    *s = (struct kaon_attention_shape){
        .batch = q.batch,
        .heads = q.heads,
        .kv_heads = k.heads,
        .queries = q.tokens,
        .size = q.size,
        .value_size = v.size,
        .fresh = k.tokens,
        .q = q.place,
        .k = k.place,
        .v = v.place,
    };
    if (st == KAON_OK)
        st = find_past(&r, s, in, n_in);
    const struct kaon_fact *x = kaon_attention_fact(a, in, n_in, KAON_ATT_Q);
    s->y = place_output(s, (a->layout == KAON_ATT_HEADS_FIRST && x->rank == 4) || a->y_heads_first);
    return st;
}
