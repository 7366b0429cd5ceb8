/* The XNNPACK backend from inside.
 *
 * XNNPACK's operators hold packed weights and what they were last set up for, and serve one caller at
 * a time: each session has its own, one for every node and length that an operator is made for (a
 * row of softmax, an image that windows slide over), made while planning. A run sets an operator up for the tensors of the moment,
 * which takes no memory then, and runs it on the caller's thread. */
#ifndef KAON_BACKENDS_XNNPACK_XNNPACK_H
#define KAON_BACKENDS_XNNPACK_XNNPACK_H

#include "backends/backend.h"
#include "engine/base/attrs.h"
#include "engine/base/fact.h"
#include "kernels/kernels.h"

#include <xnnpack.h>

/* The functions that are used, found when a model asks for the backend. */
struct kaon_xnn {
    void *library;
#define KAON_XNN(name) __typeof__(&xnn_##name) name;
#include "backends/xnnpack/functions.inc"
#undef KAON_XNN
};

/* What a step is to XNNPACK: filled by a family's `place` from the call. */
struct kaon_xnn_step {
    const struct kaon_xnn_family *family;
    struct kaon_xnn_operator *op;
    size_t rows, n, k;                      /* rows of n elements; products: k in, n out */
    size_t rank[2], dims[2][KAON_MAX_RANK]; /* of the inputs of element-wise operators */
    struct kaon_placed at;                  /* of windows: one or two axes */
    size_t batch, channels_in, channels_out, groups;
    float low, high;       /* the result is clamped to this */
    enum kaon_unary after; /* what kaon computes on the result, if has_after */
    bool has_after;
    bool transposed;    /* weights are (n, k) */
    bool swaps;         /* channels last for XNNPACK: moved in scratch */
    size_t made_for[2]; /* height and width, row length; 0: any */
    size_t n_in;        /* inputs that XNNPACK reads at run time */
    size_t in_elements[2], out_elements;
    size_t copy_at[2], in_at, out_at; /* floats into scratch */
};

/* Operators that are made and set up alike. */
struct kaon_xnn_family {
    const char *kernel; /* for plans */

    /* NULL if XNNPACK can run the call, else why not; fills the step. */
    const char *(*place)(const struct kaon_call *call, struct kaon_xnn_step *s);
    enum xnn_status (*create)(const struct kaon_xnn *xnn, const struct kaon_call *call,
                              const struct kaon_xnn_step *s, xnn_operator_t *op);
    enum xnn_status (*setup)(const struct kaon_xnn *xnn, const struct kaon_call *call,
                             const struct kaon_xnn_step *s, const float *const *in, float *out);
};

extern const struct kaon_xnn_family kaon_xnn_product, kaon_xnn_binary, kaon_xnn_unary,
    kaon_xnn_softmax, kaon_xnn_conv, kaon_xnn_pool, kaon_xnn_mean;

/* An operator of a session. Freed with it. */
struct kaon_xnn_operator {
    size_t made_for[2];
    xnn_operator_t op;
};

/* ---- helpers for `place` --------------------------------------------------------------------- */

static inline size_t kaon_xnn_count(const struct kaon_tensor *t, int32_t from, int32_t to)
{
    size_t n = 1;
    for (int32_t i = from; i < to; i++)
        n *= (size_t)t->dims[i];
    return n;
}

static inline const struct kaon_tensor *kaon_xnn_in(const struct kaon_call *call, size_t i)
{
    return i < call->n_in ? call->in[i] : NULL;
}

/* What pack notes of a node: the data of its float32 inputs that are constants of the model. Others
 * that happen to be known while planning may differ the next time. */
enum { KAON_XNN_INPUTS = 4 };
struct kaon_xnn_node {
    const float *constant[KAON_XNN_INPUTS];
};

static inline const float *kaon_xnn_constant(const struct kaon_call *call, size_t i)
{
    const struct kaon_xnn_node *node = call->packed;
    return node->constant[i];
}

#endif
