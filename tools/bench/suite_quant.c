/* Matrix products with weights of fewer bits. Each operation has weights of its own type, so that all
 * its forms compute the same. */
#include <stdlib.h>
#include <string.h>

#include "tools/bench/suite.h"

/* ---- 16 bits, widened on the fly ------------------------------------------------------------- */

/* Packed weights, then the kernel's scratch memory. */
static bool pack_half(struct kaon_bench_call *call)
{
    const struct kaon_bench_shape *s = &call->c->shape;
    const size_t packed = kaon_gemm_packed_floats(s->k, s->n) * sizeof(uint16_t);
    const size_t scratch = KAON_GEMM_PANEL * s->k * sizeof(float);
    const size_t at = (packed + 127) & ~(size_t)63;
    call->memory = aligned_alloc(64, at + ((scratch + 127) & ~(size_t)63));
    if (!call->memory)
        return false;
    call->k->gemm_pack_16(call->memory, call->c->in[1].data, (ptrdiff_t)s->n, 1, s->k, s->n);
    return true;
}

static void multiply(const struct kaon_bench_call *call, kaon_gemm_half_fn *gemm)
{
    const struct kaon_bench_case *c = call->c;
    const struct kaon_bench_shape *s = &c->shape;
    const size_t packed = kaon_gemm_packed_floats(s->k, s->n) * sizeof(uint16_t);
    char *scratch = (char *)call->memory + ((packed + 127) & ~(size_t)63);
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    e.bias = c->in[2].data;
    gemm(c->out.data, s->n, c->in[0].data, s->k, call->memory, s->m, s->n, s->k, &e,
         (float *)(void *)scratch);
}

static void gemm_f16(const struct kaon_bench_call *call)
{
    multiply(call, call->k->gemm_f16);
}

static void gemm_bf16(const struct kaon_bench_call *call)
{
    multiply(call, call->k->gemm_bf16);
}

static const struct kaon_bench_form f16_forms[] = {
    { "", gemm_f16, pack_half },
    { 0 },
};

static const struct kaon_bench_form bf16_forms[] = {
    { "", gemm_bf16, pack_half },
    { 0 },
};

/* ---- bytes ----------------------------------------------------------------------------------- */

static bool pack_bytes(struct kaon_bench_call *call)
{
    const struct kaon_bench_shape *s = &call->c->shape;
    call->memory = aligned_alloc(64, (kaon_gemm_packed_bytes(s->k, s->n) + 127) & ~(size_t)63);
    if (!call->memory)
        return false;
    call->k->gemm_pack_s8(call->memory, call->c->in[1].data, (ptrdiff_t)s->n, 1, s->k, s->n);
    return true;
}

static void gemm_u8s8(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    const struct kaon_bench_shape *s = &c->shape;
    const struct kaon_byte_zeros none = { 0 };
    call->k->gemm_u8s8(c->out.data, s->n, c->in[0].data, s->k, call->memory, s->m, s->n, s->k,
                       &none);
}

static const struct kaon_bench_form u8s8_forms[] = {
    { "", gemm_u8s8, pack_bytes },
    { 0 },
};

/* ---- blocks of 32 weights of 4 or 8 bits with a scale ----------------------------------------- */

static struct kaon_nbits format_of(const struct kaon_bench_case *c)
{
    return (struct kaon_nbits){ .bits = (unsigned)c->which };
}

/* Packed weights, then scratch memory for either kernel. */
static size_t scratch_at(const struct kaon_bench_case *c)
{
    const struct kaon_nbits f = format_of(c);
    return (kaon_nbits_packed_bytes(&f, c->shape.k, c->shape.n) + 127) & ~(size_t)63;
}

static bool pack_nbits(struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    const struct kaon_bench_shape *s = &c->shape;
    const struct kaon_nbits f = format_of(c);
    const size_t panel = KAON_GEMM_PANEL * s->k * sizeof(float),
                 bytes = kaon_nbits_s8_scratch(s->m, s->k);
    const size_t scratch = panel > bytes ? panel : bytes;
    call->memory = aligned_alloc(64, scratch_at(c) + ((scratch + 127) & ~(size_t)63));
    if (!call->memory)
        return false;
    call->k->gemm_pack_nbits(call->memory, &f, c->in[1].data, c->in[2].data, NULL, s->k, s->n);
    return true;
}

static void multiply_nbits(const struct kaon_bench_call *call, kaon_gemm_nbits_fn *gemm)
{
    const struct kaon_bench_case *c = call->c;
    const struct kaon_bench_shape *s = &c->shape;
    const struct kaon_nbits f = format_of(c);
    gemm(c->out.data, s->n, c->in[0].data, s->k, call->memory, &f, s->m, s->n, s->k, NULL,
         (char *)call->memory + scratch_at(c));
}

static void gemm_nbits(const struct kaon_bench_call *call)
{
    multiply_nbits(call, call->k->gemm_nbits);
}

static void gemm_nbits_s8(const struct kaon_bench_call *call)
{
    multiply_nbits(call, call->k->gemm_nbits_s8);
}

static const struct kaon_bench_form nbits_forms[] = {
    { "", gemm_nbits, pack_nbits },
    { "bytes", gemm_nbits_s8, pack_nbits }, /* an approximation: x is rounded to bytes */
    { 0 },
};

/* One line an operation: name, kind, type of the weights, forms. */
static const struct kaon_bench_op ops[] = {
    { "gemm_f16", KAON_BENCH_QUANTIZED, KAON_F16, f16_forms, { NULL } },
    { "gemm_bf16", KAON_BENCH_QUANTIZED, KAON_BF16, bf16_forms, { NULL } },
    { "gemm_u8s8",
      KAON_BENCH_MATMUL_U8S8,
      KAON_I8,
      u8s8_forms,
      { "MatMulInteger" },
      .extended = true },
    { "gemm_q4",
      KAON_BENCH_NBITS,
      4,
      nbits_forms,
      { "MatMulNBits", .domain = "com.microsoft" },
      .extended = true },
    { "gemm_q8",
      KAON_BENCH_NBITS,
      8,
      nbits_forms,
      { "MatMulNBits", .domain = "com.microsoft" },
      .extended = true },
};

/* m, n, k */
static const struct kaon_bench_shape shapes[] = {
    { 1, 64, 64 },    { 15, 64, 64 },    { 40, 64, 64 },   { 1, 256, 256 },   { 15, 256, 256 },
    { 40, 256, 256 }, { 512, 256, 256 }, { 1, 3072, 768 }, { 15, 3072, 768 }, { 128, 3072, 768 },
};

static bool make_nbits(struct kaon_bench_case *c)
{
    const int64_t m = (int64_t)c->shape.m, n = (int64_t)c->shape.n, k = (int64_t)c->shape.k;
    const int64_t blocks = (int64_t)kaon_nbits_blocks(c->shape.k), bytes = 4 * c->which;
    const struct kaon_bench_attr attrs[] = { { "K", 'i', k },
                                             { "N", 'i', n },
                                             { "bits", 'i', c->which },
                                             { "block_size", 'i', KAON_NBITS_BLOCK } };
    memcpy(c->node.attr, attrs, sizeof attrs);
    c->tolerance = 3e-2; /* of the form that rounds x to bytes */
    return kaon_bench_tensor(&c->in[0], KAON_F32, 2, (int64_t[]){ m, k }, -1.0, 1.0, 1) &&
           kaon_bench_tensor(&c->in[1], KAON_U8, 3, (int64_t[]){ n, blocks, bytes }, 0.0, 255.0,
                             2) &&
           kaon_bench_tensor(&c->in[2], KAON_F32, 1, (int64_t[]){ n * blocks }, 0.001, 0.01, 3) &&
           kaon_bench_tensor(&c->out, KAON_F32, 2, (int64_t[]){ m, n }, 0.0, 0.0, 0);
}

static bool make(struct kaon_bench_case *c)
{
    const int64_t m = (int64_t)c->shape.m, n = (int64_t)c->shape.n, k = (int64_t)c->shape.k;
    c->elements = (double)m * (double)n;
    c->flops = 2.0 * (double)m * (double)n * (double)k;
    c->constant[1] = c->constant[2] = true;
    if (c->kind == KAON_BENCH_NBITS)
        return make_nbits(c);
    if (c->kind == KAON_BENCH_MATMUL_U8S8) {
        c->bytes = true;
        return kaon_bench_tensor(&c->in[0], KAON_U8, 2, (int64_t[]){ m, k }, 0.0, 255.0, 1) &&
               kaon_bench_tensor(&c->in[1], KAON_I8, 2, (int64_t[]){ k, n }, -127.0, 127.0, 2) &&
               kaon_bench_tensor(&c->out, KAON_I32, 2, (int64_t[]){ m, n }, 0.0, 0.0, 0);
    }
    return kaon_bench_tensor(&c->in[0], KAON_F32, 2, (int64_t[]){ m, k }, -1.0, 1.0, 1) &&
           kaon_bench_tensor(&c->in[1], (enum kaon_type)c->which, 2, (int64_t[]){ k, n }, -1.0, 1.0,
                             2) &&
           kaon_bench_tensor(&c->in[2], KAON_F32, 1, (int64_t[]){ n }, -1.0, 1.0, 3) &&
           kaon_bench_tensor(&c->out, KAON_F32, 2, (int64_t[]){ m, n }, 0.0, 0.0, 0);
}

const struct kaon_bench_suite kaon_bench_quant = {
    .name = "quant",
    .summary = "matrix product with weights of fewer bits",
    .shape_format = "M=%m,K=%k,N=%n",
    .ops = ops,
    .n_ops = KAON_BENCH_COUNT(ops),
    .shapes = shapes,
    .n_shapes = KAON_BENCH_COUNT(shapes),
    .make = make,
};
