/* What the parts that build a struct eval_spec share. */
#ifndef KAON_TOOLS_EVAL_BUILD_H
#define KAON_TOOLS_EVAL_BUILD_H

#include "tools/eval/gnn_config.h"
#include "tools/eval/json.h"
#include "tools/eval/spec.h"
#include "tools/eval/stored.h"

struct eval_build {
    struct eval_spec *spec;
    const struct eval_ports *ports;
    const struct eval_choices *choices;
    json_t *config;     /* eval.json, or NULL */
    json_t *preprocess; /* preprocess.json, or NULL */
    const char *preprocess_path;
    struct eval_gnn gnn;
    bool has_gnn;
    struct eval_category category;
    struct eval_stored fields; /* of the data's `jets`; none if the data is not known */
    struct kaon_msg *msg;
};

enum kaon_status kaon_eval_build_inputs(struct eval_build *b);
enum kaon_status kaon_eval_build_outputs(struct eval_build *b);
enum kaon_status kaon_eval_build_inner(struct eval_build *b, size_t from); /* outputs from there */
enum kaon_status kaon_eval_build_judgement(struct eval_build *b); /* classes, discriminants, cuts */
enum kaon_status kaon_eval_build_points(struct eval_build *b);
enum kaon_status kaon_eval_build_variables(struct eval_build *b);
enum kaon_status kaon_eval_build_sample(struct eval_build *b);
enum kaon_status kaon_eval_build_query(struct eval_build *b);

/* Letters, digits and '_' only: for names that become part of file and field names. */
bool kaon_eval_is_plain(const char *name);

enum kaon_status kaon_eval_build_no_memory(const struct eval_build *b);

#endif
