/* Graphs as text: one statement a line,
 *
 *     x:float[2,n]                          an input
 *     w:float[2]={1,2}                      a constant (long ones as {...}: not readable back)
 *     y=Softmax{axis=-1}(x)                 a node; domains other than ai.onnx stand in front: a.b::Op
 *     a,b=Split{axis=0,num_outputs=2}(y,)   several outputs; an input that is not given is empty
 *     out y a                               the outputs
 *
 * Names with other characters than letters, digits and _./ are quoted. Statements may also be
 * separated by two blanks. Reading takes what writing gives, but for nested graphs. */
#ifndef KAON_ENGINE_GRAPH_TEXT_H
#define KAON_ENGINE_GRAPH_TEXT_H

#include "engine/base/sink.h"
#include "engine/graph/graph.h"

enum kaon_status kaon_graph_write(const struct kaon_ir *ir, const struct kaon_graph *graph,
                                  struct kaon_sink *sink, struct kaon_msg *msg);

/* Reads a graph into ir->top; ir->arena is open, ir->opsets are set by the caller. Shapes are
 * inferred. */
enum kaon_status kaon_text_read(struct kaon_ir *ir, const char *text, struct kaon_msg *msg);

#endif
