/* Flavours that kaon knows without being told: the usual single-b-tag classes. */
#ifndef KAON_TOOLS_EVAL_CATEGORY_H
#define KAON_TOOLS_EVAL_CATEGORY_H

#include <stddef.h>

struct eval_flavour {
    const char *name, *text, *letter, *probability, *select, *color;
};

extern const struct eval_flavour kaon_eval_flavours[];
extern const size_t kaon_eval_n_flavours;

/* Colour-blind-safe colours of arXiv:2107.02270, in order. */
extern const char *const kaon_eval_colors[];
extern const size_t kaon_eval_n_colors;

#endif
