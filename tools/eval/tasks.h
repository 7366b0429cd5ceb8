/* What a tagger says of tracks, against the truth: counts of kept jets, without weights. */
#ifndef KAON_TOOLS_EVAL_TASKS_H
#define KAON_TOOLS_EVAL_TASKS_H

#include "tools/eval/spec.h"

enum { EVAL_ORIGINS = 8 };

extern const char *const kaon_eval_origins[EVAL_ORIGINS]; /* of ftagTruthOriginLabel */

/* Vertices as puma counts them (puma.utils.vertexing): of two tracks or more; true ones only if
 * all their tracks are from b or c hadrons; found ones without that of most primary tracks, and
 * only with a track from a b or c hadron, where the model gives origins. One found and one true
 * vertex match if they share most tracks, at least 65 % of the true and 50 % of the found one. */
struct eval_vertex_counts {
    uint64_t jets, jets_with_found;
    uint64_t true_vertices, found_vertices, matched;
    uint64_t shared_tracks, true_tracks, found_tracks; /* of matched vertices */
};

/* Whole numbers only: parts of a sample add up. */
struct eval_tasks {
    uint64_t origin[EVAL_ORIGINS][EVAL_ORIGINS + 1]; /* [true][said], the last: no known origin */
    struct eval_vertex_counts exclusive[EVAL_MOST_CLASSES]; /* by class of the jet */
    struct eval_vertex_counts inclusive[EVAL_MOST_CLASSES]; /* all vertices of a jet as one */
    /* pairs of tracks from b or c hadrons: truly from one vertex, put into one, both */
    uint64_t true_pairs, found_pairs, right_pairs;
};

/* The tracks of one jet; what is not known is NULL. */
struct eval_jet_tracks {
    size_t n;
    const int *true_origin, *true_vertex, *origin, *vertex;
};

/* false without memory. */
bool kaon_eval_tasks_add(struct eval_tasks *tasks, size_t class,
                         const struct eval_jet_tracks *tracks);

#endif
