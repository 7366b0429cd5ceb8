/* Named columns of an open HDF5 file, for each jet ([N]) or each entry of a jet ([N,M]).
 *
 * Either the fields of one compound dataset, ATLAS's way; or arrays of one length, each a column
 * (weaver's plain HDF5) or, with one axis more, several (JetNet, NumPy): those in a group of the
 * table's name, the array of that name, or those at the root. A column of such an array is called
 * "array[k]", or as the table in components.c has it. */
#ifndef KAON_TOOLS_EVAL_TABLE_H
#define KAON_TOOLS_EVAL_TABLE_H

#include "tools/eval/packed.h"

struct eval_member {
    const char *name;      /* "pt" */
    const char *where;     /* dataset that holds it */
    size_t component;      /* place on its last axis, if it has one more than the table */
    struct eval_array *in; /* NULL: not opened yet */
};

struct eval_table {
    const char *path, *name; /* for sentences */
    hid_t file;
    struct eval_pool *pool;
    uint64_t rows;
    size_t width; /* M, or 1; of arrays 0 until a column is asked for */
    int rank;
    size_t chunk_rows; /* 0: not chunked, or not known */
    bool is_compound;
    struct eval_array **array; /* those that are open */
    size_t n_arrays;
    struct eval_member *column;
    const char **member; /* names of the columns */
    size_t n_members;
    unsigned char *packed; /* whole elements of a compound as they were read last, for all views */
    size_t packed_room;
    uint64_t packed_first;
    size_t packed_rows;
};

/* Opens `name`, of rank 1 or 2; strings come from the pool, and it and `path`, `name` must stay. */
enum kaon_status kaon_eval_table_open(struct eval_table *table, hid_t file, const char *path,
                                      const char *name, int rank, struct eval_pool *pool,
                                      struct kaon_msg *msg);
void kaon_eval_table_close(struct eval_table *table);

/* The member that is meant by `name`; refuses one that is no number. The sentence on failure is one
 * that names what was tried, for whom (`by`) and what looks alike. */
enum kaon_status kaon_eval_table_field(struct eval_table *table, const char *name, const char *by,
                                       size_t *member, struct kaon_msg *msg);

/* The type in which a member is stored; to be closed. Negative on failure. */
hid_t kaon_eval_table_type(struct eval_table *table, size_t member);

/* Whether a member is a float of half precision. */
bool kaon_eval_table_is_half(struct eval_table *table, size_t member);

/* Columns that are read together, as entries of `bytes` bytes. */
struct eval_view {
    struct eval_table *table;
    size_t bytes, n;
    struct {
        size_t member, at;
        hid_t type; /* owned */
    } * column;
    hid_t compound;                  /* of a compound table; -1 before the first read */
    struct eval_packed_field *field; /* of each column, where whole elements are read; else NULL */
    unsigned char *scratch;
    size_t room;
};

/* Room for up to `most` columns, from the table's pool. */
enum kaon_status kaon_eval_view_open(struct eval_view *view, struct eval_table *table, size_t most,
                                     struct kaon_msg *msg);

/* Adds a member as `type` at byte `at` of an entry, each member once. */
enum kaon_status kaon_eval_view_add(struct eval_view *view, size_t member, hid_t type, size_t at,
                                    struct kaon_msg *msg);

/* Reads rows [first, first + rows) to rows x width entries; bytes between columns are kept. */
enum kaon_status kaon_eval_view_read(struct eval_view *view, uint64_t first, size_t rows, void *to,
                                     struct kaon_msg *msg);
void kaon_eval_view_close(struct eval_view *view);

#endif
