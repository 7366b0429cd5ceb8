/* A case as an ONNX model of one node or two. */
#ifndef KAON_TOOLS_BENCH_ONNX_GRAPH_H
#define KAON_TOOLS_BENCH_ONNX_GRAPH_H

#include "tools/bench/case.h"
#include "tools/cli/buffer.h"

/* Inputs are named "x", "w", "b", the output "y"; constant inputs are initializers and no inputs.
 * False if the case has no node in ONNX or there is no memory. free(model->at). */
bool kaon_bench_onnx(const struct kaon_bench_case *c, struct kaon_buffer *model);

/* The name of the i-th input. */
const char *kaon_bench_onnx_input(size_t i);

#endif
