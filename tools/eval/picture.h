/* The gnuplot scripts of the pictures. */
#ifndef KAON_TOOLS_EVAL_PICTURE_H
#define KAON_TOOLS_EVAL_PICTURE_H

#include <stdio.h>

#include "tools/eval/group.h"

/* Size of a picture in points of the screen. */
struct eval_canvas {
    int width, height;
};

struct eval_canvas kaon_eval_roc_canvas(const struct eval_group *group);
void kaon_eval_roc_script(FILE *script, const struct eval_group *group, const char *csv);

struct eval_canvas kaon_eval_histogram_canvas(const struct eval_group *group);
void kaon_eval_histogram_script(FILE *script, const struct eval_group *group, const char *csv);

/* The lines above a picture: sample, discriminant and fractions of each model, jets of each class;
 * and the points that they take. */
void kaon_eval_heading(FILE *script, const struct eval_group *group, int height);
int kaon_eval_heading_height(const struct eval_group *group);

#endif
