/* One dataset of an open HDF5 file, of rank 1 to 3, read by rows. */
#ifndef KAON_TOOLS_EVAL_ARRAY_H
#define KAON_TOOLS_EVAL_ARRAY_H

#include "tools/eval/h5util.h"

#include <stdint.h>

enum { EVAL_MOST_FILTERS = 8, EVAL_MOST_RANK = 3, EVAL_MOST_WIDTH = 4096 };

struct eval_array {
    const char *path, *name; /* for sentences; name is also where it lies in the file */
    hid_t dataset, type;
    int rank;
    uint64_t rows;
    size_t dim[EVAL_MOST_RANK];             /* dim[0] is unused: see rows */
    size_t chunk[EVAL_MOST_RANK];           /* elements; chunk[0] is 0 if it is not chunked */
    size_t chunk_bytes;                     /* decoded; 0: not chunked */
    H5Z_filter_t filter[EVAL_MOST_FILTERS]; /* in the order of writing */
    size_t n_filters;
    uint64_t sound; /* rows before this one were checked */
    hid_t transfer; /* how it is read; 0: as libhdf5 likes */
    void *room[2];  /* where elements are converted */
};

/* Opens a dataset. `path` and `name` must stay. */
enum kaon_status kaon_eval_array_open(struct eval_array *array, hid_t file, const char *path,
                                      const char *name, struct kaon_msg *msg);

/* Checks how it is stored, once, before it is read; opens it again with a cache that fits. */
enum kaon_status kaon_eval_array_check(struct eval_array *array, hid_t file, struct kaon_msg *msg);
void kaon_eval_array_close(struct eval_array *array);

/* Reads rows [first, first + rows) as elements of `type`; of an array with one axis more than
 * `rank` the places `component` of the last axis. */
enum kaon_status kaon_eval_array_read(struct eval_array *array, hid_t type, uint64_t first,
                                      size_t rows, int rank, size_t component, void *to,
                                      struct kaon_msg *msg);

/* Whether a type is a number of 1 to 8 bytes whose parts lie within it: libhdf5 converts whatever a
 * file describes. */
bool kaon_eval_type_is_number(hid_t type);

#endif
