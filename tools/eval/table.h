/* One dataset of an open HDF5 file: a compound [N] or [N,M]. */
#ifndef KAON_TOOLS_EVAL_TABLE_H
#define KAON_TOOLS_EVAL_TABLE_H

#include "tools/eval/h5util.h"

#include <stdint.h>

enum { EVAL_MOST_FILTERS = 8 };

struct eval_table {
    const char *path, *name; /* for sentences */
    hid_t dataset, type;
    uint64_t rows;
    size_t width; /* M, or 1 */
    int rank;
    size_t chunk_rows, chunk_width;         /* 0: not chunked */
    size_t chunk_bytes;                     /* decoded; 0: not chunked */
    H5Z_filter_t filter[EVAL_MOST_FILTERS]; /* in the order of writing */
    size_t n_filters;
    uint64_t sound; /* rows before this one were checked */
    const char *const *member;
    size_t n_members;
};

/* Opens `name`, of rank 1 or 2; strings come from the pool and `path`, `name` must stay. */
enum kaon_status kaon_eval_table_open(struct eval_table *table, hid_t file, const char *path,
                                      const char *name, int rank, struct eval_pool *pool,
                                      struct kaon_msg *msg);
void kaon_eval_table_close(struct eval_table *table);

/* The member that is meant by `name`; refuses one that is no number. The sentence on failure is one
 * that names what was tried, for whom (`by`) and what looks alike. */
enum kaon_status kaon_eval_table_field(const struct eval_table *table, const char *name,
                                       const char *by, const char **member, struct kaon_msg *msg);

/* Whether a member is a float of half precision. */
bool kaon_eval_table_is_half(const struct eval_table *table, size_t member);

/* Reads rows [first, first + rows) as the compound `type`. */
enum kaon_status kaon_eval_table_read(struct eval_table *table, hid_t type, uint64_t first,
                                      size_t rows, void *to, struct kaon_msg *msg);

#endif
