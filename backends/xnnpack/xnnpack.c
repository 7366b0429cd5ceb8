/* XNNPACK as a backend: fully connected layers, convolutions, pooling, softmax and element-wise
 * operators of float32. Its results agree with `own` within rounding; they differ between machines, and
 * denormals count as zero in it. */
#include "backends/xnnpack/xnnpack.h"

#include <dlfcn.h>
#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* ---- the library ----------------------------------------------------------------------------- */

static void close_library(void *state, const struct kaon_allocator *allocator)
{
    struct kaon_xnn *xnn = state;
    if (!xnn)
        return;
    if (xnn->library && xnn->deinitialize)
        xnn->deinitialize();
    if (xnn->library)
        dlclose(xnn->library);
    allocator->free(allocator->user, xnn);
}

/* False if a function is missing. */
static bool find_functions(struct kaon_xnn *xnn)
{
    static const struct {
        const char *name;
        size_t offset;
    } functions[] = {
#define KAON_XNN(name) { "xnn_" #name, offsetof(struct kaon_xnn, name) },
#include "backends/xnnpack/functions.inc"
#undef KAON_XNN
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *f = dlsym(xnn->library, functions[i].name);
        if (!f)
            return false;
        memcpy((char *)xnn + functions[i].offset, &f,
               sizeof f); /* POSIX: a function's pointer too */
    }
    return true;
}

static enum kaon_status open_library(void **state, const struct kaon_allocator *allocator,
                                     struct kaon_msg *msg)
{
    struct kaon_xnn *xnn = allocator->alloc(allocator->user, sizeof *xnn, 64);
    if (!xnn)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for the backend xnnpack");
    *xnn = (struct kaon_xnn){ .library = dlopen("libXNNPACK.so.0", RTLD_NOW | RTLD_LOCAL) };
    const char *why = NULL;
    if (!xnn->library)
        why = dlerror();
    else if (!find_functions(xnn))
        why = "functions are missing";
    else if (xnn->initialize(NULL) != xnn_status_success)
        why = "it does not run on this CPU";
    if (why) {
        const enum kaon_status st =
            kaon_fail(msg, KAON_IO, "the backend xnnpack cannot be loaded: %.300s", why);
        xnn->deinitialize = NULL;
        close_library(xnn, allocator);
        return st;
    }
    *state = xnn;
    return KAON_OK;
}

/* ---- operators of a session ------------------------------------------------------------------ */

/* All operators by node and image, in a tree of the C library's. */
struct session {
    const struct kaon_xnn *xnn;
    void *tree;
};

struct owned {
    const void *node; /* what pack made of it */
    struct kaon_xnn_operator operator;
    const struct kaon_xnn *xnn;
};

static int compare(const void *one, const void *other)
{
    const struct owned *a = one, *b = other;
    const uintptr_t left[] = { (uintptr_t)a->node, a->operator.made_for[0],
                               a->operator.made_for[1] };
    const uintptr_t right[] = { (uintptr_t)b->node, b->operator.made_for[0],
                                b->operator.made_for[1] };
    for (size_t i = 0; i < 3; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

static enum kaon_status open_session(void **session, const void *state,
                                     const struct kaon_allocator *allocator, struct kaon_msg *msg)
{
    struct session *s = allocator->alloc(allocator->user, sizeof *s, 64);
    if (!s)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for the backend xnnpack");
    *s = (struct session){ .xnn = state };
    *session = s;
    return KAON_OK;
}

static void free_entry(void *p)
{
    struct owned *e = p;
    if (e->operator.op)
        e->xnn->delete_operator(e->operator.op);
    free(e);
}

static void close_session(void *session, const struct kaon_allocator *allocator)
{
    struct session *s = session;
    if (!s)
        return;
    tdestroy(s->tree, free_entry);
    allocator->free(allocator->user, s);
}

/* The operator for this call, made if there is none. NULL without memory. */
static struct kaon_xnn_operator *operator_of(struct session *session, const struct kaon_call *call,
                                             const struct kaon_xnn_step *s, struct kaon_msg *msg)
{
    struct owned *e = malloc(sizeof *e);
    if (!e)
        return NULL;
    *e = (struct owned){ .node = call->packed, .xnn = session->xnn };
    memcpy(e->operator.made_for, s->made_for, sizeof s->made_for);
    struct owned **found = tsearch(e, &session->tree, compare);
    if (!found || *found != e) {
        free(e);
        return found ? &(*found)->operator: NULL;
    }
    const enum xnn_status st = s->family->create(session->xnn, call, s, &e->operator.op);
    if (st == xnn_status_success)
        return &e->operator;
    e->operator.op = NULL;
    tdelete(e, &session->tree, compare);
    free(e);
    kaon_fail(msg, st == xnn_status_out_of_memory ? KAON_NO_MEMORY : KAON_UNSUPPORTED,
              "node '%.200s' (%s): XNNPACK refuses it, status %d", call->node, call->op->name,
              (int)st);
    return NULL;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static const struct kaon_xnn_family *family_of(enum kaon_op_kind kind)
{
    static const struct kaon_xnn_family *const families[KAON_OP_COUNT] = {
        [KAON_OP_matmul] = &kaon_xnn_product,
        [KAON_OP_linear] = &kaon_xnn_product,
        [KAON_OP_gemm] = &kaon_xnn_product,
        [KAON_OP_conv] = &kaon_xnn_conv,
        [KAON_OP_max_pool] = &kaon_xnn_pool,
        [KAON_OP_average_pool] = &kaon_xnn_pool,
        [KAON_OP_global_average_pool] = &kaon_xnn_mean,
        [KAON_OP_softmax] = &kaon_xnn_softmax,
        [KAON_OP_add] = &kaon_xnn_binary,
        [KAON_OP_sub] = &kaon_xnn_binary,
        [KAON_OP_mul] = &kaon_xnn_binary,
        [KAON_OP_div] = &kaon_xnn_binary,
        [KAON_OP_max] = &kaon_xnn_binary,
        [KAON_OP_min] = &kaon_xnn_binary,
        [KAON_OP_relu] = &kaon_xnn_unary,
        [KAON_OP_clip] = &kaon_xnn_unary,
        [KAON_OP_leaky_relu] = &kaon_xnn_unary,
        [KAON_OP_elu] = &kaon_xnn_unary,
        [KAON_OP_abs] = &kaon_xnn_unary,
        [KAON_OP_neg] = &kaon_xnn_unary,
        [KAON_OP_sqrt] = &kaon_xnn_unary,
        [KAON_OP_floor] = &kaon_xnn_unary,
        [KAON_OP_ceil] = &kaon_xnn_unary,
        [KAON_OP_round] = &kaon_xnn_unary,
        [KAON_OP_sigmoid] = &kaon_xnn_unary,
        [KAON_OP_hardswish] = &kaon_xnn_unary,
    };
    return families[kind];
}

static bool all_plain_f32(const struct kaon_call *call)
{
    for (size_t i = 0; i < call->n_in; i++)
        if (call->in[i] && call->in[i]->type != KAON_F32)
            return false;
    return call->out[0] && call->out[0]->type == KAON_F32;
}

static const char *place(const struct kaon_call *call, struct kaon_xnn_step *s)
{
    *s = (struct kaon_xnn_step){ .family = family_of(call->op->kind),
                                 .low = -INFINITY,
                                 .high = INFINITY };
    if (!s->family)
        return "XNNPACK has no such operator";
    if (!all_plain_f32(call))
        return "not float32";
    for (size_t i = 0; i < call->n_in; i++)
        if (call->in[i] && kaon_xnn_count(call->in[i], 0, call->in[i]->rank) == 0)
            return "a tensor without elements";
    if (kaon_xnn_count(call->out[0], 0, call->out[0]->rank) == 0)
        return "a tensor without elements";
    return s->family->place(call, s);
}

static bool accept(const struct kaon_call *call, const char **why)
{
    struct kaon_xnn_step s;
    *why = place(call, &s);
    return !*why;
}

/* XNNPACK reads up to 16 bytes past the end of an input. That is harmless within a page; where the end
 * lies at a page's, the input is copied. */
static const float *readable(const struct kaon_xnn_step *s, size_t i, const float *x,
                             float *scratch)
{
    enum { PAGE = 4096 };
    const uintptr_t end = (uintptr_t)(x + s->in_elements[i]);
    if (end % PAGE && end % PAGE + XNN_EXTRA_BYTES <= PAGE)
        return x;
    return memcpy(scratch + s->copy_at[i], x, s->in_elements[i] * sizeof *x);
}

/* Channels last, image by image. */
static void swap_in(const struct kaon_call *call, const struct kaon_xnn_step *s, float *to)
{
    const size_t one = s->in_elements[0] / s->batch, c = s->channels_in, n = one / c;
    const uint32_t *from = call->in[0]->data;
    for (size_t b = 0; b < s->batch; b++)
        call->kernels->transpose_32((uint32_t *)(void *)to + b * one, from + b * one, c, n, n, c);
}

static void swap_out(const struct kaon_call *call, const struct kaon_xnn_step *s, const float *from)
{
    const size_t one = s->out_elements / s->batch, c = s->channels_out, n = one / c;
    uint32_t *to = call->out[0]->data;
    for (size_t b = 0; b < s->batch; b++)
        call->kernels->transpose_32(to + b * one, (const uint32_t *)(const void *)from + b * one, n,
                                    c, c, n);
}

static enum kaon_status run(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_xnn_step *s = step->args;
    const struct kaon_call *call = &step->call;
    const struct kaon_xnn *xnn = call->backend;
    float *scratch = step->scratch, *out = call->out[0]->data;
    const float *in[2];
    for (size_t i = 0; i < s->n_in && !s->swaps; i++)
        in[i] = readable(s, i, call->in[i]->data, scratch);
    if (s->swaps) {
        swap_in(call, s, scratch + s->in_at);
        in[0] = scratch + s->in_at;
        out = scratch + s->out_at;
    }
    enum xnn_status st = s->family->setup(xnn, call, s, in, out);
    if (st == xnn_status_success)
        st = xnn->run_operator(s->op->op, NULL);
    if (st != xnn_status_success)
        return kaon_fail(msg, st == xnn_status_out_of_memory ? KAON_NO_MEMORY : KAON_UNSUPPORTED,
                         "node '%.200s' (%s): XNNPACK fails with status %d", call->node,
                         call->op->name, (int)st);
    if (s->swaps)
        swap_out(call, s, out);
    if (s->has_after)
        call->kernels->unary[s->after](call->out[0]->data, call->out[0]->data, s->out_elements,
                                       0.0f, 0.0f);
    return KAON_OK;
}

/* Floats of scratch: copies of inputs, with what is read past them; images with channels last. */
static size_t place_scratch(const struct kaon_call *call, struct kaon_xnn_step *s)
{
    enum { LINE = 16, EXTRA = XNN_EXTRA_BYTES / sizeof(float) };
    size_t floats = 0;
    s->out_elements = kaon_xnn_count(call->out[0], 0, call->out[0]->rank);
    for (size_t i = 0; i < s->n_in; i++) {
        s->in_elements[i] = kaon_xnn_count(call->in[i], 0, call->in[i]->rank);
        s->copy_at[i] = floats;
        floats += (s->in_elements[i] + EXTRA + LINE - 1) / LINE * LINE;
    }
    s->in_at = s->copy_at[0];
    s->out_at = floats;
    return floats + (s->swaps ? s->out_elements : 0);
}

/* Lets the operator make its tables for the image's size now, so that no run has to. */
static enum xnn_status set_up_once(const struct kaon_call *call, const struct kaon_xnn_step *s)
{
    static const float nothing[2];
    const float *in[2] = { nothing, nothing };
    return s->family->setup(call->backend, call, s, in, (float *)(uintptr_t)nothing);
}

static enum kaon_status prepare(struct kaon_step *step, struct kaon_arena *memory,
                                struct kaon_msg *msg)
{
    struct kaon_call *call = &step->call;
    struct kaon_xnn_step *s = kaon_arena_push(memory, sizeof *s);
    if (!s)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for arguments");
    const char *why = place(call, s);
    if (why)
        return kaon_fail(msg, KAON_UNSUPPORTED, "xnnpack: %s", why);
    if (msg)
        msg->text[0] = '\0';
    s->op = operator_of(call->session, call, s, msg);
    if (!s->op)
        return msg && msg->text[0] ? KAON_UNSUPPORTED
                                   : kaon_fail(msg, KAON_NO_MEMORY, "no memory for XNNPACK");
    if (set_up_once(call, s) != xnn_status_success)
        return kaon_fail(msg, KAON_NO_MEMORY, "node '%.200s' (%s): no memory for XNNPACK",
                         call->node, call->op->name);
    step->args = s;
    step->run = run;
    step->kernel = s->family->kernel;
    step->macs = s->k ? (uint64_t)s->rows * s->n * s->k : 0;
    step->scratch_bytes = place_scratch(call, s) * sizeof(float);
    return KAON_OK;
}

static enum kaon_status pack(const struct kaon_call *call, struct kaon_arena *memory,
                             const void **packed, struct kaon_msg *msg)
{
    if (!family_of(call->op->kind))
        return KAON_OK;
    struct kaon_xnn_node *node = kaon_arena_push_zero(memory, 1, sizeof *node);
    if (!node)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for the backend xnnpack");
    for (size_t i = 0; i < call->n_in && i < KAON_XNN_INPUTS; i++)
        if (call->in[i] && call->in[i]->type == KAON_F32 && call->constant[i])
            node->constant[i] = call->in[i]->data;
    *packed = node;
    return KAON_OK;
}

const struct kaon_backend kaon_backend_xnnpack = {
    .name = "xnnpack",
    .open = open_library,
    .close = close_library,
    .open_session = open_session,
    .close_session = close_session,
    .accept = accept,
    .pack = pack,
    .prepare = prepare,
};
