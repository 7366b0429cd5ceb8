/* What the files that write the page share. */
#ifndef KAON_TOOLS_EVAL_PAGE_PART_H
#define KAON_TOOLS_EVAL_PAGE_PART_H

#include "tools/eval/entry.h"

#include <stdio.h>

/* Sections; nothing where there is nothing to say. */
void kaon_eval_page_comparisons(FILE *to, const struct evaluation *e);
void kaon_eval_page_requirements(FILE *to, const struct evaluation *e);

#endif
