/* Walking many trees at once without branches on what they find: every node is a comparison of one kind with its
 * children side by side, a leaf is its own child, and a group of trees goes down as many levels as its deepest. */
#ifndef KAON_BACKENDS_OWN_TREE_WALK_H
#define KAON_BACKENDS_OWN_TREE_WALK_H

#include "backends/own/own.h"

enum { KAON_WALK_TREES = 8 }; /* of a group */

struct kaon_walk_node;

struct kaon_walk {
    const struct kaon_trees *trees;
    const struct kaon_walk_node *nodes;
    const int32_t *roots, *levels; /* [trees], [groups] */
    bool less;                     /* than, or else less or equal */
    bool one_weight;               /* a leaf has one weight, and all name one target: */
    int32_t target;
};

/* Packs trees whose comparisons are of one kind, with values that are float32; *walk stays NULL for others. */
enum kaon_status kaon_walk_pack(const struct kaon_trees *t, const struct kaon_call *call,
                                struct kaon_arena *memory, const struct kaon_walk **walk,
                                struct kaon_msg *msg);

/* Whether the features of a row are finite, as kaon_walk_down needs them. */
bool kaon_walk_takes(const struct kaon_walk *w, const float *x);

/* leaf[i] = index among the trees' nodes of the leaf that tree `first` + i leads a row to; `first` is a multiple
 * of KAON_WALK_TREES. The number of leaves. */
size_t kaon_walk_down(const struct kaon_walk *w, const float *x, size_t first,
                      int32_t leaf[KAON_WALK_TREES]);

#endif
