#include "backends/own/tree_walk.h"

#include <math.h>

/* Where the comparison holds the next node is `child`, else the one behind it. A leaf holds for all finite x. */
struct kaon_walk_node {
    float value;
    int32_t feature;
    int32_t child;
    int32_t origin; /* index among the trees' nodes */
};

/* ---- preparing ------------------------------------------------------------------------------- */

/* x >= v is not x < v, x > v is not x <= v: children change places. */
static const struct mode {
    bool walks, less, swaps;
} modes[KAON_TREE_MODES] = {
    [KAON_TREE_LEQ] = { true, false, false },
    [KAON_TREE_LT] = { true, true, false },
    [KAON_TREE_GTE] = { true, true, true },
    [KAON_TREE_GT] = { true, false, true },
};

static bool walks(struct kaon_walk *w, const struct kaon_trees *t)
{
    bool found = false;
    for (size_t i = 0; i < t->n_nodes; i++) {
        const struct kaon_tree_node *n = &t->nodes[i];
        const struct mode *m = &modes[n->mode];
        if (n->mode == KAON_TREE_LEAF)
            continue;
        if (!m->walks || (double)(float)n->value != n->value || (found && m->less != w->less))
            return false;
        w->less = m->less;
        found = true;
    }
    return t->n_roots > 0;
}

static void find_target(struct kaon_walk *w, const struct kaon_trees *t)
{
    w->one_weight = t->n_weights > 0;
    w->target = t->n_weights > 0 ? t->weights[0].target : 0;
    for (size_t i = 0; i < t->n_nodes; i++)
        if (t->nodes[i].mode == KAON_TREE_LEAF && t->nodes[i].no - t->nodes[i].yes != 1)
            w->one_weight = false;
    for (size_t i = 0; i < t->n_weights; i++)
        if (t->weights[i].target != w->target)
            w->one_weight = false;
}

/* Node i, placed, with its children at `end` and behind. */
static void place(const struct kaon_trees *t, struct kaon_walk_node *nodes, int32_t i, int32_t end)
{
    const struct kaon_tree_node *n = &t->nodes[nodes[i].origin];
    const bool swaps = modes[n->mode].swaps;
    nodes[i].child = end;
    nodes[i].value = (float)n->value;
    nodes[i].feature = n->feature;
    nodes[end].origin = swaps ? n->no : n->yes;
    nodes[end + 1].origin = swaps ? n->yes : n->no;
}

/* A tree level by level, from node *end on. Its levels, -1 if nodes do not suffice, as for trees that share some. */
static int32_t place_tree(const struct kaon_trees *t, struct kaon_walk_node *nodes, int32_t root,
                          int32_t *end)
{
    int32_t levels = 0, i = *end, level_end = *end + 1;
    if ((size_t)*end >= t->n_nodes)
        return -1;
    nodes[(*end)++].origin = root;
    for (; i < *end; i++) {
        if (i == level_end) {
            levels++;
            level_end = *end;
        }
        if (t->nodes[nodes[i].origin].mode == KAON_TREE_LEAF) {
            nodes[i].value = INFINITY;
            nodes[i].child = i;
            continue;
        }
        if ((size_t)*end + 2 > t->n_nodes)
            return -1;
        place(t, nodes, i, *end);
        *end += 2;
    }
    return levels;
}

static bool place_trees(const struct kaon_trees *t, struct kaon_walk_node *nodes, int32_t *roots,
                        int32_t *levels)
{
    int32_t end = 0;
    for (size_t i = 0; i < t->n_roots; i++) {
        int32_t *most = &levels[i / KAON_WALK_TREES];
        roots[i] = end;
        const int32_t n = place_tree(t, nodes, t->roots[i], &end);
        if (n < 0)
            return false;
        *most = n > *most ? n : *most;
    }
    return true;
}

enum kaon_status kaon_walk_pack(const struct kaon_trees *t, const struct kaon_call *call,
                                struct kaon_arena *memory, const struct kaon_walk **walk,
                                struct kaon_msg *msg)
{
    struct kaon_walk found = { .trees = t };
    if (!walks(&found, t))
        return KAON_OK;
    const size_t groups = (t->n_roots + KAON_WALK_TREES - 1) / KAON_WALK_TREES;
    struct kaon_walk *w = kaon_arena_push_zero(memory, 1, sizeof *w);
    struct kaon_walk_node *nodes = kaon_arena_push_zero(memory, t->n_nodes, sizeof *nodes);
    int32_t *roots = kaon_arena_push_zero(memory, t->n_roots, sizeof *roots);
    int32_t *levels = kaon_arena_push_zero(memory, groups, sizeof *levels);
    if (!w || !nodes || !roots || !levels)
        return kaon_own_fail(call, msg, KAON_NO_MEMORY, "no memory for %zu nodes", t->n_nodes);
    find_target(&found, t);
    *w = found;
    w->nodes = nodes;
    w->roots = roots;
    w->levels = levels;
    if (place_trees(t, nodes, roots, levels))
        *walk = w;
    return KAON_OK;
}

/* ---- walking --------------------------------------------------------------------------------- */

bool kaon_walk_takes(const struct kaon_walk *w, const float *x)
{
    float sum = 0.0f;
    for (int64_t i = 0; i < w->trees->n_features; i++)
        sum += x[i] * 0.0f;
    return sum == 0.0f;
}

/* A group down; less is a constant in every call. */
static inline __attribute__((always_inline)) void
down(const struct kaon_walk_node *nodes, const float *x, int32_t *at, int32_t levels, bool less)
{
    for (; levels > 0; levels--)
        for (size_t i = 0; i < KAON_WALK_TREES; i++) {
            const struct kaon_walk_node *node = &nodes[at[i]];
            const float v = x[node->feature];
            at[i] = node->child + (less ? !(v < node->value) : !(v <= node->value));
        }
}

size_t kaon_walk_down(const struct kaon_walk *w, const float *x, size_t first,
                      int32_t leaf[KAON_WALK_TREES])
{
    const size_t left = w->trees->n_roots - first;
    const size_t n = left < KAON_WALK_TREES ? left : KAON_WALK_TREES;
    const int32_t levels = w->levels[first / KAON_WALK_TREES];
    int32_t at[KAON_WALK_TREES];
    /* A group that is not full walks its last tree more than once. */
    for (size_t i = 0; i < KAON_WALK_TREES; i++)
        at[i] = w->roots[first + (i < n ? i : n - 1)];
    if (w->less)
        down(w->nodes, x, at, levels, true);
    else
        down(w->nodes, x, at, levels, false);
    for (size_t i = 0; i < n; i++)
        leaf[i] = w->nodes[at[i]].origin;
    return n;
}
