/* A digest of what many jets gave that does not ask in which order or on which machine they came:
 * the sum modulo 2^256 of SHA-256(row as 8 little-endian bytes || bytes of the jet). Parts of a run
 * add up to the digest of the whole. */
#ifndef KAON_TOOLS_EVAL_DIGEST_H
#define KAON_TOOLS_EVAL_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A number of 256 bits, least word first. Zero is the digest of nothing. */
struct eval_digest {
    uint64_t word[4];
};

enum { EVAL_DIGEST_TEXT = 65 };

void kaon_eval_digest_join(struct eval_digest *to, const struct eval_digest *from);

/* 64 hexadecimal digits, and back; false if the text is anything else. */
void kaon_eval_digest_text(const struct eval_digest *digest, char text[EVAL_DIGEST_TEXT]);
bool kaon_eval_digest_parse(struct eval_digest *digest, const char *text);

/* What hashes one jet after the other; one per thread. NULL without memory. */
struct eval_hasher;
struct eval_hasher *kaon_eval_hasher_open(void);
void kaon_eval_hasher_close(struct eval_hasher *hasher);

/* One jet: its row over all files, its bytes in pieces, and its hash added to *digest. A hasher that
 * failed stays so, and `end` returns false. */
void kaon_eval_hasher_begin(struct eval_hasher *hasher, uint64_t row);
void kaon_eval_hasher_add(struct eval_hasher *hasher, const void *data, size_t bytes);
bool kaon_eval_hasher_end(struct eval_hasher *hasher, struct eval_digest *digest);

#endif
