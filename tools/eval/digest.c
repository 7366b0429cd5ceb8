#include "tools/eval/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>

struct eval_digest kaon_eval_digest_begin(void)
{
    struct eval_digest digest = {EVP_MD_CTX_new()};
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

enum kaon_status kaon_eval_digest_file(const char *path, char text[65], struct kaon_msg *msg)
{
    unsigned char buffer[1 << 14];
    FILE *file = fopen(path, "rb");
    if (!file)
        return kaon_cli_fail_errno(msg, path, errno);
    struct eval_digest digest = kaon_eval_digest_begin();
    size_t n;
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0)
        kaon_eval_digest_add(&digest, buffer, n);
    const int error = ferror(file) ? errno : 0;
    fclose(file);
    kaon_eval_digest_end(&digest, text);
    if (error)
        return kaon_cli_fail_errno(msg, path, error);
    return *text ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}
