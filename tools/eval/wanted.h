/* What a command asks to have judged: its words sorted into data, models and stored taggers. */
#ifndef KAON_TOOLS_EVAL_WANTED_H
#define KAON_TOOLS_EVAL_WANTED_H

#include "tools/eval/options.h"

/* What is to be judged, for each sample: models, the first of them perhaps in folds, and taggers
 * whose scores are stored. */
struct eval_wanted {
    const char **model, **tagger, **fold, **sample;
    const char **attention; /* of each model, NULL: its own; NULL: all have their own */
    size_t n_models, n_taggers, n_folds, n_samples;
};

/* Words that name data (HDF5, .npz, a folder) are data wherever they stand, so that "--data big_*.h5" does what it
 * looks like. What is left of *words are models. */
enum kaon_status kaon_eval_find_data(struct evaluation *e, const struct eval_options *o,
                                     struct kaon_words *words, struct kaon_msg *msg);

/* Models of the words and of --vs; taggers of --tagger and of --vs. */
enum kaon_status kaon_eval_find_wanted(struct evaluation *e, const struct eval_options *o,
                                       const struct kaon_words *models, struct eval_wanted *w,
                                       struct kaon_msg *msg);

#endif
