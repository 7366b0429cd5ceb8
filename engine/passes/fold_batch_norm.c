/* BatchNormalization behind a Conv or Gemm of constant weights goes into the weights:
 *     s (W x + b - mean) + beta  =  (s W) x + ((b - mean) s + beta),   s = scale / sqrt(var + eps),
 * computed in double and rounded once. Only if nobody else reads the Conv. */
#include "engine/passes/passes.h"

#include "engine/base/attrs.h"

#include <math.h>

struct parts {
    const float *scale, *beta, *mean, *var;
    double epsilon;
    size_t channels;
};

static const float *floats(const struct kaon_value *v, size_t n)
{
    const struct kaon_tensor *t = v ? v->constant : NULL;
    return t && t->type == KAON_F32 && t->rank == 1 && (size_t)t->dims[0] == n ? t->data : NULL;
}

static bool read_norm(const struct kaon_node *bn, size_t channels, struct parts *p)
{
    const struct kaon_norm *a = bn->attr;
    *p = (struct parts){
        .scale = floats(bn->in[1], channels),
        .beta = floats(bn->in[2], channels),
        .mean = floats(bn->in[3], channels),
        .var = floats(bn->in[4], channels),
        .epsilon = a->epsilon,
        .channels = channels,
    };
    return p->scale && p->beta && p->mean && p->var;
}

static double factor(const struct parts *p, size_t c)
{
    return p->scale[c] / sqrt((double)p->var[c] + p->epsilon);
}

/* Weights with `outer` runs of channels, each channel `inner` long. */
static struct kaon_value *scale_weights(struct kaon_edit *edit, const struct kaon_tensor *w,
                                        const struct parts *p, size_t inner)
{
    void *data;
    struct kaon_value *v = kaon_edit_constant(edit, KAON_F32, w->rank, w->dims, &data);
    if (!v)
        return NULL;
    const size_t n = (size_t)kaon_tensor_count(w);
    for (size_t i = 0; i < n; i++)
        ((float *)data)[i] =
            (float)(((const float *)w->data)[i] * factor(p, i / inner % p->channels));
    return v;
}

static struct kaon_value *fold_bias(struct kaon_edit *edit, const float *bias,
                                    const struct parts *p)
{
    void *data;
    const int64_t dims[] = { (int64_t)p->channels };
    struct kaon_value *v = kaon_edit_constant(edit, KAON_F32, 1, dims, &data);
    for (size_t c = 0; v && c < p->channels; c++)
        ((float *)data)[c] =
            (float)(((bias ? bias[c] : 0.0) - p->mean[c]) * factor(p, c) + p->beta[c]);
    return v;
}

/* The weights of a product whose output channel is axis 1, and how long a channel's run is. */
static const struct kaon_tensor *weights_of(const struct kaon_node *node, size_t *channels,
                                            size_t *inner)
{
    const struct kaon_tensor *w = node->n_in > 1 && node->in[1] ? node->in[1]->constant : NULL;
    if (!w || w->type != KAON_F32 || w->rank < 2)
        return NULL;
    if (node->op->kind == KAON_OP_conv) {
        *channels = (size_t)w->dims[0];
        *inner = *channels ? (size_t)kaon_tensor_count(w) / *channels : 0;
        return *inner ? w : NULL;
    }
    const struct kaon_gemm *a = node->attr;
    if (node->op->kind != KAON_OP_gemm || a->alpha != 1.0f || a->beta != 1.0f || a->trans_a)
        return NULL;
    *channels = (size_t)w->dims[a->trans_b ? 0 : 1];
    *inner = a->trans_b ? (size_t)w->dims[1] : 1;
    return *channels && *inner ? w : NULL;
}

static enum kaon_status fold_batch_norm(struct kaon_node *node, struct kaon_edit *edit,
                                        struct kaon_msg *msg)
{
    const struct kaon_norm *a = node->attr;
    if (node->op->kind != KAON_OP_batch_normalization)
        return KAON_OK;
    if (a->training) {
        edit->why = "its statistics are those of the batch";
        return KAON_OK;
    }
    const struct kaon_node *product = node->in[0]->producer;
    size_t channels, inner;
    struct parts p;
    const struct kaon_tensor *w = product ? weights_of(product, &channels, &inner) : NULL;
    if (!w || !read_norm(node, channels, &p)) {
        edit->why = "not behind a Conv or Gemm of constant weights";
        return KAON_OK;
    }
    if (node->in[0]->readers != 1) {
        edit->why = "others read what it normalises";
        return KAON_OK;
    }
    const bool has_bias = product->n_in > 2 && product->in[2];
    const float *bias = has_bias ? floats(product->in[2], channels) : NULL;
    if (has_bias && !bias) {
        edit->why = "the bias is not constant, one a channel";
        return KAON_OK;
    }
    struct kaon_value *in[3] = { product->in[0], scale_weights(edit, w, &p, inner),
                                 fold_bias(edit, bias, &p) };
    struct kaon_value *out = in[1] && in[2] ? kaon_edit_add(edit, product->op->kind, product->opset,
                                                            in, 3, product->attrs, product->n_attrs)
                                            : NULL;
    if (!out)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for folded weights");
    kaon_edit_replace(edit, node->out[0], out);
    return KAON_OK;
}

const struct kaon_pass kaon_pass_fold_batch_norm = {
    .name = "fold-batch-norm",
    .rule = fold_batch_norm,
};
