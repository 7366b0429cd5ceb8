/* A figure as a script of gnuplot, and its columns as CSV. */
#ifndef KAON_TOOLS_EVAL_FIGURE_SCRIPT_H
#define KAON_TOOLS_EVAL_FIGURE_SCRIPT_H

#include "tools/eval/figure.h"

#include <stdio.h>

/* Size in points of the screen. */
struct eval_canvas {
    int width, height;
};
struct eval_canvas kaon_eval_figure_canvas(const struct eval_figure *f);

/* The data that the script refers to: once, before it. */
void kaon_eval_figure_data(FILE *script, const struct eval_figure *f);

/* What is drawn on a terminal that is set. */
void kaon_eval_figure_script(FILE *script, const struct eval_figure *f);

/* A header line, then a line a row; ten digits. */
void kaon_eval_figure_csv(FILE *to, const struct eval_figure *f);

#endif
