/* SHA-256. */
#ifndef KAON_TOOLS_MODEL_DIGEST_H
#define KAON_TOOLS_MODEL_DIGEST_H

#include <stddef.h>

#include "engine/kaon.h"

struct kaon_digest {
    char hex[65];
};

enum kaon_status kaon_digest_memory(struct kaon_digest *digest, const void *data, size_t bytes,
                                    struct kaon_msg *msg);

/* Of a file; *bytes gets its size. */
enum kaon_status kaon_digest_file(struct kaon_digest *digest, const char *path, uint64_t *bytes,
                                  struct kaon_msg *msg);

#endif
