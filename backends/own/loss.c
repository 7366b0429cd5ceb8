/* NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss. In double, rounded once: they are of training, where
 * nobody waits for them. */
#include "backends/own/convert.h"

#include <math.h>

/* Scores (n, classes, inner) as the loss sees them. */
struct loss {
    size_t n, classes, inner;
    bool log_softmax;
};

static double score(const struct kaon_tensor *x, size_t i)
{
    return kaon_element_double(x->type, x->data, (int64_t)i);
}

/* ln of the sum of exp over the classes of one place. */
static double log_sum(const struct loss *l, const struct kaon_tensor *x, size_t first)
{
    double most = -INFINITY, sum = 0.0;
    for (size_t c = 0; c < l->classes; c++)
        most = fmax(most, score(x, first + c * l->inner));
    for (size_t c = 0; c < l->classes; c++)
        sum += exp(score(x, first + c * l->inner) - most);
    return most + log(sum);
}

static void store_log_softmax(const struct loss *l, const struct kaon_tensor *x,
                              struct kaon_tensor *y, size_t first, double total)
{
    for (size_t c = 0; c < l->classes; c++) {
        const size_t at = first + c * l->inner;
        kaon_put_double(y->type, y->data, at, score(x, at) - total);
    }
}

/* The loss of place `at` of the targets, and its weight. */
static enum kaon_status one_loss(const struct kaon_step *step, size_t at, double total,
                                 double *value, double *weight, struct kaon_msg *msg)
{
    const struct loss *l = step->args;
    const struct kaon_loss *a = step->call.attr;
    const struct kaon_tensor *target = step->call.in[1], *weights = kaon_own_in(&step->call, 2);
    const int64_t class = kaon_element_int(target->type, target->data, (int64_t)at);
    *value = *weight = 0.0;
    if (a->ignores && class == a->ignored)
        return KAON_OK;
    if (class < 0 || class >= (int64_t)l->classes)
        return kaon_own_fail(&step->call, msg, KAON_BAD_INPUT, "class %lld of %zu",
                             (long long)class, l->classes);
    const size_t place = at / l->inner * l->classes * l->inner + at % l->inner;
    *weight = weights ? score(weights, (size_t) class) : 1.0;
    *value = -*weight * (score(step->call.in[0], place + (size_t) class * l->inner) - total);
    return KAON_OK;
}

static enum kaon_status run_loss(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct loss *l = step->args;
    const struct kaon_loss *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    struct kaon_tensor *logs = kaon_own_out(&step->call, 1);
    double sum = 0.0, weights = 0.0, value, weight;
    for (size_t at = 0; at < l->n * l->inner; at++) {
        const size_t first = at / l->inner * l->classes * l->inner + at % l->inner;
        const double total = l->log_softmax ? log_sum(l, x, first) : 0.0;
        const enum kaon_status st = one_loss(step, at, total, &value, &weight, msg);
        if (st != KAON_OK)
            return st;
        if (logs)
            store_log_softmax(l, x, logs, first, total);
        if (y && a->reduction == KAON_LOSS_NONE)
            kaon_put_double(y->type, y->data, at, value);
        sum += value;
        weights += weight;
    }
    if (y && a->reduction != KAON_LOSS_NONE)
        kaon_put_double(y->type, y->data, 0, a->reduction == KAON_LOSS_SUM ? sum : sum / weights);
    return KAON_OK;
}

static enum kaon_status prepare_loss(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0], *target = step->call.in[1];
    const struct kaon_tensor *weight = kaon_own_in(&step->call, 2);
    struct loss *l = kaon_own_args(step, memory, sizeof *l, msg);
    if (!l)
        return KAON_NO_MEMORY;
    if (!kaon_type_is_float(x->type))
        return kaon_own_no_type(&step->call, x->type, msg);
    if (!kaon_type_is_integer(target->type))
        return kaon_own_no_type(&step->call, target->type, msg);
    if (weight && weight->type != x->type)
        return kaon_own_no_type(&step->call, weight->type, msg);
    l->n = (size_t)x->dims[0];
    l->classes = (size_t)x->dims[1];
    l->inner = kaon_own_product(x, 2, x->rank);
    l->log_softmax = step->call.op->kind == KAON_OP_softmax_cross_entropy_loss;
    step->run = run_loss;
    return KAON_OK;
}

const struct kaon_own kaon_own_negative_log_likelihood_loss = { .prepare = prepare_loss };
const struct kaon_own kaon_own_softmax_cross_entropy_loss = { .prepare = prepare_loss };
