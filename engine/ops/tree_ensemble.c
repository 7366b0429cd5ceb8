/* TreeEnsemble of ai.onnx.ml, which stands for the classifier and the regressor from version 5 on. Its
 * lists of inner nodes and of leaves become one list of nodes, leaves behind the others; a node that
 * asks for membership of a set becomes a chain of comparisons. */
#include "engine/ops/ops.h"

#include <math.h>

/* As the file numbers them. */
enum { MODES = 7, MEMBER = 6 };
static const enum kaon_tree_mode modes[MODES] = {
    KAON_TREE_LEQ, KAON_TREE_LT,  KAON_TREE_GTE, KAON_TREE_GT,
    KAON_TREE_EQ,  KAON_TREE_NEQ, KAON_TREE_EQ,
};

struct lists {
    const struct kaon_tensor *mode, *split, *members, *weight;
    const int64_t *feature, *yes, *no, *yes_leaf, *no_leaf, *missing, *target, *root;
    int32_t n, n_leaves, n_roots;
    int64_t n_members;
};

static const int64_t *list_of(struct kaon_attr_reader *r, const char *name, int32_t n,
                              bool optional)
{
    int32_t found;
    const int64_t *list = kaon_attr_ints(r, name, &found);
    if (found != n && !(optional && found <= 0))
        kaon_attr_fail(r, KAON_BAD_MODEL, "%s has %d entries, wanted %d", name, (int)found, (int)n);
    return found == n ? list : NULL;
}

/* A tensor of numbers with n elements. */
static const struct kaon_tensor *tensor_of(struct kaon_attr_reader *r, const char *name, int32_t n)
{
    const struct kaon_tensor *t = kaon_attr_tensor(r, name);
    if (!t || t->type == KAON_STRING || kaon_tensor_count(t) != n)
        kaon_attr_fail(r, KAON_BAD_MODEL, "%s is not a tensor of %d numbers", name, (int)n);
    return t;
}

static void read_lists(struct kaon_attr_reader *r, struct lists *l)
{
    l->feature = kaon_attr_ints(r, "nodes_featureids", &l->n);
    l->yes = list_of(r, "nodes_truenodeids", l->n, false);
    l->no = list_of(r, "nodes_falsenodeids", l->n, false);
    l->yes_leaf = list_of(r, "nodes_trueleafs", l->n, false);
    l->no_leaf = list_of(r, "nodes_falseleafs", l->n, false);
    l->missing = list_of(r, "nodes_missing_value_tracks_true", l->n, true);
    l->mode = tensor_of(r, "nodes_modes", l->n);
    l->split = tensor_of(r, "nodes_splits", l->n);
    l->target = kaon_attr_ints(r, "leaf_targetids", &l->n_leaves);
    l->weight = tensor_of(r, "leaf_weights", l->n_leaves);
    l->root = kaon_attr_ints(r, "tree_roots", &l->n_roots);
    l->members = kaon_attr_tensor(r, "membership_values");
    l->n_members = l->members ? kaon_tensor_count(l->members) : 0;
    kaon_attr_skip(r, "nodes_hitrates");
    if (l->n < 1 || l->n_leaves < 1 || l->n_roots < 1)
        kaon_attr_fail(r, KAON_BAD_MODEL, "no nodes, leaves or roots");
    else if (l->members && l->members->type == KAON_STRING)
        kaon_attr_fail(r, KAON_BAD_MODEL, "membership_values is not a tensor of numbers");
    else if (l->n_members > INT32_MAX - 1 - (int64_t)l->n - l->n_leaves)
        kaon_attr_fail(r, KAON_UNSUPPORTED, "%lld membership values", (long long)l->n_members);
}

/* What building has come to. */
struct builder {
    struct kaon_attr_reader *r;
    const struct lists *l;
    struct kaon_tree_node *nodes;
    bool *has_parent; /* of inner nodes */
    int32_t leaves;   /* where they begin */
    int32_t spare;    /* the next node for a chain */
    int64_t member;   /* the next value of a set */
};

/* A child: a leaf, or an inner node that is no other node's child, so that every way down ends. */
static bool child(struct builder *b, int64_t at, bool is_leaf, int32_t *out)
{
    const int64_t n = is_leaf ? b->l->n_leaves : b->l->n;
    if (at < 0 || at >= n || (!is_leaf && b->has_parent[at])) {
        kaon_attr_fail(b->r, KAON_BAD_MODEL, "%s %lld of %lld is %s", is_leaf ? "leaf" : "node",
                       (long long)at, (long long)n,
                       at < 0 || at >= n ? "not there" : "the child of two");
        return false;
    }
    *out = (int32_t)at + (is_leaf ? b->leaves : 0);
    if (!is_leaf)
        b->has_parent[at] = true;
    return true;
}

/* Node i compares with the first value of the next set, and the chain behind it with the others. All
 * share the way of "yes"; a set of none compares with NaN, which nothing equals. */
static void chain(struct builder *b, struct kaon_tree_node *n)
{
    const struct kaon_tensor *m = b->l->members;
    const int32_t no = n->no;
    n->value = (double)NAN;
    for (bool first = true; b->member < b->l->n_members; first = false) {
        const double v = kaon_element_double(m->type, m->data, b->member++);
        if (isnan(v))
            break;
        if (!first) {
            n->no = b->spare++;
            b->nodes[n->no] = *n;
            n = &b->nodes[n->no];
            n->no = no;
        }
        n->value = v;
    }
}

static bool inner(struct builder *b, struct kaon_trees *t, int32_t i)
{
    const struct lists *l = b->l;
    struct kaon_tree_node *n = &b->nodes[i];
    const int64_t mode = kaon_element_int(l->mode->type, l->mode->data, i);
    if (mode < 0 || mode >= MODES || l->feature[i] < 0 || l->feature[i] > INT32_MAX - 1) {
        kaon_attr_fail(b->r, KAON_BAD_MODEL, "node %d has mode %lld and feature %lld", (int)i,
                       (long long)mode, (long long)l->feature[i]);
        return false;
    }
    n->mode = (uint8_t)modes[mode];
    n->value = kaon_element_double(l->split->type, l->split->data, i);
    n->nan_is_yes = l->missing && l->missing[i];
    n->feature = (int32_t)l->feature[i];
    t->n_features = kaon_max_i64(t->n_features, l->feature[i] + 1);
    const bool stump = l->yes_leaf[i] && l->no_leaf[i] && l->yes[i] == l->no[i];
    if (!child(b, l->yes[i], l->yes_leaf[i] != 0, &n->yes) ||
        (!stump && !child(b, l->no[i], l->no_leaf[i] != 0, &n->no)))
        return false;
    if (stump)
        n->no = n->yes;
    if (mode == MEMBER)
        chain(b, n);
    return true;
}

static void leaf(const struct builder *b, struct kaon_trees *t, struct kaon_tree_weight *weights,
                 int32_t i)
{
    const struct lists *l = b->l;
    if (l->target[i] < 0 || l->target[i] >= t->n_targets)
        kaon_attr_fail(b->r, KAON_BAD_MODEL, "leaf %d is for target %lld of %lld", (int)i,
                       (long long)l->target[i], (long long)t->n_targets);
    weights[i] =
        (struct kaon_tree_weight){ kaon_element_double(l->weight->type, l->weight->data, i),
                                   (int32_t)l->target[i] };
    b->nodes[b->leaves + i] =
        (struct kaon_tree_node){ .mode = KAON_TREE_LEAF, .yes = i, .no = i + 1 };
}

static void build(struct kaon_attr_reader *r, const struct lists *l, struct kaon_trees *t)
{
    struct builder b = { .r = r, .l = l };
    b.spare = l->n;
    b.leaves = l->n + (int32_t)l->n_members;
    t->n_nodes = (size_t)b.leaves + (size_t)l->n_leaves;
    t->n_weights = (size_t)l->n_leaves;
    t->n_roots = (size_t)l->n_roots;
    struct kaon_tree_weight *weights =
        kaon_arena_push_zero(r->arena, t->n_weights, sizeof *weights);
    int32_t *roots = kaon_arena_push_zero(r->arena, t->n_roots, sizeof *roots);
    b.nodes = kaon_arena_push_zero(r->arena, t->n_nodes, sizeof *b.nodes);
    const struct kaon_arena_mark mark = kaon_arena_mark(r->arena);
    b.has_parent = kaon_arena_push_zero(r->arena, (size_t)l->n, sizeof *b.has_parent);
    if (!weights || !roots || !b.nodes || !b.has_parent) {
        kaon_attr_fail(r, KAON_NO_MEMORY, "no memory for %zu nodes", t->n_nodes);
        return;
    }
    bool ok = true;
    for (int32_t i = 0; ok && i < l->n; i++)
        ok = inner(&b, t, i);
    for (int32_t i = 0; i < l->n_leaves; i++)
        leaf(&b, t, weights, i);
    for (int32_t i = 0; ok && i < l->n_roots; i++) {
        if (l->root[i] < 0 || l->root[i] >= l->n || b.has_parent[l->root[i]])
            kaon_attr_fail(r, KAON_BAD_MODEL, "root %lld is no node, or the child of one",
                           (long long)l->root[i]);
        roots[i] = (int32_t)l->root[i];
    }
    kaon_arena_release(r->arena, mark);
    t->nodes = b.nodes;
    t->weights = weights;
    t->roots = roots;
}

static void read_ensemble(struct kaon_attr_reader *r, void *attr)
{
    static const enum kaon_aggregate aggregates[] = { KAON_AGGREGATE_AVERAGE, KAON_AGGREGATE_SUM,
                                                      KAON_AGGREGATE_MIN, KAON_AGGREGATE_MAX };
    struct kaon_trees *t = attr;
    struct lists l;
    const int64_t aggregate = kaon_attr_int(r, "aggregate_function", 1);
    const int64_t post = kaon_attr_int(r, "post_transform", KAON_POST_NONE);
    t->n_targets = kaon_attr_int(r, "n_targets", 1);
    if (aggregate < 0 || aggregate > 3 || post < KAON_POST_NONE || post > KAON_POST_PROBIT)
        kaon_attr_fail(r, KAON_BAD_MODEL, "aggregate_function is %lld, post_transform %lld",
                       (long long)aggregate, (long long)post);
    else if (t->n_targets < 1 || t->n_targets > INT32_MAX)
        kaon_attr_fail(r, KAON_BAD_MODEL, "n_targets is %lld", (long long)t->n_targets);
    read_lists(r, &l);
    if (r->status != KAON_OK)
        return;
    t->aggregate = aggregates[aggregate];
    t->post = (enum kaon_post_transform)post;
    build(r, &l, t);
}

const struct kaon_op kaon_op_tree_ensemble = {
    .name = "TreeEnsemble",
    .domain = "ai.onnx.ml",
    .kind = KAON_OP_tree_ensemble,
    .since = 5,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_trees),
    .read = read_ensemble,
    .infer = kaon_infer_trees,
};
