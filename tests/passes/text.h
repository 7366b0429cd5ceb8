/* Graphs as text, for tests of passes: what is before, a pass, what is after. */
#ifndef KAON_TESTS_PASSES_TEXT_H
#define KAON_TESTS_PASSES_TEXT_H

#include "engine/graph/text.h"
#include "engine/passes/passes.h"
#include "tests/support/support.h"

struct graph_test {
    struct kaon_arena arena;
    struct kaon_ir ir;
    struct kaon_opset opset;
    struct kaon_pass_log log;
};

/* Cmocka's setup and teardown: *state is a struct graph_test. */
int graph_setup(void **state);
int graph_teardown(void **state);

/* A graph of ai.onnx opset `opset`. */
void graph_read(struct graph_test *t, int opset, const char *text);

/* Text of the graph; freed by the caller. */
char *graph_text(const struct kaon_ir *ir);

/* Runs one pass; returns its number of edits. */
uint32_t graph_pass(struct graph_test *t, const struct kaon_pass *pass);

/* The graph is written as `text`, in which lines may be separated by two blanks instead. */
void graph_expect(const struct graph_test *t, const char *text);

/* `pass` makes `after` of `before` in `edits` edits. */
void graph_check(void **state, const struct kaon_pass *pass, const char *before, uint32_t edits,
                 const char *after);

/* `pass` leaves the graph alone; the reason that it logs contains `why` (NULL: none is wanted). */
void graph_keeps(void **state, const struct kaon_pass *pass, const char *graph, const char *why);

#endif
