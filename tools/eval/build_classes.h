/* Classes of a struct eval_spec. */
#ifndef KAON_TOOLS_EVAL_BUILD_CLASSES_H
#define KAON_TOOLS_EVAL_BUILD_CLASSES_H

#include "tools/eval/build.h"

enum kaon_status kaon_eval_build_classes(struct eval_build *b);

/* Index of a class by name; -1: none. */
long kaon_eval_class_find(const struct eval_spec *spec, const char *name);

#endif
