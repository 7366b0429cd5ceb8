/* Pictures of an evaluation, each with its data as CSV; drawn by gnuplot where it is installed. */
#ifndef KAON_TOOLS_EVAL_PLOT_H
#define KAON_TOOLS_EVAL_PLOT_H

#include "tools/cli/say.h"
#include "tools/eval/entry.h"

enum kaon_status kaon_eval_plot(struct evaluation *e, const struct kaon_say *say,
                                struct kaon_msg *msg);

#endif
