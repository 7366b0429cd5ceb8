/* Another attention in place of a model's own. */
#ifndef KAON_ENGINE_ATTENTION_H
#define KAON_ENGINE_ATTENTION_H

#include "engine/graph/graph.h"
#include "engine/ops/attention.h"

/* Reads kaon_open_options.attention and gives the layers that it names another variant. Before weights are packed. */
enum kaon_status kaon_attention_replace(struct kaon_ir *ir, const char *text,
                                        const struct kaon_attention_plugins *plugins,
                                        struct kaon_msg *msg);

/* Whether all plug-ins may be used, their names apart. */
enum kaon_status kaon_attention_check_plugins(const struct kaon_attention_plugins *plugins,
                                              struct kaon_msg *msg);

#endif
