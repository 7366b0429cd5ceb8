/* The metadata `gnn_config` that salt writes into a model: names and scales of its inputs, in the
 * versions 0 (none stated), 1 and 2. */
#ifndef KAON_TOOLS_EVAL_GNN_CONFIG_H
#define KAON_TOOLS_EVAL_GNN_CONFIG_H

#include "tools/eval/pool.h"
#include "tools/eval/spec.h"

struct eval_gnn_input {
    const char *name;    /* as the metadata has it: "tracks_r22default_sd0sort" */
    const char *input;   /* of the model: "track_features" */
    const char *dataset; /* "tracks" */
    bool is_sequence;
    struct eval_feature *feature;
    size_t n_features;
};

struct eval_gnn {
    int version;
    const char *model_name; /* NULL if it does not say */
    struct eval_gnn_input *input;
    size_t n_inputs;
};

/* Parses the text; strings come from the pool. `path` begins the sentence on failure. */
enum kaon_status kaon_eval_gnn_parse(struct eval_gnn *gnn, const char *text, const char *path,
                                     struct eval_pool *pool, struct kaon_msg *msg);

#endif
