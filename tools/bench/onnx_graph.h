/* A case as an ONNX model of one node or two. */
#ifndef KAON_TOOLS_BENCH_ONNX_GRAPH_H
#define KAON_TOOLS_BENCH_ONNX_GRAPH_H

#include "tools/bench/case.h"
#include "tools/cli/buffer.h"

/* Inputs are named "x", "w", "b", the output "y"; constant inputs are initializers and no inputs.
 * False if the case has no node in ONNX or there is no memory. free(model->at). */
bool kaon_bench_onnx(const struct kaon_bench_case *c, struct kaon_buffer *model);

/* Ways to write KAON_BENCH_ATTENTION: the operator of ai.onnx (the node of the case), MultiHeadAttention of
 * com.microsoft, and plain operators as exporters write them. */
enum kaon_bench_way { KAON_BENCH_AS_IT_IS, KAON_BENCH_CONTRIB, KAON_BENCH_PLAIN, KAON_BENCH_WAYS };
extern const char *const kaon_bench_way_names[KAON_BENCH_WAYS];

/* The same in one of these ways; false too if the case is no attention, or the way cannot say it. */
bool kaon_bench_onnx_way(const struct kaon_bench_case *c, enum kaon_bench_way way,
                         struct kaon_buffer *model);

/* The name of the i-th input. */
const char *kaon_bench_onnx_input(size_t i);

#endif
