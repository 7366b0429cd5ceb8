#include "tests/eval/npz.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "tools/io/npy.h"

static unsigned char *load(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *bytes = (size_t)ftell(file);
    rewind(file);
    unsigned char *data = malloc(*bytes);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *bytes, file), *bytes);
    fclose(file);
    return data;
}

static uint32_t le(const unsigned char *p, int n)
{
    uint32_t v = 0;
    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

/* The central directory: where each member begins. */
static const unsigned char *directory(const unsigned char *zip, size_t bytes, size_t *members)
{
    for (size_t at = bytes - 22; at > 0; at--)
        if (!memcmp(zip + at, "PK\5\6", 4)) {
            *members = le(zip + at + 10, 2);
            return zip + le(zip + at + 16, 4);
        }
    return NULL;
}

static void inflate_member(const unsigned char *from, size_t packed, unsigned char *to,
                           size_t bytes)
{
    z_stream z = { .next_in = (unsigned char *)(uintptr_t)from,
                   .avail_in = (uInt)packed,
                   .next_out = to,
                   .avail_out = (uInt)bytes };
    assert_int_equal(inflateInit2(&z, -MAX_WBITS), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    inflateEnd(&z);
}

void npz_open(struct npz *npz, const char *path)
{
    npz->zip = load(path, &npz->bytes);
}

void npz_close(struct npz *npz)
{
    free(npz->zip);
}

unsigned char *npz_member(const struct npz *npz, const char *name, size_t *bytes)
{
    size_t members = 0;
    const unsigned char *at = directory(npz->zip, npz->bytes, &members);
    const size_t length = strlen(name);
    for (; members > 0 && (le(at + 28, 2) != length + 4 || memcmp(at + 46, name, length));
         members--)
        at += 46 + le(at + 28, 2) + le(at + 30, 2) + le(at + 32, 2);
    if (members == 0)
        return NULL;
    const size_t packed = le(at + 20, 4);
    const unsigned char *local = npz->zip + le(at + 42, 4);
    const unsigned char *data = local + 30 + le(local + 26, 2) + le(local + 28, 2);
    *bytes = le(at + 24, 4);
    unsigned char *npy = malloc(*bytes);
    assert_non_null(npy);
    if (le(at + 10, 2) == 8)
        inflate_member(data, packed, npy, *bytes);
    else
        memcpy(npy, data, *bytes);
    return npy;
}

void npz_array(struct kaon_tensor *tensor, const struct npz *npz, const char *name)
{
    struct kaon_msg msg = { "" };
    size_t bytes = 0;
    unsigned char *npy = npz_member(npz, name, &bytes);
    assert_non_null(npy);
    if (kaon_npy_decode(tensor, npy, bytes, name, &msg))
        fail_msg("%s", msg.text);
    free(npy);
}

void npz_read(struct kaon_tensor *tensor, const char *path, const char *name)
{
    struct npz npz;
    npz_open(&npz, path);
    npz_array(tensor, &npz, name);
    npz_close(&npz);
}
