/* MatMul, Linear and Gemm with constant weights: XNNPACK's fully connected layer. The packaged version
 * has no product of two tensors of a run. */
#include "backends/xnnpack/xnnpack.h"

#include <math.h>

static const char no_constant[] = "XNNPACK multiplies by constant weights only";

static const char *place_matmul(const struct kaon_call *call, struct kaon_xnn_step *s)
{
    const struct kaon_tensor *a = call->in[0], *b = call->in[1];
    if (b->rank != 2)
        return "XNNPACK multiplies by one matrix, not by a batch or a vector";
    if (a->rank < 1)
        return "a scalar";
    s->rows = kaon_xnn_count(a, 0, a->rank - 1);
    s->k = (size_t)b->dims[0];
    s->n = (size_t)b->dims[1];
    return NULL;
}

static const char *place_linear(const struct kaon_call *call, struct kaon_xnn_step *s)
{
    const struct kaon_linear *a = call->attr;
    const struct kaon_tensor *x = call->in[0], *b = call->in[1];
    if (b->rank != 2 || x->rank < 1)
        return "weights that are no matrix";
    s->rows = kaon_xnn_count(x, 0, x->rank - 1);
    s->k = (size_t)b->dims[a->transposed];
    s->n = (size_t)b->dims[!a->transposed];
    s->transposed = a->transposed;
    if (a->activation == KAON_ACTIVATION_RELU)
        s->low = 0.0f;
    s->has_after = a->activation > KAON_ACTIVATION_RELU;
    if (s->has_after)
        s->after = kaon_activation_kernel(a->activation);
    return NULL;
}

static const char *place_gemm(const struct kaon_call *call, struct kaon_xnn_step *s)
{
    const struct kaon_gemm *a = call->attr;
    const struct kaon_tensor *c = kaon_xnn_in(call, 2);
    if (a->trans_a)
        return "Gemm with transA";
    if (a->alpha != 1.0f || (c && a->beta != 1.0f))
        return "Gemm with alpha or beta other than 1";
    s->rows = (size_t)call->out[0]->dims[0];
    s->k = (size_t)call->in[1]->dims[a->trans_b];
    s->n = (size_t)call->in[1]->dims[!a->trans_b];
    s->transposed = a->trans_b;
    if (c && (kaon_xnn_count(c, 0, c->rank) != s->n || c->rank < 1 ||
              (size_t)c->dims[c->rank - 1] != s->n))
        return "Gemm whose C is not one row";
    return NULL;
}

static const char *place_product(const struct kaon_call *call, struct kaon_xnn_step *s)
{
    const enum kaon_op_kind kind = call->op->kind;
    const char *why = kind == KAON_OP_matmul   ? place_matmul(call, s)
                      : kind == KAON_OP_linear ? place_linear(call, s)
                                               : place_gemm(call, s);
    if (why)
        return why;
    if (!kaon_xnn_constant(call, 1) || (kaon_xnn_in(call, 2) && !kaon_xnn_constant(call, 2)))
        return no_constant;
    s->n_in = 1;
    return NULL;
}

static enum xnn_status create_product(const struct kaon_xnn *xnn, const struct kaon_call *call,
                                      const struct kaon_xnn_step *s, xnn_operator_t *op)
{
    const bool matmul = call->op->kind == KAON_OP_matmul;
    return xnn->create_fully_connected_nc_f32(s->k, s->n, s->k, s->n, kaon_xnn_constant(call, 1),
                                              matmul ? NULL : kaon_xnn_constant(call, 2), s->low,
                                              s->high,
                                              s->transposed ? 0 : XNN_FLAG_TRANSPOSE_WEIGHTS, op);
}

static enum xnn_status setup_product(const struct kaon_xnn *xnn, const struct kaon_call *call,
                                     const struct kaon_xnn_step *s, const float *const *in,
                                     float *out)
{
    (void)call;
    return xnn->setup_fully_connected_nc_f32(s->op->op, s->rows, in[0], out, NULL);
}

const struct kaon_xnn_family kaon_xnn_product = {
    .kernel = "xnnpack fully connected",
    .place = place_product,
    .create = create_product,
    .setup = setup_product,
};
