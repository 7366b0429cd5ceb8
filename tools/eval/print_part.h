/* Parts of what is printed. */
#ifndef KAON_TOOLS_EVAL_PRINT_PART_H
#define KAON_TOOLS_EVAL_PRINT_PART_H

#include "tools/cli/out.h"
#include "tools/eval/entry.h"

/* A text that came from a file, padded to a width of characters. */
void kaon_eval_print_cell(struct kaon_out *out, const char *text, int width);

/* With --details: figures in bins, the tagger as a classifier. */
void kaon_eval_print_details(struct kaon_out *out, const struct eval_entry *entry);

/* Where a scan is best; nothing without one. */
void kaon_eval_print_scan(struct kaon_out *out, const struct eval_spec *spec,
                          const struct eval_judged *j, const struct eval_scan *s);

/* Models against the reference. */
void kaon_eval_print_comparisons(struct kaon_out *out, const struct evaluation *e);

/* What a cascade costs and gains; nothing for an ensemble. */
void kaon_eval_print_derived(struct kaon_out *out, const struct eval_derived *derived);

#endif
