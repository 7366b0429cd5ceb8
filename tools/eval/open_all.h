/* Opening an evaluation: every model and stored tagger on every sample, and what is made of them. */
#ifndef KAON_TOOLS_EVAL_OPEN_ALL_H
#define KAON_TOOLS_EVAL_OPEN_ALL_H

#include "tools/cli/say.h"
#include "tools/eval/options.h"

/* Fills e->entry and begins the files that are written while it runs; what may not be replaced is
 * refused. e->settings.data is known (wanted.h); `models` is what is left of the words. */
enum kaon_status kaon_eval_open_all(struct evaluation *e, const struct eval_options *o,
                                    const struct kaon_words *models, const struct kaon_say *say,
                                    struct kaon_msg *msg);

#endif
