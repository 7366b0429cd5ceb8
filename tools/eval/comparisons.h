/* All models of an evaluation against one of them, discriminant by discriminant. */
#ifndef KAON_TOOLS_EVAL_COMPARISONS_H
#define KAON_TOOLS_EVAL_COMPARISONS_H

#include "tools/eval/entry.h"

struct eval_comparison {
    const struct eval_entry *reference, *model;
    size_t d_reference, d_model; /* discriminants, of one name and signal */
    struct eval_pair pair;
};

/* Finds the reference: the model of this name, or the first if it is NULL. */
enum kaon_status kaon_eval_find_reference(struct evaluation *e, const char *name,
                                          struct kaon_msg *msg);

/* Fills e->comparison, for models that were judged on the same files. */
enum kaon_status kaon_eval_compare_all(struct evaluation *e, struct kaon_msg *msg);

#endif
