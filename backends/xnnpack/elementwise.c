/* Element-wise operators and softmax: rows of tables that say which functions make an operator and set
 * it up. Functions of one table have one type, so their places in struct kaon_xnn are enough. */
#include "backends/xnnpack/xnnpack.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

struct functions {
    enum kaon_op_kind kind;
    size_t create, setup; /* offsets in struct kaon_xnn */
};

#define FUNCTIONS(kind, name)                                                                      \
    {                                                                                              \
        KAON_OP_##kind, offsetof(struct kaon_xnn, create_##name),                                  \
            offsetof(struct kaon_xnn, setup_##name)                                                \
    }

static const struct functions *find(const struct functions *table, size_t n, enum kaon_op_kind kind)
{
    for (size_t i = 0; i < n; i++)
        if (table[i].kind == kind)
            return &table[i];
    return NULL;
}

/* Copies the function at that offset into *function, which has its type. */
static void get(const struct kaon_xnn *xnn, size_t offset, void *function)
{
    memcpy(function, (const char *)xnn + offset, sizeof(void (*)(void)));
}

/* ---- two inputs ------------------------------------------------------------------------------ */

static const struct functions limited[] = {
    FUNCTIONS(add, add_nd_f32),
    FUNCTIONS(sub, subtract_nd_f32),
    FUNCTIONS(mul, multiply_nd_f32),
    FUNCTIONS(div, divide_nd_f32),
};
static const struct functions extremes[] = {
    FUNCTIONS(max, maximum_nd_f32),
    FUNCTIONS(min, minimum_nd_f32),
};
enum {
    N_LIMITED = sizeof limited / sizeof *limited,
    N_EXTREMES = sizeof extremes / sizeof *extremes,
};

static const char *place_binary(const struct kaon_call *call, struct kaon_xnn_step *s)
{
    const bool arithmetic = find(limited, N_LIMITED, call->op->kind) != NULL;
    if (call->n_in != 2)
        return "more or fewer than two inputs";
    if (arithmetic && ((const struct kaon_binary_attr *)call->attr)->legacy)
        return "broadcasting as before opset 7";
    for (size_t i = 0; i < 2; i++) {
        const struct kaon_tensor *x = call->in[i];
        if (x->rank > XNN_MAX_TENSOR_DIMS)
            return "more than six axes";
        s->rank[i] = (size_t)x->rank;
        for (int32_t k = 0; k < x->rank; k++)
            s->dims[i][k] = (size_t)x->dims[k];
    }
    s->n_in = 2;
    return NULL;
}

static enum xnn_status create_binary(const struct kaon_xnn *xnn, const struct kaon_call *call,
                                     const struct kaon_xnn_step *s, xnn_operator_t *op)
{
    const struct functions *f = find(limited, N_LIMITED, call->op->kind);
    __typeof__(&xnn_create_add_nd_f32) create_limited;
    __typeof__(&xnn_create_maximum_nd_f32) create_extreme;
    if (f) {
        get(xnn, f->create, &create_limited);
        return create_limited(s->low, s->high, 0, op);
    }
    get(xnn, find(extremes, N_EXTREMES, call->op->kind)->create, &create_extreme);
    return create_extreme(0, op);
}

static enum xnn_status setup_binary(const struct kaon_xnn *xnn, const struct kaon_call *call,
                                    const struct kaon_xnn_step *s, const float *const *in,
                                    float *out)
{
    const struct functions *f = find(limited, N_LIMITED, call->op->kind);
    __typeof__(&xnn_setup_add_nd_f32) setup;
    get(xnn, (f ? f : find(extremes, N_EXTREMES, call->op->kind))->setup, &setup);
    return setup(s->op->op, s->rank[0], s->dims[0], s->rank[1], s->dims[1], in[0], in[1], out,
                 NULL);
}

const struct kaon_xnn_family kaon_xnn_binary = {
    .kernel = "xnnpack elementwise",
    .place = place_binary,
    .create = create_binary,
    .setup = setup_binary,
};

/* ---- one input ------------------------------------------------------------------------------- */

static const struct functions plain[] = {
    FUNCTIONS(abs, abs_nc_f32),          FUNCTIONS(neg, negate_nc_f32),
    FUNCTIONS(sqrt, square_root_nc_f32), FUNCTIONS(floor, floor_nc_f32),
    FUNCTIONS(ceil, ceiling_nc_f32),     FUNCTIONS(round, bankers_rounding_nc_f32),
    FUNCTIONS(sigmoid, sigmoid_nc_f32),  FUNCTIONS(hardswish, hardswish_nc_f32),
};
static const struct functions sloped[] = {
    /* one parameter */
    FUNCTIONS(leaky_relu, leaky_relu_nc_f32),
    FUNCTIONS(elu, elu_nc_f32),
};
static const struct functions clamps[] = {
    FUNCTIONS(relu, clamp_nc_f32),
    FUNCTIONS(clip, clamp_nc_f32),
};
enum {
    N_PLAIN = sizeof plain / sizeof *plain,
    N_SLOPED = sizeof sloped / sizeof *sloped,
    N_CLAMPS = sizeof clamps / sizeof *clamps,
};

static const char *place_clip(const struct kaon_call *call, struct kaon_xnn_step *s)
{
    const struct kaon_unary_attr *a = call->attr;
    float *const bound[] = { &s->low, &s->high };
    if (a->has_a)
        s->low = a->a;
    if (a->has_b)
        s->high = a->b;
    for (size_t i = 0; i < 2; i++) {
        if (!kaon_xnn_in(call, i + 1))
            continue;
        if (!kaon_xnn_constant(call, i + 1))
            return "bounds that a run computes";
        *bound[i] = *kaon_xnn_constant(call, i + 1);
    }
    return s->low < s->high ? NULL : "bounds that are equal or crossed";
}

static const char *place_unary(const struct kaon_call *call, struct kaon_xnn_step *s)
{
    const enum kaon_op_kind kind = call->op->kind;
    const struct kaon_unary_attr *a = call->attr;
    s->n = kaon_xnn_count(call->in[0], 0, call->in[0]->rank);
    s->n_in = 1;
    if (kind == KAON_OP_relu)
        s->low = 0.0f;
    if (kind == KAON_OP_clip)
        return place_clip(call, s);
    if (find(sloped, N_SLOPED, kind) && !(isnormal(a->a) && a->a > 0.0f))
        return "a slope that is not positive";
    if (kind == KAON_OP_leaky_relu && a->a > 1.0f)
        return "a slope above 1";
    return NULL;
}

/* The elements are a batch of rows of one channel each. */
static enum xnn_status create_unary(const struct kaon_xnn *xnn, const struct kaon_call *call,
                                    const struct kaon_xnn_step *s, xnn_operator_t *op)
{
    const enum kaon_op_kind kind = call->op->kind;
    const struct kaon_unary_attr *a = call->attr;
    const struct functions *f = find(plain, N_PLAIN, kind);
    __typeof__(&xnn_create_abs_nc_f32) create_plain;
    __typeof__(&xnn_create_elu_nc_f32) create_sloped;
    if (f) {
        get(xnn, f->create, &create_plain);
        return create_plain(1, 1, 1, 0, op);
    }
    f = find(sloped, N_SLOPED, kind);
    if (f) {
        get(xnn, f->create, &create_sloped);
        return create_sloped(1, 1, 1, a->a, 0, op);
    }
    return xnn->create_clamp_nc_f32(1, 1, 1, s->low, s->high, 0, op);
}

static enum xnn_status setup_unary(const struct kaon_xnn *xnn, const struct kaon_call *call,
                                   const struct kaon_xnn_step *s, const float *const *in,
                                   float *out)
{
    const enum kaon_op_kind kind = call->op->kind;
    const struct functions *f = find(plain, N_PLAIN, kind);
    __typeof__(&xnn_setup_abs_nc_f32) setup;
    f = f ? f : find(sloped, N_SLOPED, kind);
    f = f ? f : find(clamps, N_CLAMPS, kind);
    get(xnn, f->setup, &setup);
    return setup(s->op->op, s->n, in[0], out, NULL);
}

const struct kaon_xnn_family kaon_xnn_unary = {
    .kernel = "xnnpack elementwise",
    .place = place_unary,
    .create = create_unary,
    .setup = setup_unary,
};

/* ---- softmax --------------------------------------------------------------------------------- */

static const char *place_softmax(const struct kaon_call *call, struct kaon_xnn_step *s)
{
    const struct kaon_softmax *a = call->attr;
    const struct kaon_tensor *x = call->in[0];
    const int32_t axis = (int32_t)(a->axis < 0 ? a->axis + x->rank : a->axis);
    if (x->rank < 1 || axis >= x->rank)
        return "a row of one";
    if (!a->flat && axis != x->rank - 1)
        return "XNNPACK takes softmax along the last axis only";
    s->rows = kaon_xnn_count(x, 0, axis);
    s->n = s->made_for[0] = kaon_xnn_count(x, axis, x->rank);
    s->n_in = 1;
    return NULL;
}

static enum xnn_status create_softmax(const struct kaon_xnn *xnn, const struct kaon_call *call,
                                      const struct kaon_xnn_step *s, xnn_operator_t *op)
{
    (void)call;
    return xnn->create_softmax_nc_f32(s->n, s->n, s->n, 0, op);
}

static enum xnn_status setup_softmax(const struct kaon_xnn *xnn, const struct kaon_call *call,
                                     const struct kaon_xnn_step *s, const float *const *in,
                                     float *out)
{
    (void)call;
    return xnn->setup_softmax_nc_f32(s->op->op, s->rows, in[0], out, NULL);
}

const struct kaon_xnn_family kaon_xnn_softmax = {
    .kernel = "xnnpack softmax",
    .place = place_softmax,
    .create = create_softmax,
    .setup = setup_softmax,
};
