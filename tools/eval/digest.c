#include "tools/eval/digest.h"

#include <openssl/evp.h>
#include <stdio.h>

struct eval_digest kaon_eval_digest_begin(void)
{
    struct eval_digest digest = { EVP_MD_CTX_new() };
    if (digest.context && !EVP_DigestInit_ex(digest.context, EVP_sha256(), NULL)) {
        EVP_MD_CTX_free(digest.context);
        digest.context = NULL;
    }
    return digest;
}

void kaon_eval_digest_add(struct eval_digest *digest, const void *data, size_t bytes)
{
    if (digest->context && bytes)
        EVP_DigestUpdate(digest->context, data, bytes);
}

void kaon_eval_digest_end(struct eval_digest *digest, char text[65])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (digest->context && !EVP_DigestFinal_ex(digest->context, hash, &length))
        length = 0;
    EVP_MD_CTX_free(digest->context);
    digest->context = NULL;
    if (!text)
        return;
    text[0] = '\0';
    for (unsigned i = 0; i < length && i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
}
