/* What happens before attention: conversion, projection, bias, rotation, and joining the past with what is new. */
#include "backends/own/attend.h"

#include "backends/own/convert.h"

#include <string.h>

/* ---- lengths and positions -------------------------------------------------------------------- */

static int64_t integer_at(const struct kaon_tensor *t, size_t i)
{
    return t->type == KAON_I64 ? ((const int64_t *)t->data)[i] : ((const int32_t *)t->data)[i];
}

static enum kaon_status out_of_range(const struct kaon_step *step, struct kaon_msg *msg,
                                     const char *what, int64_t found, int64_t most)
{
    return kaon_own_fail(&step->call, msg, KAON_BAD_INPUT, "the %s is %lld, wanted 0 to %lld", what,
                         (long long)found, (long long)most);
}

static enum kaon_status check_starts(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_attend *a = step->args;
    const struct kaon_tensor *starts = kaon_attend_tensor(step, KAON_ATT_STARTS);
    int64_t before = 0;
    for (size_t i = 0; starts && i <= (size_t)a->s.batch; i++) {
        const int64_t at = integer_at(starts, i);
        if (at < before || at > a->s.queries)
            return kaon_own_fail(&step->call, msg, KAON_BAD_INPUT,
                                 "cumulative sequence length %zu is %lld, wanted %lld to %lld", i,
                                 (long long)at, (long long)before, (long long)a->s.queries);
        before = at;
    }
    return KAON_OK;
}

/* Rotary positions of an item: given, or those behind the past. */
static int64_t position_of(const struct kaon_step *step, size_t b, size_t i, size_t past)
{
    const struct kaon_attend *a = step->args;
    const struct kaon_tensor *t = kaon_attend_tensor(step, KAON_ATT_POSITIONS);
    return t ? integer_at(t, b * (size_t)a->s.queries + i) : (int64_t)(past + i);
}

static enum kaon_status check_positions(const struct kaon_step *step, size_t b, size_t past,
                                        struct kaon_msg *msg)
{
    const struct kaon_attend *a = step->args;
    const struct kaon_attention *attr = step->call.attr;
    const struct kaon_tensor *cos = kaon_attend_tensor(step, KAON_ATT_COS);
    for (size_t i = 0; attr->rotary && i < (size_t)a->s.queries; i++) {
        const int64_t p = position_of(step, b, i, past);
        if (p < 0 || p >= cos->dims[0])
            return out_of_range(step, msg, "rotary position", p, cos->dims[0] - 1);
    }
    return KAON_OK;
}

static enum kaon_status check_lengths(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_attend *a = step->args;
    const struct kaon_tensor *lengths = kaon_attend_tensor(step, KAON_ATT_LENGTHS);
    const struct kaon_tensor *last = kaon_attend_tensor(step, KAON_ATT_LAST);
    const struct kaon_tensor *past = kaon_attend_tensor(step, KAON_ATT_PAST_LENGTH);
    const bool shared = ((const struct kaon_attention *)step->call.attr)->shared_past;
    const int64_t room = (int64_t)a->room, fresh = a->s.fresh;
    if (past && shared && (integer_at(past, 0) < 0 || integer_at(past, 0) > room - fresh))
        return out_of_range(step, msg, "length of the past", integer_at(past, 0), room - fresh);
    for (size_t b = 0; b < (size_t)a->s.batch; b++) {
        if (lengths && (integer_at(lengths, b) < 0 || integer_at(lengths, b) > room))
            return out_of_range(step, msg, "number of keys", integer_at(lengths, b), room);
        const int64_t most = kaon_min_i64(room, a->s.past + fresh);
        if (last && (integer_at(last, b) < 0 || integer_at(last, b) >= most))
            return out_of_range(step, msg, "last key", integer_at(last, b), most - 1);
        const enum kaon_status st = check_positions(step, b, kaon_attend_item(step, b).past, msg);
        if (st != KAON_OK)
            return st;
    }
    return KAON_OK;
}

/* ---- inputs ----------------------------------------------------------------------------------- */

static void widen(const struct kaon_step *step)
{
    const struct kaon_attend *a = step->args;
    for (int i = 0; i < KAON_ATT_INS; i++) {
        const struct kaon_tensor *t = kaon_attend_tensor(step, (enum kaon_attention_in)i);
        if (t && (t->type == KAON_F16 || t->type == KAON_BF16 || t->type == KAON_F64))
            kaon_convert(KAON_F32, (float *)step->scratch + a->wide_at[i], t->type, t->data,
                         kaon_own_count(t), false);
    }
}

/* x times the weights. The bias is added with that of the rows. */
static void project(const struct kaon_step *step)
{
    const struct kaon_attend *a = step->args;
    const struct kaon_tensor *w = kaon_attend_tensor(step, KAON_ATT_WEIGHTS);
    if (!w)
        return;
    const size_t k = (size_t)w->dims[0], n = (size_t)w->dims[1];
    const size_t rows = (size_t)(a->s.batch * a->s.queries);
    float *y = (float *)step->scratch + a->projected_at;
    step->call.kernels->gemm_unpacked(y, n, kaon_attend_in(step, KAON_ATT_Q), k,
                                      kaon_attend_in(step, KAON_ATT_WEIGHTS), n, rows, n, k, NULL,
                                      y + ((rows * n + 15) & ~(size_t)15));
}

/* A mask of integers as bytes [batch, 1 or queries, keys]. */
static void spread_mask(const struct kaon_step *step)
{
    const struct kaon_attend *a = step->args;
    const struct kaon_tensor *m = kaon_attend_tensor(step, KAON_ATT_KEY_MASK);
    if (!m)
        return;
    uint8_t *to = (uint8_t *)((float *)step->scratch + a->key_mask_at);
    const size_t batch = (size_t)a->s.batch, n = a->room;
    if (m->rank > 1) {
        for (size_t i = 0; i < kaon_own_count(m); i++)
            to[i] = integer_at(m, i) != 0;
        return;
    }
    const bool ends = kaon_own_count(m) == 2 * batch; /* ends, then starts */
    for (size_t b = 0; b < batch; b++)
        for (size_t j = 0; j < n; j++)
            to[b * n + j] =
                (int64_t)j < integer_at(m, b) && (!ends || (int64_t)j >= integer_at(m, batch + b));
}

static void open_sinks(const struct kaon_step *step)
{
    const struct kaon_attend *a = step->args;
    const float *sink = kaon_attend_in(step, KAON_ATT_SINK);
    if (sink)
        step->call.kernels->unary[KAON_UNARY_EXP]((float *)step->scratch + a->sink_at, sink,
                                                  (size_t)a->s.heads, 0.0f, 0.0f);
}

/* ---- rows ------------------------------------------------------------------------------------- */

float *kaon_attend_staged(const struct kaon_step *step, enum kaon_attend_rows what)
{
    const struct kaon_attend *a = step->args;
    const struct kaon_tensor *both = kaon_attend_out(step, KAON_ATT_PRESENT);
    const struct kaon_tensor *one =
        what == KAON_ATTEND_K   ? kaon_attend_out(step, KAON_ATT_PRESENT_K)
        : what == KAON_ATTEND_V ? kaon_attend_out(step, KAON_ATT_PRESENT_V)
                                : NULL;
    if (one && one->type == KAON_F32)
        return one->data;
    if (both && both->type == KAON_F32 && what != KAON_ATTEND_Q)
        return (float *)both->data + (what == KAON_ATTEND_V ? kaon_own_count(both) / 2 : 0);
    return (float *)step->scratch + a->rows_at[what];
}

/* The rows of one of the three as the node has them. */
struct given {
    const float *x, *bias; /* bias: of the first head; NULL: none */
    const struct kaon_attention_place *place;
    size_t heads, size, room; /* room: rows from head to head where they go */
    bool rotate;
};

static struct given given_of(const struct kaon_step *step, enum kaon_attend_rows what)
{
    static const enum kaon_attention_in inputs[] = { KAON_ATT_Q, KAON_ATT_K, KAON_ATT_V };
    const struct kaon_attend *a = step->args;
    const struct kaon_attention *attr = step->call.attr;
    const struct kaon_attention_place *p[] = { &a->s.q, &a->s.k, &a->s.v };
    const bool is_q = what == KAON_ATTEND_Q;
    const size_t q = (size_t)(a->s.heads * a->s.size), k = (size_t)(a->s.kv_heads * a->s.size);
    const size_t columns[] = { 0, q, q + k };
    const float *x = kaon_attend_in(step, inputs[what]);
    const float *bias = kaon_attend_in(step, KAON_ATT_ROW_BIAS);
    if (!x)
        x = kaon_attend_in(step, KAON_ATT_K);
    if (!x)
        x = kaon_attend_in(step, KAON_ATT_Q);
    if (a->in[KAON_ATT_WEIGHTS] >= 0)
        x = (const float *)step->scratch + a->projected_at;
    return (struct given){
        .x = x,
        .bias = bias ? bias + columns[what] : NULL,
        .place = p[what],
        .heads = (size_t)(is_q ? a->s.heads : a->s.kv_heads),
        .size = (size_t)(what == KAON_ATTEND_V ? a->s.value_size : a->s.size),
        .room = is_q ? (size_t)a->s.queries : a->room,
        .rotate = attr->rotary && what != KAON_ATTEND_V,
    };
}

/* Row i of all heads of an item, to `to` of the first head. */
static void stage_row(const struct kaon_step *step, const struct given *g, float *to, size_t b,
                      size_t i, int64_t position)
{
    const struct kaon_attention *attr = step->call.attr;
    const struct kaon_tensor *cos = kaon_attend_tensor(step, KAON_ATT_COS);
    const float *from =
        g->x + (size_t)g->place->at + b * (size_t)g->place->batch + i * (size_t)g->place->row;
    const size_t y_stride = g->room * g->size;
    for (size_t h = 0; h < g->heads; h++) {
        const float *x = from + h * (size_t)g->place->head;
        float *y = to + h * y_stride;
        if (g->bias)
            for (size_t d = 0; d < g->size; d++)
                y[d] = x[d] + g->bias[h * g->size + d];
        else
            memcpy(y, x, g->size * sizeof *y);
    }
    if (!g->rotate)
        return;
    const size_t pairs = (size_t)cos->dims[1];
    const struct kaon_rotary r = {
        .rows = g->heads,
        .n = g->size,
        .pairs = pairs,
        .y_stride = y_stride,
        .x_stride = y_stride,
        .cos = kaon_attend_in(step, KAON_ATT_COS) + (size_t)position * pairs,
        .sin = kaon_attend_in(step, KAON_ATT_SIN) + (size_t)position * pairs,
        .interleaved = attr->interleaved,
    };
    step->call.kernels->rotary_rows(to, to, &r);
}

/* The past of an item, to [heads, room, size]; what neither it nor the new keys fill is 0. */
static void stage_past(const struct kaon_step *step, const struct given *g,
                       enum kaon_attend_rows what, float *to, size_t b,
                       const struct kaon_attend_item *item)
{
    const struct kaon_attend *a = step->args;
    const size_t there = (size_t)a->s.past, one = there * g->size;
    const float *past =
        kaon_attend_in(step, what == KAON_ATTEND_K ? KAON_ATT_PAST_K : KAON_ATT_PAST_V);
    const float *both = kaon_attend_in(step, KAON_ATT_PAST);
    const size_t kept = there < item->past ? there : item->past;
    if (both)
        past = both + (what == KAON_ATTEND_V ? (size_t)a->s.batch * g->heads * one : 0);
    for (size_t h = 0; h < g->heads; h++) {
        float *head = to + h * g->room * g->size;
        const size_t end = item->past + item->fresh;
        if (past && kept)
            memmove(head, past + (b * g->heads + h) * one, kept * g->size * sizeof *head);
        if (end < g->room)
            memset(head + end * g->size, 0, (g->room - end) * g->size * sizeof *head);
    }
}

static void stage(const struct kaon_step *step, enum kaon_attend_rows what)
{
    const struct kaon_attend *a = step->args;
    const struct given g = given_of(step, what);
    const size_t n = (size_t)(what == KAON_ATTEND_Q ? a->s.queries : a->s.fresh);
    const bool packed = a->in[KAON_ATT_STARTS] >= 0; /* the rows of all items follow one another */
    for (size_t b = 0; b < (packed ? 1 : (size_t)a->s.batch); b++) {
        struct kaon_attend_item item = { .fresh = n };
        if (!packed)
            item = kaon_attend_item(step, b);
        float *to = kaon_attend_staged(step, what) + b * g.heads * g.room * g.size;
        size_t first = 0;
        if (what != KAON_ATTEND_Q) {
            stage_past(step, &g, what, to, b, &item);
            first = item.past;
        }
        for (size_t i = 0; i < n; i++)
            stage_row(step, &g, to + (first + i) * g.size, b, i,
                      g.rotate ? position_of(step, b, i, item.past) : 0);
    }
}

static void narrow_present(const struct kaon_step *step)
{
    const struct kaon_attend *a = step->args;
    const struct kaon_tensor *k = kaon_attend_out(step, KAON_ATT_PRESENT_K);
    const struct kaon_tensor *v = kaon_attend_out(step, KAON_ATT_PRESENT_V);
    const struct kaon_tensor *both = kaon_attend_out(step, KAON_ATT_PRESENT);
    const float *scratch = step->scratch;
    if (k && k->type != KAON_F32)
        kaon_convert(k->type, k->data, KAON_F32, scratch + a->rows_at[KAON_ATTEND_K],
                     kaon_own_count(k), false);
    if (v && v->type != KAON_F32)
        kaon_convert(v->type, v->data, KAON_F32, scratch + a->rows_at[KAON_ATTEND_V],
                     kaon_own_count(v), false);
    if (both && both->type != KAON_F32) {
        const size_t half = kaon_own_count(both) / 2;
        kaon_convert(both->type, both->data, KAON_F32, scratch + a->rows_at[KAON_ATTEND_K], half,
                     false);
        kaon_convert(both->type, (char *)both->data + half * kaon_type_bytes(both->type), KAON_F32,
                     scratch + a->rows_at[KAON_ATTEND_V], half, false);
    }
}

enum kaon_status kaon_attend_begin(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_attend *a = step->args;
    enum kaon_status st = check_starts(step, msg);
    if (st == KAON_OK)
        st = check_lengths(step, msg);
    if (st != KAON_OK)
        return st;
    widen(step);
    project(step);
    spread_mask(step);
    open_sinks(step);
    for (int i = 0; i < KAON_ATTEND_ROWS; i++)
        if (a->staged[i])
            stage(step, (enum kaon_attend_rows)i);
    narrow_present(step);
    return KAON_OK;
}
