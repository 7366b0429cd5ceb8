/* Graphs as text: one statement a line,
 *
 *     x:float[2,n]                          an input
 *     w:float[2]={1,2}                      a constant (long ones as {...}: not readable back)
 *     y=Softmax{axis=-1}(x)                 a node; domains other than ai.onnx stand in front: a.b::Op
 *     a,b=Split{axis=0,num_outputs=2}(y,)   several outputs; an input that is not given is empty
 *     out y a                               the outputs, at the end
 *
 * A node's nested graphs stand behind it, each under a line with its number and up to its outputs:
 *
 *     y=If{then_branch=graph 0,else_branch=graph 1}(c)
 *       graph 0
 *         a=Relu(x)                         x of the graph around it
 *         out a
 *       graph 1
 *         out x
 *
 * Names with other characters than letters, digits and _./ are quoted; a value without a name is
 * called v. and its number. Statements may also be separated by two blanks. Reading takes what
 * writing gives, but for long constants and attributes of type TypeProto. */
#ifndef KAON_ENGINE_GRAPH_TEXT_H
#define KAON_ENGINE_GRAPH_TEXT_H

#include "engine/base/sink.h"
#include "engine/graph/graph.h"

enum kaon_status kaon_graph_write(const struct kaon_ir *ir, const struct kaon_graph *graph,
                                  struct kaon_sink *sink, struct kaon_msg *msg);

/* Reads a graph into ir->top; ir->arena is open, ir->opsets are set by the caller. Shapes are
 * inferred. */
enum kaon_status kaon_graph_read(struct kaon_ir *ir, const char *text, struct kaon_msg *msg);

#endif
