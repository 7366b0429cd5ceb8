/* Running gnuplot on a script, without a shell. */
#ifndef KAON_TOOLS_EVAL_GNUPLOT_H
#define KAON_TOOLS_EVAL_GNUPLOT_H

#include <stdbool.h>
#include <stdio.h>

#include "tools/cli/fail.h"

/* A script that is being written. */
struct eval_gnuplot {
    FILE *script; /* an unnamed file in memory */
};

enum kaon_status kaon_eval_gnuplot_begin(struct eval_gnuplot *gnuplot, struct kaon_msg *msg);

/* Runs it and frees it. *printed is what it printed, such as an SVG without an output file, to be freed;
 * *missing is set if there is no gnuplot. */
enum kaon_status kaon_eval_gnuplot_run(struct eval_gnuplot *gnuplot, char **printed, bool *missing,
                                       struct kaon_msg *msg);
void kaon_eval_gnuplot_abandon(struct eval_gnuplot *gnuplot);

/* Writes a text as a gnuplot string: quoted so that nothing in it is a command or markup. */
void kaon_eval_gnuplot_text(FILE *script, const char *text);

#endif
