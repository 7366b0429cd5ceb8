#include "tools/eval/digest.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 4, HASH = 32 };

struct eval_hasher {
    EVP_MD *sha256; /* looked up once: OpenSSL takes longer for that than for a jet */
    EVP_MD_CTX *context;
    bool failed;
};

void kaon_eval_digest_join(struct eval_digest *to, const struct eval_digest *from)
{
    unsigned carry = 0;
    for (size_t i = 0; i < WORDS; i++) {
        const uint64_t sum = to->word[i] + from->word[i], all = sum + carry;
        carry = (sum < from->word[i]) | (all < sum);
        to->word[i] = all;
    }
}

void kaon_eval_digest_text(const struct eval_digest *digest, char text[EVAL_DIGEST_TEXT])
{
    for (size_t i = 0; i < WORDS; i++)
        snprintf(text + 16 * i, 17, "%016" PRIx64, digest->word[WORDS - 1 - i]);
}

bool kaon_eval_digest_parse(struct eval_digest *digest, const char *text)
{
    if (strlen(text) != EVAL_DIGEST_TEXT - 1 ||
        strspn(text, "0123456789abcdef") != EVAL_DIGEST_TEXT - 1)
        return false;
    for (size_t i = 0; i < WORDS; i++) {
        char digits[17] = "";
        memcpy(digits, text + 16 * i, 16);
        digest->word[WORDS - 1 - i] = strtoull(digits, NULL, 16);
    }
    return true;
}

struct eval_hasher *kaon_eval_hasher_open(void)
{
    struct eval_hasher *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    h->context = EVP_MD_CTX_new();
    if (h->sha256 && h->context)
        return h;
    kaon_eval_hasher_close(h);
    return NULL;
}

void kaon_eval_hasher_close(struct eval_hasher *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->context);
    EVP_MD_free(h->sha256);
    free(h);
}

void kaon_eval_hasher_begin(struct eval_hasher *h, uint64_t row)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(row >> 8 * i);
    h->failed |= !EVP_DigestInit_ex(h->context, h->sha256, NULL);
    kaon_eval_hasher_add(h, bytes, sizeof bytes);
}

void kaon_eval_hasher_add(struct eval_hasher *h, const void *data, size_t bytes)
{
    h->failed |= bytes && !EVP_DigestUpdate(h->context, data, bytes);
}

bool kaon_eval_hasher_end(struct eval_hasher *h, struct eval_digest *digest)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    h->failed |= !EVP_DigestFinal_ex(h->context, hash, &length) || length != HASH;
    if (h->failed)
        return false;
    struct eval_digest jet = { { 0 } };
    for (size_t i = 0; i < HASH; i++) {
        uint64_t *word = &jet.word[WORDS - 1 - i / 8];
        *word = *word << 8 | hash[i];
    }
    kaon_eval_digest_join(digest, &jet);
    return true;
}
