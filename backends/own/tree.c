/* Tree ensembles. Where the standard is vague (two classes with one score, what a post transform does
 * to a single score) this gives what ONNX Runtime 1.32 gives, but for two things that look like slips
 * there: the label of two classes that both have scores is the better one's, and two base values are
 * added to the two scores. Sums run over the trees in order, in float32,
 * or in double where the features are. */
#include "backends/own/convert.h"

#include <math.h>
#include <string.h>

/* A sum for one target; `has` is false until a tree adds to it. */
struct score {
    double sum;
    bool has;
};

static bool goes_yes(const struct kaon_tree_node *n, double x)
{
    if (isnan(x) && n->nan_is_yes)
        return true;
    switch ((enum kaon_tree_mode)n->mode) {
    case KAON_TREE_LEQ:
        return x <= n->value;
    case KAON_TREE_LT:
        return x < n->value;
    case KAON_TREE_GTE:
        return x >= n->value;
    case KAON_TREE_GT:
        return x > n->value;
    case KAON_TREE_EQ:
        return x == n->value;
    default:
        return x != n->value;
    }
}

static const struct kaon_tree_node *leaf(const struct kaon_trees *t, int32_t root,
                                         enum kaon_type type, const void *x, int64_t row)
{
    const struct kaon_tree_node *n = &t->nodes[root];
    while (n->mode != KAON_TREE_LEAF) {
        const double v = type == KAON_F32 ? (double)((const float *)x)[row + n->feature]
                                          : kaon_element_double(type, x, row + n->feature);
        n = &t->nodes[goes_yes(n, v) ? n->yes : n->no];
    }
    return n;
}

static void add(const struct kaon_trees *t, struct score *s, double w, bool wide)
{
    if (!s->has)
        s->sum = t->aggregate == KAON_AGGREGATE_MIN || t->aggregate == KAON_AGGREGATE_MAX ? w : 0.0;
    s->has = true;
    if (t->aggregate == KAON_AGGREGATE_MIN)
        s->sum = w < s->sum ? w : s->sum;
    else if (t->aggregate == KAON_AGGREGATE_MAX)
        s->sum = w > s->sum ? w : s->sum;
    else
        s->sum = wide ? s->sum + w : (double)((float)s->sum + (float)w);
}

/* Sums of all trees for the row that starts at element `row`. */
static void sum_trees(const struct kaon_trees *t, const struct kaon_tensor *x, int64_t row,
                      struct score *scores)
{
    memset(scores, 0, (size_t)t->n_targets * sizeof *scores);
    for (size_t i = 0; i < t->n_roots; i++) {
        const struct kaon_tree_node *n = leaf(t, t->roots[i], x->type, x->data, row);
        for (int32_t k = n->yes; k < n->no; k++)
            add(t, &scores[t->weights[k].target], t->weights[k].weight, x->type == KAON_F64);
    }
}

/* ---- post transforms ------------------------------------------------------------------------- */

static float apply(const struct kaon_kernels *k, enum kaon_unary f, float x)
{
    float y;
    k->unary[f](&y, &x, 1, 0.0f, 0.0f);
    return y;
}

/* sqrt(2) erfinv(2 x - 1), erfinv after S. Winitzki, "A handy approximation for the error function and
 * its inverse", 2008, with his a = 0.147. */
static float probit(const struct kaon_kernels *k, float x)
{
    const float v = 2.0f * x - 1.0f, log_x = apply(k, KAON_UNARY_LOG, (1.0f - v) * (1.0f + v));
    const float a = 2.0f / (3.14159274f * 0.147f) + 0.5f * log_x, b = log_x / 0.147f;
    const float r = sqrtf(-a + sqrtf(a * a - b));
    return 1.41421356f * (v < 0.0f ? -r : r);
}

/* Zeros stay out of the sum and take the factor exp(-maximum). */
static void softmax_zero(const struct kaon_kernels *k, float *z, size_t n)
{
    float most = z[0], sum = 0.0f;
    for (size_t i = 1; i < n; i++)
        most = z[i] > most ? z[i] : most;
    const float small = apply(k, KAON_UNARY_EXP, -most);
    for (size_t i = 0; i < n; i++) {
        if (fabsf(z[i]) > 1e-7f) {
            z[i] = apply(k, KAON_UNARY_EXP, z[i] - most);
            sum += z[i];
        } else {
            z[i] *= small;
        }
    }
    for (size_t i = 0; i < n; i++)
        z[i] /= sum;
}

static void transform(const struct kaon_kernels *k, enum kaon_post_transform post, float *z,
                      size_t n)
{
    if (post == KAON_POST_LOGISTIC)
        k->unary[KAON_UNARY_SIGMOID](z, z, n, 0.0f, 0.0f);
    else if (post == KAON_POST_SOFTMAX)
        k->softmax_rows(z, z, 1, n);
    else if (post == KAON_POST_SOFTMAX_ZERO)
        softmax_zero(k, z, n);
    for (size_t i = 0; post == KAON_POST_PROBIT && i < n; i++)
        z[i] = probit(k, z[i]);
}

/* ---- regressor ------------------------------------------------------------------------------- */

/* Row r of y, whose type is that of the sums; z is room for a row. A transform runs in float32. */
static void regress(const struct kaon_trees *t, const struct kaon_kernels *k, struct score *scores,
                    float *z, const struct kaon_tensor *y, int64_t r)
{
    const size_t n = (size_t)t->n_targets, at = (size_t)r * n;
    const bool transforms = t->post != KAON_POST_NONE && (n > 1 || t->post == KAON_POST_PROBIT);
    for (size_t i = 0; i < n; i++) {
        double v = scores[i].sum;
        if (t->aggregate == KAON_AGGREGATE_AVERAGE)
            v /= (double)t->n_roots;
        scores[i].sum = v + ((int32_t)i < t->n_base ? t->base[i] : 0.0);
        z[i] = (float)scores[i].sum;
    }
    if (transforms)
        transform(k, t->post, z, n);
    for (size_t i = 0; i < n; i++)
        kaon_put_double(y->type, y->data, at + i, transforms ? (double)z[i] : scores[i].sum);
}

/* ---- classifier ------------------------------------------------------------------------------ */

static int64_t best_class(const float *z, int64_t n)
{
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        best = z[i] > z[best] ? i : best;
    return best;
}

/* One score for two classes: probabilities if no weight is negative, else the two signs of it; the
 * logistic function takes the two signs in either case. */
static int64_t one_score(const struct kaon_trees *t, const struct kaon_kernels *k, float score,
                         float *z)
{
    const bool yes = score > (t->positive ? 0.5f : 0.0f);
    z[1] = score;
    z[0] = t->positive && t->post != KAON_POST_LOGISTIC ? 1.0f - score : -score;
    if (t->post == KAON_POST_PROBIT)
        z[0] = z[1] = probit(k, score);
    else if (t->post == KAON_POST_LOGISTIC)
        transform(k, t->post, z, 2);
    return t->labels[yes];
}

static int64_t classify(const struct kaon_trees *t, const struct kaon_kernels *k,
                        const struct score *scores, float *z)
{
    const int64_t n = t->n_targets;
    for (int64_t i = 0; i < n; i++)
        z[i] = (float)(scores[i].sum + (i < t->n_base && t->n_base == n ? t->base[i] : 0.0));
    if (n == 2 && t->n_base == 1)
        z[0] = (float)(scores[0].sum + t->base[0]);
    if (n == 2 && t->one_score && !scores[1].has) {
        const double base = t->n_base == 2 ? t->base[1] : t->n_base == 1 ? t->base[0] : 0.0;
        return one_score(t, k, (float)(scores[0].sum + base), z);
    }
    if (n == 1) {
        transform(k, t->post == KAON_POST_PROBIT ? t->post : KAON_POST_NONE, z, 1);
        return t->labels[0];
    }
    int64_t label = t->labels[best_class(z, n)];
    if (n == 2 && t->one_score) /* all weights name the second class */
        label = t->labels[z[1] > (t->positive ? 0.5f : 0.0f)];
    transform(k, t->post, z, (size_t)n);
    return label;
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* Scratch: the scores, then a row of results for outputs that nobody wants. */
static enum kaon_status run_trees(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_trees *t = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const bool classifier = step->call.op->kind == KAON_OP_tree_ensemble_classifier;
    const struct kaon_tensor *z_out = kaon_own_out(&step->call, classifier);
    const struct kaon_tensor *labels = classifier ? step->call.out[0] : NULL;
    const int64_t rows = x->rank == 2 ? x->dims[0] : 1, width = x->dims[x->rank - 1];
    struct score *scores = step->scratch;
    float *spare = (float *)(void *)(scores + t->n_targets);
    (void)msg;
    for (int64_t r = 0; r < rows; r++) {
        sum_trees(t, x, r * width, scores);
        if (!classifier) {
            if (z_out)
                regress(t, step->call.kernels, scores, spare, z_out, r);
            continue;
        }
        float *z = z_out ? (float *)z_out->data + r * t->n_targets : spare;
        const int64_t label = classify(t, step->call.kernels, scores, z);
        if (labels)
            ((int64_t *)labels->data)[r] = label;
    }
    return KAON_OK;
}

static enum kaon_status prepare_trees(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    const struct kaon_trees *t = step->call.attr;
    const enum kaon_type type = step->call.in[0]->type;
    (void)memory;
    if (type != KAON_F32 && type != KAON_F64 &&
        (step->call.op->kind == KAON_OP_tree_ensemble ? type != KAON_F16
                                                      : type != KAON_I64 && type != KAON_I32))
        return kaon_own_no_type(&step->call, type, msg);
    step->run = run_trees;
    return kaon_own_scratch(step, (size_t)t->n_targets, sizeof(struct score) + sizeof(float), msg);
}

const struct kaon_own kaon_own_tree_ensemble_classifier = { .prepare = prepare_trees };
const struct kaon_own kaon_own_tree_ensemble_regressor = { .prepare = prepare_trees };
const struct kaon_own kaon_own_tree_ensemble = { .prepare = prepare_trees };

/* ---- ZipMap: the probabilities as they are (see engine/ops/tree.c) --------------------------- */

static enum kaon_status run_zip(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0];
    const size_t bytes = kaon_own_count(x) * kaon_type_bytes(x->type);
    (void)msg;
    if (bytes)
        memcpy(step->call.out[0]->data, x->data, bytes);
    return KAON_OK;
}

static enum kaon_status prepare_zip(struct kaon_step *step, struct kaon_arena *memory,
                                    struct kaon_msg *msg)
{
    (void)memory;
    (void)msg;
    step->run = run_zip;
    return KAON_OK;
}

const struct kaon_own kaon_own_zip_map = { .prepare = prepare_zip };
