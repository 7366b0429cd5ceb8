/* Fractions of backgrounds in discriminants: of --fractions and of presets. */
#ifndef KAON_TOOLS_EVAL_BUILD_FRACTIONS_H
#define KAON_TOOLS_EVAL_BUILD_FRACTIONS_H

#include "tools/eval/build.h"

/* --fractions, ratios of the category and, if all else says nothing, the preset of the tagger's
 * name. */
enum kaon_status kaon_eval_build_fractions(struct eval_build *b);

struct eval_discriminant *kaon_eval_discriminant_find(struct eval_spec *spec, const char *name);

/* The discriminant of that name, made if there is none, without fractions; NULL: no memory or too
 * many. */
struct eval_discriminant *kaon_eval_discriminant_add(struct eval_build *b, const char *name,
                                                     size_t signal, const char *source);

/* Fractions sum to one, and each belongs to a class that the model has a probability for. */
enum kaon_status kaon_eval_fractions_check(struct eval_build *b, const struct eval_discriminant *d);

#endif
