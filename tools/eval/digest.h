/* SHA-256, of files and of results. */
#ifndef KAON_TOOLS_EVAL_DIGEST_H
#define KAON_TOOLS_EVAL_DIGEST_H

#include "tools/cli/fail.h"

#include <stddef.h>

struct eval_digest {
    void *context; /* NULL: failed for lack of memory; later calls then do nothing */
};

struct eval_digest kaon_eval_digest_begin(void);
void kaon_eval_digest_add(struct eval_digest *digest, const void *data, size_t bytes);

/* Hexadecimal, "" after a failure; frees. `text` may be NULL. */
void kaon_eval_digest_end(struct eval_digest *digest, char text[65]);

enum kaon_status kaon_eval_digest_file(const char *path, char text[65], struct kaon_msg *msg);

#endif
