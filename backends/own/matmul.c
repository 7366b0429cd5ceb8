/* MatMul. One constant right-hand side is packed when the model is opened; others are read where they
 * lie, or packed into scratch as they come. Where B is one matrix, all rows of A are one product.
 * Narrow floats run as float32, widened into scratch. */
#include "backends/own/convert.h"
#include "backends/own/product.h"
#include "backends/own/split.h"
#include "engine/base/batches.h"

#include <string.h>

struct matmul {
    struct kaon_batches shape;
    struct kaon_grid grid;  /* of one product in parts */
    kaon_product_fn *plain; /* NULL: float32 */
    size_t a_at, b_at,
        y_at; /* narrow floats: float32 copies in scratch, behind the packed matrix */
};

/* Whether a B that is met once is better read where it lies. Its last n % 16 columns are packed even
 * then, which a short row does not repay, nor many readings of long rows a power of two apart. */
static bool reads_in_place(const struct matmul *p)
{
    const bool rows_pay = p->shape.n % 16 == 0 || p->shape.n >= 64;
    return rows_pay && (p->shape.m <= 32 || p->shape.k * p->shape.n <= 128 << 10);
}

/* Batches from .. to - 1. B is packed into `room`, if it is not ready and not read in place. */
static void run_batches(const struct kaon_step *step, float *y, const float *a, const float *b,
                        size_t from, size_t to, float *room)
{
    const struct matmul *p = step->args;
    const struct kaon_kernels *kernels = step->call.kernels;
    const size_t one = kaon_gemm_packed_floats(p->shape.k, p->shape.n);
    const float *ready = step->call.packed;
    const bool in_place = !ready && reads_in_place(p);
    size_t at_a, at_b, packed = SIZE_MAX;
    for (size_t i = from; i < to; i++) {
        kaon_batches_pick(&p->shape, i, &at_a, &at_b);
        float *c = y + i * p->shape.m * p->shape.n;
        const float *left = a + at_a * p->shape.m * p->shape.k,
                    *right = b + at_b * p->shape.k * p->shape.n;
        if (in_place) {
            kernels->gemm_unpacked(c, p->shape.n, left, p->shape.k, right, p->shape.n, p->shape.m,
                                   p->shape.n, p->shape.k, NULL, room);
            continue;
        }
        if (!ready && at_b != packed) {
            kernels->gemm_pack(room, right, (ptrdiff_t)p->shape.n, 1, p->shape.k, p->shape.n);
            packed = at_b;
        }
        kernels->gemm(c, p->shape.n, left, p->shape.k, ready ? ready + at_b * one : room,
                      p->shape.m, p->shape.n, p->shape.k, NULL);
    }
}

static void run_f32(const struct kaon_step *step, float *y, const float *a, const float *b)
{
    const struct matmul *p = step->args;
    run_batches(step, y, a, b, 0, p->shape.batches, step->scratch);
}

/* Some of the batches, each part with room of its own for B. */
static void part_of_batches(const struct kaon_step *step, size_t i)
{
    const struct matmul *p = step->args;
    const size_t one = kaon_gemm_packed_floats(p->shape.k, p->shape.n);
    run_batches(step, step->call.out[0]->data, step->call.in[0]->data, step->call.in[1]->data,
                kaon_part_at(p->shape.batches, i, step->n_parts),
                kaon_part_at(p->shape.batches, i + 1, step->n_parts),
                (float *)step->scratch + i * one);
}

static enum kaon_status begin_product(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct matmul *p = step->args;
    if (!step->call.packed)
        step->call.kernels->gemm_pack(step->scratch, step->call.in[1]->data, (ptrdiff_t)p->shape.n,
                                      1, p->shape.k, p->shape.n);
    (void)msg;
    return KAON_OK;
}

/* A piece of the only product. */
static void part_of_product(const struct kaon_step *step, size_t i)
{
    const struct matmul *p = step->args;
    const struct kaon_epilogue none = KAON_EPILOGUE_NONE;
    kaon_grid_run(&p->grid, i, step->call.kernels, step->call.out[0]->data, p->shape.n,
                  step->call.in[0]->data, p->shape.k,
                  step->call.packed ? step->call.packed : step->scratch, &none);
}

/* Returns the floats of scratch that packed matrices take. */
static size_t divide(struct kaon_step *step, struct matmul *p)
{
    const size_t one = kaon_gemm_packed_floats(p->shape.k, p->shape.n);
    if (p->shape.batches == 1) {
        step->n_parts = kaon_grid_plan(&p->grid, p->shape.m, p->shape.n, p->shape.k);
        step->begin = begin_product;
        step->part = part_of_product;
        return one;
    }
    step->n_parts = kaon_parts(step->macs, KAON_PART_MACS, p->shape.batches);
    step->part = part_of_batches;
    return step->n_parts ? step->n_parts * one : one;
}

static enum kaon_status run_matmul(const struct kaon_step *step, struct kaon_msg *msg)
{
    (void)msg;
    run_f32(step, step->call.out[0]->data, step->call.in[0]->data, step->call.in[1]->data);
    return KAON_OK;
}

static enum kaon_status run_narrow(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct matmul *p = step->args;
    const struct kaon_tensor *a = step->call.in[0], *b = step->call.in[1], *y = step->call.out[0];
    float *wide = step->scratch;
    (void)msg;
    kaon_convert(KAON_F32, wide + p->a_at, a->type, a->data, kaon_own_count(a), false);
    kaon_convert(KAON_F32, wide + p->b_at, b->type, b->data, kaon_own_count(b), false);
    run_f32(step, wide + p->y_at, wide + p->a_at, wide + p->b_at);
    kaon_convert(y->type, y->data, KAON_F32, wide + p->y_at, kaon_own_count(y), false);
    return KAON_OK;
}

static enum kaon_status run_plain(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct matmul *p = step->args;
    const struct kaon_tensor *y = step->call.out[0];
    const size_t bytes = kaon_type_bytes(y->type);
    const struct kaon_product one = {
        .m = p->shape.m,
        .n = p->shape.n,
        .k = p->shape.k,
        .a_m = (ptrdiff_t)p->shape.k,
        .a_k = 1,
        .b_k = (ptrdiff_t)p->shape.n,
        .b_n = 1,
        .alpha = 1.0f,
        .beta = 1.0f,
    };
    (void)msg;
    for (size_t i = 0; i < p->shape.batches; i++) {
        size_t a, b;
        kaon_batches_pick(&p->shape, i, &a, &b);
        p->plain((char *)y->data + i * p->shape.m * p->shape.n * bytes,
                 (const char *)step->call.in[0]->data + a * p->shape.m * p->shape.k * bytes,
                 (const char *)step->call.in[1]->data + b * p->shape.k * p->shape.n * bytes, NULL,
                 &one);
    }
    return KAON_OK;
}

static enum kaon_status prepare_matmul(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const struct kaon_tensor *a = step->call.in[0], *b = step->call.in[1];
    const enum kaon_type type = a->type;
    struct matmul *p = kaon_own_args(step, memory, sizeof *p, msg);
    if (!p)
        return KAON_NO_MEMORY;
    if (b->type != type)
        return kaon_own_no_type(&step->call, b->type, msg);
    kaon_batches_place(&p->shape, a, b);
    step->macs = (uint64_t)p->shape.batches * p->shape.m * p->shape.n * p->shape.k;
    p->plain = kaon_product_plain(type);
    if (p->plain) {
        step->run = run_plain;
        return KAON_OK;
    }
    if (type != KAON_F32 && !kaon_own_narrow(type))
        return kaon_own_no_type(&step->call, type, msg);
    step->kernel = step->call.packed   ? "gemm, packed"
                   : reads_in_place(p) ? "gemm, in place"
                                       : "gemm";
    size_t floats = kaon_gemm_packed_floats(p->shape.k, p->shape.n);
    step->run = run_matmul;
    if (step->call.parallel && type == KAON_F32)
        floats = divide(step, p);
    if (step->call.packed)
        floats = 0;
    if (kaon_own_narrow(type)) {
        p->a_at = floats;
        p->b_at = p->a_at + kaon_own_count(a);
        p->y_at = p->b_at + kaon_own_count(b);
        floats = p->y_at + kaon_own_count(step->call.out[0]);
        step->run = run_narrow;
    }
    return kaon_own_scratch(step, floats, sizeof(float), msg);
}

static enum kaon_status pack_matmul(const struct kaon_call *call, struct kaon_arena *memory,
                                    const void **packed, struct kaon_msg *msg)
{
    const struct kaon_tensor *b = call->in[1];
    if (!call->constant[1] || b->type != KAON_F32 || b->rank < 1)
        return KAON_OK;
    const size_t k = (size_t)b->dims[b->rank > 1 ? b->rank - 2 : 0];
    const size_t n = b->rank > 1 ? (size_t)b->dims[b->rank - 1] : 1;
    const size_t matrices = b->rank > 2 ? kaon_own_product(b, 0, b->rank - 2) : 1;
    const size_t one = kaon_gemm_packed_floats(k, n);
    float *p = kaon_arena_push_zero(memory, matrices * one, sizeof *p);
    if (!p)
        return kaon_own_fail(call, msg, KAON_NO_MEMORY, "no memory for packed weights");
    for (size_t i = 0; i < matrices; i++)
        call->kernels->gemm_pack(p + i * one, (const float *)b->data + i * k * n, (ptrdiff_t)n, 1,
                                 k, n);
    *packed = p;
    return KAON_OK;
}

const struct kaon_own kaon_own_matmul = { .prepare = prepare_matmul, .pack = pack_matmul };
