#include "tools/model/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/cli/fail.h"

static enum kaon_status no_digest(struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_NO_MEMORY, "SHA-256 cannot be computed");
}

static void to_hex(struct kaon_digest *digest, const unsigned char *raw)
{
    for (int i = 0; i < 32; i++)
        snprintf(digest->hex + 2 * i, 3, "%02x", raw[i]);
}

enum kaon_status kaon_digest_memory(struct kaon_digest *digest, const void *data, size_t bytes,
                                    struct kaon_msg *msg)
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    if (!EVP_Digest(data, bytes, raw, NULL, EVP_sha256(), NULL))
        return no_digest(msg);
    to_hex(digest, raw);
    return KAON_OK;
}

/* Feeds the whole stream to the digest, by pieces. */
static enum kaon_status digest_stream(struct kaon_digest *digest, EVP_MD_CTX *ctx, FILE *file,
                                      const char *path, uint64_t *bytes, struct kaon_msg *msg)
{
    unsigned char piece[16384], raw[EVP_MAX_MD_SIZE];
    size_t n;

    *bytes = 0;
    if (!EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
        return no_digest(msg);
    while ((n = fread(piece, 1, sizeof piece, file)) > 0) {
        *bytes += n;
        if (!EVP_DigestUpdate(ctx, piece, n))
            return no_digest(msg);
    }
    if (ferror(file))
        return kaon_cli_fail_errno(msg, path, errno);
    if (!EVP_DigestFinal_ex(ctx, raw, NULL))
        return no_digest(msg);
    to_hex(digest, raw);
    return KAON_OK;
}

enum kaon_status kaon_digest_file(struct kaon_digest *digest, const char *path, uint64_t *bytes,
                                  struct kaon_msg *msg)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return kaon_cli_fail_errno(msg, path, errno);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const enum kaon_status st =
        ctx ? digest_stream(digest, ctx, file, path, bytes, msg) : no_digest(msg);
    EVP_MD_CTX_free(ctx);
    fclose(file);
    return st;
}
