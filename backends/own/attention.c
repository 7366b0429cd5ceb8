/* Attention of few tokens: nothing is moved but into the panels of the products, and the scores of several
 * heads go through the softmax together while they are in cache. The kernels are those of the nodes that
 * it replaces, called in their order, so not a bit changes. What is not softmax with a bias, or has many keys,
 * goes to backends/own/attend.c. */
#include "backends/own/attend.h"
#include "backends/own/split.h"

#include <math.h>
#include <string.h>

enum {
    GROUP_FLOATS = 8 << 10, /* scores that are made before the softmax: half a first cache */
    MOST_KEYS = 512,        /* beyond, scores of all keys of a query are better not kept */
};

/* Where the heads of one input lie. */
struct place {
    size_t at, row, batch; /* first column; floats from token to token and from item to item */
};

struct attention {
    size_t batch, heads, shared; /* shared: query heads a head of keys and values */
    size_t queries, keys, size, value_size;
    struct place q, k, v;
    size_t bias_batch, bias_head, bias_row, bias_key; /* floats from one to the next; 0: the same */
    float scale_q, scale_k, scale_scores;
    bool nan_is_zero;
    size_t group;                      /* heads whose scores are made together */
    size_t part_floats, q_at, room_at; /* of the scratch of one part: scores first */
};

static struct place place_of(const struct kaon_tensor *t, int64_t at, bool tokens_first)
{
    const size_t row = kaon_own_product(t, tokens_first ? 1 : 2, t->rank);
    return (struct place){ (size_t)at, row, row * (size_t)t->dims[1] };
}

static const float *head_of(const struct kaon_tensor *t, const struct place *p, size_t batch,
                            size_t head, size_t size)
{
    return (const float *)t->data + batch * p->batch + p->at + head * size;
}

static void scale(float *x, size_t n, float factor)
{
    for (size_t i = 0; factor != 1.0f && i < n; i++)
        x[i] *= factor;
}

/* The queries of a head as the product wants them, scaled if need be; *row: floats from one to the next. */
static const float *queries(const struct attention *a, const float *q, float *room, size_t *row)
{
    *row = a->q.row;
    if (a->scale_q == 1.0f)
        return q;
    *row = a->size;
    for (size_t i = 0; i < a->queries; i++)
        for (size_t d = 0; d < a->size; d++)
            room[i * a->size + d] = q[i * a->q.row + d] * a->scale_q;
    return room;
}

/* What is added to the scores of a head, as the epilogue of the product has it. A bias that is the same
 * for every key, or of one number, is spread out by `spread`. */
static struct kaon_epilogue epilogue(const struct kaon_step *step, const float *bias)
{
    const struct attention *a = step->args;
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    e.alpha = a->scale_scores;
    if (bias && a->bias_key && a->bias_row) {
        e.residual = bias;
        e.ldr = a->bias_row;
    } else if (bias && a->bias_key) {
        e.bias = bias;
    } else if (bias && a->bias_row) {
        e.row_bias = bias;
    }
    return e;
}

static void add_number(float *x, size_t n, float number)
{
    for (size_t i = 0; i < n; i++)
        x[i] += number;
}

/* A softmax of nothing but -inf, or with a NaN in it, is a row of NaN throughout. */
static void clear_nan(float *scores, size_t rows, size_t n)
{
    for (size_t r = 0; r < rows && n > 0; r++)
        if (isnan(scores[r * n]))
            memset(scores + r * n, 0, n * sizeof *scores);
}

/* Scores of one head before the softmax. */
static void make_scores(const struct kaon_step *step, size_t batch, size_t head, float *scores,
                        float *scratch)
{
    const struct attention *a = step->args;
    const struct kaon_call *call = &step->call;
    const struct kaon_tensor *given = kaon_own_in(call, 3);
    const float *bias =
        given ? (const float *)given->data + batch * a->bias_batch + head * a->bias_head : NULL;
    const float *q = head_of(call->in[0], &a->q, batch, head, a->size);
    const float *k = head_of(call->in[1], &a->k, batch, head / a->shared, a->size);
    const struct kaon_epilogue e = epilogue(step, bias);
    float *panels = scratch + a->room_at;
    size_t q_row;
    call->kernels->gemm_pack(panels, k, 1, (ptrdiff_t)a->k.row, a->size, a->keys);
    scale(panels, kaon_gemm_packed_floats(a->size, a->keys), a->scale_k);
    q = queries(a, q, scratch + a->q_at, &q_row);
    call->kernels->gemm(scores, a->keys, q, q_row, panels, a->queries, a->keys, a->size, &e);
    if (bias && !a->bias_key && !a->bias_row)
        add_number(scores, a->queries * a->keys, *bias);
}

/* Weights times values. A last vector of columns that is not whole would be packed again in every
 * reading. */
static void apply(const struct kaon_step *step, size_t batch, size_t head, const float *weights,
                  float *scratch)
{
    const struct attention *a = step->args;
    const struct kaon_kernels *kernels = step->call.kernels;
    const float *v = head_of(step->call.in[2], &a->v, batch, head / a->shared, a->value_size);
    const size_t row = a->heads * a->value_size;
    float *y = (float *)step->call.out[0]->data + batch * a->queries * row + head * a->value_size;
    float *panels = scratch + a->room_at;
    if (a->value_size % 16 == 0) {
        kernels->gemm_unpacked(y, row, weights, a->keys, v, a->v.row, a->queries, a->value_size,
                               a->keys, NULL, panels);
        return;
    }
    kernels->gemm_pack(panels, v, (ptrdiff_t)a->v.row, 1, a->keys, a->value_size);
    kernels->gemm(y, row, weights, a->keys, panels, a->queries, a->value_size, a->keys, NULL);
}

/* Heads from .. to - 1, counted through all items. */
static void run_heads(const struct kaon_step *step, size_t from, size_t to, float *scratch)
{
    const struct attention *a = step->args;
    const size_t one = a->queries * a->keys;
    for (size_t i = from; i < to;) {
        const size_t n = to - i < a->group ? to - i : a->group;
        for (size_t h = 0; h < n; h++)
            make_scores(step, (i + h) / a->heads, (i + h) % a->heads, scratch + h * one, scratch);
        step->call.kernels->softmax_rows(scratch, scratch, n * a->queries, a->keys);
        if (a->nan_is_zero)
            clear_nan(scratch, n * a->queries, a->keys);
        for (size_t h = 0; h < n; h++)
            apply(step, (i + h) / a->heads, (i + h) % a->heads, scratch + h * one, scratch);
        i += n;
    }
}

static enum kaon_status run(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct attention *a = step->args;
    (void)msg;
    run_heads(step, 0, a->batch * a->heads, step->scratch);
    return KAON_OK;
}

static void part(const struct kaon_step *step, size_t i)
{
    const struct attention *a = step->args;
    const size_t items = a->batch * a->heads;
    run_heads(step, kaon_part_at(items, i, step->n_parts),
              kaon_part_at(items, i + 1, step->n_parts),
              (float *)step->scratch + i * a->part_floats);
}

static void place_bias(struct attention *a, const struct kaon_tensor *bias)
{
    size_t *step[] = { &a->bias_batch, &a->bias_head, &a->bias_row, &a->bias_key };
    size_t floats = 1;
    for (int32_t i = 0; i < bias->rank; i++) {
        const int32_t axis = bias->rank - 1 - i;
        *step[3 - i] = bias->dims[axis] == 1 ? 0 : floats;
        floats *= (size_t)bias->dims[axis];
    }
}

/* Whether it is softmax with nothing but a bias, of few keys. */
static bool is_plain(const struct kaon_call *call)
{
    const struct kaon_attention *a = call->attr;
    const bool tokens_first = a->layout == KAON_ATT_TOKENS_FIRST;
    return a->choice.variant == KAON_ATTENTION_softmax && call->in[0]->type == KAON_F32 &&
           !a->causal && !kaon_own_in(call, 4) && call->in[1]->dims[!tokens_first] <= MOST_KEYS;
}

static void place_heads(struct attention *a, const struct kaon_call *call)
{
    const struct kaon_attention *attr = call->attr;
    const struct kaon_tensor *q = call->in[0], *k = call->in[1], *v = call->in[2];
    const bool tokens_first = attr->layout == KAON_ATT_TOKENS_FIRST;
    a->batch = tokens_first ? 1 : (size_t)q->dims[0];
    a->heads = tokens_first ? (size_t)q->dims[1] : (size_t)attr->heads;
    a->shared = tokens_first ? 1 : (size_t)(attr->heads / attr->kv_heads);
    a->queries = (size_t)q->dims[!tokens_first];
    a->keys = (size_t)k->dims[!tokens_first];
    a->size = (size_t)attr->head_size;
    a->value_size = (size_t)attr->value_size;
    a->q = place_of(q, attr->q_at, tokens_first);
    a->k = place_of(k, attr->k_at, tokens_first);
    a->v = place_of(v, attr->v_at, tokens_first);
    a->scale_q = attr->scale_q;
    a->scale_k = attr->scale_k;
    a->scale_scores = attr->scale_scores;
    a->nan_is_zero = attr->nan_is_zero;
    if (kaon_own_in(call, 3))
        place_bias(a, call->in[3]);
}

/* n floats and what makes them whole vectors, behind those that are there; false if that overflows. */
static bool reserve(size_t *floats, size_t n)
{
    if (!kaon_add(floats, *floats, n) || !kaon_add(floats, *floats, 15))
        return false;
    *floats &= ~(size_t)15;
    return true;
}

/* Scratch of one part: scores, scaled queries, panels. */
static bool plan_part(struct attention *a)
{
    size_t one, scores, queries, k_panels, v_panels, at = 0;
    if (!kaon_mul(&one, a->queries, a->keys) || !kaon_mul(&queries, a->queries, a->size) ||
        !kaon_mul(&k_panels, a->size, a->keys + KAON_GEMM_PANEL) ||
        !kaon_mul(&v_panels, a->keys, a->value_size + KAON_GEMM_PANEL))
        return false;
    a->group = one ? GROUP_FLOATS / one : 1;
    a->group = a->group < 1 ? 1 : a->group;
    k_panels = kaon_gemm_packed_floats(a->size, a->keys);
    v_panels = kaon_gemm_packed_floats(a->keys, a->value_size);
    if (!kaon_mul(&scores, a->group, one) || !reserve(&at, scores))
        return false;
    a->q_at = at;
    if (!reserve(&at, queries))
        return false;
    a->room_at = at;
    if (!reserve(&at, k_panels > v_panels ? k_panels : v_panels))
        return false;
    a->part_floats = at;
    return true;
}

static enum kaon_status prepare_attention(struct kaon_step *step, struct kaon_arena *memory,
                                          struct kaon_msg *msg)
{
    size_t floats, heads;
    if (!is_plain(&step->call))
        return kaon_attend_prepare(step, memory, msg);
    struct attention *a = kaon_own_args(step, memory, sizeof *a, msg);
    if (!a)
        return KAON_NO_MEMORY;
    const enum kaon_status st = kaon_own_same_types(&step->call, msg);
    if (st != KAON_OK)
        return st;
    place_heads(a, &step->call);
    if (!kaon_mul(&heads, a->batch, a->heads) || !plan_part(a))
        return kaon_own_fail(&step->call, msg, KAON_OVER_LIMIT, "its scratch is too large");
    step->macs = (uint64_t)a->batch * a->heads * a->queries * a->keys * (a->size + a->value_size);
    step->kernel = "heads";
    step->run = run;
    if (step->call.parallel) {
        step->n_parts = kaon_parts(step->macs, KAON_PART_MACS, heads);
        step->part = part;
    }
    if (!kaon_mul(&floats, step->n_parts ? step->n_parts : 1, a->part_floats))
        return kaon_own_fail(&step->call, msg, KAON_OVER_LIMIT, "its scratch is too large");
    return kaon_own_scratch(step, floats, sizeof(float), msg);
}

const struct kaon_own kaon_own_attention = { .prepare = prepare_attention };
