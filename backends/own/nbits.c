/* MatMulNBits. Constant weights of 4 or 8 bits in blocks of 32 or more stay as they are, packed for
 * kernels/gemm_nbits.h; of others and of weights that are not constant a float matrix is made. */
#include "backends/own/wide.h"

#include <string.h>

struct nbits {
    struct kaon_wide wide; /* first */
    size_t rows;
};

/* What pack has made. */
struct ready {
    bool is_float;
    struct kaon_nbits form;
    const void *data;
};

enum { WEIGHTS = 1, SCALES, ZEROS, ORDER, BIAS };

static unsigned code(const uint8_t *row, size_t i, size_t bits)
{
    const size_t at = i * bits, byte = at / 8, shift = at % 8;
    unsigned v = row[byte];
    if (shift + bits > 8)
        v |= (unsigned)row[byte + 1] << 8;
    return v >> shift & ((1u << bits) - 1);
}

static float zero_of(const struct kaon_nbits_attr *a, const struct kaon_tensor *zeros, size_t n,
                     size_t block, size_t blocks)
{
    if (!zeros)
        return (float)(1 << (a->bits - 1));
    if (kaon_type_is_float(zeros->type))
        return (float)kaon_element_double(zeros->type, zeros->data, (int64_t)(n * blocks + block));
    const size_t row = (blocks * (size_t)a->bits + 7) / 8;
    return (float)code((const uint8_t *)zeros->data + n * row, block, (size_t)a->bits);
}

/* Column n of the matrix, k numbers `step` floats apart. */
static void unpack(const struct kaon_call *call, size_t n, float *y, size_t step)
{
    const struct kaon_nbits_attr *a = call->attr;
    const struct kaon_tensor *scales = call->in[SCALES], *order = kaon_own_in(call, ORDER);
    const size_t bits = (size_t)a->bits, size = (size_t)a->block;
    const size_t blocks = ((size_t)a->k + size - 1) / size;
    const uint8_t *row = (const uint8_t *)call->in[WEIGHTS]->data + n * blocks * (size * bits / 8);
    for (size_t k = 0; k < (size_t)a->k; k++) {
        size_t block = k / size;
        if (order) {
            const int64_t given = kaon_element_int(order->type, order->data, (int64_t)k);
            block = given < 0 ? 0 : (size_t)given < blocks ? (size_t)given : blocks - 1;
        }
        const float q = (float)code(row, k, bits);
        const float scale =
            (float)kaon_element_double(scales->type, scales->data, (int64_t)(n * blocks + block));
        y[k * step] = (q - zero_of(a, kaon_own_in(call, ZEROS), n, block, blocks)) * scale;
    }
}

/* All columns into panels, by way of `room` for 32 of them. */
static void make_panels(const struct kaon_call *call, float *packed, float *room)
{
    const struct kaon_nbits_attr *a = call->attr;
    const size_t k = (size_t)a->k;
    for (size_t j = 0; j < (size_t)a->n; j += KAON_GEMM_PANEL) {
        const size_t width =
            (size_t)a->n - j < KAON_GEMM_PANEL ? (size_t)a->n - j : KAON_GEMM_PANEL;
        for (size_t i = 0; i < width; i++)
            unpack(call, j + i, room + i * k, 1);
        call->kernels->gemm_pack(packed + j * k, room, 1, (ptrdiff_t)k, k, width);
    }
}

static enum kaon_status run_nbits(const struct kaon_step *step, const float *const *in,
                                  float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct nbits *p = step->args;
    const struct kaon_call *call = &step->call;
    const struct kaon_nbits_attr *a = call->attr;
    const struct ready *ready = call->packed;
    const size_t k = (size_t)a->k, n = (size_t)a->n;
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    const float *panels = ready && ready->is_float ? ready->data : scratch;
    (void)msg;
    e.bias = call->n_in > BIAS ? in[BIAS] : NULL;
    if (ready && !ready->is_float) {
        call->kernels->gemm_nbits(out[0], n, in[0], k, ready->data, &ready->form, p->rows, n, k, &e,
                                  scratch);
        return KAON_OK;
    }
    if (!ready)
        make_panels(call, scratch, (float *)scratch + kaon_gemm_packed_floats(k, n));
    call->kernels->gemm(out[0], n, in[0], k, panels, p->rows, n, k, &e);
    return KAON_OK;
}

static enum kaon_status prepare_nbits(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct kaon_nbits_attr *a = call->attr;
    const struct kaon_tensor *x = call->in[0], *zeros = kaon_own_in(call, ZEROS);
    const size_t k = (size_t)a->k, n = (size_t)a->n;
    const struct ready *ready = call->packed;
    struct nbits *p = kaon_own_args(step, memory, sizeof *p, msg);
    size_t floats, bytes;
    if (!p)
        return KAON_NO_MEMORY;
    if (call->in[WEIGHTS]->type != KAON_U8)
        return kaon_own_no_type(call, call->in[WEIGHTS]->type, msg);
    if (zeros && zeros->type != KAON_U8 && !kaon_type_is_float(zeros->type))
        return kaon_own_no_type(call, zeros->type, msg);
    p->rows = kaon_own_product(x, 0, x->rank - 1);
    p->wide.others = 1u << WEIGHTS | 1u << ZEROS | 1u << ORDER;
    step->macs = (uint64_t)p->rows * k * n;
    step->kernel = ready && !ready->is_float ? "gemm, few bits" : "gemm, unpacked weights";
    if (!kaon_mul(&floats, k, n + 2 * KAON_GEMM_PANEL) || !kaon_mul(&bytes, floats, sizeof(float)))
        return kaon_own_fail(call, msg, KAON_OVER_LIMIT, "its scratch is too large");
    if (ready)
        bytes = KAON_GEMM_PANEL * k * sizeof(float);
    return kaon_wide_prepare(step, &p->wide, run_nbits, bytes, msg);
}

/* Scales and zero points of each block, repeated for the blocks of 32 that the kernel has. */
static enum kaon_status pack_few(const struct kaon_call *call, struct kaon_arena *memory,
                                 struct ready *ready)
{
    const struct kaon_nbits_attr *a = call->attr;
    const struct kaon_tensor *scales = call->in[SCALES], *zeros = kaon_own_in(call, ZEROS);
    const size_t k = (size_t)a->k, n = (size_t)a->n, bits = (size_t)a->bits;
    const size_t given = (k + (size_t)a->block - 1) / (size_t)a->block;
    const size_t each = (size_t)a->block / KAON_NBITS_BLOCK, blocks = given * each;
    const size_t used = kaon_nbits_blocks(k), row = (used * bits + 7) / 8;
    const size_t weights = KAON_NBITS_BLOCK * bits / 8;
    ready->form = (struct kaon_nbits){ .bits = (unsigned)bits, .zeros = zeros != NULL };
    uint8_t *packed = kaon_arena_push_zero(memory, 1, kaon_nbits_packed_bytes(&ready->form, k, n));
    const struct kaon_arena_mark mark = kaon_arena_mark(memory);
    float *s = kaon_arena_push_zero(memory, n * used, sizeof *s);
    uint8_t *z = kaon_arena_push_zero(memory, n, row);
    uint8_t *q = kaon_arena_push_zero(memory, n * used, weights);
    if (!packed || !s || !z || !q)
        return KAON_NO_MEMORY;
    for (size_t j = 0; j < n; j++) {
        memcpy(q + j * used * weights,
               (const uint8_t *)call->in[WEIGHTS]->data + j * blocks * weights, used * weights);
        for (size_t b = 0; b < used; b++) {
            s[j * used + b] = (float)kaon_element_double(scales->type, scales->data,
                                                         (int64_t)(j * given + b / each));
            if (zeros)
                z[j * row + b * bits / 8] |=
                    (uint8_t)((unsigned)zero_of(a, zeros, j, b / each, given) << b * bits % 8);
        }
    }
    call->kernels->gemm_pack_nbits(packed, &ready->form, q, s, zeros ? z : NULL, k, n);
    kaon_arena_release(memory, mark);
    ready->data = packed;
    return KAON_OK;
}

static enum kaon_status pack_floats(const struct kaon_call *call, struct kaon_arena *memory,
                                    struct ready *ready)
{
    const struct kaon_nbits_attr *a = call->attr;
    const size_t k = (size_t)a->k;
    float *panels =
        kaon_arena_push_zero(memory, kaon_gemm_packed_floats(k, (size_t)a->n), sizeof *panels);
    const struct kaon_arena_mark mark = kaon_arena_mark(memory);
    float *room = kaon_arena_push_zero(memory, KAON_GEMM_PANEL * k, sizeof *room);
    if (!panels || !room)
        return KAON_NO_MEMORY;
    make_panels(call, panels, room);
    kaon_arena_release(memory, mark);
    ready->is_float = true;
    ready->data = panels;
    return KAON_OK;
}

static enum kaon_status pack_nbits(const struct kaon_call *call, struct kaon_arena *memory,
                                   const void **packed, struct kaon_msg *msg)
{
    const struct kaon_nbits_attr *a = call->attr;
    const struct kaon_tensor *zeros = kaon_own_in(call, ZEROS);
    for (size_t i = WEIGHTS; i <= ORDER; i++)
        if (kaon_own_in(call, i) && !call->constant[i])
            return KAON_OK;
    if (call->in[WEIGHTS]->type != KAON_U8 || !kaon_type_is_float(call->in[SCALES]->type) ||
        (zeros && zeros->type != KAON_U8 && !kaon_type_is_float(zeros->type)))
        return KAON_OK;
    struct ready *ready = kaon_arena_push_zero(memory, 1, sizeof *ready);
    const bool few = (a->bits == 4 || a->bits == 8) && a->block >= KAON_NBITS_BLOCK &&
                     !kaon_own_in(call, ORDER) && (!zeros || zeros->type == KAON_U8);
    if (!ready || (few ? pack_few : pack_floats)(call, memory, ready) != KAON_OK)
        return kaon_own_fail(call, msg, KAON_NO_MEMORY, "no memory for packed weights");
    *packed = ready;
    return KAON_OK;
}

const struct kaon_own kaon_own_matmul_nbits = { .prepare = prepare_nbits, .pack = pack_nbits };
