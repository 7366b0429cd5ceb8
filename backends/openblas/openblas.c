/* Matrix products by OpenBLAS: MatMul, Gemm and Linear of float32 and float64.
 *
 * The library is loaded when a model asks for this backend, so that nothing that embeds kaon depends
 * on it, and is told to use the caller's thread only. Its sums run in another order than ours:
 * results agree with `own` within rounding and are not the same on every machine. */
#include "backends/backend.h"

#include "engine/base/attrs.h"
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
    size_t m, n, k, batches;
    int32_t rank;                                                             /* of the batch */
    size_t dims[KAON_MAX_RANK], step_a[KAON_MAX_RANK], step_b[KAON_MAX_RANK]; /* in matrices */
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

/* Length of batch axis i of `rank`, counted from the end as broadcasting does. */
static size_t batch_dim(const struct kaon_tensor *x, int32_t rank, int32_t i)
{
    const int32_t own = x->rank > 2 ? x->rank - 2 : 0, k = i - (rank - own);
    return k < 0 ? 1 : (size_t)x->dims[k];
}

static void place_batches(const struct kaon_call *call, struct product *p)
{
    const struct kaon_tensor *a = call->in[0], *b = call->in[1];
    const int32_t longest = a->rank > b->rank ? a->rank : b->rank;
    size_t n_a = 1, n_b = 1;
    p->rank = longest > 2 ? longest - 2 : 0;
    for (int32_t i = p->rank - 1; i >= 0; i--) {
        const size_t da = batch_dim(a, p->rank, i), db = batch_dim(b, p->rank, i);
        p->step_a[i] = da == 1 ? 0 : n_a;
        p->step_b[i] = db == 1 ? 0 : n_b;
        p->dims[i] = da == 1 ? db : da;
        p->batches *= p->dims[i];
        n_a *= da;
        n_b *= db;
    }
    if (n_b == 1 && n_a == p->batches) { /* all rows of A meet the same B */
        p->m *= n_a;
        p->batches = 1;
        p->rank = 0;
    }
}

static const char *place_matmul(const struct kaon_call *call, struct product *p)
{
    const struct kaon_tensor *a = call->in[0], *b = call->in[1];
    p->k = (size_t)a->dims[a->rank - 1];
    p->m = a->rank > 1 ? (size_t)a->dims[a->rank - 2] : 1;
    p->n = b->rank > 1 ? (size_t)b->dims[b->rank - 1] : 1;
    place_batches(call, p);
    return NULL;
}

static const char *place_linear(const struct kaon_call *call, struct product *p)
{
    static const enum kaon_unary acts[] = {
        [KAON_ACTIVATION_RELU] = KAON_UNARY_RELU,
        [KAON_ACTIVATION_GELU_ERF] = KAON_UNARY_GELU_ERF,
        [KAON_ACTIVATION_GELU_TANH] = KAON_UNARY_GELU_TANH,
        [KAON_ACTIVATION_SILU] = KAON_UNARY_SILU,
        [KAON_ACTIVATION_SIGMOID] = KAON_UNARY_SIGMOID,
        [KAON_ACTIVATION_TANH] = KAON_UNARY_TANH,
    };
    const struct kaon_linear *a = call->attr;
    const struct kaon_tensor *x = call->in[0], *b = call->in[1];
    if (x->rank < 1 || b->rank != 2)
        return "weights that are no matrix";
    p->m = product_of(x, x->rank - 1);
    p->k = (size_t)b->dims[a->transposed];
    p->n = (size_t)b->dims[!a->transposed];
    p->trans_b = a->transposed;
    p->has_c = call->n_in > 2 && call->in[2];
    p->c_n = 1;
    p->has_act = a->activation != KAON_ACTIVATION_NONE;
    if (p->has_act)
        p->act = acts[a->activation];
    return NULL;
}

static const char *place_gemm(const struct kaon_call *call, struct product *p)
{
    const struct kaon_gemm *a = call->attr;
    const struct kaon_tensor *c = call->n_in > 2 ? call->in[2] : NULL;
    p->m = (size_t)call->out[0]->dims[0];
    p->n = (size_t)call->out[0]->dims[1];
    p->k = (size_t)call->in[0]->dims[!a->trans_a];
    p->trans_a = a->trans_a;
    p->trans_b = a->trans_b;
    p->alpha = a->alpha;
    p->beta = a->beta;
    p->has_c = c && a->beta != 0.0f;
    if (c && c->rank > 0 && c->dims[c->rank - 1] != 1)
        p->c_n = 1;
    if (c && c->rank > 1 && c->dims[0] != 1)
        p->c_m = (size_t)c->dims[1];
    return NULL;
}

static const char *place(const struct kaon_call *call, struct product *p)
{
    const enum kaon_op_kind kind = call->op->kind;
    *p = (struct product){ .batches = 1, .alpha = 1.0f, .beta = 1.0f };
    if (kind != KAON_OP_matmul && kind != KAON_OP_linear && kind != KAON_OP_gemm)
        return "no product";
    const enum kaon_type type = call->in[0]->type;
    if (type != KAON_F32 && (type != KAON_F64 || kind == KAON_OP_linear))
        return "neither float32 nor float64";
    for (size_t i = 1; i < call->n_in; i++)
        if (call->in[i] && call->in[i]->type != type)
            return "inputs of several types";
    const char *why = kind == KAON_OP_matmul   ? place_matmul(call, p)
                      : kind == KAON_OP_linear ? place_linear(call, p)
                                               : place_gemm(call, p);
    if (why)
        return why;
    if (!p->m || !p->n || !p->k || !p->batches)
        return "a product without elements";
    return p->m < INT_MAX && p->n < INT_MAX && p->k < INT_MAX ? NULL
                                                              : "too large for OpenBLAS's integers";
}

static bool accept(const struct kaon_call *call, const char **why)
{
    struct product p;
    *why = place(call, &p);
    return !*why;
}

/* ---- running it ------------------------------------------------------------------------------ */

/* The matrices of batch i. */
static void pick(const struct product *p, size_t i, size_t *a, size_t *b)
{
    *a = *b = 0;
    for (int32_t k = p->rank - 1; k >= 0; k--) {
        const size_t at = i % p->dims[k];
        i /= p->dims[k];
        *a += at * p->step_a[k];
        *b += at * p->step_b[k];
    }
}

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
        call->kernels->unary[p->act](call->out[0]->data, call->out[0]->data, p->m * p->n, 0.0f,
                                     0.0f);
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
    step->kernel = p->m == 1 ? "openblas gemv" : "openblas gemm";
    step->macs = (uint64_t)p->batches * p->m * p->n * p->k;
    return KAON_OK;
}

const struct kaon_backend kaon_backend_openblas = {
    .name = "openblas",
    .open = open_openblas,
    .close = close_openblas,
    .accept = accept,
    .prepare = prepare,
};
