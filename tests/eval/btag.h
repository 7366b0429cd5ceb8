/* Models of the further data with the scores that are stored beside them, as if they had just been
 * run. */
#ifndef KAON_TESTS_EVAL_BTAG_H
#define KAON_TESTS_EVAL_BTAG_H

#include "tools/eval/entry.h"

/* An evaluation of the models FOLDER/<model[i]> with all jets of FOLDER/../../data/flavour/jets.h5;
 * not judged yet. Fails the test if anything is amiss. `choices` may be NULL. */
void btag_open(struct evaluation *e, const char *folder, const char *const *model, size_t n,
               const struct eval_choices *choices);

#endif
