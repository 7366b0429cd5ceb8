/* oneDNN 2.x: primitives made outside the timing, weights in the layout that it asks for, scratch
 * memory of ours, strict arithmetic (its default), one thread.
 *
 * The part of its C interface that is called, from its documentation. Descriptors are structs that
 * it fills itself; here they are blocks that are large enough (the largest takes 5.6 KB in 2.6).
 * Version 3 has another interface and another soname. */
#include <stdio.h>
#include <stdlib.h>

#include "kernels/kernels.h"
#include "tools/bench/peer.h"

typedef struct dnnl_engine *engine_handle;
typedef struct dnnl_stream *stream_handle;
typedef struct dnnl_memory *memory_handle;
typedef struct dnnl_primitive *primitive_handle;
typedef struct dnnl_primitive_desc *plan_handle;
typedef struct dnnl_primitive_attr *attr_handle;
typedef struct dnnl_post_ops *post_ops_handle;

enum { MAX_DIMS = 12, DESC_BYTES = 16384, MD_BYTES = 2048 };
typedef int64_t dims_array[MAX_DIMS];
struct desc { /* an operation */
    _Alignas(16) char opaque[DESC_BYTES];
};
struct md { /* of memory: type, shape, layout */
    _Alignas(16) char opaque[MD_BYTES];
};
struct exec_arg {
    int what;
    memory_handle memory;
};

/* Values of its enumerations. */
enum { CPU = 1, INFERENCE = 96, IN_ORDER = 1, SCRATCH_OF_USER = 1 };
enum { F16 = 1, BF16 = 2, F32 = 3, S32 = 4, S8 = 5, U8 = 6 };
enum { TAG_ANY = 1, TAG_A = 2, TAG_AB = 3 };
enum {
    ARG_SRC = 1,
    ARG_SRC_1 = 2,
    ARG_DST = 17,
    ARG_WEIGHTS = 33,
    ARG_BIAS = 41,
    ARG_SCALE = 51,
    ARG_SHIFT = 52,
    ARG_SCRATCHPAD = 80
};
enum { QUERY_WEIGHTS = 131, QUERY_SCRATCHPAD = 136 };
enum { SOFTMAX_ACCURATE = 0x30000, SOFTMAX_LOG = 0x30001 };
enum { USE_SCALE = 8, USE_SHIFT = 16 };
enum { ELTWISE_RELU = 0x1f };

struct api {
    const struct version {
        int major, minor, patch;
    } * (*version)(void);
    int (*engine_create)(engine_handle *e, int kind, size_t index);
    int (*engine_destroy)(engine_handle e);
    int (*stream_create)(stream_handle *s, engine_handle e, unsigned flags);
    int (*stream_destroy)(stream_handle s);
    int (*md_by_tag)(struct md *md, int ndims, const int64_t *dims, int type, int tag);
    int (*md_by_strides)(struct md *md, int ndims, const int64_t *dims, int type,
                         const int64_t *strides);
    size_t (*md_size)(const struct md *md);
    int (*memory_create)(memory_handle *m, const struct md *md, engine_handle e, void *data);
    int (*memory_destroy)(memory_handle m);
    int (*attr_create)(attr_handle *a);
    int (*attr_destroy)(attr_handle a);
    int (*attr_scratchpad)(attr_handle a, int mode);
    int (*attr_post_ops)(attr_handle a, post_ops_handle ops);
    int (*post_ops_create)(post_ops_handle *ops);
    int (*post_ops_destroy)(post_ops_handle ops);
    int (*post_ops_eltwise)(post_ops_handle ops, float scale, int alg, float alpha, float beta);
    int (*plan_create)(plan_handle *plan, const struct desc *d, attr_handle a, engine_handle e,
                       plan_handle hint);
    int (*plan_destroy)(plan_handle plan);
    const struct md *(*plan_query)(plan_handle plan, int what, int index);
    int (*reorder_plan)(plan_handle *plan, const struct md *from, engine_handle from_engine,
                        const struct md *to, engine_handle to_engine, attr_handle a);
    int (*primitive_create)(primitive_handle *p, plan_handle plan);
    int (*primitive_destroy)(primitive_handle p);
    int (*execute)(primitive_handle p, stream_handle s, int n, const struct exec_arg *args);
    int (*softmax)(struct desc *d, int prop, int alg, const struct md *src, const struct md *dst,
                   int axis);
    int (*matmul)(struct desc *d, const struct md *src, const struct md *weights,
                  const struct md *bias, const struct md *dst);
    int (*layernorm)(struct desc *d, int prop, const struct md *data, const struct md *stat,
                     float eps, unsigned flags);
    int (*eltwise)(struct desc *d, int prop, int alg, const struct md *data, float alpha,
                   float beta);
    int (*binary)(struct desc *d, int alg, const struct md *a, const struct md *b,
                  const struct md *dst);
    int (*reduction)(struct desc *d, int alg, const struct md *src, const struct md *dst, float p,
                     float eps);
};

struct onednn {
    struct api api;
    engine_handle engine;
    stream_handle stream;
};

#define AT(name, member)                                                                           \
    {                                                                                              \
        "dnnl_" name, offsetof(struct api, member)                                                 \
    }
static const struct kaon_peer_symbol symbols[] = {
    AT("version", version),
    AT("engine_create", engine_create),
    AT("engine_destroy", engine_destroy),
    AT("stream_create", stream_create),
    AT("stream_destroy", stream_destroy),
    AT("memory_desc_init_by_tag", md_by_tag),
    AT("memory_desc_init_by_strides", md_by_strides),
    AT("memory_desc_get_size", md_size),
    AT("memory_create", memory_create),
    AT("memory_destroy", memory_destroy),
    AT("primitive_attr_create", attr_create),
    AT("primitive_attr_destroy", attr_destroy),
    AT("primitive_attr_set_scratchpad_mode", attr_scratchpad),
    AT("primitive_attr_set_post_ops", attr_post_ops),
    AT("post_ops_create", post_ops_create),
    AT("post_ops_destroy", post_ops_destroy),
    AT("post_ops_append_eltwise", post_ops_eltwise),
    AT("primitive_desc_create", plan_create),
    AT("primitive_desc_destroy", plan_destroy),
    AT("primitive_desc_query_md", plan_query),
    AT("reorder_primitive_desc_create", reorder_plan),
    AT("primitive_create", primitive_create),
    AT("primitive_destroy", primitive_destroy),
    AT("primitive_execute", execute),
    AT("softmax_v2_forward_desc_init", softmax),
    AT("matmul_desc_init", matmul),
    AT("layer_normalization_forward_desc_init", layernorm),
    AT("eltwise_forward_desc_init", eltwise),
    AT("binary_desc_init", binary),
    AT("reduction_desc_init", reduction),
    { 0 },
};

static void close_onednn(struct kaon_peer_loaded *p)
{
    struct onednn *d = p->state;
    if (d->stream)
        d->api.stream_destroy(d->stream);
    if (d->engine)
        d->api.engine_destroy(d->engine);
    free(d);
    p->state = NULL;
}

static bool open_onednn(struct kaon_peer_loaded *p, void *library)
{
    struct onednn *d = calloc(1, sizeof *d);
    if (!d || !kaon_peer_symbols(p, library, symbols, &d->api)) {
        free(d);
        return false;
    }
    p->state = d;
    const struct version *v = d->api.version();
    snprintf(p->impl, sizeof p->impl, "onednn %d.%d.%d", v->major, v->minor, v->patch);
    if (v->major == 2 && v->minor >= 6 && d->api.engine_create(&d->engine, CPU, 0) == 0 &&
        d->api.stream_create(&d->stream, d->engine, IN_ORDER) == 0)
        return true;
    close_onednn(p);
    return kaon_peer_refuse(p, "version %d.%d, wanted 2.6 or a later 2", v->major, v->minor);
}

/* ---- a primitive with its memory ------------------------------------------------------------- */

enum { MOST_ARGS = 6 };

struct ready {
    struct onednn *d;
    attr_handle attr;
    plan_handle plan;
    primitive_handle primitive;
    struct exec_arg arg[MOST_ARGS];
    int n_args;
    void *weights, *scratch; /* memory of ours */
    bool failed;
};

static void run_ready(void *arg)
{
    const struct ready *r = arg;
    r->d->api.execute(r->primitive, r->d->stream, r->n_args, r->arg);
}

static void close_ready(void *arg)
{
    struct ready *r = arg;
    const struct api *api = &r->d->api;
    for (int i = 0; i < r->n_args; i++)
        api->memory_destroy(r->arg[i].memory);
    if (r->primitive)
        api->primitive_destroy(r->primitive);
    if (r->plan)
        api->plan_destroy(r->plan);
    if (r->attr)
        api->attr_destroy(r->attr);
    free(r->weights);
    free(r->scratch);
    free(r);
}

static struct ready *begin(struct kaon_peer_loaded *p)
{
    struct ready *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->d = p->state;
    r->failed = r->d->api.attr_create(&r->attr) != 0 ||
                r->d->api.attr_scratchpad(r->attr, SCRATCH_OF_USER) != 0;
    return r;
}

/* Every step goes on only where the ones before went well; `end` looks at the outcome. */
static void check(struct ready *r, int status)
{
    r->failed |= status != 0;
}

static void plan(struct ready *r, const struct desc *desc)
{
    if (!r->failed)
        check(r, r->d->api.plan_create(&r->plan, desc, r->attr, r->d->engine, NULL));
}

static void add_arg(struct ready *r, int what, const struct md *md, void *data)
{
    if (r->failed)
        return;
    check(r, r->d->api.memory_create(&r->arg[r->n_args].memory, md, r->d->engine, data));
    if (!r->failed)
        r->arg[r->n_args++].what = what;
}

static void *room_for(struct ready *r, const struct md *md)
{
    void *room = aligned_alloc(64, (r->d->api.md_size(md) + 127) & ~(size_t)63);
    r->failed |= !room;
    return room;
}

/* Adds the scratch memory, makes the primitive and enters it; or drops all. */
static void end(struct kaon_peer_loaded *p, struct ready *r, struct kaon_bench_field *field,
                const char *form)
{
    if (!r->failed) {
        const struct md *md = r->d->api.plan_query(r->plan, QUERY_SCRATCHPAD, 0);
        if (md && r->d->api.md_size(md)) {
            r->scratch = room_for(r, md);
            add_arg(r, ARG_SCRATCHPAD, md, r->scratch);
        }
        check(r, r->d->api.primitive_create(&r->primitive, r->plan));
    }
    if (r->failed)
        close_ready(r);
    else
        kaon_peer_enter(p, field, form, run_ready, r, close_ready);
}

/* ---- memory descriptions --------------------------------------------------------------------- */

static void matrix(struct ready *r, struct md *md, size_t rows, size_t columns, int type, int tag)
{
    const dims_array dims = { (int64_t)rows, (int64_t)columns };
    check(r, r->d->api.md_by_tag(md, 2, dims, type, tag));
}

static void vector(struct ready *r, struct md *md, size_t n, int type)
{
    const dims_array dims = { (int64_t)n };
    check(r, r->d->api.md_by_tag(md, 1, dims, type, TAG_A));
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static void enter_softmax(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                          struct kaon_bench_field *field)
{
    struct ready *r = begin(p);
    struct desc desc;
    struct md md;
    if (!r)
        return;
    matrix(r, &md, c->shape.m, c->shape.n, F32, TAG_AB);
    check(r, r->d->api.softmax(&desc, INFERENCE,
                               c->kind == KAON_BENCH_SOFTMAX ? SOFTMAX_ACCURATE : SOFTMAX_LOG, &md,
                               &md, 1));
    plan(r, &desc);
    add_arg(r, ARG_SRC, &md, c->in[0].data);
    add_arg(r, ARG_DST, &md, c->out.data);
    end(p, r, field, "");
}

/* Puts the weights into the layout that the plan asks for. */
static void pack_weights(struct ready *r, const struct md *plain, void *data)
{
    const struct api *api = &r->d->api;
    struct ready move = { .d = r->d };
    if (r->failed)
        return;
    const struct md *wanted = api->plan_query(r->plan, QUERY_WEIGHTS, 0);
    r->weights = room_for(r, wanted);
    if (r->failed)
        return;
    check(&move, api->reorder_plan(&move.plan, plain, r->d->engine, wanted, r->d->engine, NULL));
    add_arg(&move, ARG_SRC, plain, data);
    add_arg(&move, ARG_DST, wanted, r->weights);
    if (!move.failed)
        check(&move, api->primitive_create(&move.primitive, move.plan));
    if (!move.failed)
        check(&move, api->execute(move.primitive, r->d->stream, move.n_args, move.arg));
    for (int i = 0; i < move.n_args; i++)
        api->memory_destroy(move.arg[i].memory);
    if (move.primitive)
        api->primitive_destroy(move.primitive);
    if (move.plan)
        api->plan_destroy(move.plan);
    r->failed |= move.failed;
    add_arg(r, ARG_WEIGHTS, wanted, r->weights);
}

static void add_relu(struct ready *r)
{
    post_ops_handle ops = NULL;
    const struct api *api = &r->d->api;
    check(r, api->post_ops_create(&ops));
    if (r->failed)
        return;
    check(r, api->post_ops_eltwise(ops, 1.0f, ELTWISE_RELU, 0.0f, 0.0f));
    check(r, api->attr_post_ops(r->attr, ops));
    api->post_ops_destroy(ops);
}

static void enter_product(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                          struct kaon_bench_field *field)
{
    const size_t m = c->shape.m, n = c->shape.n, k = c->shape.k;
    struct ready *r = begin(p);
    struct desc desc;
    struct md src, plain, any, bias, dst;
    if (!r)
        return;
    r->failed |= c->kind == KAON_BENCH_GEMM_ACT && c->which != KAON_UNARY_RELU;
    matrix(r, &src, m, k, F32, TAG_AB);
    matrix(r, &plain, k, n, F32, TAG_AB);
    matrix(r, &any, k, n, F32, TAG_ANY);
    matrix(r, &bias, 1, n, F32, TAG_AB);
    matrix(r, &dst, m, n, F32, TAG_AB);
    if (c->kind == KAON_BENCH_GEMM_ACT)
        add_relu(r);
    check(r, r->d->api.matmul(&desc, &src, c->constant[1] ? &any : &plain,
                              c->in[2].data ? &bias : NULL, &dst));
    plan(r, &desc);
    add_arg(r, ARG_SRC, &src, c->in[0].data);
    if (c->constant[1])
        pack_weights(r, &plain, c->in[1].data);
    else
        add_arg(r, ARG_WEIGHTS, &plain, c->in[1].data);
    if (c->in[2].data)
        add_arg(r, ARG_BIAS, &bias, c->in[2].data);
    add_arg(r, ARG_DST, &dst, c->out.data);
    end(p, r, field, "");
}

static void enter_bytes(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                        struct kaon_bench_field *field)
{
    const size_t m = c->shape.m, n = c->shape.n, k = c->shape.k;
    struct ready *r = begin(p);
    struct desc desc;
    struct md src, plain, any, dst;
    if (!r)
        return;
    matrix(r, &src, m, k, U8, TAG_AB);
    matrix(r, &plain, k, n, S8, TAG_AB);
    matrix(r, &any, k, n, S8, TAG_ANY);
    matrix(r, &dst, m, n, S32, TAG_AB);
    check(r, r->d->api.matmul(&desc, &src, &any, NULL, &dst));
    plan(r, &desc);
    add_arg(r, ARG_SRC, &src, c->in[0].data);
    pack_weights(r, &plain, c->in[1].data);
    add_arg(r, ARG_DST, &dst, c->out.data);
    end(p, r, field, "");
}

static void enter_layernorm(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                            struct kaon_bench_field *field)
{
    struct ready *r = begin(p);
    struct desc desc;
    struct md data, stat, scale;
    if (!r)
        return;
    matrix(r, &data, c->shape.m, c->shape.n, F32, TAG_AB);
    vector(r, &stat, c->shape.m, F32);
    vector(r, &scale, c->shape.n, F32);
    check(r, r->d->api.layernorm(&desc, INFERENCE, &data, &stat, 1e-5f, USE_SCALE | USE_SHIFT));
    plan(r, &desc);
    add_arg(r, ARG_SRC, &data, c->in[0].data);
    add_arg(r, ARG_SCALE, &scale, c->in[1].data);
    add_arg(r, ARG_SHIFT, &scale, c->in[2].data);
    add_arg(r, ARG_DST, &data, c->out.data);
    end(p, r, field, "");
}

static void enter_unary(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                        struct kaon_bench_field *field)
{
    static const struct {
        enum kaon_unary kaon;
        int alg;
        float alpha, beta;
    } known[] = {
        { KAON_UNARY_RELU, ELTWISE_RELU, 0, 0 }, { KAON_UNARY_TANH, 0x2f, 0, 0 },
        { KAON_UNARY_ELU, 0x3f, 1, 0 },          { KAON_UNARY_SQUARE, 0x4f, 0, 0 },
        { KAON_UNARY_ABS, 0x5f, 0, 0 },          { KAON_UNARY_SQRT, 0x6f, 0, 0 },
        { KAON_UNARY_SOFTPLUS, 0x9f, 0, 0 },     { KAON_UNARY_SIGMOID, 0xaf, 0, 0 },
        { KAON_UNARY_EXP, 0xbf, 0, 0 },          { KAON_UNARY_GELU_TANH, 0xcf, 0, 0 },
        { KAON_UNARY_SILU, 0xdf, 1, 0 },         { KAON_UNARY_LOG, 0xef, 0, 0 },
        { KAON_UNARY_GELU_ERF, 0x30, 0, 0 },     { KAON_UNARY_MISH, 0x60, 0, 0 },
        { KAON_UNARY_HARD_SWISH, 0x70, 0, 0 },
    };
    size_t i = 0;
    while (i < sizeof known / sizeof *known && (int)known[i].kaon != c->which)
        i++;
    struct ready *r = i < sizeof known / sizeof *known ? begin(p) : NULL;
    struct desc desc;
    struct md md;
    if (!r)
        return;
    vector(r, &md, c->shape.n, F32);
    check(r, r->d->api.eltwise(&desc, INFERENCE, known[i].alg, &md, known[i].alpha, known[i].beta));
    plan(r, &desc);
    add_arg(r, ARG_SRC, &md, c->in[0].data);
    add_arg(r, ARG_DST, &md, c->out.data);
    end(p, r, field, "");
}

static void enter_binary(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                         struct kaon_bench_field *field)
{
    static const int known[KAON_BINARY_COUNT] = {
        [KAON_BINARY_ADD] = 0x1fff0, [KAON_BINARY_MUL] = 0x1fff1, [KAON_BINARY_MAX] = 0x1fff2,
        [KAON_BINARY_MIN] = 0x1fff3, [KAON_BINARY_DIV] = 0x1fff4, [KAON_BINARY_SUB] = 0x1fff5,
    };
    struct ready *r = known[c->which] ? begin(p) : NULL;
    struct desc desc;
    struct md md;
    if (!r)
        return;
    vector(r, &md, c->shape.n, F32);
    check(r, r->d->api.binary(&desc, known[c->which], &md, &md, &md));
    plan(r, &desc);
    add_arg(r, ARG_SRC, &md, c->in[0].data);
    add_arg(r, ARG_SRC_1, &md, c->in[1].data);
    add_arg(r, ARG_DST, &md, c->out.data);
    end(p, r, field, "");
}

static void enter_reduce(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                         struct kaon_bench_field *field)
{
    static const int known[KAON_REDUCE_COUNT] = {
        [KAON_REDUCE_MAX] = 0x2fff2,  [KAON_REDUCE_MIN] = 0x2fff3,  [KAON_REDUCE_SUM] = 0x2fff4,
        [KAON_REDUCE_PROD] = 0x2fff5, [KAON_REDUCE_MEAN] = 0x2fff6,
    };
    const bool rows = c->kind == KAON_BENCH_REDUCE_ROWS;
    struct ready *r = known[c->which] ? begin(p) : NULL;
    struct desc desc;
    struct md from, to;
    if (!r)
        return;
    matrix(r, &from, c->shape.m, c->shape.n, F32, TAG_AB);
    matrix(r, &to, rows ? c->shape.m : 1, rows ? 1 : c->shape.n, F32, TAG_AB);
    check(r, r->d->api.reduction(&desc, known[c->which], &from, &to, 0.0f, 0.0f));
    plan(r, &desc);
    add_arg(r, ARG_SRC, &from, c->in[0].data);
    add_arg(r, ARG_DST, &to, c->out.data);
    end(p, r, field, "");
}

/* A transpose is a reorder from a plain matrix to one whose strides are exchanged. */
static void enter_transpose(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                            struct kaon_bench_field *field)
{
    const dims_array dims = { (int64_t)c->shape.m, (int64_t)c->shape.n };
    const dims_array strides = { 1, (int64_t)c->shape.m };
    struct ready *r = begin(p);
    struct md from, to;
    if (!r)
        return;
    matrix(r, &from, c->shape.m, c->shape.n, F32, TAG_AB);
    check(r, r->d->api.md_by_strides(&to, 2, dims, F32, strides));
    if (!r->failed)
        check(r, r->d->api.reorder_plan(&r->plan, &from, r->d->engine, &to, r->d->engine, r->attr));
    add_arg(r, ARG_SRC, &from, c->in[0].data);
    add_arg(r, ARG_DST, &to, c->out.data);
    end(p, r, field, "");
}

static void enter_convert(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                          struct kaon_bench_field *field)
{
    const int narrow = c->which == KAON_BF16 ? BF16 : F16;
    const bool widen = c->kind == KAON_BENCH_WIDEN;
    struct ready *r = begin(p);
    struct md from, to;
    if (!r)
        return;
    vector(r, &from, c->shape.n, widen ? narrow : F32);
    vector(r, &to, c->shape.n, widen ? F32 : narrow);
    if (!r->failed)
        check(r, r->d->api.reorder_plan(&r->plan, &from, r->d->engine, &to, r->d->engine, r->attr));
    add_arg(r, ARG_SRC, &from, c->in[0].data);
    add_arg(r, ARG_DST, &to, c->out.data);
    end(p, r, field, "");
}

const struct kaon_peer kaon_peer_onednn = {
    .name = "onednn",
    .libraries = { "libdnnl.so.2" },
    .package = "Debian's libdnnl2",
    .open = open_onednn,
    .close = close_onednn,
    .enter = { [KAON_BENCH_SOFTMAX] = enter_softmax,
               [KAON_BENCH_LOG_SOFTMAX] = enter_softmax,
               [KAON_BENCH_GEMM] = enter_product,
               [KAON_BENCH_GEMM_ACT] = enter_product,
               [KAON_BENCH_MATMUL] = enter_product,
               [KAON_BENCH_MATMUL_U8S8] = enter_bytes,
               [KAON_BENCH_LAYERNORM] = enter_layernorm,
               [KAON_BENCH_UNARY] = enter_unary,
               [KAON_BENCH_BINARY] = enter_binary,
               [KAON_BENCH_REDUCE_ROWS] = enter_reduce,
               [KAON_BENCH_REDUCE_COLUMNS] = enter_reduce,
               [KAON_BENCH_TRANSPOSE] = enter_transpose,
               [KAON_BENCH_WIDEN] = enter_convert,
               [KAON_BENCH_NARROW] = enter_convert },
};
