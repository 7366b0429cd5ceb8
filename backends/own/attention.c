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
    size_t at, head, row,
        batch; /* first column; floats from head to head, token to token, item to item */
};

/* What broadcasts to the scores: elements from one to the next, 0: the same. */
struct spread {
    size_t batch, head, row, key;
};

struct attention {
    size_t batch, heads, shared; /* shared: query heads a head of keys and values */
    size_t queries, keys, size, value_size;
    struct place q, k, v, y;
    struct spread bias, gate, mask;
    const struct kaon_attention *attr;
    size_t group;                      /* heads whose scores are made together */
    size_t part_floats, q_at, room_at; /* of the scratch of one part: scores first */
};

enum { BIAS = 3, GATE, MASK };

static struct place place_of(const struct kaon_tensor *t, int64_t at, size_t size,
                             const struct kaon_attention *attr, bool heads_first)
{
    const size_t row = kaon_own_product(t, attr->layout == KAON_ATT_TOKENS_FIRST ? 1 : 2, t->rank);
    if (heads_first && t->rank == 4)
        return (struct place){ 0, row, size, row * (size_t)t->dims[1] };
    return (struct place){ (size_t)at, size, row, row * (size_t)t->dims[1] };
}

static const float *head_of(const struct kaon_tensor *t, const struct place *p, size_t batch,
                            size_t head)
{
    return (const float *)t->data + batch * p->batch + p->at + head * p->head;
}

/* Element of the first query and key of what broadcasts. */
static size_t first_of(const struct spread *s, size_t batch, size_t head)
{
    return batch * s->batch + head * s->head;
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
    if (a->attr->scale_q == 1.0f)
        return q;
    *row = a->size;
    for (size_t i = 0; i < a->queries; i++)
        for (size_t d = 0; d < a->size; d++)
            room[i * a->size + d] = q[i * a->q.row + d] * a->attr->scale_q;
    return room;
}

/* What is added to the scores of a head, as the epilogue of the product has it. A bias of one number, or
 * one behind a division, is added by `add_bias`. */
static struct kaon_epilogue epilogue(const struct attention *a, const float *bias)
{
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    e.alpha = a->attr->scale_scores;
    if (a->attr->divisor != 1.0f)
        return e;
    if (bias && a->bias.key && a->bias.row) {
        e.residual = bias;
        e.ldr = a->bias.row;
    } else if (bias && a->bias.key) {
        e.bias = bias;
    } else if (bias && a->bias.row) {
        e.row_bias = bias;
    }
    return e;
}

static void add_bias(const struct attention *a, float *scores, const float *bias)
{
    for (size_t i = 0; i < a->queries; i++)
        for (size_t j = 0; j < a->keys; j++)
            scores[i * a->keys + j] += bias[i * a->bias.row + j * a->bias.key];
}

static void divide(float *x, size_t n, float by)
{
    for (size_t i = 0; i < n; i++)
        x[i] /= by;
}

/* Where the mask hides, x becomes `value`. */
static void hide(const struct attention *a, float *x, const uint8_t *mask, float value)
{
    for (size_t i = 0; i < a->queries; i++)
        for (size_t j = 0; j < a->keys; j++)
            if (!mask[i * a->mask.row + j * a->mask.key])
                x[i * a->keys + j] = value;
}

static void multiply(const struct attention *a, float *x, const float *gate)
{
    for (size_t i = 0; i < a->queries; i++)
        for (size_t j = 0; j < a->keys; j++)
            x[i * a->keys + j] *= gate[i * a->gate.row + j * a->gate.key];
}

/* A softmax of nothing but -inf, or with a NaN in it, is a row of NaN throughout. */
static void clear_nan(float *scores, size_t rows, size_t n)
{
    for (size_t r = 0; r < rows && n > 0; r++)
        if (isnan(scores[r * n]))
            memset(scores + r * n, 0, n * sizeof *scores);
}

static const uint8_t *mask_of(const struct kaon_step *step, size_t batch, size_t head)
{
    const struct attention *a = step->args;
    const struct kaon_tensor *t = kaon_own_in(&step->call, MASK);
    return t ? (const uint8_t *)t->data + first_of(&a->mask, batch, head) : NULL;
}

/* Scores of one head before the softmax. */
static void make_scores(const struct kaon_step *step, size_t batch, size_t head, float *scores,
                        float *scratch)
{
    const struct attention *a = step->args;
    const struct kaon_call *call = &step->call;
    const struct kaon_tensor *given = kaon_own_in(call, BIAS);
    const float *bias = given ? (const float *)given->data + first_of(&a->bias, batch, head) : NULL;
    const uint8_t *mask = mask_of(step, batch, head);
    const float *q = head_of(call->in[0], &a->q, batch, head);
    const float *k = head_of(call->in[1], &a->k, batch, head / a->shared);
    const struct kaon_epilogue e = epilogue(a, bias);
    float *panels = scratch + a->room_at;
    size_t q_row;
    call->kernels->gemm_pack(panels, k, 1, (ptrdiff_t)a->k.row, a->size, a->keys);
    scale(panels, kaon_gemm_packed_floats(a->size, a->keys), a->attr->scale_k);
    q = queries(a, q, scratch + a->q_at, &q_row);
    call->kernels->gemm(scores, a->keys, q, q_row, panels, a->queries, a->keys, a->size, &e);
    if (a->attr->divisor != 1.0f)
        divide(scores, a->queries * a->keys, a->attr->divisor);
    if (bias && (a->attr->divisor != 1.0f || (!a->bias.key && !a->bias.row)))
        add_bias(a, scores, bias);
    if (mask)
        hide(a, scores, mask, a->attr->mask_value);
}

/* What is done to the weights of one head behind the softmax. */
static void change_weights(const struct kaon_step *step, size_t batch, size_t head, float *weights)
{
    const struct attention *a = step->args;
    const struct kaon_tensor *gate = kaon_own_in(&step->call, GATE);
    const uint8_t *mask = a->attr->mask_weights ? mask_of(step, batch, head) : NULL;
    if (mask)
        hide(a, weights, mask, 0.0f);
    if (gate)
        multiply(a, weights, (const float *)gate->data + first_of(&a->gate, batch, head));
}

/* Weights times values. A last vector of columns that is not whole would be packed again in every
 * reading. */
static void apply(const struct kaon_step *step, size_t batch, size_t head, const float *weights,
                  float *scratch)
{
    const struct attention *a = step->args;
    const struct kaon_kernels *kernels = step->call.kernels;
    const float *v = head_of(step->call.in[2], &a->v, batch, head / a->shared);
    float *y = (float *)step->call.out[0]->data + batch * a->y.batch + head * a->y.head;
    float *panels = scratch + a->room_at;
    if (a->value_size % 16 == 0) {
        kernels->gemm_unpacked(y, a->y.row, weights, a->keys, v, a->v.row, a->queries,
                               a->value_size, a->keys, NULL, panels);
        return;
    }
    kernels->gemm_pack(panels, v, (ptrdiff_t)a->v.row, 1, a->keys, a->value_size);
    kernels->gemm(y, a->y.row, weights, a->keys, panels, a->queries, a->value_size, a->keys, NULL);
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
        if (a->attr->nan_is_zero)
            clear_nan(scratch, n * a->queries, a->keys);
        for (size_t h = 0; h < n; h++) {
            change_weights(step, (i + h) / a->heads, (i + h) % a->heads, scratch + h * one);
            apply(step, (i + h) / a->heads, (i + h) % a->heads, scratch + h * one, scratch);
        }
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

static struct spread spread_of(const struct kaon_tensor *t)
{
    struct spread s = { 0 };
    size_t *step[] = { &s.batch, &s.head, &s.row, &s.key };
    size_t elements = 1;
    for (int32_t i = 0; t && i < t->rank; i++) {
        const int32_t axis = t->rank - 1 - i;
        *step[3 - i] = t->dims[axis] == 1 ? 0 : elements;
        elements *= (size_t)t->dims[axis];
    }
    return s;
}

/* Axis of the tokens. */
static int32_t tokens_of(const struct kaon_attention *a, int which)
{
    return a->layout == KAON_ATT_TOKENS_FIRST ? 0 : a->heads_first[which] ? 2 : 1;
}

/* Whether it is softmax with what plain operators add to it, of few keys. */
static bool is_plain(const struct kaon_call *call)
{
    const struct kaon_attention *a = call->attr;
    return !a->choice.plugin && a->choice.variant == KAON_ATTENTION_softmax &&
           call->in[0]->type == KAON_F32 && !a->causal &&
           call->in[1]->dims[tokens_of(a, 1)] <= MOST_KEYS;
}

static enum kaon_status check_types(const struct kaon_call *call, struct kaon_msg *msg)
{
    for (size_t i = 0; i < call->n_in; i++) {
        const enum kaon_type wanted = i == MASK ? KAON_BOOL : KAON_F32;
        if (call->in[i] && call->in[i]->type != wanted)
            return kaon_own_fail(call, msg, KAON_BAD_MODEL, "input %zu is %s, wanted %s", i,
                                 kaon_type_name(call->in[i]->type), kaon_type_name(wanted));
    }
    return KAON_OK;
}

static void place_heads(struct attention *a, const struct kaon_call *call)
{
    const struct kaon_attention *attr = call->attr;
    const struct kaon_tensor *q = call->in[0], *k = call->in[1], *v = call->in[2];
    const bool tokens_first = attr->layout == KAON_ATT_TOKENS_FIRST;
    a->attr = attr;
    a->batch = tokens_first ? 1 : (size_t)q->dims[0];
    a->heads = tokens_first ? (size_t)q->dims[1] : (size_t)attr->heads;
    a->shared = tokens_first ? 1 : (size_t)(attr->heads / attr->kv_heads);
    a->queries = (size_t)q->dims[tokens_of(attr, 0)];
    a->keys = (size_t)k->dims[tokens_of(attr, 1)];
    a->size = (size_t)attr->head_size;
    a->value_size = (size_t)attr->value_size;
    a->q = place_of(q, attr->q_at, a->size, attr, attr->heads_first[0]);
    a->k = place_of(k, attr->k_at, a->size, attr, attr->heads_first[1]);
    a->v = place_of(v, attr->v_at, a->value_size, attr, attr->heads_first[2]);
    a->y = place_of(call->out[0], 0, a->value_size, attr, attr->y_heads_first);
    a->bias = spread_of(kaon_own_in(call, BIAS));
    a->gate = spread_of(kaon_own_in(call, GATE));
    a->mask = spread_of(kaon_own_in(call, MASK));
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
    const enum kaon_status st = check_types(&step->call, msg);
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
