/* The data of the pictures. */
#ifndef KAON_TOOLS_EVAL_CSV_H
#define KAON_TOOLS_EVAL_CSV_H

#include "tools/eval/group.h"

/* Columns of a curve's CSV before and after those of the classes. */
enum { EVAL_CSV_ROC_FIRST = 2, EVAL_CSV_ROC_EACH = 4, EVAL_CSV_BIN_FIRST = 3 };

/* signal_efficiency, then for every model and background rejection, error, low, high. */
enum kaon_status kaon_eval_csv_roc(struct evaluation *e, const struct eval_group *group,
                                   const char *path, struct kaon_msg *msg);

/* low and high edge of a bin, then the share of each class for every model. */
enum kaon_status kaon_eval_csv_histogram(struct evaluation *e, const struct eval_group *group,
                                         const char *path, struct kaon_msg *msg);

#endif
