/* Prediction files: `jets` with copied variables and class probabilities, `tracks` with the
 * per-track outputs at the places their tracks have in the input. */
#ifndef KAON_TOOLS_EVAL_WRITER_H
#define KAON_TOOLS_EVAL_WRITER_H

#include "tools/eval/h5out.h"
#include "tools/eval/infer.h"
#include "tools/eval/sheet.h"

/* Rows of a chunk of `jets` and of `tracks`. */
enum { EVAL_JET_CHUNK = 2000, EVAL_TRACK_CHUNK = 500 };

struct eval_writer;

/* Makes the datasets in `location` of the file, for the rows that the reader gives. */
enum kaon_status kaon_eval_writer_open(struct eval_writer **writer, struct eval_h5out *out,
                                       hid_t location, enum eval_compression compression,
                                       const struct eval_spec *spec,
                                       const struct eval_reader *reader, struct kaon_msg *msg);

enum kaon_status kaon_eval_writer_add(struct eval_writer *writer, const struct eval_block *block,
                                      const struct eval_result *result, struct kaon_msg *msg);

/* False if something could not be written. NULL is allowed. */
bool kaon_eval_writer_close(struct eval_writer *writer);

#endif
