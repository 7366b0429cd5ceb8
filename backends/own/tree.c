/* Tree ensembles. Where the standard is vague (two classes with one score, what a post transform does
 * to a single score) this gives what ONNX Runtime 1.32 gives, but for two things that look like slips
 * there: the label of two classes that both have scores is the better one's, and two base values are
 * added to the two scores. Sums run over the trees in order, in float32,
 * or in double where the features are. */
#include "backends/own/convert.h"
#include "backends/own/post.h"
#include "backends/own/tree_walk.h"

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

static void add_leaf(const struct kaon_trees *t, const struct kaon_tree_node *n,
                     struct score *scores, bool wide)
{
    for (int32_t k = n->yes; k < n->no; k++)
        add(t, &scores[t->weights[k].target], t->weights[k].weight, wide);
}

/* What `walk` does, for float32 sums of one target: they stay in a register. */
static void walk_to_one(const struct kaon_walk *w, const float *x, struct score *scores)
{
    const struct kaon_trees *t = w->trees;
    int32_t at[KAON_WALK_TREES];
    float sum = 0.0f;
    for (size_t i = 0; i < t->n_roots; i += KAON_WALK_TREES) {
        const size_t n = kaon_walk_down(w, x, i, at);
        for (size_t k = 0; k < n; k++)
            sum += (float)t->weights[t->nodes[at[k]].yes].weight;
    }
    scores[w->target].sum = (double)sum;
    scores[w->target].has = t->n_roots > 0;
}

static void walk(const struct kaon_walk *w, const float *x, struct score *scores)
{
    const struct kaon_trees *t = w->trees;
    int32_t at[KAON_WALK_TREES];
    if (w->one_weight && t->aggregate != KAON_AGGREGATE_MIN && t->aggregate != KAON_AGGREGATE_MAX) {
        walk_to_one(w, x, scores);
        return;
    }
    for (size_t i = 0; i < t->n_roots; i += KAON_WALK_TREES) {
        const size_t n = kaon_walk_down(w, x, i, at);
        for (size_t k = 0; k < n; k++)
            add_leaf(t, &t->nodes[at[k]], scores, false);
    }
}

/* Sums of all trees for the row that starts at element `row`; w: the trees packed, for float32, or NULL. */
static void sum_trees(const struct kaon_trees *t, const struct kaon_walk *w,
                      const struct kaon_tensor *x, int64_t row, struct score *scores)
{
    memset(scores, 0, (size_t)t->n_targets * sizeof *scores);
    if (w && kaon_walk_takes(w, (const float *)x->data + row)) {
        walk(w, (const float *)x->data + row, scores);
        return;
    }
    for (size_t i = 0; i < t->n_roots; i++)
        add_leaf(t, leaf(t, t->roots[i], x->type, x->data, row), scores, x->type == KAON_F64);
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
        kaon_post_transform(k, t->post, z, n);
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
        z[0] = z[1] = kaon_probit(k, score);
    else if (t->post == KAON_POST_LOGISTIC)
        kaon_post_transform(k, t->post, z, 2);
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
        kaon_post_transform(k, t->post == KAON_POST_PROBIT ? t->post : KAON_POST_NONE, z, 1);
        return t->labels[0];
    }
    int64_t label = t->labels[best_class(z, n)];
    if (n == 2 && t->one_score) /* all weights name the second class */
        label = t->labels[z[1] > (t->positive ? 0.5f : 0.0f)];
    kaon_post_transform(k, t->post, z, (size_t)n);
    return label;
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* Scratch: the scores, then a row of results for outputs that nobody wants. */
static enum kaon_status run_trees(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_trees *t = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const struct kaon_walk *w = x->type == KAON_F32 ? step->call.packed : NULL;
    const bool classifier = step->call.op->kind == KAON_OP_tree_ensemble_classifier;
    const struct kaon_tensor *z_out = kaon_own_out(&step->call, classifier);
    const struct kaon_tensor *labels = classifier ? step->call.out[0] : NULL;
    const int64_t rows = x->rank == 2 ? x->dims[0] : 1, width = x->dims[x->rank - 1];
    struct score *scores = step->scratch;
    float *spare = (float *)(void *)(scores + t->n_targets);
    (void)msg;
    for (int64_t r = 0; r < rows; r++) {
        sum_trees(t, w, x, r * width, scores);
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
    step->kernel = step->call.packed && type == KAON_F32 ? "trees at once" : "tree by tree";
    return kaon_own_scratch(step, (size_t)t->n_targets, sizeof(struct score) + sizeof(float), msg);
}

static enum kaon_status pack_trees(const struct kaon_call *call, struct kaon_arena *memory,
                                   const void **packed, struct kaon_msg *msg)
{
    const struct kaon_walk *w = NULL;
    if (call->in[0]->type != KAON_F32)
        return KAON_OK;
    const enum kaon_status st = kaon_walk_pack(call->attr, call, memory, &w, msg);
    *packed = w;
    return st;
}

const struct kaon_own kaon_own_tree_ensemble_classifier = { .prepare = prepare_trees,
                                                            .pack = pack_trees };
const struct kaon_own kaon_own_tree_ensemble_regressor = { .prepare = prepare_trees,
                                                           .pack = pack_trees };
const struct kaon_own kaon_own_tree_ensemble = { .prepare = prepare_trees, .pack = pack_trees };

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
