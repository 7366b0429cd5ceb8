/* Parts of an evaluation, joined: the same figures and files as those of one run. */
#ifndef KAON_TOOLS_EVAL_MERGE_H
#define KAON_TOOLS_EVAL_MERGE_H

#include "tools/eval/entry.h"

struct eval_part_file {
    const char *path;
    json_t *manifest;
    uint64_t index;
};

struct eval_merge {
    struct eval_part_file *part; /* by index */
    size_t n;
    bool incomplete; /* parts are missing or there twice: the sentence has the list */
    struct eval_pool pool;
};

/* Finds the parts in folders and files, and checks that they are all parts of one evaluation. To be
 * closed in either case. */
enum kaon_status kaon_eval_merge_open(struct eval_merge *merge, const char *const *paths, size_t n,
                                      struct kaon_msg *msg);
void kaon_eval_merge_close(struct eval_merge *merge);

/* What the parts know of models and data. */
json_t *kaon_eval_merge_seen(const struct eval_merge *merge);

/* Words of the command that all parts are of. */
const json_t *kaon_eval_merge_words(const struct eval_merge *merge);

/* Fills the scores of all entries. */
enum kaon_status kaon_eval_merge_read(const struct eval_merge *merge, struct evaluation *e,
                                      struct kaon_msg *msg);

/* Makes the prediction files, part by part; kaon_eval_entry_commit finishes them. */
enum kaon_status kaon_eval_merge_predictions(const struct eval_merge *merge, struct evaluation *e,
                                             struct kaon_msg *msg);

#endif
