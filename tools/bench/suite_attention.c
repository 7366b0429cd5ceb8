/* Attention of one event: queries, keys and values with the heads of a token side by side, as projections
 * leave them. Softmax beside the peers; each variant by itself with --all. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/suite.h"
#include "tools/cli/nearest.h"

/* A call of the kernel and its scratch, which follows it. */
struct job {
    struct kaon_attention_call call;
    _Alignas(64) float scratch[];
};

static struct kaon_attention_rows rows(const struct kaon_tensor *t, size_t size)
{
    return (struct kaon_attention_rows){ t->data, size, (size_t)t->dims[2] };
}

/* Parameters that have no default: an array of the wanted shape, all 0.5 (or -0.5 where it must not be
 * positive), in memory if there is any; returns their floats. */
static size_t fill_params(struct kaon_attention_call *call, float *memory)
{
    enum { ROWS = 16 };
    const struct kaon_attention_param_info *info = kaon_attention_infos[call->variant]->param;
    size_t used = 0;
    for (int i = 0; i < KAON_ATTENTION_PARAMS && info[i].name; i++) {
        struct kaon_attention_param *p = &call->param[i];
        const size_t n = kaon_attention_param_count(call, i, ROWS);
        p->number = (float)info[i].otherwise;
        if (!info[i].required)
            continue;
        p->rows = ROWS;
        p->head = info[i].shape[0] == 'h'   ? n / call->heads
                  : info[i].shape[0] == 'g' ? n / call->kv_heads
                                            : 0;
        if (memory) {
            p->at = memory + used;
            for (size_t k = 0; k < n; k++)
                memory[used + k] = info[i].most > 0.0 ? 0.5f : -0.5f;
        }
        used += n;
    }
    return used;
}

static struct kaon_attention_call call_of(const struct kaon_bench_case *c)
{
    const size_t size = c->shape.k;
    return (struct kaon_attention_call){ .variant = (enum kaon_attention_variant)c->which,
                                         .heads = c->shape.h,
                                         .kv_heads = c->shape.h,
                                         .queries = c->shape.m,
                                         .keys = c->shape.n,
                                         .size = size,
                                         .value_size = size,
                                         .q = rows(&c->in[0], size),
                                         .k = rows(&c->in[1], size),
                                         .v = rows(&c->in[2], size),
                                         .out = c->out.data,
                                         .out_head = size,
                                         .out_row = (size_t)c->out.dims[2],
                                         .scale = NAN,
                                         .offset = (int64_t)c->shape.n - (int64_t)c->shape.m,
                                         .causal = c->causal,
                                         .left = -1,
                                         .right = -1 };
}

static bool prepare_as(struct kaon_bench_call *call, enum kaon_attention_variant variant)
{
    const struct kaon_attention_kernel *kernel = call->k->attention[variant];
    struct kaon_attention_call a = call_of(call->c);
    a.variant = variant;
    const size_t params = fill_params(&a, NULL);
    const size_t floats = (kernel->scratch(&a) + 15) / 16 * 16;
    const size_t bytes = sizeof(struct job) + (floats + params) * sizeof(float);
    struct job *job = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (job) {
        job->call = a;
        fill_params(&job->call, job->scratch + floats);
    }
    call->memory = job;
    return job != NULL;
}

static bool prepare(struct kaon_bench_call *call)
{
    return prepare_as(call, (enum kaon_attention_variant)call->c->which);
}

static bool prepare_pairs(struct kaon_bench_call *call)
{
    return prepare_as(call, KAON_ATTENTION_softmax_2pass);
}

static void attend(const struct kaon_bench_call *call)
{
    struct job *job = call->memory;
    const struct kaon_attention_kernel *kernel = call->k->attention[job->call.variant];
    kernel->run(&job->call, call->k, 0, kernel->items(&job->call), job->scratch);
}

static const struct kaon_bench_form forms[] = { { "", attend, prepare }, { 0 } };

static const struct kaon_bench_form softmax_forms[] = {
    { "", attend, prepare },
    { "2-pass", attend, prepare_pairs },
    { 0 },
};

static const struct kaon_bench_op ops[] = {
    { "attention", KAON_BENCH_ATTENTION, KAON_ATTENTION_softmax, softmax_forms, { "Attention" } },
    { "attention_causal",
      KAON_BENCH_ATTENTION,
      KAON_ATTENTION_softmax,
      softmax_forms,
      { "Attention", .attr = { [2] = { "is_causal", 'i', 1 } } } },
#define KAON_ATTENTION(id, file)                                                                   \
    { #id, KAON_BENCH_OWN, KAON_ATTENTION_##id, forms, { NULL }, .quiet = true },
#include "engine/base/attention.inc"
#undef KAON_ATTENTION
};

static const struct kaon_bench_shape shapes[] = {
    { .h = 4, .m = 15, .n = 15, .k = 16 },      { .h = 8, .m = 40, .n = 40, .k = 16 },
    { .h = 8, .m = 40, .n = 40, .k = 32 },      { .h = 8, .m = 128, .n = 128, .k = 32 },
    { .h = 12, .m = 128, .n = 128, .k = 64 },   { .h = 12, .m = 512, .n = 512, .k = 64 },
    { .h = 12, .m = 2048, .n = 2048, .k = 64 }, { .h = 12, .m = 1, .n = 1024, .k = 64 },
    { .h = 12, .m = 1, .n = 8192, .k = 64 },
};

static const struct kaon_bench_shape more[] = {
    { .h = 8, .m = 1, .n = 40, .k = 16 },
    { .h = 8, .m = 25, .n = 25, .k = 16 },
    { .h = 12, .m = 128, .n = 1024, .k = 64 },
};

/* The share of the scores that a causal order leaves. */
static double visible(const struct kaon_bench_case *c)
{
    const double n = (double)c->shape.n, m = (double)c->shape.m;
    return c->causal ? 1.0 - (m - 1.0) / 2.0 / n : 1.0;
}

static bool make(struct kaon_bench_case *c)
{
    const size_t width = c->shape.h * c->shape.k;
    const int64_t q[] = { 1, (int64_t)c->shape.m, (int64_t)width };
    const int64_t k[] = { 1, (int64_t)c->shape.n, (int64_t)width };
    c->causal = c->node.attr[2].i == 1 ||
                (c->kind == KAON_BENCH_OWN && !kaon_attention_infos[c->which]->bidirectional);
    c->node.attr[0] = (struct kaon_bench_attr){ "q_num_heads", 'i', (int64_t)c->shape.h };
    c->node.attr[1] = (struct kaon_bench_attr){ "kv_num_heads", 'i', (int64_t)c->shape.h };
    c->node.opset = 23;
    if (c->causal && c->shape.m != c->shape.n)
        c->node.op = NULL; /* ONNX counts positions from the other end then */
    const double scores = (double)(c->shape.h * c->shape.m * c->shape.n) * visible(c);
    c->elements = scores;
    c->flops = 4.0 * scores * (double)c->shape.k;
    return kaon_bench_tensor(&c->in[0], KAON_F32, 3, q, -2.0, 2.0, 1) &&
           kaon_bench_tensor(&c->in[1], KAON_F32, 3, k, -2.0, 2.0, 2) &&
           kaon_bench_tensor(&c->in[2], KAON_F32, 3, k, -1.0, 1.0, 3) &&
           kaon_bench_tensor(&c->out, KAON_F32, 3, q, 0.0, 0.0, 0);
}

bool kaon_bench_has_variant(const char *name, const char **nearest)
{
    *nearest = NULL;
    for (int i = 0; i < KAON_ATTENTION_COUNT; i++) {
        if (!strcmp(kaon_attention_infos[i]->name, name))
            return true;
        kaon_nearest_try(name, kaon_attention_infos[i]->name, nearest);
    }
    return false;
}

const struct kaon_bench_suite kaon_bench_attention = {
    .name = "attention",
    .summary = "attention of one event: heads, queries, keys, head size",
    .shape_format = "H=%h,M=%m,N=%n,K=%k",
    .ops = ops,
    .n_ops = KAON_BENCH_COUNT(ops),
    .shapes = shapes,
    .n_shapes = KAON_BENCH_COUNT(shapes),
    .more = more,
    .n_more = KAON_BENCH_COUNT(more),
    .make = make,
};
