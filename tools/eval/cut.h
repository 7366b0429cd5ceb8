/* Cuts on the variables of a jet, in the grammar of atlas-ftag-tools:
 *
 *     pt_btagJes > 20_000        == != >= <= > < with a number; underscores group digits
 *     eventNumber % 10 == 3      on the remainder
 *     score == nan              nan with == and !=; inf, -inf with all
 *     truth[3] == 1             a place of an array
 *     label in (5, 15)           in, notin with a list in ( ) or [ ] */
#ifndef KAON_TOOLS_EVAL_CUT_H
#define KAON_TOOLS_EVAL_CUT_H

#include "tools/cli/fail.h"

#include <stdbool.h>
#include <stddef.h>

enum eval_cut_operator {
    EVAL_CUT_EQ,
    EVAL_CUT_NE,
    EVAL_CUT_GE,
    EVAL_CUT_LE,
    EVAL_CUT_GT,
    EVAL_CUT_LT,
    EVAL_CUT_IN,
    EVAL_CUT_NOTIN,
};

struct eval_cut {
    char field[128];
    double modulo; /* 0: none */
    enum eval_cut_operator op;
    double value[32];
    size_t n_values;
};

/* Parses one cut; `where` begins the sentence on failure. */
enum kaon_status kaon_eval_cut_parse(struct eval_cut *cut, const char *text, const char *where,
                                     struct kaon_msg *msg);

/* Whether a value passes; one that is not a number passes only != and notin. */
bool kaon_eval_cut_passes(const struct eval_cut *cut, double value);

#endif
