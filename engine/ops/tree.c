/* Tree ensembles and ZipMap of ai.onnx.ml. The many parallel lists of attributes become one list of
 * nodes, each knowing its children by index, while reading. */
#include "engine/ops/ops.h"

#include <string.h>

/* Numbers that are floats, or from version 3 on a tensor. */
struct numbers {
    const float *floats;
    const struct kaon_tensor *tensor;
    int64_t n;
};

static struct numbers read_numbers(struct kaon_attr_reader *r, const char *name,
                                   const char *as_tensor)
{
    struct numbers v;
    int32_t n;
    v.floats = kaon_attr_floats(r, name, &n);
    v.tensor = kaon_attr_tensor(r, as_tensor);
    v.n = v.tensor ? kaon_tensor_count(v.tensor) : n > 0 ? n : 0;
    return v;
}

static double number(const struct numbers *v, int64_t i)
{
    return v->tensor ? kaon_element_double(v->tensor->type, v->tensor->data, i)
                     : (double)v->floats[i];
}

/* The lists as the file has them. */
struct lists {
    const int64_t *tree, *node, *feature, *yes, *no, *missing;
    const char *const *mode;
    struct numbers value;
    int32_t n;
    /* weights of leaves */
    const int64_t *leaf_tree, *leaf_node, *target;
    struct numbers weight;
    int32_t n_weights;
};

/* A list that must have n entries; with `optional` it may be absent. */
static const int64_t *list_of(struct kaon_attr_reader *r, const char *name, int32_t n,
                              bool optional)
{
    int32_t found;
    const int64_t *list = kaon_attr_ints(r, name, &found);
    if (found != n && !(optional && found <= 0))
        kaon_attr_fail(r, KAON_BAD_MODEL, "%s has %d entries, wanted %d", name, (int)found, (int)n);
    return found == n ? list : NULL;
}

static void read_lists(struct kaon_attr_reader *r, struct lists *l, bool classifier)
{
    int32_t n_modes;
    l->tree = kaon_attr_ints(r, "nodes_treeids", &l->n);
    l->node = list_of(r, "nodes_nodeids", l->n, false);
    l->feature = list_of(r, "nodes_featureids", l->n, false);
    l->yes = list_of(r, "nodes_truenodeids", l->n, false);
    l->no = list_of(r, "nodes_falsenodeids", l->n, false);
    l->missing = list_of(r, "nodes_missing_value_tracks_true", l->n, true);
    l->mode = kaon_attr_strings(r, "nodes_modes", &n_modes);
    l->value = read_numbers(r, "nodes_values", "nodes_values_as_tensor");
    kaon_attr_skip(r, "nodes_hitrates");
    kaon_attr_skip(r, "nodes_hitrates_as_tensor");
    l->leaf_tree =
        kaon_attr_ints(r, classifier ? "class_treeids" : "target_treeids", &l->n_weights);
    l->leaf_node = list_of(r, classifier ? "class_nodeids" : "target_nodeids", l->n_weights, false);
    l->target = list_of(r, classifier ? "class_ids" : "target_ids", l->n_weights, false);
    l->weight = classifier ? read_numbers(r, "class_weights", "class_weights_as_tensor")
                           : read_numbers(r, "target_weights", "target_weights_as_tensor");
    if (l->n < 1 || l->n_weights < 1)
        kaon_attr_fail(r, KAON_BAD_MODEL, "no nodes or no weights");
    else if (n_modes != l->n || l->value.n != l->n || l->weight.n != l->n_weights)
        kaon_attr_fail(r, KAON_BAD_MODEL,
                       "%d modes and %lld values for %d nodes, %lld weights for %d", (int)n_modes,
                       (long long)l->value.n, (int)l->n, (long long)l->weight.n, (int)l->n_weights);
}

/* ---- finding nodes by tree and number -------------------------------------------------------- */

struct name {
    int64_t tree, node;
    int32_t at;
};

static int order(const struct name *a, int64_t tree, int64_t node)
{
    if (a->tree != tree)
        return a->tree < tree ? -1 : 1;
    return a->node < node ? -1 : a->node > node;
}

static void sink(struct name *heap, int32_t n, int32_t i)
{
    const struct name p = heap[i];
    for (int64_t child; child = 2 * (int64_t)i + 1, child < n; i = (int32_t)child) {
        if (child + 1 < n && order(&heap[child], heap[child + 1].tree, heap[child + 1].node) < 0)
            child++;
        if (order(&heap[child], p.tree, p.node) <= 0)
            break;
        heap[i] = heap[child];
        heap[child] = p;
    }
}

static void sort(struct name *names, int32_t n)
{
    for (int32_t i = n / 2; i-- > 0;)
        sink(names, n, i);
    for (int32_t m = n; m-- > 1;) {
        const struct name p = names[0];
        names[0] = names[m];
        names[m] = p;
        sink(names, m, 0);
    }
}

/* Index of a node, -1 if there is none. */
static int32_t find(const struct name *names, int32_t n, int64_t tree, int64_t node)
{
    int32_t low = 0, high = n;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (order(&names[middle], tree, node) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && order(&names[low], tree, node) == 0 ? names[low].at : -1;
}

/* ---- building -------------------------------------------------------------------------------- */

static int mode_of(const char *word)
{
    static const char *const words[KAON_TREE_MODES] = {
        [KAON_TREE_LEQ] = "BRANCH_LEQ", [KAON_TREE_LT] = "BRANCH_LT",
        [KAON_TREE_GTE] = "BRANCH_GTE", [KAON_TREE_GT] = "BRANCH_GT",
        [KAON_TREE_EQ] = "BRANCH_EQ",   [KAON_TREE_NEQ] = "BRANCH_NEQ",
        [KAON_TREE_LEAF] = "LEAF",
    };
    for (int i = 0; i < KAON_TREE_MODES; i++)
        if (!strcmp(word, words[i]))
            return i;
    return -1;
}

/* A child: in the same tree, and no other node's child, so that every way down ends. */
static bool adopt(struct kaon_attr_reader *r, const struct lists *l, const struct name *names,
                  bool *has_parent, int32_t parent, int64_t node, int32_t *child)
{
    *child = find(names, l->n, l->tree[parent], node);
    if (*child < 0 || has_parent[*child]) {
        kaon_attr_fail(r, KAON_BAD_MODEL, "node %lld of tree %lld is %s", (long long)node,
                       (long long)l->tree[parent], *child < 0 ? "not there" : "the child of two");
        return false;
    }
    return has_parent[*child] = true;
}

static bool build_nodes(struct kaon_attr_reader *r, const struct lists *l, const struct name *names,
                        struct kaon_tree_node *nodes, bool *has_parent, int64_t *n_features)
{
    for (int32_t i = 0; i < l->n; i++) {
        struct kaon_tree_node *n = &nodes[i];
        const int mode = mode_of(l->mode[i]);
        if (mode < 0) {
            kaon_attr_fail(r, KAON_UNSUPPORTED, "mode '%s' of a node", l->mode[i]);
            return false;
        }
        n->mode = (uint8_t)mode;
        if (mode == KAON_TREE_LEAF)
            continue;
        n->value = number(&l->value, i);
        n->nan_is_yes = l->missing && l->missing[i];
        if (l->feature[i] < 0 || l->feature[i] > INT32_MAX - 1) {
            kaon_attr_fail(r, KAON_BAD_MODEL, "feature %lld", (long long)l->feature[i]);
            return false;
        }
        n->feature = (int32_t)l->feature[i];
        *n_features = kaon_max_i64(*n_features, l->feature[i] + 1);
        if (!adopt(r, l, names, has_parent, i, l->yes[i], &n->yes) ||
            !adopt(r, l, names, has_parent, i, l->no[i], &n->no))
            return false;
    }
    return true;
}

/* The weights of a leaf stand together, in the file's order. */
static bool build_weights(struct kaon_attr_reader *r, const struct lists *l,
                          const struct name *names, struct kaon_tree_node *nodes,
                          struct kaon_tree_weight *weights, int64_t n_targets)
{
    for (int32_t i = 0; i < l->n_weights; i++) {
        const int32_t at = find(names, l->n, l->leaf_tree[i], l->leaf_node[i]);
        if (at < 0 || nodes[at].mode != KAON_TREE_LEAF || l->target[i] < 0 ||
            l->target[i] >= n_targets) {
            kaon_attr_fail(r, KAON_BAD_MODEL,
                           "weight of node %lld of tree %lld for target %lld of %lld",
                           (long long)l->leaf_node[i], (long long)l->leaf_tree[i],
                           (long long)l->target[i], (long long)n_targets);
            return false;
        }
        nodes[at].no++; /* counts, then ends */
    }
    for (int32_t i = 0, sum = 0; i < l->n; i++)
        if (nodes[i].mode == KAON_TREE_LEAF) {
            nodes[i].yes = sum;
            sum += nodes[i].no;
            nodes[i].no = nodes[i].yes;
        }
    for (int32_t i = 0; i < l->n_weights; i++) {
        const int32_t at = find(names, l->n, l->leaf_tree[i], l->leaf_node[i]);
        weights[nodes[at].no++] =
            (struct kaon_tree_weight){ number(&l->weight, i), (int32_t)l->target[i] };
    }
    return true;
}

static void build(struct kaon_attr_reader *r, const struct lists *l, struct kaon_trees *t)
{
    const size_t n = (size_t)l->n;
    struct kaon_tree_node *nodes = kaon_arena_push_zero(r->arena, n, sizeof *nodes);
    struct kaon_tree_weight *weights =
        kaon_arena_push_zero(r->arena, (size_t)l->n_weights, sizeof *weights);
    int32_t *roots = kaon_arena_push_zero(r->arena, n, sizeof *roots);
    const struct kaon_arena_mark mark = kaon_arena_mark(r->arena);
    struct name *names = kaon_arena_push_zero(r->arena, n, sizeof *names);
    bool *has_parent = kaon_arena_push_zero(r->arena, n, sizeof *has_parent);
    if (!nodes || !weights || !roots || !names || !has_parent) {
        kaon_attr_fail(r, KAON_NO_MEMORY, "no memory for %zu nodes", n);
        return;
    }
    for (int32_t i = 0; i < l->n; i++)
        names[i] = (struct name){ l->tree[i], l->node[i], i };
    sort(names, l->n);
    for (int32_t i = 1; i < l->n; i++)
        if (order(&names[i - 1], names[i].tree, names[i].node) == 0)
            kaon_attr_fail(r, KAON_BAD_MODEL, "node %lld of tree %lld stands twice",
                           (long long)names[i].node, (long long)names[i].tree);
    if (build_nodes(r, l, names, nodes, has_parent, &t->n_features) &&
        build_weights(r, l, names, nodes, weights, t->n_targets))
        for (int32_t i = 0; i < l->n; i++)
            if (!has_parent[i])
                roots[t->n_roots++] = i;
    kaon_arena_release(r->arena, mark);
    t->nodes = nodes;
    t->n_nodes = n;
    t->weights = weights;
    t->n_weights = (size_t)l->n_weights;
    t->roots = roots;
}

static void read_shared(struct kaon_attr_reader *r, struct kaon_trees *t)
{
    static const char *const posts[] = { "NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT" };
    const struct numbers base = read_numbers(r, "base_values", "base_values_as_tensor");
    t->post = (enum kaon_post_transform)kaon_attr_word(r, "post_transform", 0, posts, 5);
    t->n_base = (int32_t)kaon_min_i64(base.n, INT32_MAX);
    if (t->n_base == 0)
        return;
    double *values = kaon_arena_push_zero(r->arena, (size_t)t->n_base, sizeof *values);
    if (!values) {
        kaon_attr_fail(r, KAON_NO_MEMORY, "no memory for base values");
        return;
    }
    for (int32_t i = 0; i < t->n_base; i++)
        values[i] = number(&base, i);
    t->base = values;
}

static void read_classifier(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_trees *t = attr;
    struct lists l;
    int32_t n_labels, n_strings;
    t->labels = kaon_attr_ints(r, "classlabels_int64s", &n_labels);
    kaon_attr_strings(r, "classlabels_strings", &n_strings);
    t->n_targets = n_labels;
    if (n_strings > 0)
        kaon_attr_fail(r, KAON_UNSUPPORTED, "class labels that are strings");
    else if (n_labels < 1)
        kaon_attr_fail(r, KAON_BAD_MODEL, "no class labels");
    read_shared(r, t);
    read_lists(r, &l, true);
    if (r->status != KAON_OK)
        return;
    build(r, &l, t);
    t->one_score = t->n_targets == 2;
    t->positive = true;
    for (size_t i = 0; r->status == KAON_OK && i < t->n_weights; i++) {
        t->one_score = t->one_score && t->weights[i].target == t->weights[0].target;
        t->positive = t->positive && t->weights[i].weight >= 0.0;
    }
}

static void read_regressor(struct kaon_attr_reader *r, void *attr)
{
    static const char *const words[] = { "SUM", "AVERAGE", "MIN", "MAX" };
    struct kaon_trees *t = attr;
    struct lists l;
    t->aggregate = (enum kaon_aggregate)kaon_attr_word(r, "aggregate_function", 0, words, 4);
    t->n_targets = kaon_attr_int(r, "n_targets", 1);
    if (t->n_targets < 1 || t->n_targets > INT32_MAX)
        kaon_attr_fail(r, KAON_BAD_MODEL, "n_targets is %lld", (long long)t->n_targets);
    read_shared(r, t);
    read_lists(r, &l, false);
    if (r->status == KAON_OK)
        build(r, &l, t);
}

enum kaon_status kaon_infer_trees(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_trees *t = node->attr;
    const struct kaon_fact *x = node->in[0];
    const bool classifier = node->kind == KAON_OP_tree_ensemble_classifier;
    const enum kaon_type type = node->kind == KAON_OP_tree_ensemble ? x->type : KAON_F32;
    int64_t dims[2] = { KAON_DIM_UNKNOWN, t->n_targets };
    if (x->rank >= 0 && (x->rank < 1 || x->rank > 2))
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: rank %d, wanted 1 or 2", kaon_infer_name(node),
                         (int)x->rank);
    if (x->rank > 0) {
        const int64_t features = x->dims[x->rank - 1];
        if (kaon_dim_known(features) && features < t->n_features)
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: %lld features, the trees want %lld",
                             kaon_infer_name(node), (long long)features, (long long)t->n_features);
        dims[0] = x->rank == 2 ? x->dims[0] : 1;
    }
    if (classifier)
        kaon_fact_set(node->out[0], KAON_I64, 1, dims);
    kaon_fact_set(classifier ? kaon_infer_out(node, 1) : node->out[0], type, 2, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_tree_ensemble_classifier = {
    .name = "TreeEnsembleClassifier",
    .domain = "ai.onnx.ml",
    .kind = KAON_OP_tree_ensemble_classifier,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 2 },
    .attr_size = sizeof(struct kaon_trees),
    .read = read_classifier,
    .infer = kaon_infer_trees,
};

const struct kaon_op kaon_op_tree_ensemble_regressor = {
    .name = "TreeEnsembleRegressor",
    .domain = "ai.onnx.ml",
    .kind = KAON_OP_tree_ensemble_regressor,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_trees),
    .read = read_regressor,
    .infer = kaon_infer_trees,
};

/* ---- ZipMap ---------------------------------------------------------------------------------- */

/* The standard makes a sequence of maps from labels to probabilities. kaon has no maps: the
 * probabilities pass through as the float tensor (N, classes) that they are, in the labels' order. */
static void read_zip_map(struct kaon_attr_reader *r, void *attr)
{
    (void)attr;
    kaon_attr_skip(r, "classlabels_int64s");
    kaon_attr_skip(r, "classlabels_strings");
}

const struct kaon_op kaon_op_zip_map = {
    .name = "ZipMap",
    .domain = "ai.onnx.ml",
    .kind = KAON_OP_zip_map,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .read = read_zip_map,
    .infer = kaon_infer_same,
};
