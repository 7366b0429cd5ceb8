/* preprocess.json of weaver and CMSSW: per input the variables with median, norm_factor, bounds. */
#ifndef KAON_TOOLS_EVAL_PREPROCESS_H
#define KAON_TOOLS_EVAL_PREPROCESS_H

#include "tools/eval/json.h"
#include "tools/eval/pool.h"
#include "tools/eval/spec.h"

/* Fills fields, scales and lengths of `input` from the group of its name, if there is one. The
 * median is subtracted there: value = clamp((x - median) * norm_factor, lower, upper). */
enum kaon_status kaon_eval_preprocess_read(struct eval_input *input, const json_t *root,
                                           const char *path, struct eval_pool *pool,
                                           struct kaon_msg *msg);

#endif
