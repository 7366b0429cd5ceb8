/* Matrix products by OpenBLAS: MatMul and Linear of float32.
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
#include <string.h>

struct openblas {
    void *library;
    __typeof__(&cblas_sgemm) sgemm;
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

static enum kaon_status open_openblas(void **state, const struct kaon_allocator *allocator,
                                      struct kaon_msg *msg)
{
    struct openblas *b = allocator->alloc(allocator->user, sizeof *b, 64);
    if (!b)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for the backend openblas");
    *b = (struct openblas){ .library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL) };
    void *sgemm = b->library ? dlsym(b->library, "cblas_sgemm") : NULL;
    void *threads = b->library ? dlsym(b->library, "openblas_set_num_threads") : NULL;
    if (!sgemm || !threads) {
        const char *why = dlerror();
        close_openblas(b, allocator);
        return kaon_fail(msg, KAON_IO, "the backend openblas cannot be loaded: %s",
                         why ? why : "functions are missing");
    }
    void (*set_threads)(int);
    memcpy(&b->sgemm, &sgemm, sizeof sgemm); /* POSIX: an object pointer that is a function's */
    memcpy(&set_threads, &threads, sizeof threads);
    set_threads(1);
    *state = b;
    return KAON_OK;
}

/* ---- steps ----------------------------------------------------------------------------------- */

struct product {
    size_t m, n, k, batches;
    size_t step_a, step_b; /* elements from one batch to the next; 0: the same matrix */
    bool transposed;       /* B is (n, k) */
    enum kaon_unary act;
    bool has_act;
};

static size_t product_of(const struct kaon_tensor *t, int32_t n)
{
    size_t p = 1;
    for (int32_t i = 0; i < n; i++)
        p *= (size_t)t->dims[i];
    return p;
}

/* MatMul whose batches are equal on both sides, or where B is one matrix. */
static bool place_matmul(const struct kaon_call *call, struct product *p)
{
    const struct kaon_tensor *a = call->in[0], *b = call->in[1];
    if (a->rank < 2 || b->rank < 2)
        return false;
    p->k = (size_t)a->dims[a->rank - 1];
    p->n = (size_t)b->dims[b->rank - 1];
    const size_t na = product_of(a, a->rank - 2), nb = product_of(b, b->rank - 2);
    if (nb == 1) {
        p->m = na * (size_t)a->dims[a->rank - 2];
        p->batches = 1;
        return true;
    }
    if (a->rank != b->rank || memcmp(a->dims, b->dims, (size_t)(a->rank - 2) * sizeof *a->dims))
        return false;
    p->m = (size_t)a->dims[a->rank - 2];
    p->batches = na;
    p->step_a = p->m * p->k;
    p->step_b = p->k * p->n;
    return true;
}

static bool place_linear(const struct kaon_call *call, struct product *p)
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
        return false;
    p->m = product_of(x, x->rank - 1);
    p->k = (size_t)b->dims[a->transposed];
    p->n = (size_t)b->dims[!a->transposed];
    p->batches = 1;
    p->transposed = a->transposed;
    p->has_act = a->activation != KAON_ACTIVATION_NONE;
    p->act = acts[a->activation];
    return true;
}

static bool place(const struct kaon_call *call, struct product *p, const char **why)
{
    *p = (struct product){ 0 };
    *why = "only MatMul and Linear of float32";
    if ((call->op->kind != KAON_OP_matmul && call->op->kind != KAON_OP_linear) ||
        call->in[0]->type != KAON_F32 || call->in[1]->type != KAON_F32)
        return false;
    *why = "batches that are broadcast, or vectors";
    const bool fits =
        call->op->kind == KAON_OP_matmul ? place_matmul(call, p) : place_linear(call, p);
    if (!fits)
        return false;
    *why = "too large for OpenBLAS's integers, or empty";
    return p->m && p->n && p->k && p->m < INT_MAX && p->n < INT_MAX && p->k < INT_MAX;
}

static bool accept(const struct kaon_call *call, const char **why)
{
    struct product p;
    return place(call, &p, why);
}

static void add_bias(const struct kaon_call *call, const struct product *p, float *y)
{
    const float *bias = call->in[2]->data;
    for (size_t i = 0; i < p->m; i++, y += p->n)
        call->kernels->binary[KAON_BINARY_ADD](y, y, 1, bias, 1, p->n);
}

static enum kaon_status run(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct product *p = step->args;
    const struct kaon_call *call = &step->call;
    const struct openblas *blas = call->backend;
    float *y = call->out[0]->data;
    (void)msg;
    for (size_t i = 0; i < p->batches; i++)
        blas->sgemm(CblasRowMajor, CblasNoTrans, p->transposed ? CblasTrans : CblasNoTrans,
                    (int)p->m, (int)p->n, (int)p->k, 1.0f,
                    (const float *)call->in[0]->data + i * p->step_a, (int)p->k,
                    (const float *)call->in[1]->data + i * p->step_b,
                    (int)(p->transposed ? p->k : p->n), 0.0f, y + i * p->m * p->n, (int)p->n);
    if (call->n_in > 2 && call->in[2])
        add_bias(call, p, y);
    if (p->has_act)
        call->kernels->unary[p->act](y, y, p->m * p->n, 0.0f, 0.0f);
    return KAON_OK;
}

static enum kaon_status prepare(struct kaon_step *step, struct kaon_arena *memory,
                                struct kaon_msg *msg)
{
    const char *why;
    struct product *p = kaon_arena_push(memory, sizeof *p);
    if (!p)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for arguments");
    if (!place(&step->call, p, &why))
        return kaon_fail(msg, KAON_UNSUPPORTED, "openblas: %s", why);
    step->args = p;
    step->run = run;
    step->kernel = "openblas sgemm";
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
