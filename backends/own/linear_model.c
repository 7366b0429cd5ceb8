/* LinearClassifier and LinearRegressor. Where the standard is vague (one score for two classes, what a
 * post transform does to a single score) this gives what ONNX Runtime gives. */
#include "backends/own/post.h"

static void sums(const struct kaon_linear_model *a, const struct kaon_tensor *x, int64_t at,
                 int64_t n, float *z)
{
    for (int64_t k = 0; k < a->scores; k++) {
        float sum = a->n_base > 0 ? a->base[k] : 0.0f;
        for (int64_t i = 0; i < n; i++)
            sum += (float)kaon_element_double(x->type, x->data, at + i) * a->weights[k * n + i];
        z[k] = sum;
    }
}

/* One score for two classes. */
static int64_t two_classes(const struct kaon_linear_model *a, const struct kaon_kernels *k,
                           float *z)
{
    const float score = z[0];
    z[1] = score;
    z[0] = a->post == KAON_POST_LOGISTIC ? -score : 1.0f - score;
    if (a->post == KAON_POST_LOGISTIC)
        kaon_post_transform(k, a->post, z, 2);
    else if (a->post == KAON_POST_PROBIT)
        z[0] = z[1] = kaon_probit(k, score);
    return a->labels[score > 0.0f];
}

static int64_t finish(const struct kaon_linear_model *a, const struct kaon_kernels *k, float *z)
{
    int64_t best = 0;
    if (a->columns > a->scores)
        return two_classes(a, k, z);
    for (int64_t i = 1; i < a->scores; i++)
        best = z[i] > z[best] ? i : best;
    if (a->scores > 1 || a->post == KAON_POST_PROBIT)
        kaon_post_transform(k, a->post, z, (size_t)a->scores);
    return a->labels ? a->labels[best] : 0;
}

/* Scratch: a row of scores for when nobody wants them. */
static enum kaon_status run_linear_model(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_linear_model *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const bool classifier = step->call.op->kind == KAON_OP_linear_classifier;
    const struct kaon_tensor *scores = kaon_own_out(&step->call, classifier);
    const struct kaon_tensor *labels = classifier ? step->call.out[0] : NULL;
    const int64_t rows = x->rank == 2 ? x->dims[0] : 1, width = x->dims[x->rank - 1];
    (void)msg;
    for (int64_t r = 0; r < rows; r++) {
        float *z = scores ? (float *)scores->data + r * a->columns : step->scratch;
        sums(a, x, r * width, width, z);
        const int64_t label = finish(a, step->call.kernels, z);
        if (labels)
            ((int64_t *)labels->data)[r] = label;
    }
    return KAON_OK;
}

static enum kaon_status prepare_linear_model(struct kaon_step *step, struct kaon_arena *memory,
                                             struct kaon_msg *msg)
{
    const struct kaon_linear_model *a = step->call.attr;
    const enum kaon_type type = step->call.in[0]->type;
    (void)memory;
    if (type != KAON_F32 && type != KAON_F64 && type != KAON_I64 && type != KAON_I32)
        return kaon_own_no_type(&step->call, type, msg);
    step->run = run_linear_model;
    return kaon_own_scratch(step, (size_t)a->columns, sizeof(float), msg);
}

const struct kaon_own kaon_own_linear_classifier = { .prepare = prepare_linear_model };
const struct kaon_own kaon_own_linear_regressor = { .prepare = prepare_linear_model };
