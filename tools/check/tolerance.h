/* How far a result may be from what is expected of it. */
#ifndef KAON_TOOLS_CHECK_TOLERANCE_H
#define KAON_TOOLS_CHECK_TOLERANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/kaon.h"

/* |got - want| <= atol + rtol * |want| */
struct kaon_tolerance {
    double rtol, atol;
    bool shape_only; /* the outputs are drawn at random */
};

struct kaon_tolerance_row {
    char *key; /* GROUP/NAME */
    struct kaon_tolerance tolerance;
};

/* The rows of an index.tsv, sorted by key. */
struct kaon_tolerance_index {
    struct kaon_tolerance_row *row;
    size_t n;
};

/* Reads a tab-separated file whose header line names at least the columns group, name, rtol and
 * atol; a column notes that holds "random" sets shape_only. */
enum kaon_status kaon_tolerance_index_read(struct kaon_tolerance_index *index, const char *path,
                                           struct kaon_msg *msg);

/* Sets *tolerance if the index has the case in `folder`, known by its last two path components. */
void kaon_tolerance_from_index(struct kaon_tolerance *tolerance,
                               const struct kaon_tolerance_index *index, const char *folder);

/* Sets what folder/tolerances.json, if there is one, has as numbers "rtol" and "atol". */
enum kaon_status kaon_tolerance_from_json(struct kaon_tolerance *tolerance, const char *folder,
                                          struct kaon_msg *msg);

void kaon_tolerance_index_free(struct kaon_tolerance_index *index);

#endif
