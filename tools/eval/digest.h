/* SHA-256 of what comes in pieces. */
#ifndef KAON_TOOLS_EVAL_DIGEST_H
#define KAON_TOOLS_EVAL_DIGEST_H

#include <stddef.h>

struct eval_digest {
    void *context; /* NULL: failed for lack of memory; later calls then do nothing */
};

struct eval_digest kaon_eval_digest_begin(void);
void kaon_eval_digest_add(struct eval_digest *digest, const void *data, size_t bytes);

/* Hexadecimal, "" after a failure; frees. `text` may be NULL. */
void kaon_eval_digest_end(struct eval_digest *digest, char text[65]);

#endif
