/* What `kaon info` knows of a model, as one JSON object; its text form is made from it. */
#ifndef KAON_TOOLS_INFO_DESCRIBE_H
#define KAON_TOOLS_INFO_DESCRIBE_H

#include <jansson.h>

#include "engine/kaon.h"
#include "tools/model/axes.h"

/* Members:
 *   schema_version, model (path), bytes, sha256, isa
 *   producer, producer_version, domain, graph_name, ir_version    strings, as far as declared
 *   inputs, outputs    arrays of { name, type, shape }: shape null if the rank is not known,
 *                      an axis a number, its name, or null
 *   opset, operators, parameters, nodes, ...                      as kaon_model_print gives them
 *   metadata           object of strings
 *   cost               null, or { dims, steps, macs, arena_bytes, plan_bytes } of one run
 *   cost_unknown       why there is no cost, if there is none */
enum kaon_status kaon_info_describe(json_t **info, const struct kaon_model *model, const char *path,
                                    const struct kaon_axes *axes,
                                    const struct kaon_session_info *cost, const char *cost_unknown,
                                    struct kaon_msg *msg);

#endif
