/* Finding cases: folders that hold a model.onnx, in ONNX's layout for tests. */
#ifndef KAON_TOOLS_CHECK_FIND_H
#define KAON_TOOLS_CHECK_FIND_H

#include <stddef.h>

#include "engine/kaon.h"
#include "tools/check/tolerance.h"

struct kaon_case {
    char *folder;
    char *name; /* of the folder, seen from where the search began */
    struct kaon_tolerance tolerance;
};

struct kaon_cases {
    struct kaon_case *at;
    size_t n;
};

/* Adds every case at and below `root`, in the order of their names. Symbolic links to folders are
 * not followed. Tolerances are left 0. */
enum kaon_status kaon_cases_find(struct kaon_cases *cases, const char *root, struct kaon_msg *msg);

/* Keeps the cases whose name holds `part`. */
void kaon_cases_keep(struct kaon_cases *cases, const char *part);

void kaon_cases_free(struct kaon_cases *cases);

#endif
