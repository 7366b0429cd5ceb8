/* Scores that are already in a file of jets: fields `<Tagger>_p*` of the dataset `jets`. */
#ifndef KAON_TOOLS_EVAL_STORED_H
#define KAON_TOOLS_EVAL_STORED_H

#include "tools/cli/fail.h"
#include "tools/eval/pool.h"

#include <stdbool.h>
#include <stddef.h>

/* The fields of `jets` in a file. */
struct eval_stored {
    const char *path;
    const char *const *field;
    size_t n;
    bool *half; /* whether it is of half precision */
};

/* Lists them; strings come from the pool. */
enum kaon_status kaon_eval_stored_open(struct eval_stored *stored, const char *path,
                                       struct eval_pool *pool, struct kaon_msg *msg);

/* Whether the field is a probability of the tagger: "GN2v01_pb" of "GN2v01". */
bool kaon_eval_stored_is(const char *field, const char *tagger);

/* Columns of an array `prediction`, as b-hive writes scores of a tagger without a name; 0: none. */
size_t kaon_eval_stored_columns(const struct eval_stored *stored, const char *array);

/* Refuses a tagger without a single probability, naming those that there are. */
enum kaon_status kaon_eval_stored_check(const struct eval_stored *stored, const char *tagger,
                                        struct kaon_msg *msg);

#endif
