/* Jets from HDF5 files in ATLAS's layout: `jets` [N] and per-jet sequences such as `tracks` [N,M],
 * compounds, read by blocks of rows so that memory does not grow with the file.
 *
 * Used from one thread at a time: libhdf5 is not thread-safe. */
#ifndef KAON_TOOLS_EVAL_READER_H
#define KAON_TOOLS_EVAL_READER_H

#include "tools/cli/fail.h"
#include "tools/eval/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A field that somebody wants. */
struct eval_column {
    const char *name;
    const char *by; /* who, for the sentence when it is missing: "input 'x' of gn2.onnx" */
    float instead;  /* of a value that is not finite, with `replaces` or zero_non_finite */
    bool optional;  /* NaN where a file lacks it */
    bool replaces;  /* whoever wants it says what takes the place of values that are not finite */
    float most;     /* and of larger ones than this; 0: none are too large */
};

/* What is read of one dataset, as floats. */
struct eval_set {
    const char *dataset;
    const char *valid; /* field that marks real entries; NULL: one entry a jet */
    size_t most;       /* real entries kept a jet; 0: all */
    struct eval_column *column;
    size_t n_columns;
};

struct eval_query {
    const struct eval_set *set;
    size_t n_sets;
    const struct eval_column *number; /* of `jets`, read as doubles: labels, cuts, weights */
    size_t n_numbers;
    const char *fold; /* integer of `jets` that says which of n_folds a jet is of; NULL: none */
    size_t n_folds;
    const char *const *copied; /* of `jets`, kept as stored; those that are absent are skipped */
    size_t n_copied;
    uint64_t limit;       /* rows over all files; 0: all */
    bool zero_non_finite; /* take `instead` for values that are not finite, and count */
};

/* Of one set in one block. Real entries come first, in order; what follows them is unspecified. */
struct eval_part {
    size_t width; /* entries a row has room for (1 for one entry a jet) */
    float *value; /* rows x width x n_columns */
    unsigned char
        *valid;     /* rows x width, as stored but cut to `most`: which places held real entries */
    int32_t *count; /* real entries of each row */
    int32_t *total; /* the same before the cut to `most` */
    size_t room_values, room_rows;
};

struct eval_block {
    uint64_t first; /* row over all files */
    size_t rows;
    struct eval_part *part; /* one a set of the query */
    double *number;         /* rows x n_numbers */
    uint16_t *fold;         /* rows, the field modulo n_folds */
    unsigned char *copied;  /* rows x eval_reader_copied_bytes */
    size_t n_parts, room_numbers, room_copied, room_folds;
};

struct eval_reader_counts {
    uint64_t non_finite; /* values replaced */
    uint64_t truncated;  /* jets with more than `most` entries in a set */
    uint64_t empty;      /* jets without entries in the first set that has `valid` */
};

struct eval_reader;

/* Opens every file once to check that it has what the query wants, then stands before the first
 * row. `query` and `paths` must stay. */
enum kaon_status kaon_eval_reader_open(struct eval_reader **reader, const struct eval_query *query,
                                       const char *const *paths, size_t n_paths,
                                       struct kaon_msg *msg);
void kaon_eval_reader_close(struct eval_reader *reader);

/* Restricts the reader to part `index` of `count`: of all N rows, limit applied, the ones from
 * floor(index * N / count) to floor((index + 1) * N / count), both moved down to where a chunk of the
 * widest set begins. Stands before the first of them. */
enum kaon_status kaon_eval_reader_part(struct eval_reader *reader, uint64_t index, uint64_t count,
                                       struct kaon_msg *msg);
uint64_t kaon_eval_reader_first(const struct eval_reader *reader); /* row of the part */
uint64_t kaon_eval_reader_all(const struct eval_reader *reader);   /* rows of all parts */

/* Reads the next block; rows is 0 at the end. The block grows as needed: zero-initialise it. */
enum kaon_status kaon_eval_reader_next(struct eval_reader *reader, struct eval_block *block,
                                       struct kaon_msg *msg);
void kaon_eval_block_close(struct eval_block *block);

uint64_t kaon_eval_reader_rows(const struct eval_reader *reader); /* of the part */
uint64_t kaon_eval_reader_file_rows(const struct eval_reader *reader, size_t path); /* no limit */
size_t kaon_eval_reader_width(const struct eval_reader *reader,
                              size_t set); /* largest over the files */
const struct eval_reader_counts *kaon_eval_reader_counts(const struct eval_reader *reader);

/* What a user may want to know, one sentence each; NULL past the last. */
const char *kaon_eval_reader_note(const struct eval_reader *reader, size_t index);

/* The compound of the copied fields, a libhdf5 identifier owned by the reader; -1: none. */
int64_t kaon_eval_reader_copied_type(const struct eval_reader *reader);
size_t kaon_eval_reader_copied_bytes(const struct eval_reader *reader);

/* Attribute `writer_version` of the first file, or NULL. */
const char *kaon_eval_reader_writer_version(const struct eval_reader *reader);

#endif
