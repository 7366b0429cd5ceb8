/* The words of a command that set what is computed, as opposed to how and where to. */
#ifndef KAON_TOOLS_EVAL_WORDS_H
#define KAON_TOOLS_EVAL_WORDS_H

#include "tools/eval/options.h"

#include <jansson.h>

/* "--cut=pt > 1" and so on, then the arguments; NULL without memory. */
json_t *kaon_eval_words(const struct eval_options *o, const struct kaon_words *arguments);

/* Parses such words into options that hold the defaults. They live as long as the words. */
enum kaon_status kaon_eval_words_parse(const json_t *words, struct eval_options *o,
                                       struct kaon_words *arguments, struct kaon_msg *msg);

#endif
