/* XNNPACK as Debian 12 has it (February 2022): operators with their buffers set outside the timing,
 * run without a pool. The part of xnnpack.h of that time that is called; later versions have other
 * parameters, and another soname. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernels/kernels.h"
#include "tools/bench/peer.h"

typedef struct xnn_operator *op_handle;
enum { TRANSPOSE_WEIGHTS = 1 }; /* the kernel is (k, n), as in the case */

/* Operators on rows of `channels`: input and output strides, flags. */
typedef int create_nc_fn(size_t channels, size_t input_stride, size_t output_stride, uint32_t flags,
                         op_handle *op);
typedef int setup_nc_fn(op_handle op, size_t batch, const float *input, float *output, void *pool);
typedef int create_nd_fn(float min, float max, uint32_t flags, op_handle *op);
typedef int create_extreme_fn(uint32_t flags, op_handle *op); /* maximum and minimum */
typedef int setup_nd_fn(op_handle op, size_t rank_a, const size_t *shape_a, size_t rank_b,
                        const size_t *shape_b, const float *a, const float *b, float *output,
                        void *pool);

/* Element-wise functions of one input, in pairs of creation and setup. */
enum pair { SIGMOID, HARDSWISH, ABS, NEG, SQUARE, SQRT, FLOOR, CEIL, ROUND, PAIRS };
enum nd { ADD, MULTIPLY, SUBTRACT, DIVIDE, CLAMPED, MAXIMUM = CLAMPED, MINIMUM, NDS };

struct xnnpack {
    int (*initialize)(const void *allocator);
    int (*run)(op_handle op, void *pool);
    int (*destroy)(op_handle op);
    int (*create_fully_connected)(size_t in, size_t out, size_t in_stride, size_t out_stride,
                                  const float *kernel, const float *bias, float min, float max,
                                  uint32_t flags, op_handle *op);
    setup_nc_fn *setup_fully_connected;
    create_nc_fn *create_softmax;
    setup_nc_fn *setup_softmax;
    int (*create_clamp)(size_t channels, size_t in_stride, size_t out_stride, float min, float max,
                        uint32_t flags, op_handle *op);
    setup_nc_fn *setup_clamp;
    create_nc_fn *create[PAIRS];
    setup_nc_fn *setup[PAIRS];
    create_nd_fn *create_nd[CLAMPED];
    create_extreme_fn *create_maximum, *create_minimum;
    setup_nd_fn *setup_nd[NDS];
};

#define PAIR(name, index)                                                                          \
    { "xnn_create_" name "_nc_f32", offsetof(struct xnnpack, create[index]) },                     \
    {                                                                                              \
        "xnn_setup_" name "_nc_f32", offsetof(struct xnnpack, setup[index])                        \
    }
#define ND(name, index)                                                                            \
    { "xnn_create_" name "_nd_f32", offsetof(struct xnnpack, create_nd[index]) },                  \
    {                                                                                              \
        "xnn_setup_" name "_nd_f32", offsetof(struct xnnpack, setup_nd[index])                     \
    }

static const struct kaon_peer_symbol symbols[] = {
    { "xnn_initialize", offsetof(struct xnnpack, initialize) },
    { "xnn_run_operator", offsetof(struct xnnpack, run) },
    { "xnn_delete_operator", offsetof(struct xnnpack, destroy) },
    { "xnn_create_fully_connected_nc_f32", offsetof(struct xnnpack, create_fully_connected) },
    { "xnn_setup_fully_connected_nc_f32", offsetof(struct xnnpack, setup_fully_connected) },
    { "xnn_create_softmax_nc_f32", offsetof(struct xnnpack, create_softmax) },
    { "xnn_setup_softmax_nc_f32", offsetof(struct xnnpack, setup_softmax) },
    { "xnn_create_clamp_nc_f32", offsetof(struct xnnpack, create_clamp) },
    { "xnn_setup_clamp_nc_f32", offsetof(struct xnnpack, setup_clamp) },
    PAIR("sigmoid", SIGMOID),
    PAIR("hardswish", HARDSWISH),
    PAIR("abs", ABS),
    PAIR("negate", NEG),
    PAIR("square", SQUARE),
    PAIR("square_root", SQRT),
    PAIR("floor", FLOOR),
    PAIR("ceiling", CEIL),
    PAIR("bankers_rounding", ROUND),
    ND("add", ADD),
    ND("multiply", MULTIPLY),
    ND("subtract", SUBTRACT),
    ND("divide", DIVIDE),
    { "xnn_create_maximum_nd_f32", offsetof(struct xnnpack, create_maximum) },
    { "xnn_setup_maximum_nd_f32", offsetof(struct xnnpack, setup_nd[MAXIMUM]) },
    { "xnn_create_minimum_nd_f32", offsetof(struct xnnpack, create_minimum) },
    { "xnn_setup_minimum_nd_f32", offsetof(struct xnnpack, setup_nd[MINIMUM]) },
    { 0 },
};

static bool open_xnnpack(struct kaon_peer_loaded *p, void *library)
{
    struct xnnpack *x = calloc(1, sizeof *x);
    if (!x || !kaon_peer_symbols(p, library, symbols, x)) {
        free(x);
        return false;
    }
    if (x->initialize(NULL) != 0) {
        free(x);
        return kaon_peer_refuse(p, "xnn_initialize fails on this CPU");
    }
    p->state = x;
    snprintf(p->impl, sizeof p->impl, "xnnpack 2022-02"); /* it does not say at run time */
    return true;
}

static void close_xnnpack(struct kaon_peer_loaded *p)
{
    free(p->state);
}

/* ---- an operator that is set up -------------------------------------------------------------- */

struct ready {
    const struct xnnpack *x;
    op_handle op;
};

static void run_ready(void *arg)
{
    const struct ready *r = arg;
    r->x->run(r->op, NULL);
}

static void close_ready(void *arg)
{
    struct ready *r = arg;
    r->x->destroy(r->op);
    free(r);
}

/* Enters the operator if both its creation and its setup went well. */
static void enter_ready(struct kaon_peer_loaded *p, struct kaon_bench_field *field, op_handle op,
                        int status)
{
    const struct xnnpack *x = p->state;
    struct ready *r = op && status == 0 ? malloc(sizeof *r) : NULL;
    if (!r) {
        if (op)
            x->destroy(op);
        return;
    }
    *r = (struct ready){ x, op };
    kaon_peer_enter(p, field, "", run_ready, r, close_ready);
}

static void enter_softmax(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                          struct kaon_bench_field *field)
{
    const struct xnnpack *x = p->state;
    const size_t n = c->shape.n;
    op_handle op = NULL;
    int status = x->create_softmax(n, n, n, 0, &op);
    if (status == 0)
        status = x->setup_softmax(op, c->shape.m, c->in[0].data, c->out.data, NULL);
    enter_ready(p, field, op, status);
}

static void enter_product(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                          struct kaon_bench_field *field)
{
    const struct xnnpack *x = p->state;
    const size_t n = c->shape.n, k = c->shape.k;
    const bool relu = c->kind == KAON_BENCH_GEMM_ACT;
    op_handle op = NULL;
    if (relu && c->which != KAON_UNARY_RELU)
        return;
    int status =
        x->create_fully_connected(k, n, k, n, c->in[1].data, c->in[2].data, relu ? 0.0f : -INFINITY,
                                  INFINITY, TRANSPOSE_WEIGHTS, &op);
    if (status == 0)
        status = x->setup_fully_connected(op, c->shape.m, c->in[0].data, c->out.data, NULL);
    enter_ready(p, field, op, status);
}

/* One row of n channels is run as a batch of n rows of one: XNNPACK sees contiguous data and turns
 * either into the same loop. */
static void enter_unary(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                        struct kaon_bench_field *field)
{
    static const struct {
        enum kaon_unary kaon;
        enum pair pair;
    } known[] = {
        { KAON_UNARY_SIGMOID, SIGMOID }, { KAON_UNARY_HARD_SWISH, HARDSWISH },
        { KAON_UNARY_ABS, ABS },         { KAON_UNARY_NEG, NEG },
        { KAON_UNARY_SQUARE, SQUARE },   { KAON_UNARY_SQRT, SQRT },
        { KAON_UNARY_FLOOR, FLOOR },     { KAON_UNARY_CEIL, CEIL },
        { KAON_UNARY_ROUND, ROUND },
    };
    const struct xnnpack *x = p->state;
    const size_t n = c->shape.n;
    op_handle op = NULL;
    int status = 1;
    if (c->which == KAON_UNARY_RELU) {
        status = x->create_clamp(1, 1, 1, 0.0f, INFINITY, 0, &op);
        if (status == 0)
            status = x->setup_clamp(op, n, c->in[0].data, c->out.data, NULL);
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if ((int)known[i].kaon != c->which)
            continue;
        status = x->create[known[i].pair](1, 1, 1, 0, &op);
        if (status == 0)
            status = x->setup[known[i].pair](op, n, c->in[0].data, c->out.data, NULL);
    }
    enter_ready(p, field, op, status);
}

static void enter_binary(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                         struct kaon_bench_field *field)
{
    static const int known[KAON_BINARY_COUNT] = {
        [KAON_BINARY_ADD] = 1 + ADD,      [KAON_BINARY_SUB] = 1 + SUBTRACT,
        [KAON_BINARY_MUL] = 1 + MULTIPLY, [KAON_BINARY_DIV] = 1 + DIVIDE,
        [KAON_BINARY_MAX] = 1 + MAXIMUM,  [KAON_BINARY_MIN] = 1 + MINIMUM,
    };
    const struct xnnpack *x = p->state;
    const int which = known[c->which] - 1;
    op_handle op = NULL;
    if (which < 0)
        return;
    int status = which == MAXIMUM   ? x->create_maximum(0, &op)
                 : which == MINIMUM ? x->create_minimum(0, &op)
                                    : x->create_nd[which](-INFINITY, INFINITY, 0, &op);
    if (status == 0)
        status = x->setup_nd[which](op, 1, &c->shape.n, 1, &c->shape.n, c->in[0].data,
                                    c->in[1].data, c->out.data, NULL);
    enter_ready(p, field, op, status);
}

const struct kaon_peer kaon_peer_xnnpack = {
    .name = "xnnpack",
    .libraries = { "libXNNPACK.so.0" },
    .package = "Debian's libxnnpack0",
    .open = open_xnnpack,
    .close = close_xnnpack,
    .enter = { [KAON_BENCH_SOFTMAX] = enter_softmax,
               [KAON_BENCH_GEMM] = enter_product,
               [KAON_BENCH_GEMM_ACT] = enter_product,
               [KAON_BENCH_UNARY] = enter_unary,
               [KAON_BENCH_BINARY] = enter_binary },
};
