/* Gemm and Linear: one product with what follows it, through the gemm kernel's epilogue. */
#include "backends/own/convert.h"
#include "backends/own/product.h"
#include "backends/own/split.h"

#include <string.h>

/* B as the kernel takes it, packed once. */
static enum kaon_status pack_weights(const struct kaon_call *call, bool transposed,
                                     struct kaon_arena *memory, const void **packed,
                                     struct kaon_msg *msg)
{
    const struct kaon_tensor *b = call->in[1];
    if (!call->constant[1] || b->type != KAON_F32 || b->rank != 2)
        return KAON_OK;
    const size_t k = (size_t)b->dims[transposed], n = (size_t)b->dims[!transposed];
    float *p = kaon_arena_push_zero(memory, kaon_gemm_packed_floats(k, n), sizeof *p);
    if (!p)
        return kaon_own_fail(call, msg, KAON_NO_MEMORY, "no memory for packed weights");
    call->kernels->gemm_pack(p, b->data, transposed ? 1 : (ptrdiff_t)n,
                             transposed ? (ptrdiff_t)k : 1, k, n);
    *packed = p;
    return KAON_OK;
}

/* ---- Gemm ------------------------------------------------------------------------------------ */

struct gemm {
    struct kaon_product shape;
    struct kaon_grid grid;
    kaon_product_fn *plain;
    bool trans_a, trans_b;
    size_t packed_at, a_at, vector_at;     /* float32, in scratch */
    size_t wide_a, wide_b, wide_c, wide_y; /* narrow floats widened, in scratch */
};

/* beta C as one term for each column, or one for each row. */
static void vector(const struct gemm *g, const float *c, float *out)
{
    const bool columns = g->shape.c_m == 0;
    const size_t n = columns ? g->shape.n : g->shape.m;
    const ptrdiff_t step = columns ? g->shape.c_n : g->shape.c_m;
    for (size_t i = 0; i < n; i++)
        out[i] = g->shape.beta * c[(ptrdiff_t)i * step];
}

/* The operands as the kernel takes them: B packed, A and C's vector in scratch. */
struct operands {
    const float *a, *packed;
    struct kaon_epilogue e;
};

static void begin_f32(const struct kaon_step *step, const float *a, const float *b, const float *c)
{
    const struct gemm *g = step->args;
    const struct kaon_product *p = &g->shape;
    const struct kaon_kernels *kernels = step->call.kernels;
    float *scratch = step->scratch;
    if (!step->call.packed)
        kernels->gemm_pack(scratch + g->packed_at, b, p->b_k, p->b_n, p->k, p->n);
    if (g->trans_a)
        kernels->transpose_32((uint32_t *)(scratch + g->a_at), (const uint32_t *)a, p->k, p->m,
                              p->m, p->k);
    if (c && !(p->c_m && p->c_n))
        vector(g, c, scratch + g->vector_at);
}

/* What begin_f32 has made ready. */
static struct operands operands_of(const struct kaon_step *step, const float *a, const float *c)
{
    const struct gemm *g = step->args;
    const struct kaon_product *p = &g->shape;
    const float *scratch = step->scratch;
    struct operands o = {
        .a = g->trans_a ? scratch + g->a_at : a,
        .packed = step->call.packed ? step->call.packed : scratch + g->packed_at,
        .e = KAON_EPILOGUE_NONE,
    };
    o.e.alpha = p->alpha;
    o.e.beta = p->beta;
    if (c && p->c_m && p->c_n) {
        o.e.residual = c;
        o.e.ldr = p->n;
    } else if (c) {
        *(p->c_m ? &o.e.row_bias : &o.e.bias) = scratch + g->vector_at;
    }
    return o;
}

static void run_f32(const struct kaon_step *step, float *y, const float *a, const float *b,
                    const float *c)
{
    const struct kaon_product *p = &((const struct gemm *)step->args)->shape;
    begin_f32(step, a, b, c);
    const struct operands o = operands_of(step, a, c);
    step->call.kernels->gemm(y, p->n, o.a, p->k, o.packed, p->m, p->n, p->k, &o.e);
}

static const void *data_of(const struct kaon_call *call, size_t i)
{
    const struct kaon_tensor *t = kaon_own_in(call, i);
    return t ? t->data : NULL;
}

static const void *data_of_c(const struct kaon_step *step)
{
    const struct gemm *g = step->args;
    return g->shape.beta == 0.0f ? NULL : data_of(&step->call, 2);
}

static enum kaon_status begin_gemm(const struct kaon_step *step, struct kaon_msg *msg)
{
    begin_f32(step, step->call.in[0]->data, step->call.in[1]->data, data_of_c(step));
    (void)msg;
    return KAON_OK;
}

static void part_of_gemm(const struct kaon_step *step, size_t i)
{
    const struct gemm *g = step->args;
    const struct operands o = operands_of(step, step->call.in[0]->data, data_of_c(step));
    kaon_grid_run(&g->grid, i, step->call.kernels, step->call.out[0]->data, g->shape.n, o.a,
                  g->shape.k, o.packed, &o.e);
}

static enum kaon_status run_gemm(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct gemm *g = step->args;
    const void *c = data_of_c(step);
    (void)msg;
    if (g->plain)
        g->plain(call->out[0]->data, call->in[0]->data, call->in[1]->data, c, &g->shape);
    else
        run_f32(step, call->out[0]->data, call->in[0]->data, call->in[1]->data, c);
    return KAON_OK;
}

static enum kaon_status run_narrow(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct gemm *g = step->args;
    const size_t at[] = { g->wide_a, g->wide_b, g->wide_c };
    float *scratch = step->scratch;
    (void)msg;
    for (size_t i = 0; i < call->n_in; i++)
        if (call->in[i])
            kaon_convert(KAON_F32, scratch + at[i], call->in[i]->type, call->in[i]->data,
                         kaon_own_count(call->in[i]), false);
    run_f32(step, scratch + g->wide_y, scratch + g->wide_a, scratch + g->wide_b,
            kaon_own_in(call, 2) && g->shape.beta != 0.0f ? scratch + g->wide_c : NULL);
    kaon_convert(call->out[0]->type, call->out[0]->data, KAON_F32, scratch + g->wide_y,
                 kaon_own_count(call->out[0]), false);
    return KAON_OK;
}

static void place(struct gemm *g, const struct kaon_call *call)
{
    const struct kaon_gemm *a = call->attr;
    const struct kaon_tensor *x = call->in[0], *c = kaon_own_in(call, 2), *y = call->out[0];
    struct kaon_product *p = &g->shape;
    p->m = (size_t)y->dims[0];
    p->n = (size_t)y->dims[1];
    p->k = (size_t)x->dims[!a->trans_a];
    p->alpha = a->alpha;
    p->beta = a->beta;
    g->trans_a = a->trans_a;
    g->trans_b = a->trans_b;
    p->a_m = a->trans_a ? 1 : (ptrdiff_t)p->k;
    p->a_k = a->trans_a ? (ptrdiff_t)p->m : 1;
    p->b_k = a->trans_b ? 1 : (ptrdiff_t)p->n;
    p->b_n = a->trans_b ? (ptrdiff_t)p->k : 1;
    if (c && c->rank > 0 && c->dims[c->rank - 1] != 1)
        p->c_n = 1;
    if (c && c->rank > 1 && c->dims[0] != 1)
        p->c_m = (ptrdiff_t)c->dims[1];
}

static enum kaon_status prepare_gemm(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const enum kaon_type type = call->in[0]->type;
    struct gemm *g = kaon_own_args(step, memory, sizeof *g, msg);
    if (!g)
        return KAON_NO_MEMORY;
    for (size_t i = 1; i < call->n_in; i++)
        if (call->in[i] && call->in[i]->type != type)
            return kaon_own_no_type(call, call->in[i]->type, msg);
    place(g, call);
    step->macs = (uint64_t)g->shape.m * g->shape.n * g->shape.k;
    step->run = run_gemm;
    g->plain = kaon_product_plain(type);
    if (g->plain)
        return KAON_OK;
    if (type != KAON_F32 && !kaon_own_narrow(type))
        return kaon_own_no_type(call, type, msg);
    step->kernel = call->packed ? "gemm, packed" : "gemm";
    const struct kaon_product *p = &g->shape;
    g->a_at = call->packed ? 0 : kaon_gemm_packed_floats(p->k, p->n);
    g->vector_at = g->a_at + (g->trans_a ? p->m * p->k : 0);
    size_t floats = g->vector_at + (p->m > p->n ? p->m : p->n);
    if (kaon_own_narrow(type)) {
        g->wide_a = floats;
        g->wide_b = g->wide_a + kaon_own_count(call->in[0]);
        g->wide_c = g->wide_b + kaon_own_count(call->in[1]);
        g->wide_y = g->wide_c + (kaon_own_in(call, 2) ? kaon_own_count(call->in[2]) : 0);
        floats = g->wide_y + kaon_own_count(call->out[0]);
        step->run = run_narrow;
    } else if (call->parallel) {
        step->n_parts = kaon_grid_plan(&g->grid, p->m, p->n, p->k);
        step->begin = begin_gemm;
        step->part = part_of_gemm;
    }
    return kaon_own_scratch(step, floats, sizeof(float), msg);
}

static enum kaon_status pack_gemm(const struct kaon_call *call, struct kaon_arena *memory,
                                  const void **packed, struct kaon_msg *msg)
{
    const struct kaon_gemm *a = call->attr;
    return pack_weights(call, a->trans_b, memory, packed, msg);
}

/* ---- FusedGemm: a function on the product ---------------------------------------------------- */

static enum kaon_status run_fused_gemm(const struct kaon_step *step, struct kaon_msg *msg)
{
    static const enum kaon_unary kernel[] = {
        [KAON_FUSED_RELU] = KAON_UNARY_RELU,
        [KAON_FUSED_SIGMOID] = KAON_UNARY_SIGMOID,
        [KAON_FUSED_TANH] = KAON_UNARY_TANH,
        [KAON_FUSED_LEAKY_RELU] = KAON_UNARY_LEAKY_RELU,
        [KAON_FUSED_HARD_SIGMOID] = KAON_UNARY_HARD_SIGMOID,
    };
    const struct kaon_fused_gemm *a = step->call.attr;
    float *y = step->call.out[0]->data;
    const enum kaon_status st = run_gemm(step, msg);
    if (st == KAON_OK && a->fused != KAON_FUSED_NONE)
        step->call.kernels->unary[kernel[a->fused]](y, y, kaon_own_count(step->call.out[0]), a->a,
                                                    a->b);
    return st;
}

static enum kaon_status prepare_fused_gemm(struct kaon_step *step, struct kaon_arena *memory,
                                           struct kaon_msg *msg)
{
    if (step->call.in[0]->type != KAON_F32)
        return kaon_own_no_type(&step->call, step->call.in[0]->type, msg);
    const enum kaon_status st = prepare_gemm(step, memory, msg);
    step->run = run_fused_gemm;
    step->n_parts = 0;
    return st;
}

const struct kaon_own kaon_own_fused_gemm = { .prepare = prepare_fused_gemm, .pack = pack_gemm };

const struct kaon_own kaon_own_gemm = { .prepare = prepare_gemm, .pack = pack_gemm };

/* ---- Linear ---------------------------------------------------------------------------------- */

_Static_assert((int)KAON_ACTIVATION_RELU == (int)KAON_ACT_RELU &&
                   (int)KAON_ACTIVATION_GELU_ERF == (int)KAON_ACT_GELU_ERF &&
                   (int)KAON_ACTIVATION_GELU_TANH == (int)KAON_ACT_GELU_TANH &&
                   (int)KAON_ACTIVATION_SILU == (int)KAON_ACT_SILU &&
                   (int)KAON_ACTIVATION_SIGMOID == (int)KAON_ACT_SIGMOID &&
                   (int)KAON_ACTIVATION_TANH == (int)KAON_ACT_TANH,
               "activations are numbered as in kernels/gemm.h");

struct linear {
    size_t m, n, k;
    struct kaon_grid grid;
    bool transposed;
    enum kaon_act act;
};

static enum kaon_status begin_linear(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct linear *l = step->args;
    const struct kaon_call *call = &step->call;
    if (!call->packed)
        call->kernels->gemm_pack(step->scratch, call->in[1]->data,
                                 l->transposed ? 1 : (ptrdiff_t)l->n,
                                 l->transposed ? (ptrdiff_t)l->k : 1, l->k, l->n);
    (void)msg;
    return KAON_OK;
}

static void part_of_linear(const struct kaon_step *step, size_t i)
{
    const struct linear *l = step->args;
    const struct kaon_call *call = &step->call;
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    e.act = l->act;
    e.bias = data_of(call, 2);
    kaon_grid_run(&l->grid, i, call->kernels, call->out[0]->data, l->n, call->in[0]->data, l->k,
                  call->packed ? call->packed : step->scratch, &e);
}

static enum kaon_status run_linear(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct linear *l = step->args;
    const struct kaon_call *call = &step->call;
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    (void)msg;
    e.act = l->act;
    e.bias = data_of(call, 2);
    begin_linear(step, msg);
    call->kernels->gemm(call->out[0]->data, l->n, call->in[0]->data, l->k,
                        call->packed ? call->packed : step->scratch, l->m, l->n, l->k, &e);
    return KAON_OK;
}

static enum kaon_status prepare_linear(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const struct kaon_linear *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *b = step->call.in[1];
    struct linear *l = kaon_own_args(step, memory, sizeof *l, msg);
    if (!l)
        return KAON_NO_MEMORY;
    if (x->type != KAON_F32)
        return kaon_own_no_type(&step->call, x->type, msg);
    const enum kaon_status st = kaon_own_same_types(&step->call, msg);
    if (st != KAON_OK)
        return st;
    if (kaon_own_in(&step->call, 2) &&
        kaon_own_count(step->call.in[2]) != (size_t)b->dims[!a->transposed])
        return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL, "%zu biases for %lld columns",
                             kaon_own_count(step->call.in[2]), (long long)b->dims[!a->transposed]);
    l->m = kaon_own_product(x, 0, x->rank - 1);
    l->k = (size_t)b->dims[a->transposed];
    l->n = (size_t)b->dims[!a->transposed];
    l->transposed = a->transposed;
    l->act = (enum kaon_act)a->activation;
    step->run = run_linear;
    step->begin = begin_linear;
    step->part = part_of_linear;
    step->n_parts = step->call.parallel ? kaon_grid_plan(&l->grid, l->m, l->n, l->k) : 0;
    step->kernel = "gemm, packed";
    step->macs = (uint64_t)l->m * l->n * l->k;
    return kaon_own_scratch(step, step->call.packed ? 0 : kaon_gemm_packed_floats(l->k, l->n),
                            sizeof(float), msg);
}

static enum kaon_status pack_linear(const struct kaon_call *call, struct kaon_arena *memory,
                                    const void **packed, struct kaon_msg *msg)
{
    const struct kaon_linear *a = call->attr;
    return pack_weights(call, a->transposed, memory, packed, msg);
}

const struct kaon_own kaon_own_linear = { .prepare = prepare_linear, .pack = pack_linear };
