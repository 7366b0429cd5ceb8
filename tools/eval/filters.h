/* HDF5 filters that libhdf5 lacks: LZ4 (32004), LZF (32000) and zstd (32015).
 *
 * A chunk comes from a file that nobody vouches for: no number in it is believed before it was
 * compared with what is there, and nothing larger than the chunk that the dataset declares is
 * allocated. */
#ifndef KAON_TOOLS_EVAL_FILTERS_H
#define KAON_TOOLS_EVAL_FILTERS_H

#include "tools/cli/fail.h"

enum { EVAL_FILTER_LZF = 32000, EVAL_FILTER_LZ4 = 32004, EVAL_FILTER_ZSTD = 32015 };

/* Registers the three with libhdf5; more than once is fine. */
enum kaon_status kaon_eval_filters_register(struct kaon_msg *msg);

/* What chunks that this thread reads from now on must decode to, in bytes; 0: not known (sources of
 * a virtual dataset). libhdf5 passes filters no pointer of ours and reads a whole chunk from
 * whatever they return, so a chunk that decodes to less would be read past its end. */
void kaon_eval_filters_expect(size_t bytes);
size_t kaon_eval_filters_expected(void);

/* Whether `claimed` bytes are believable for a chunk of `packed` bytes of a format that expands at
 * most `ratio` times. */
int kaon_eval_filters_believable(size_t claimed, size_t packed, size_t ratio);

/* The filters, in the form of H5Z_func_t. */
size_t kaon_eval_filter_lz4(unsigned flags, size_t n_values, const unsigned *values, size_t bytes,
                            size_t *room, void **data);
size_t kaon_eval_filter_lzf(unsigned flags, size_t n_values, const unsigned *values, size_t bytes,
                            size_t *room, void **data);
size_t kaon_eval_filter_zstd(unsigned flags, size_t n_values, const unsigned *values, size_t bytes,
                             size_t *room, void **data);

#endif
