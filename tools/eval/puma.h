/* Curves as puma draws them, in its arithmetic: ftag.utils.metrics of atlas-ftag-tools 0.3. */
#ifndef KAON_TOOLS_EVAL_PUMA_H
#define KAON_TOOLS_EVAL_PUMA_H

#include "tools/eval/scores.h"

enum { EVAL_PUMA_POINTS = 50 };

struct eval_puma_roc {
    double efficiency[EVAL_PUMA_POINTS]; /* of the signal */
    double exact[EVAL_MOST_CLASSES][EVAL_PUMA_POINTS];
    double smooth[EVAL_MOST_CLASSES][EVAL_PUMA_POINTS]; /* what puma draws and saves */
};

/* *roc is for the caller to free; false without memory. */
bool kaon_eval_puma_roc(struct eval_puma_roc **roc, const struct eval_spec *spec,
                        const struct eval_discriminant *d, const struct eval_scores *scores);

#endif
