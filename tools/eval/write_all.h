/* The files of an evaluation: its folder, and what is written there when all is judged. */
#ifndef KAON_TOOLS_EVAL_WRITE_ALL_H
#define KAON_TOOLS_EVAL_WRITE_ALL_H

#include "tools/cli/say.h"
#include "tools/eval/entry.h"

/* Makes the folder unless it is there, which e->made_folder says, and names the reports in it. */
enum kaon_status kaon_eval_begin_folder(struct evaluation *e, const char *path,
                                        struct kaon_msg *msg);

/* What exists and may not be replaced: that is said before the run and not after it. */
enum kaon_status kaon_eval_keep_existing(const struct evaluation *e, const char *path,
                                         struct kaon_msg *msg);

/* Predictions, figures, the page, run.json and, last, metrics.json. */
enum kaon_status kaon_eval_write_all(struct evaluation *e, const struct kaon_say *say,
                                     struct kaon_msg *msg);

#endif
