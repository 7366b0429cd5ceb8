/* The models that share a discriminant, for curves in one picture. */
#ifndef KAON_TOOLS_EVAL_GROUP_H
#define KAON_TOOLS_EVAL_GROUP_H

#include "tools/eval/entry.h"

struct eval_curve {
    struct eval_entry *entry;
    struct eval_judged *judged;
};

struct eval_group {
    const char *name;         /* of the discriminant */
    const char *signal;       /* class */
    struct eval_curve *curve; /* one a model; the first is the reference */
    size_t n;
    const struct eval_class *class[EVAL_MOST_CLASSES]; /* of all its models, by name */
    size_t n_classes;
};

/* Fills the group of discriminant `name` from all entries that have it; 0 without memory. */
int kaon_eval_group(struct eval_group *group, struct evaluation *e, const char *name);

/* Index of a class of the group in the specification of a curve; -1: absent, or without jets. */
long kaon_eval_group_class(const struct eval_curve *curve, const struct eval_class *class);

#endif
