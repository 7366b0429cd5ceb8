/* Half and bfloat16 to float and back. */
#include "tools/bench/suite.h"

static void widen(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    kaon_widen_fn *f = c->which == KAON_F16 ? call->k->f32_from_f16 : call->k->f32_from_bf16;
    f(c->out.data, c->in[0].data, c->shape.n);
}

static void narrow(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    kaon_narrow_fn *f = c->which == KAON_F16 ? call->k->f16_from_f32 : call->k->bf16_from_f32;
    f(c->out.data, c->in[0].data, c->shape.n);
}

static const struct kaon_bench_form widen_forms[] = {
    { "", widen },
    { 0 },
};

static const struct kaon_bench_form narrow_forms[] = {
    { "", narrow },
    { 0 },
};

#define CAST(type)                                                                                 \
    {                                                                                              \
        "Cast",                                                                                    \
        {                                                                                          \
            {                                                                                      \
                "to", 'i', type                                                                    \
            }                                                                                      \
        }                                                                                          \
    }

static const struct kaon_bench_op ops[] = {
    { "f32_from_f16", KAON_BENCH_WIDEN, KAON_F16, widen_forms, CAST(KAON_F32) },
    { "f16_from_f32", KAON_BENCH_NARROW, KAON_F16, narrow_forms, CAST(KAON_F16) },
    { "f32_from_bf16", KAON_BENCH_WIDEN, KAON_BF16, widen_forms, CAST(KAON_F32) },
    { "bf16_from_f32", KAON_BENCH_NARROW, KAON_BF16, narrow_forms, CAST(KAON_BF16) },
};

static const struct kaon_bench_shape shapes[] = { { 0, 2560 }, { 0, 64 << 10 }, { 0, 4 << 20 } };

static bool make(struct kaon_bench_case *c)
{
    const int64_t dims[] = { (int64_t)c->shape.n };
    const enum kaon_type narrow_type = (enum kaon_type)c->which;
    const bool widens = c->kind == KAON_BENCH_WIDEN;
    c->elements = (double)c->shape.n;
    return kaon_bench_tensor(&c->in[0], widens ? narrow_type : KAON_F32, 1, dims, -4.0, 4.0, 1) &&
           kaon_bench_tensor(&c->out, widens ? KAON_F32 : narrow_type, 1, dims, 0.0, 0.0, 0);
}

const struct kaon_bench_suite kaon_bench_convert = {
    .name = "convert",
    .summary = "half and bfloat16 to float and back",
    .shape_format = "n=%n",
    .ops = ops,
    .n_ops = KAON_BENCH_COUNT(ops),
    .shapes = shapes,
    .n_shapes = KAON_BENCH_COUNT(shapes),
    .make = make,
};
