/* What a file of data is known by, wherever it lies. */
#ifndef KAON_TOOLS_EVAL_SOURCE_H
#define KAON_TOOLS_EVAL_SOURCE_H

#include "tools/model/digest.h"

struct eval_source {
    const char *name; /* without its folder; points into the path */
    uint64_t bytes, rows;
    struct kaon_digest beginning; /* SHA-256 of its first MiB */
};

/* Looks at the file; `rows` is the caller's to fill. */
enum kaon_status kaon_eval_source_look(struct eval_source *source, const char *path,
                                       struct kaon_msg *msg);

#endif
