/* Softmax and its logarithm along rows. Short rows come many at a time, so that the data fills half
 * of a first-level cache as the scores of an attention layer do; a long row comes alone. */
#include <stdlib.h>

#include "tools/bench/suite.h"

static void softmax(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    call->k->softmax_rows(c->out.data, c->in[0].data, c->shape.m, c->shape.n);
}

static void log_softmax(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    call->k->log_softmax_rows(c->out.data, c->in[0].data, c->shape.m, c->shape.n);
}

static void log_sum_exp(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    call->k->log_sum_exp_rows(c->out.data, c->in[0].data, c->shape.m, c->shape.n);
}

/* A way by its number; the default is what softmax_rows is. */
static void by(const struct kaon_bench_call *call, enum kaon_softmax_algorithm which)
{
    const struct kaon_bench_case *c = call->c;
    call->k->softmax_by[which](c->out.data, c->in[0].data, c->shape.m, c->shape.n);
}

static void recompute(const struct kaon_bench_call *call)
{
    by(call, KAON_SOFTMAX_3PASS_RECOMPUTE);
}

static void reload(const struct kaon_bench_call *call)
{
    by(call, KAON_SOFTMAX_3PASS_RELOAD);
}

static void two_pass(const struct kaon_bench_call *call)
{
    by(call, KAON_SOFTMAX_2PASS);
}

static void online(const struct kaon_bench_call *call)
{
    by(call, KAON_SOFTMAX_ONLINE);
}

enum { TOP = 8 };

static bool room_for_indices(struct kaon_bench_call *call)
{
    call->memory = calloc(call->c->shape.m * TOP, sizeof(int32_t));
    return call->memory != NULL;
}

static void topk(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    call->k->softmax_topk(c->out.data, call->memory, c->in[0].data, c->shape.m, c->shape.n, TOP);
}

/* Scores of an attention layer whose last keys are padding. */
static bool make_mask(struct kaon_bench_call *call)
{
    const size_t n = call->c->shape.n;
    uint8_t *mask = malloc(n);
    call->memory = mask;
    for (size_t i = 0; mask && i < n; i++)
        mask[i] = i < n - n / 8;
    return mask != NULL;
}

static void scores(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    const size_t n = c->shape.n;
    const struct kaon_scores s = { .rows = c->shape.m,
                                   .n = n,
                                   .y_stride = n,
                                   .x_stride = n,
                                   .scale = 0.25f,
                                   .mask = call->memory,
                                   .first = KAON_KEYS_FIRST,
                                   .last = KAON_KEYS_LAST };
    call->k->softmax_scores(c->out.data, c->in[0].data, &s);
}

static bool room_for_codes(struct kaon_bench_call *call)
{
    call->memory = malloc(call->c->shape.m * call->c->shape.n);
    return call->memory != NULL;
}

static void quantised(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    call->k->quant_softmax(call->memory, c->out.data, c->in[0].data, c->shape.m, c->shape.n, 8,
                           1e-6f);
}

static bool make_tables(struct kaon_bench_call *call)
{
    call->memory = malloc(sizeof(struct kaon_softmax_tables));
    if (call->memory)
        call->k->softmax_tables(call->memory, KAON_TABLE_SOFTMAX_STABLE);
    return call->memory != NULL;
}

static void by_tables(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    call->k->table_softmax(c->out.data, c->in[0].data, c->shape.m, c->shape.n, call->memory);
}

/* One line a form: its name, and a function like the ones above. */
static const struct kaon_bench_form softmax_forms[] = {
    { "", softmax },
    { "3-pass recompute", recompute },
    { "3-pass reload", reload },
    { "2-pass", two_pass },
    { "online", online },
    { 0 },
};

static const struct kaon_bench_form log_softmax_forms[] = {
    { "", log_softmax },
    { 0 },
};

static const struct kaon_bench_form log_sum_exp_forms[] = {
    { "", log_sum_exp },
    { 0 },
};

static const struct kaon_bench_form topk_forms[] = {
    { "", topk, room_for_indices },
    { 0 },
};

static const struct kaon_bench_form scores_forms[] = {
    { "", scores, make_mask },
    { 0 },
};

static const struct kaon_bench_form quantised_forms[] = {
    { "", quantised, room_for_codes },
    { 0 },
};

static const struct kaon_bench_form tables_forms[] = {
    { "", by_tables, make_tables },
    { 0 },
};

static const struct kaon_bench_op ops[] = {
    { "softmax", KAON_BENCH_SOFTMAX, 0, softmax_forms, { "Softmax", { { "axis", 'i', -1 } } } },
    { "log_softmax",
      KAON_BENCH_LOG_SOFTMAX,
      0,
      log_softmax_forms,
      { "LogSoftmax", { { "axis", 'i', -1 } } },
      .quiet = true },
    { "log_sum_exp",
      KAON_BENCH_REDUCE_ROWS,
      KAON_REDUCE_LOG_SUM_EXP,
      log_sum_exp_forms,
      { "ReduceLogSumExp", { { "axes", 'I', 1 }, { "keepdims", 'i', 0 } }, .opset = 17 },
      .quiet = true },
    { "softmax_top8", KAON_BENCH_OWN, TOP, topk_forms, { NULL }, .quiet = true },
    { "softmax_scores", KAON_BENCH_OWN, 0, scores_forms, { NULL }, .quiet = true },
    { "quant_softmax", KAON_BENCH_OWN, 0, quantised_forms, { NULL }, .quiet = true },
    { "table_softmax", KAON_BENCH_OWN, 0, tables_forms, { NULL }, .quiet = true },
};

/* m 0: as many rows as make 2048 elements. */
static const struct kaon_bench_shape shapes[] = {
    { 0, 8 },       { 0, 15 },      { 0, 25 },       { 0, 40 },      { 0, 64 },
    { 0, 128 },     { 0, 512 },     { 0, 1 << 10 },  { 0, 4 << 10 }, { 0, 64 << 10 },
    { 0, 1 << 20 }, { 0, 4 << 20 }, { 0, 16 << 20 },
};

static const struct kaon_bench_shape more[] = {
    { 0, 7 },  { 0, 16 },  { 0, 17 },  { 0, 32 },   { 0, 33 },
    { 0, 50 }, { 0, 100 }, { 0, 256 }, { 0, 1000 }, { 0, 256 << 10 },
};

static bool make(struct kaon_bench_case *c)
{
    const size_t n = c->shape.n;
    if (!c->shape.m)
        c->shape.m = n < 2048 ? 2048 / n : 1;
    const int64_t dims[] = { (int64_t)c->shape.m, (int64_t)n };
    const int64_t top[] = { (int64_t)c->shape.m, TOP };
    if (n > 1 << 18)
        c->tolerance = 5e-2; /* float sums of millions of terms: the difference is told beside it */
    c->elements = (double)c->shape.m * (double)n;
    return kaon_bench_tensor(&c->in[0], KAON_F32, 2, dims, -10.0, 10.0, 1) &&
           kaon_bench_tensor(&c->out, KAON_F32, c->kind == KAON_BENCH_REDUCE_ROWS ? 1 : 2,
                             c->kind == KAON_BENCH_OWN && c->which == TOP ? top : dims, 0.0, 0.0,
                             0);
}

const struct kaon_bench_suite kaon_bench_softmax = {
    .name = "softmax",
    .summary = "softmax along rows",
    .shape_format = "n=%n",
    .ops = ops,
    .n_ops = KAON_BENCH_COUNT(ops),
    .shapes = shapes,
    .n_shapes = KAON_BENCH_COUNT(shapes),
    .more = more,
    .n_more = KAON_BENCH_COUNT(more),
    .make = make,
};
