/* Matrix products by OpenBLAS: MatMul, Gemm and Linear of float32 and float64.
 *
 * The library is loaded when a model asks for this backend, so that nothing that embeds kaon depends
 * on it, and is told to use the caller's thread only. Its sums run in another order than ours:
 * results agree with `own` within rounding and are not the same on every machine. */
#include "backends/backend.h"

#include "engine/base/attrs.h"
#include "engine/base/batches.h"
#include "kernels/kernels.h"

#include <cblas.h>
#include <dlfcn.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

struct openblas {
    void *library;
    __typeof__(&cblas_sgemm) sgemm;
    __typeof__(&cblas_dgemm) dgemm;
    __typeof__(&cblas_sgemv) sgemv;
    __typeof__(&cblas_dgemv) dgemv;
    __typeof__(&openblas_set_num_threads) set_num_threads;
};

static void close_openblas(void *state, const struct kaon_allocator *allocator)
{
    struct openblas *b = state;
    if (!b)
        return;
    if (b->library)
        dlclose(b->library);
    allocator->free(allocator->user, b);
}

/* False if a function is missing. */
static bool find_functions(struct openblas *b)
{
    static const struct {
        const char *name;
        size_t offset;
    } functions[] = {
        { "cblas_sgemm", offsetof(struct openblas, sgemm) },
        { "cblas_dgemm", offsetof(struct openblas, dgemm) },
        { "cblas_sgemv", offsetof(struct openblas, sgemv) },
        { "cblas_dgemv", offsetof(struct openblas, dgemv) },
        { "openblas_set_num_threads", offsetof(struct openblas, set_num_threads) },
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *f = dlsym(b->library, functions[i].name);
        if (!f)
            return false;
        memcpy((char *)b + functions[i].offset, &f, sizeof f); /* POSIX: a function's pointer too */
    }
    return true;
}

static enum kaon_status open_openblas(void **state, const struct kaon_allocator *allocator,
                                      struct kaon_msg *msg)
{
    struct openblas *b = allocator->alloc(allocator->user, sizeof *b, 64);
    if (!b)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for the backend openblas");
    *b = (struct openblas){ .library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL) };
    if (!b->library || !find_functions(b)) {
        const char *why = b->library ? NULL : dlerror();
        const enum kaon_status st =
            kaon_fail(msg, KAON_IO, "the backend openblas cannot be loaded: %.300s",
                      why ? why : "functions are missing");
        close_openblas(b, allocator);
        return st;
    }
    b->set_num_threads(1);
    *state = b;
    return KAON_OK;
}

/* ---- what a call is -------------------------------------------------------------------------- */

/* y = act(alpha a b + beta c), `batches` times. */
struct product {
    struct kaon_batches shape;
    bool trans_a, trans_b;
    float alpha, beta;
    size_t c_m, c_n; /* elements of c from one row and one column to the next */
    enum kaon_unary act;
    bool has_c, has_act;
};

static size_t product_of(const struct kaon_tensor *t, int32_t n)
{
    size_t p = 1;
    for (int32_t i = 0; i < n; i++)
        p *= (size_t)t->dims[i];
    return p;
}

static void place_linear(const struct kaon_call *call, struct product *p)
{
    const struct kaon_linear *a = call->attr;
    const struct kaon_tensor *x = call->in[0], *b = call->in[1];
    p->shape.m = product_of(x, x->rank - 1);
    p->shape.k = (size_t)b->dims[a->transposed];
    p->shape.n = (size_t)b->dims[!a->transposed];
    p->trans_b = a->transposed;
    p->has_c = call->n_in > 2 && call->in[2];
    p->c_n = 1;
    p->has_act = a->activation != KAON_ACTIVATION_NONE;
    if (p->has_act)
        p->act = kaon_activation_kernel(a->activation);
}

static void place_gemm(const struct kaon_call *call, struct product *p)
{
    const struct kaon_gemm *a = call->attr;
    const struct kaon_tensor *c = call->n_in > 2 ? call->in[2] : NULL;
    p->shape.m = (size_t)call->out[0]->dims[0];
    p->shape.n = (size_t)call->out[0]->dims[1];
    p->shape.k = (size_t)call->in[0]->dims[!a->trans_a];
    p->trans_a = a->trans_a;
    p->trans_b = a->trans_b;
    p->alpha = a->alpha;
    p->beta = a->beta;
    p->has_c = c && a->beta != 0.0f;
    if (c && c->rank > 0 && c->dims[c->rank - 1] != 1)
        p->c_n = 1;
    if (c && c->rank > 1 && c->dims[0] != 1)
        p->c_m = (size_t)c->dims[1];
}

static const char *place(const struct kaon_call *call, struct product *p)
{
    const enum kaon_op_kind kind = call->op->kind;
    *p = (struct product){ .shape.batches = 1, .alpha = 1.0f, .beta = 1.0f };
    if (kind != KAON_OP_matmul && kind != KAON_OP_linear && kind != KAON_OP_gemm)
        return "no product";
    const enum kaon_type type = call->in[0]->type;
    if (type != KAON_F32 && (type != KAON_F64 || kind == KAON_OP_linear))
        return "neither float32 nor float64";
    for (size_t i = 1; i < call->n_in; i++)
        if (call->in[i] && call->in[i]->type != type)
            return "inputs of several types";
    if (kind == KAON_OP_linear && (call->in[0]->rank < 1 || call->in[1]->rank != 2))
        return "weights that are no matrix";
    if (kind == KAON_OP_matmul)
        kaon_batches_place(&p->shape, call->in[0], call->in[1]);
    else if (kind == KAON_OP_linear)
        place_linear(call, p);
    else
        place_gemm(call, p);
    if (!p->shape.m || !p->shape.n || !p->shape.k || !p->shape.batches)
        return "a product without elements";
    return p->shape.m < INT_MAX && p->shape.n < INT_MAX && p->shape.k < INT_MAX
               ? NULL
               : "too large for OpenBLAS's integers";
}

static bool accept(const struct kaon_call *call, const char **why)
{
    struct product p;
    *why = place(call, &p);
    return !*why;
}

/* ---- running it ------------------------------------------------------------------------------ */

#define T float
#define NAME(what) what##_f32
#define GEMM sgemm
#define GEMV sgemv
#include "backends/openblas/product_body.inc"
#define T double
#define NAME(what) what##_f64
#define GEMM dgemm
#define GEMV dgemv
#include "backends/openblas/product_body.inc"

static enum kaon_status run(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct product *p = step->args;
    const struct kaon_call *call = &step->call;
    (void)msg;
    (call->in[0]->type == KAON_F32 ? products_f32 : products_f64)(call, p);
    if (p->has_act)
        call->kernels->unary[p->act](call->out[0]->data, call->out[0]->data,
                                     p->shape.m * p->shape.n, 0.0f, 0.0f);
    return KAON_OK;
}

static enum kaon_status prepare(struct kaon_step *step, struct kaon_arena *memory,
                                struct kaon_msg *msg)
{
    struct product *p = kaon_arena_push(memory, sizeof *p);
    if (!p)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for arguments");
    const char *why = place(&step->call, p);
    if (why)
        return kaon_fail(msg, KAON_UNSUPPORTED, "openblas: %s", why);
    step->args = p;
    step->run = run;
    step->kernel = p->shape.m == 1 ? "openblas gemv" : "openblas gemm";
    step->macs = (uint64_t)p->shape.batches * p->shape.m * p->shape.n * p->shape.k;
    return KAON_OK;
}

const struct kaon_backend kaon_backend_openblas = {
    .name = "openblas",
    .open = open_openblas,
    .close = close_openblas,
    .accept = accept,
    .prepare = prepare,
};
