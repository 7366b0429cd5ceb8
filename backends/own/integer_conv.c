/* ConvInteger, QLinearConv: for each image and group, patches (positions, k) times weights (k, m). */
#include "backends/own/bytes.h"

#include <string.h>

struct integer_conv {
    struct kaon_placed at;
    size_t batch, groups, channels, m, taps, in, out; /* channels and m: of a group */
    size_t sums, rows, zeros, patches, packed, plain; /* places in scratch */
    int8_t w, x_zero, w_zero;                         /* inputs */
};

enum { ROWS = 64 }; /* positions at a time */

/* Patches of positions j .. j + n - 1: rows of k bytes; the padding is the zero point. */
static void write_patches(const struct integer_conv *c, uint8_t *to, const uint8_t *x, size_t j,
                          size_t n, uint8_t flip, uint8_t zero)
{
    const struct kaon_placed *p = &c->at;
    for (size_t r = 0; r < n; r++)
        for (size_t t = 0; t < c->taps; t++) {
            size_t tap = t, position = j + r, off = 0, scale = 1;
            bool inside = true;
            for (int32_t i = p->n - 1; i >= 0; i--) {
                const int64_t at = (int64_t)(position % (size_t)p->out[i]) * p->stride[i] -
                                   p->begin[i] +
                                   (int64_t)(tap % (size_t)p->kernel[i]) * p->dilation[i];
                position /= (size_t)p->out[i];
                tap /= (size_t)p->kernel[i];
                inside = inside && at >= 0 && at < p->in[i];
                off += inside ? (size_t)at * scale : 0;
                scale *= (size_t)p->in[i];
            }
            for (size_t k = 0; k < c->channels; k++)
                to[(r * c->channels + k) * c->taps + t] = inside ? x[k * c->in + off] ^ flip : zero;
        }
}

/* Sums of one channel's position into the output. */
static void put(const struct kaon_step *step, size_t at, size_t channel, int32_t sum)
{
    const struct kaon_call *call = &step->call;
    const struct kaon_tensor *y = call->out[0], *bias = kaon_own_in(call, 8);
    if (call->op->kind == KAON_OP_conv_integer) {
        ((int32_t *)y->data)[at] = sum;
        return;
    }
    const struct kaon_tensor *zero = call->in[7];
    const uint32_t all = (uint32_t)sum + (bias ? ((const uint32_t *)bias->data)[channel] : 0);
    const float by = kaon_bytes_scale(call->in[1], 0) * kaon_bytes_scale(call->in[4], channel) /
                     kaon_bytes_scale(call->in[6], 0);
    kaon_bytes_put(y->type, y->data, at, (float)(int32_t)all * by,
                   (int32_t)kaon_element_int(zero->type, zero->data, 0));
}

/* The weights of a group, transposed: (k, m). */
static void pack_group(const struct kaon_step *step, size_t g)
{
    const struct integer_conv *c = step->args;
    const struct kaon_tensor *w = step->call.in[c->w];
    const size_t k = c->channels * c->taps;
    char *room = step->scratch;
    kaon_bytes_signed((int8_t *)room + c->plain, (const int8_t *)w->data + g * c->m * k, w->type,
                      c->m * k);
    step->call.kernels->gemm_pack_s8((int8_t *)room + c->packed, (int8_t *)room + c->plain, 1,
                                     (ptrdiff_t)k, k, c->m);
}

static void run_group(const struct kaon_step *step, size_t b, size_t g)
{
    const struct integer_conv *c = step->args;
    const struct kaon_call *call = &step->call;
    const struct kaon_tensor *x = call->in[0];
    const size_t k = c->channels * c->taps, image = b * c->groups + g;
    char *room = step->scratch;
    int32_t *sums = (int32_t *)(void *)(room + c->sums),
            *zeros = (int32_t *)(void *)(room + c->zeros);
    const int32_t x_zero =
        kaon_bytes_zero_unsigned(kaon_own_in(call, (size_t)c->x_zero), 0, x->type);
    const struct kaon_byte_zeros z = { &x_zero, 0, zeros, (int32_t *)(void *)(room + c->rows) };
    uint8_t *patches = (uint8_t *)room + c->patches;
    for (size_t j = 0; j < c->m; j++)
        zeros[j] = kaon_bytes_zero_signed(kaon_own_in(call, (size_t)c->w_zero), g * c->m + j,
                                          call->in[c->w]->type);
    for (size_t j = 0; j < c->out; j += ROWS) {
        const size_t n = c->out - j < ROWS ? c->out - j : ROWS;
        write_patches(c, patches, (const uint8_t *)x->data + image * c->channels * c->in, j, n,
                      x->type == KAON_I8 ? 0x80 : 0, (uint8_t)x_zero);
        call->kernels->gemm_u8s8(sums, c->m, patches, k, (int8_t *)room + c->packed, n, c->m, k,
                                 &z);
        for (size_t r = 0; r < n; r++)
            for (size_t i = 0; i < c->m; i++)
                put(step, (image * c->m + i) * c->out + j + r, g * c->m + i, sums[r * c->m + i]);
    }
}

static enum kaon_status run_conv(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct integer_conv *c = step->args;
    (void)msg;
    for (size_t g = 0; g < c->groups; g++) {
        pack_group(step, g);
        for (size_t b = 0; b < c->batch; b++)
            run_group(step, b, g);
    }
    return KAON_OK;
}

static bool reserve(size_t *at, size_t *place, size_t n, size_t size)
{
    size_t bytes;
    *place = *at;
    return kaon_mul(&bytes, n, size) && kaon_add(at, *at, bytes) && kaon_add(at, *at, 63) &&
           (*at &= ~(size_t)63, true);
}

/* A list has one entry, or one for each output channel. */
static bool fits(const struct kaon_tensor *t, size_t n)
{
    return !t || kaon_own_count(t) == 1 || kaon_own_count(t) == n;
}

static enum kaon_status prepare_conv(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const bool scaled = call->op->kind == KAON_OP_qlinear_conv;
    const struct kaon_window *a = call->attr;
    struct integer_conv *c = kaon_own_args(step, memory, sizeof *c, msg);
    size_t at = 0, k;
    if (!c)
        return KAON_NO_MEMORY;
    c->w = scaled ? 3 : 1;
    c->x_zero = 2;
    c->w_zero = scaled ? 5 : 3;
    const struct kaon_tensor *x = call->in[0], *w = call->in[c->w], *bias = kaon_own_in(call, 8);
    const struct kaon_tensor *x_zero = kaon_own_in(call, 2),
                             *w_zero = kaon_own_in(call, (size_t)c->w_zero);
    const enum kaon_status st = kaon_window_place(a, x->rank - 2, x->dims + 2, w->dims + 2, false,
                                                  call->op->name, &c->at, msg);
    if (st != KAON_OK)
        return st;
    c->batch = (size_t)x->dims[0];
    c->groups = (size_t)a->group;
    c->channels = (size_t)w->dims[1];
    c->m = (size_t)w->dims[0] / c->groups;
    c->taps = kaon_own_product(w, 2, w->rank);
    c->in = kaon_own_product(x, 2, x->rank);
    c->out = kaon_own_product(call->out[0], 2, x->rank);
    if ((x_zero && kaon_own_count(x_zero) != 1) || !fits(w_zero, (size_t)w->dims[0]) ||
        (scaled && (kaon_own_count(call->in[1]) != 1 || kaon_own_count(call->in[6]) != 1 ||
                    kaon_own_count(call->in[7]) != 1 || !fits(call->in[4], (size_t)w->dims[0]))))
        return kaon_own_fail(call, msg, KAON_BAD_MODEL,
                             "scales or zero points that are neither one nor one a channel");
    if (scaled && bias && bias->type != KAON_I32)
        return kaon_own_no_type(call, bias->type, msg);
    step->macs = (uint64_t)c->batch * c->groups * c->m * c->out * c->channels * c->taps;
    if (!kaon_mul(&k, c->channels, c->taps) ||
        !reserve(&at, &c->sums, ROWS * c->m, sizeof(int32_t)) ||
        !reserve(&at, &c->rows, ROWS, sizeof(int32_t)) ||
        !reserve(&at, &c->zeros, c->m, sizeof(int32_t)) || !reserve(&at, &c->patches, k, ROWS) ||
        !reserve(&at, &c->plain, k, c->m) ||
        !reserve(&at, &c->packed, kaon_gemm_packed_bytes(k, c->m), 1))
        return kaon_own_fail(call, msg, KAON_OVER_LIMIT, "its scratch is too large");
    step->run = run_conv;
    return kaon_own_scratch(step, at, 1, msg);
}

const struct kaon_own kaon_own_conv_integer = { .prepare = prepare_conv };
const struct kaon_own kaon_own_qlinear_conv = { .prepare = prepare_conv };
