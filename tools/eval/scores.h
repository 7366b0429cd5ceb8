/* What is judged: of every kept jet, in row order, its row, class, weight, probabilities and
 * variables; and what was counted. Whether a model has just given it, or files, is not known here. */
#ifndef KAON_TOOLS_EVAL_SCORES_H
#define KAON_TOOLS_EVAL_SCORES_H

#include "tools/eval/infer.h"
#include "tools/eval/spill.h"
#include "tools/eval/tasks.h"

enum { EVAL_NO_CLASS = 255 };

/* What is kept of a jet. */
enum eval_scores_column {
    EVAL_COLUMN_PROBABILITY,
    EVAL_COLUMN_CLASS,
    EVAL_COLUMN_ROW,
    EVAL_COLUMN_VARIABLE,
    EVAL_COLUMN_WEIGHT,
    EVAL_COLUMN_MACS,
    EVAL_COLUMN_INNER,
    EVAL_COLUMNS,
};

struct eval_scores {
    size_t n, room;
    size_t n_probabilities, n_variables, n_inner;
    float *probability;   /* n x n_probabilities */
    unsigned char *class; /* index in the specification */
    uint64_t *row;        /* over all files */
    float *variable;      /* n x n_variables of the specification, unscaled; NaN: absent */
    float *weight;        /* NULL: all one */
    float *inner;         /* n x n_inner of the specification; NULL: none */
    float *macs;          /* multiply-adds of the jet's share of its run; NULL: nothing was run */
    uint64_t rows;        /* jets that went through the model */
    uint64_t selected;    /* of them passed the selection */
    uint64_t no_class;    /* of those belong to no class, and are not kept */
    uint64_t bad_score;   /* of those have scores that are no probabilities, and are not kept */
    uint64_t bad_weight;  /* of those have a weight that is not finite, and are not kept */
    uint64_t class_count[EVAL_MOST_CLASSES];
    struct eval_tasks tasks;
    struct eval_spill spill[EVAL_COLUMNS]; /* where the arrays are */
};

/* Makes room for so many jets in all, of the set numbers of probabilities, variables and
 * values within the model; false without memory. */
bool kaon_eval_scores_reserve(struct eval_scores *scores, size_t room, bool weight, bool macs);

/* Adds a block. */
enum kaon_status kaon_eval_scores_add(struct eval_scores *scores, const struct eval_spec *spec,
                                      const struct eval_block *block,
                                      const struct eval_result *result, struct kaon_msg *msg);
/* Adds jet `at` of another's with these probabilities instead, and macs unless they are NaN, without
 * what was within its model; false without memory. Both have the same variables and weights. */
bool kaon_eval_scores_copy(struct eval_scores *scores, const struct eval_scores *from, size_t at,
                           const float *probability, double macs);
void kaon_eval_scores_close(struct eval_scores *scores);

/* D = log((p_s + e) / (sum f_i p_i + e)) of one jet, or its ratio of sums, in double. */
double kaon_eval_discriminant(const struct eval_spec *spec, const struct eval_discriminant *d,
                              const float *probability);

/* The logarithm step by step in the type that the scores are stored in, as atlas-ftag-tools has it. */
double kaon_eval_discriminant_ftag(const struct eval_spec *spec, const struct eval_discriminant *d,
                                   const float *probability);

/* D of all jets, for the caller to free; NULL without memory. */
double *kaon_eval_discriminants(const struct eval_spec *spec, const struct eval_discriminant *d,
                                const struct eval_scores *scores);

#endif
