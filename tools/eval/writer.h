/* Prediction files: `jets` with copied variables and class probabilities, `tracks` with the
 * per-track outputs at the places their tracks have in the input. Whole or not there. */
#ifndef KAON_TOOLS_EVAL_WRITER_H
#define KAON_TOOLS_EVAL_WRITER_H

#include "tools/eval/infer.h"

enum eval_compression { EVAL_GZIP, EVAL_LZ4, EVAL_PLAIN };

/* Texts for attributes of the file; NULL: left out. */
struct eval_attribute {
    const char *name, *value;
};

struct eval_writer;

enum kaon_status kaon_eval_writer_open(struct eval_writer **writer, const char *path, bool force,
                                       enum eval_compression compression,
                                       const struct eval_spec *spec,
                                       const struct eval_reader *reader, struct kaon_msg *msg);

enum kaon_status kaon_eval_writer_add(struct eval_writer *writer, const struct eval_block *block,
                                      const struct eval_result *result, struct kaon_msg *msg);

/* Writes the attributes, closes, and gives the file its name. Frees the writer either way. */
enum kaon_status kaon_eval_writer_commit(struct eval_writer *writer,
                                         const struct eval_attribute *attribute, size_t n,
                                         struct kaon_msg *msg);

/* Leaves nothing behind. NULL is allowed. */
void kaon_eval_writer_abandon(struct eval_writer *writer);

#endif
