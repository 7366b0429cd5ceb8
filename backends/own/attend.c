#include "backends/own/attend.h"

#include "backends/own/convert.h"
#include "backends/own/split.h"

#include <math.h>
#include <string.h>

enum { MOST_PARTS = 16 }; /* each has a workspace of its own */

const struct kaon_tensor *kaon_attend_tensor(const struct kaon_step *step,
                                             enum kaon_attention_in what)
{
    const struct kaon_attend *a = step->args;
    return a->in[what] < 0 ? NULL : step->call.in[a->in[what]];
}

struct kaon_tensor *kaon_attend_out(const struct kaon_step *step, enum kaon_attention_out what)
{
    const struct kaon_attend *a = step->args;
    return a->out[what] < 0 ? NULL : step->call.out[a->out[what]];
}

const float *kaon_attend_in(const struct kaon_step *step, enum kaon_attention_in what)
{
    const struct kaon_attend *a = step->args;
    const struct kaon_tensor *t = kaon_attend_tensor(step, what);
    if (!t)
        return NULL;
    return t->type == KAON_F32 ? t->data : (const float *)step->scratch + a->wide_at[what];
}

/* ---- an item of the batch --------------------------------------------------------------------- */

static int64_t integer_at(const struct kaon_tensor *t, size_t i)
{
    return t->type == KAON_I64 ? ((const int64_t *)t->data)[i] : ((const int32_t *)t->data)[i];
}

struct kaon_attend_item kaon_attend_item(const struct kaon_step *step, size_t b)
{
    const struct kaon_attend *a = step->args;
    const struct kaon_tensor *lengths = kaon_attend_tensor(step, KAON_ATT_LENGTHS);
    const struct kaon_tensor *last = kaon_attend_tensor(step, KAON_ATT_LAST);
    const struct kaon_tensor *past = kaon_attend_tensor(step, KAON_ATT_PAST_LENGTH);
    const struct kaon_tensor *starts = kaon_attend_tensor(step, KAON_ATT_STARTS);
    struct kaon_attend_item item = { .queries = (size_t)a->s.queries, .fresh = (size_t)a->s.fresh };
    item.past = (size_t)a->s.past;
    if (starts) {
        item.first = (size_t)integer_at(starts, b);
        item.queries = item.fresh = (size_t)integer_at(starts, b + 1) - item.first;
    }
    if (past && ((const struct kaon_attention *)step->call.attr)->shared_past)
        item.past = (size_t)integer_at(past, 0);
    if (last) { /* the new keys are the last; of a padded prompt there are more */
        const int64_t before = integer_at(last, b) + 1 - (int64_t)item.fresh;
        item.past = before > 0 ? (size_t)before : 0;
    }
    item.keys = item.past + item.fresh;
    item.offset = (int64_t)item.past;
    if (lengths) {
        item.keys = (size_t)integer_at(lengths, b);
        item.offset = (int64_t)item.keys - (int64_t)item.queries;
    }
    item.keys = item.keys < a->mask_keys ? item.keys : a->mask_keys;
    item.keys = item.keys < a->bias_keys ? item.keys : a->bias_keys;
    return item;
}

/* ---- the call --------------------------------------------------------------------------------- */

/* Rows as the node has them, or as they were staged. */
static struct kaon_attention_rows rows_of(const struct kaon_step *step, enum kaon_attend_rows what,
                                          size_t b, size_t first)
{
    static const enum kaon_attention_in inputs[] = { KAON_ATT_Q, KAON_ATT_K, KAON_ATT_V };
    const struct kaon_attend *a = step->args;
    const struct kaon_attention_place *p[] = { &a->s.q, &a->s.k, &a->s.v };
    const size_t size = (size_t)(what == KAON_ATTEND_V ? a->s.value_size : a->s.size);
    const size_t heads = (size_t)(what == KAON_ATTEND_Q ? a->s.heads : a->s.kv_heads);
    const size_t room = what == KAON_ATTEND_Q ? (size_t)a->s.queries : a->room;
    b = a->in[KAON_ATT_STARTS] >= 0 ? 0 : b; /* the rows of all items follow one another */
    if (a->staged[what])
        return (struct kaon_attention_rows){ kaon_attend_staged(step, what) +
                                                 b * heads * room * size + first * size,
                                             room * size, size };
    const float *x = kaon_attend_in(step, inputs[what]);
    if (!x) /* in one tensor with others */
        x = kaon_attend_in(step, KAON_ATT_K);
    if (!x)
        x = kaon_attend_in(step, KAON_ATT_Q);
    if (a->in[KAON_ATT_WEIGHTS] >= 0)
        x = (const float *)step->scratch + a->projected_at;
    return (struct kaon_attention_rows){ x + (size_t)p[what]->at + b * (size_t)p[what]->batch +
                                             first * (size_t)p[what]->row,
                                         (size_t)p[what]->head, (size_t)p[what]->row };
}

static struct kaon_attention_floats floats_of(const float *x, const struct kaon_attend_spread *s,
                                              size_t b)
{
    return (struct kaon_attention_floats){ x ? x + b * s->batch : NULL, s->head, s->row, s->key };
}

/* A mask of floats is a bias; with a bias beside it there is none (no operator has both). */
static void set_masks(const struct kaon_step *step, size_t b, struct kaon_attention_call *c)
{
    const struct kaon_attend *a = step->args;
    const struct kaon_tensor *mask = kaon_attend_tensor(step, KAON_ATT_MASK);
    c->bias = floats_of(kaon_attend_in(step, KAON_ATT_BIAS), &a->bias, b);
    c->gate = floats_of(kaon_attend_in(step, KAON_ATT_GATE), &a->gate, b);
    if (mask && mask->type != KAON_BOOL)
        c->bias = floats_of(kaon_attend_in(step, KAON_ATT_MASK), &a->mask, b);
    else if (mask)
        c->mask = (struct kaon_attention_bytes){ (const uint8_t *)mask->data + b * a->mask.batch,
                                                 a->mask.head, a->mask.row, a->mask.key };
    if (a->in[KAON_ATT_KEY_MASK] >= 0)
        c->mask = (struct kaon_attention_bytes){ (const uint8_t *)((const float *)step->scratch +
                                                                   a->key_mask_at) +
                                                     b * a->key_mask.batch,
                                                 0, a->key_mask.row, a->key_mask.key };
}

static void set_call(const struct kaon_step *step, size_t b, struct kaon_attention_call *c)
{
    const struct kaon_attend *a = step->args;
    const struct kaon_attention *attr = step->call.attr;
    const struct kaon_attend_item item = kaon_attend_item(step, b);
    const struct kaon_attention_place *y = &a->s.y;
    const struct kaon_tensor *out = kaon_attend_out(step, KAON_ATT_Y);
    *c = (struct kaon_attention_call){
        .variant = (enum kaon_attention_variant)a->variant,
        .heads = (size_t)a->s.heads,
        .kv_heads = (size_t)a->s.kv_heads,
        .queries = item.queries,
        .keys = item.keys,
        .size = (size_t)a->s.size,
        .value_size = (size_t)a->s.value_size,
        .q = rows_of(step, KAON_ATTEND_Q, b, item.first),
        .k = rows_of(step, KAON_ATTEND_K, b, item.first),
        .v = rows_of(step, KAON_ATTEND_V, b, item.first),
        .out_head = (size_t)y->head,
        .out_row = (size_t)y->row,
        .scale = attr->scale_scores * attr->scale_q * attr->scale_k / attr->divisor,
        .softcap = attr->softcap,
        .offset = item.offset,
        .causal = attr->causal,
        .left = attr->left,
        .right = attr->right,
    };
    c->out = (out->type == KAON_F32 ? (float *)out->data : (float *)step->scratch + a->y_at) +
             (a->in[KAON_ATT_STARTS] >= 0 ? 0 : b) * (size_t)y->batch + item.first * (size_t)y->row;
    set_masks(step, b, c);
    for (size_t i = 0; i < KAON_ATT_PARAMS; i++)
        c->param[i].number = attr->choice.param[i];
    if (a->sink >= 0) {
        c->param[a->sink].number =
            1.0f; /* a score of 0 without a value, unless sinks say otherwise */
        c->param[a->sink].head = 1;
        if (a->in[KAON_ATT_SINK] >= 0)
            c->param[a->sink].at = (const float *)step->scratch + a->sink_at;
    }
}

static struct kaon_attend_by by_of(const struct kaon_step *step)
{
    const struct kaon_attention *attr = step->call.attr;
    return (struct kaon_attend_by){ step->call.kernels, attr->choice.plugin };
}

/* ---- running ---------------------------------------------------------------------------------- */

/* Items from .. to - 1 of all items of the batch, counted as if each had the most that one can have. */
static void run_items(const struct kaon_step *step, size_t from, size_t to, float *room)
{
    const struct kaon_attend *a = step->args;
    const struct kaon_attend_by by = by_of(step);
    while (from < to) {
        const size_t b = from / a->items, first = from % a->items;
        const size_t end = to - from < a->items - first ? first + to - from : a->items;
        struct kaon_attention_call c;
        set_call(step, b, &c);
        const size_t n = c.queries && c.heads ? kaon_attend_items(&by, &c) : 0;
        if (first < n)
            kaon_attend_run(&by, &c, first, end < n ? end : n, room);
        from += end - first;
    }
}

static void narrow(const struct kaon_step *step, const struct kaon_tensor *t, const float *from)
{
    (void)step;
    if (t && t->type != KAON_F32)
        kaon_convert(t->type, t->data, KAON_F32, from, kaon_own_count(t), false);
}

static void write_scores(const struct kaon_step *step)
{
    const struct kaon_attend *a = step->args;
    const struct kaon_tensor *t = kaon_attend_out(step, KAON_ATT_QK);
    if (!t)
        return;
    float *to = t->type == KAON_F32 ? t->data : (float *)step->scratch + a->scores_at;
    for (size_t b = 0; b < (size_t)a->s.batch; b++) {
        struct kaon_attention_call c;
        set_call(step, b, &c);
        kaon_attend_scores(step, &c, b, to + b * c.heads * c.queries * a->room);
    }
    narrow(step, t, to);
}

static enum kaon_status run(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_attend *a = step->args;
    const enum kaon_status st = kaon_attend_begin(step, msg);
    if (st != KAON_OK)
        return st;
    run_items(step, 0, (size_t)a->s.batch * a->items, (float *)step->scratch + a->parts_at);
    narrow(step, kaon_attend_out(step, KAON_ATT_Y), (const float *)step->scratch + a->y_at);
    write_scores(step);
    return KAON_OK;
}

static void part(const struct kaon_step *step, size_t i)
{
    const struct kaon_attend *a = step->args;
    const size_t items = (size_t)a->s.batch * a->items;
    run_items(step, kaon_part_at(items, i, step->n_parts),
              kaon_part_at(items, i + 1, step->n_parts),
              (float *)step->scratch + a->parts_at + i * a->part_floats);
}

/* ---- preparing -------------------------------------------------------------------------------- */

/* Floats of scratch, counted with care. */
struct ledger {
    size_t floats;
    bool over;
};

static void reserve(struct ledger *l, size_t *at, size_t n)
{
    *at = l->floats;
    l->over |= !kaon_add(&l->floats, l->floats, n) || !kaon_add(&l->floats, l->floats, 15);
    l->floats &= ~(size_t)15;
}

static size_t times(struct ledger *l, size_t a, size_t b)
{
    size_t n = 0;
    l->over |= !kaon_mul(&n, a, b);
    return n;
}

/* Strides of what broadcasts, and where its keys end. */
static void spread(struct kaon_attend_spread *s, size_t *end, const struct kaon_tensor *t)
{
    size_t *step[] = { &s->batch, &s->head, &s->row, &s->key };
    size_t floats = 1;
    for (int32_t i = 0; t && i < t->rank; i++) {
        const int32_t axis = t->rank - 1 - i;
        *step[3 - i] = t->dims[axis] == 1 ? 0 : floats;
        floats *= (size_t)t->dims[axis];
    }
    if (t && end && t->rank > 0 && t->dims[t->rank - 1] != 1)
        *end = (size_t)t->dims[t->rank - 1];
}

static bool is_float(enum kaon_type type)
{
    return type == KAON_F32 || type == KAON_F16 || type == KAON_BF16 || type == KAON_F64;
}

static enum kaon_status find_tensors(struct kaon_step *step, struct kaon_attend *a,
                                     struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct kaon_attention *attr = call->attr;
    for (int i = 0; i < KAON_ATT_INS; i++) {
        const int at = kaon_attention_in_at(attr, (enum kaon_attention_in)i);
        a->in[i] = at >= 0 && kaon_own_in(call, (size_t)at) ? at : -1;
    }
    for (int i = 0; i < KAON_ATT_OUTS; i++) {
        const int at = kaon_attention_out_at(attr, (enum kaon_attention_out)i);
        a->out[i] = at >= 0 && kaon_own_out(call, (size_t)at) ? at : -1;
    }
    for (int i = 0; i < KAON_ATT_INS; i++) {
        const struct kaon_tensor *t = kaon_attend_tensor(step, (enum kaon_attention_in)i);
        const bool integers = i == KAON_ATT_KEY_MASK || i == KAON_ATT_LENGTHS ||
                              i == KAON_ATT_LAST || i == KAON_ATT_TOTAL || i == KAON_ATT_STARTS ||
                              i == KAON_ATT_PAST_LENGTH || i == KAON_ATT_POSITIONS;
        if (!t || (integers && (t->type == KAON_I32 || t->type == KAON_I64)) ||
            (!integers && is_float(t->type)) || (i == KAON_ATT_MASK && t->type == KAON_BOOL))
            continue;
        return kaon_own_fail(call, msg, KAON_UNSUPPORTED, "input %d has element type %s", a->in[i],
                             kaon_type_name(t->type));
    }
    return kaon_attend_out(step, KAON_ATT_Y)
               ? KAON_OK
               : kaon_own_fail(call, msg, KAON_UNSUPPORTED, "nobody wants output 0");
}

static enum kaon_status find_shape(const struct kaon_step *step, struct kaon_attend *a,
                                   struct kaon_msg *msg)
{
    struct kaon_fact facts[32];
    const struct kaon_fact *in[32];
    const struct kaon_call *call = &step->call;
    for (size_t i = 0; i < call->n_in && i < KAON_COUNT(facts); i++) {
        const struct kaon_tensor *t = call->in[i];
        in[i] = t ? &facts[i] : NULL;
        if (!t)
            continue;
        facts[i] = (struct kaon_fact)KAON_FACT_NONE;
        kaon_fact_set(&facts[i], t->type, t->rank, t->dims);
    }
    const enum kaon_status st =
        kaon_attention_shape(&a->s, call->attr, in, call->n_in, call->op->name, msg);
    const struct kaon_tensor *k = kaon_attend_out(step, KAON_ATT_PRESENT_K);
    const struct kaon_tensor *v = kaon_attend_out(step, KAON_ATT_PRESENT_V);
    const struct kaon_tensor *both = kaon_attend_out(step, KAON_ATT_PRESENT);
    if (st != KAON_OK)
        return st;
    if (k || v || both) /* inference knew what they are as long as */
        a->s.keys = k ? k->dims[2] : v ? v->dims[2] : both->dims[3];
    else if (!kaon_dim_known(a->s.keys))
        a->s.keys = kaon_dim_add(a->s.past, a->s.fresh);
    if (both && a->s.size != a->s.value_size)
        return kaon_own_fail(call, msg, KAON_BAD_MODEL, "keys of %lld and values of %lld in one",
                             (long long)a->s.size, (long long)a->s.value_size);
    const int64_t known[] = { a->s.batch, a->s.heads,      a->s.kv_heads, a->s.queries,
                              a->s.size,  a->s.value_size, a->s.fresh,    a->s.keys };
    for (size_t i = 0; i < KAON_COUNT(known); i++)
        if (!kaon_dim_known(known[i]) || known[i] < 0)
            return kaon_own_fail(call, msg, KAON_BAD_MODEL, "its lengths are not known");
    if (a->in[KAON_ATT_STARTS] >= 0)
        a->s.batch = (int64_t)kaon_own_count(kaon_attend_tensor(step, KAON_ATT_STARTS)) - 1;
    a->room = (size_t)a->s.keys;
    if (a->in[KAON_ATT_LAST] >= 0 && a->s.keys < a->s.fresh)
        return kaon_own_fail(call, msg, KAON_BAD_INPUT,
                             "%lld new keys, and at most %lld with those of the past",
                             (long long)a->s.fresh, (long long)a->s.keys);
    if (((const struct kaon_attention *)call->attr)->shared_past && a->s.past > 0 &&
        a->in[KAON_ATT_PAST_LENGTH] < 0)
        return kaon_own_fail(call, msg, KAON_BAD_MODEL,
                             "a past with room at its end and no past_sequence_length");
    return a->s.batch >= 0
               ? KAON_OK
               : kaon_own_fail(call, msg, KAON_BAD_MODEL, "no cumulative sequence lengths");
}

/* Softmax with sinks, or with the smoothing that is a sink of score 0, is softmax_n. */
static void choose(const struct kaon_step *step, struct kaon_attend *a)
{
    const struct kaon_attention *attr = step->call.attr;
    a->variant = attr->choice.variant;
    a->sink = -1;
    if (!attr->choice.plugin && a->variant == KAON_ATTENTION_softmax &&
        (attr->smooth || a->in[KAON_ATT_SINK] >= 0)) {
        a->variant = KAON_ATTENTION_softmax_n;
        a->sink = 0;
    }
}

static void reserve_rows(const struct kaon_step *step, struct kaon_attend *a, struct ledger *l)
{
    const struct kaon_attention *attr = step->call.attr;
    const bool joined = a->in[KAON_ATT_PAST] >= 0 || a->in[KAON_ATT_PAST_K] >= 0 ||
                        a->out[KAON_ATT_PRESENT] >= 0 || a->out[KAON_ATT_PRESENT_K] >= 0 ||
                        a->out[KAON_ATT_PRESENT_V] >= 0 || a->in[KAON_ATT_LAST] >= 0;
    const bool moved = attr->rotary || a->in[KAON_ATT_ROW_BIAS] >= 0;
    const size_t kv = times(l, (size_t)a->s.batch, times(l, (size_t)a->s.kv_heads, a->room));
    const size_t rows[] = {
        times(l, (size_t)a->s.batch, times(l, (size_t)a->s.heads, (size_t)a->s.queries)), kv, kv
    };
    const size_t size[] = { (size_t)a->s.size, (size_t)a->s.size, (size_t)a->s.value_size };
    for (int i = 0; i < KAON_ATTEND_ROWS; i++) {
        a->staged[i] = moved || (joined && i != KAON_ATTEND_Q);
        if (a->staged[i])
            reserve(l, &a->rows_at[i], times(l, rows[i], size[i]));
    }
}

static void reserve_inputs(const struct kaon_step *step, struct kaon_attend *a, struct ledger *l)
{
    for (int i = 0; i < KAON_ATT_INS; i++) {
        const struct kaon_tensor *t = kaon_attend_tensor(step, (enum kaon_attention_in)i);
        if (t && is_float(t->type) && t->type != KAON_F32)
            reserve(l, &a->wide_at[i], kaon_own_count(t));
    }
    const struct kaon_tensor *w = kaon_attend_tensor(step, KAON_ATT_WEIGHTS);
    if (w) {
        const size_t rows = times(l, (size_t)a->s.batch, (size_t)a->s.queries);
        size_t room;
        reserve(l, &a->projected_at, times(l, rows, (size_t)w->dims[1]));
        reserve(l, &room, times(l, KAON_GEMM_PANEL, (size_t)w->dims[0]));
    }
    const struct kaon_tensor *m = kaon_attend_tensor(step, KAON_ATT_KEY_MASK);
    if (m) {
        const size_t rows = m->rank == 3 ? (size_t)a->s.queries : 1;
        a->key_mask.key = 1;
        a->key_mask.row = m->rank == 3 ? a->room : 0;
        a->key_mask.batch = times(l, rows, a->room);
        reserve(l, &a->key_mask_at, times(l, (size_t)a->s.batch, a->key_mask.batch) / 4 + 1);
    }
    if (a->in[KAON_ATT_SINK] >= 0)
        reserve(l, &a->sink_at, (size_t)a->s.heads);
}

/* A call of full length, to ask the kernel what it needs. */
static struct kaon_attention_call longest(const struct kaon_step *step, const struct kaon_attend *a)
{
    static const float nothing[1] = { 0.0f };
    static const uint8_t none[1] = { 0 };
    const struct kaon_attention *attr = step->call.attr;
    struct kaon_attention_call c = {
        .variant = (enum kaon_attention_variant)a->variant,
        .heads = (size_t)a->s.heads,
        .kv_heads = (size_t)a->s.kv_heads,
        .queries = (size_t)a->s.queries,
        .keys = a->room,
        .size = (size_t)a->s.size,
        .value_size = (size_t)a->s.value_size,
        .causal = attr->causal,
        .left = attr->left,
        .right = attr->right,
        .softcap = attr->softcap,
        .scale = attr->scale_scores,
    };
    const bool mask = a->in[KAON_ATT_MASK] >= 0 || a->in[KAON_ATT_KEY_MASK] >= 0;
    c.q.at = c.k.at = c.v.at = nothing;
    c.mask.at = mask ? none : NULL;
    c.bias.at = mask || a->in[KAON_ATT_BIAS] >= 0 ? nothing : NULL;
    c.gate.at = a->in[KAON_ATT_GATE] >= 0 ? nothing : NULL;
    for (size_t i = 0; i < KAON_ATT_PARAMS; i++)
        c.param[i].number = attr->choice.param[i];
    return c;
}

static void reserve_outputs(struct kaon_step *step, struct kaon_attend *a, struct ledger *l)
{
    const struct kaon_tensor *y = kaon_attend_out(step, KAON_ATT_Y);
    const struct kaon_tensor *scores = kaon_attend_out(step, KAON_ATT_QK);
    if (y->type != KAON_F32)
        reserve(l, &a->y_at, kaon_own_count(y));
    if (scores && scores->type != KAON_F32)
        reserve(l, &a->scores_at, kaon_own_count(scores));
    const struct kaon_attend_by by = by_of(step);
    const struct kaon_attention_call c = longest(step, a);
    a->items = c.queries && c.heads ? kaon_attend_items(&by, &c) : 1;
    if (step->call.parallel && y->type == KAON_F32 && !scores) {
        step->n_parts =
            kaon_parts(step->macs, KAON_PART_MACS, times(l, (size_t)a->s.batch, a->items));
        step->n_parts = step->n_parts < MOST_PARTS ? step->n_parts : MOST_PARTS;
    }
    reserve(l, &a->part_floats, 0);
    size_t floats = c.queries && c.heads ? kaon_attend_scratch(&by, &c) : 0;
    l->over |= !kaon_add(&floats, floats, 15);
    a->part_floats = floats & ~(size_t)15;
    reserve(l, &a->parts_at, times(l, step->n_parts ? step->n_parts : 1, a->part_floats));
}

enum kaon_status kaon_attend_prepare(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    struct kaon_attend *a = kaon_own_args(step, memory, sizeof *a, msg);
    struct ledger l = { 0 };
    if (!a)
        return KAON_NO_MEMORY;
    enum kaon_status st = find_tensors(step, a, msg);
    if (st == KAON_OK)
        st = find_shape(step, a, msg);
    if (st != KAON_OK)
        return st;
    a->mask_keys = a->bias_keys = SIZE_MAX;
    spread(&a->mask, &a->mask_keys, kaon_attend_tensor(step, KAON_ATT_MASK));
    spread(&a->bias, &a->bias_keys, kaon_attend_tensor(step, KAON_ATT_BIAS));
    spread(&a->gate, NULL, kaon_attend_tensor(step, KAON_ATT_GATE));
    choose(step, a);
    step->macs = (uint64_t)a->s.batch * (uint64_t)a->s.heads * (uint64_t)a->s.queries * a->room *
                 (uint64_t)(a->s.size + a->s.value_size);
    reserve_inputs(step, a, &l);
    reserve_rows(step, a, &l);
    reserve_outputs(step, a, &l);
    const struct kaon_attend_by by = by_of(step);
    step->kernel = kaon_attend_name(&by, a->variant);
    step->run = run;
    step->begin = kaon_attend_begin;
    step->part = part;
    if (l.over)
        return kaon_own_fail(&step->call, msg, KAON_OVER_LIMIT, "its scratch is too large");
    return kaon_own_scratch(step, l.floats, sizeof(float), msg);
}

const struct kaon_own kaon_own_onnx_attention = { .prepare = kaon_attend_prepare };
const struct kaon_own kaon_own_contrib_attention = { .prepare = kaon_attend_prepare };
const struct kaon_own kaon_own_multi_head_attention = { .prepare = kaon_attend_prepare };
const struct kaon_own kaon_own_group_query_attention = { .prepare = kaon_attend_prepare };
const struct kaon_own kaon_own_packed_attention = { .prepare = kaon_attend_prepare };
const struct kaon_own kaon_own_decoder_attention = { .prepare = kaon_attend_prepare };
