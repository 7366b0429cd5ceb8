/* MatMul. One constant right-hand side is packed when the model is opened; others are read where they
 * lie, or packed into scratch as they come. Where B is one matrix, all rows of A are one product.
 * Narrow floats run as float32, widened into scratch. */
#include "backends/own/convert.h"
#include "backends/own/product.h"
#include "backends/own/split.h"

#include <string.h>

struct matmul {
    size_t m, n, k, batches;
    int32_t rank;                                                             /* of the batch */
    size_t dims[KAON_MAX_RANK], step_a[KAON_MAX_RANK], step_b[KAON_MAX_RANK]; /* in matrices */
    size_t n_a, n_b;        /* matrices there are */
    struct kaon_grid grid;  /* of one product in parts */
    kaon_product_fn *plain; /* NULL: float32 */
    size_t a_at, b_at,
        y_at; /* narrow floats: float32 copies in scratch, behind the packed matrix */
};

/* Steps through the batch axes of one operand, 0 where it is broadcast. */
static void batch_steps(const struct kaon_tensor *x, int32_t rank, size_t *step, size_t *count)
{
    const int32_t own = x->rank > 2 ? x->rank - 2 : 0;
    size_t n = 1;
    for (int32_t i = rank - 1; i >= 0; i--) {
        const int32_t k = i - (rank - own);
        const size_t length = k >= 0 ? (size_t)x->dims[k] : 1;
        step[i] = length == 1 ? 0 : n;
        n *= length;
    }
    *count = n;
}

static void place(struct matmul *p, const struct kaon_tensor *a, const struct kaon_tensor *b)
{
    const int32_t ra = a->rank > 2 ? a->rank - 2 : 0, rb = b->rank > 2 ? b->rank - 2 : 0;
    p->rank = ra > rb ? ra : rb;
    p->k = (size_t)a->dims[a->rank - 1];
    p->m = a->rank > 1 ? (size_t)a->dims[a->rank - 2] : 1;
    p->n = b->rank > 1 ? (size_t)b->dims[b->rank - 1] : 1;
    batch_steps(a, p->rank, p->step_a, &p->n_a);
    batch_steps(b, p->rank, p->step_b, &p->n_b);
    p->batches = 1;
    for (int32_t i = 0; i < p->rank; i++) {
        const int32_t ka = i - (p->rank - ra), kb = i - (p->rank - rb);
        const size_t da = ka >= 0 ? (size_t)a->dims[ka] : 1, db = kb >= 0 ? (size_t)b->dims[kb] : 1;
        p->dims[i] = da == 1 ? db : da;
        p->batches *= p->dims[i];
    }
    if (p->n_b == 1 && p->batches == p->n_a) { /* all rows of A meet the same B */
        p->m *= p->n_a;
        p->batches = 1;
        p->rank = 0;
    }
}

/* The matrices of batch i. */
static void pick(const struct matmul *p, size_t i, size_t *a, size_t *b)
{
    *a = *b = 0;
    for (int32_t k = p->rank - 1; k >= 0; k--) {
        const size_t at = i % p->dims[k];
        i /= p->dims[k];
        *a += at * p->step_a[k];
        *b += at * p->step_b[k];
    }
}

/* Whether a B that is met once is better read where it lies. Its last n % 16 columns are packed even
 * then, which a short row does not repay, nor many readings of long rows a power of two apart. */
static bool reads_in_place(const struct matmul *p)
{
    const bool rows_pay = p->n % 16 == 0 || p->n >= 64;
    return rows_pay && (p->m <= 32 || p->k * p->n <= 128 << 10);
}

/* Batches from .. to - 1. B is packed into `room`, if it is not ready and not read in place. */
static void run_batches(const struct kaon_step *step, float *y, const float *a, const float *b,
                        size_t from, size_t to, float *room)
{
    const struct matmul *p = step->args;
    const struct kaon_kernels *kernels = step->call.kernels;
    const size_t one = kaon_gemm_packed_floats(p->k, p->n);
    const float *ready = step->call.packed;
    const bool in_place = !ready && reads_in_place(p);
    size_t at_a, at_b, packed = SIZE_MAX;
    for (size_t i = from; i < to; i++) {
        pick(p, i, &at_a, &at_b);
        float *c = y + i * p->m * p->n;
        const float *left = a + at_a * p->m * p->k, *right = b + at_b * p->k * p->n;
        if (in_place) {
            kernels->gemm_unpacked(c, p->n, left, p->k, right, p->n, p->m, p->n, p->k, NULL, room);
            continue;
        }
        if (!ready && at_b != packed) {
            kernels->gemm_pack(room, right, (ptrdiff_t)p->n, 1, p->k, p->n);
            packed = at_b;
        }
        kernels->gemm(c, p->n, left, p->k, ready ? ready + at_b * one : room, p->m, p->n, p->k,
                      NULL);
    }
}

static void run_f32(const struct kaon_step *step, float *y, const float *a, const float *b)
{
    const struct matmul *p = step->args;
    run_batches(step, y, a, b, 0, p->batches, step->scratch);
}

/* Some of the batches, each part with room of its own for B. */
static void part_of_batches(const struct kaon_step *step, size_t i)
{
    const struct matmul *p = step->args;
    const size_t one = kaon_gemm_packed_floats(p->k, p->n);
    run_batches(step, step->call.out[0]->data, step->call.in[0]->data, step->call.in[1]->data,
                kaon_part_at(p->batches, i, step->n_parts),
                kaon_part_at(p->batches, i + 1, step->n_parts), (float *)step->scratch + i * one);
}

static void begin_product(const struct kaon_step *step)
{
    const struct matmul *p = step->args;
    if (!step->call.packed)
        step->call.kernels->gemm_pack(step->scratch, step->call.in[1]->data, (ptrdiff_t)p->n, 1,
                                      p->k, p->n);
}

/* A piece of the only product. */
static void part_of_product(const struct kaon_step *step, size_t i)
{
    const struct matmul *p = step->args;
    const struct kaon_epilogue none = KAON_EPILOGUE_NONE;
    kaon_grid_run(&p->grid, i, step->call.kernels, step->call.out[0]->data, p->n,
                  step->call.in[0]->data, p->k,
                  step->call.packed ? step->call.packed : step->scratch, &none);
}

/* Returns the floats of scratch that packed matrices take. */
static size_t divide(struct kaon_step *step, struct matmul *p)
{
    const size_t one = kaon_gemm_packed_floats(p->k, p->n);
    if (p->batches == 1) {
        step->n_parts = kaon_grid_plan(&p->grid, p->m, p->n, p->k);
        step->begin = begin_product;
        step->part = part_of_product;
        return one;
    }
    step->n_parts = kaon_parts(step->macs, KAON_PART_MACS, p->batches);
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
        .m = p->m,
        .n = p->n,
        .k = p->k,
        .a_m = (ptrdiff_t)p->k,
        .a_k = 1,
        .b_k = (ptrdiff_t)p->n,
        .b_n = 1,
        .alpha = 1.0f,
        .beta = 1.0f,
    };
    (void)msg;
    for (size_t i = 0; i < p->batches; i++) {
        size_t a, b;
        pick(p, i, &a, &b);
        p->plain((char *)y->data + i * p->m * p->n * bytes,
                 (const char *)step->call.in[0]->data + a * p->m * p->k * bytes,
                 (const char *)step->call.in[1]->data + b * p->k * p->n * bytes, NULL, &one);
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
    place(p, a, b);
    step->macs = (uint64_t)p->batches * p->m * p->n * p->k;
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
    size_t floats = kaon_gemm_packed_floats(p->k, p->n);
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
