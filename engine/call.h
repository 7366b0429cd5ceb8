/* Calls of nodes before shapes are known. */
#ifndef KAON_ENGINE_CALL_H
#define KAON_ENGINE_CALL_H

#include "engine/graph/graph.h"

/* Fills the call of a node with tensors of what is known before shapes are: constants, and for other
 * values their type with rank and lengths -1 where they are not numbers. Arrays come from `memory`. */
enum kaon_status kaon_call_ahead(struct kaon_call *call, const struct kaon_node *node,
                                 const struct kaon_kernels *kernels, struct kaon_arena *memory,
                                 struct kaon_msg *msg);

#endif
