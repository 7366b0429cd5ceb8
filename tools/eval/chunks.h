/* Whether the stored bytes of a dataset are as many as its type and shape say.
 *
 * libhdf5 1.10 believes them: it copies whole elements out of whatever a filter returned, past its
 * end if a file is broken or hostile. So sizes are checked before it reads. */
#ifndef KAON_TOOLS_EVAL_CHUNKS_H
#define KAON_TOOLS_EVAL_CHUNKS_H

#include "tools/eval/array.h"

/* Checks layout and filters once; fills array->chunk, chunk_bytes and filter. */
enum kaon_status kaon_eval_chunks_open(struct eval_array *array, struct kaon_msg *msg);

/* Checks the chunks that hold rows [first, first + rows), each once: rows are read in order. */
enum kaon_status kaon_eval_chunks_check(struct eval_array *array, uint64_t first, size_t rows,
                                        struct kaon_msg *msg);

#endif
