/* Judging an evaluation whose scores are all there, wherever they came from. */
#ifndef KAON_TOOLS_EVAL_JUDGE_H
#define KAON_TOOLS_EVAL_JUDGE_H

#include "tools/cli/say.h"
#include "tools/eval/entry.h"

/* What can be refused before anything is run: the name of the reference, requirements. To be called
 * once all entries are open. */
enum kaon_status kaon_eval_judge_prepare(struct evaluation *e, struct kaon_msg *msg);

/* Every model, their comparisons, and the requirements. Returns early, with success, when
 * interrupted. */
enum kaon_status kaon_eval_judge_all(struct evaluation *e, struct kaon_msg *msg);

/* Says a sentence for each requirement that is not met; whether all are. */
bool kaon_eval_judge_say(const struct evaluation *e, const struct kaon_say *say);

#endif
