/* LZ4 as HDF5 filter 32004: u64 bytes of the chunk, u32 bytes of a block, then for each block its
 * u32 packed size and a raw LZ4 block; all numbers big-endian. A packed size equal to the block's
 * bytes means that the block is stored as it is. */
#include "tools/eval/filters.h"

#include <hdf5.h>
#include <lz4.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 12, PREFIX = 4, LARGEST_BLOCK = LZ4_MAX_INPUT_SIZE, RATIO = 255 };

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_be32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> (24 - 8 * i));
}

/* Decodes the blocks; 0 if they do not give `total` bytes exactly. */
static int unpack(const unsigned char *from, size_t left, unsigned char *to, size_t total,
                  size_t block)
{
    while (total > 0) {
        const size_t want = total < block ? total : block;
        if (left < PREFIX)
            return 0;
        const size_t packed = be32(from);
        from += PREFIX, left -= PREFIX;
        if (packed > left)
            return 0;
        if (packed == want)
            memcpy(to, from, want);
        else if (LZ4_decompress_safe((const char *)from, (char *)to, (int)packed, (int)want) !=
                 (int)want)
            return 0;
        from += packed, left -= packed;
        to += want, total -= want;
    }
    return 1;
}

static size_t decode(size_t bytes, size_t *room, void **data)
{
    const unsigned char *from = *data;
    if (bytes < HEADER)
        return 0;
    const uint64_t total = (uint64_t)be32(from) << 32 | be32(from + 4);
    const size_t block = be32(from + 8);
    if (block == 0 || block > LARGEST_BLOCK || total > SIZE_MAX ||
        !kaon_eval_filters_believable((size_t)total, bytes, RATIO))
        return 0;
    unsigned char *to = malloc((size_t)total);
    if (!to || !unpack(from + HEADER, bytes - HEADER, to, (size_t)total, block)) {
        free(to);
        return 0;
    }
    free(*data);
    *data = to;
    *room = (size_t)total;
    return (size_t)total;
}

static size_t encode(size_t block, size_t bytes, size_t *room, void **data)
{
    if (block == 0 || block > bytes)
        block = bytes;
    if (bytes == 0 || block > LARGEST_BLOCK)
        return 0;
    const size_t blocks = (bytes + block - 1) / block;
    const size_t most = HEADER + blocks * (PREFIX + (size_t)LZ4_compressBound((int)block));
    unsigned char *to = malloc(most), *at = to;
    if (!to)
        return 0;
    put_be32(at, (uint32_t)((uint64_t)bytes >> 32));
    put_be32(at + 4, (uint32_t)bytes);
    put_be32(at + 8, (uint32_t)block);
    at += HEADER;
    const char *from = *data;
    for (size_t done = 0; done < bytes; done += block) {
        const size_t want = bytes - done < block ? bytes - done : block;
        size_t packed = (size_t)LZ4_compress_default(from + done, (char *)at + PREFIX, (int)want,
                                                     LZ4_compressBound((int)block));
        if (packed == 0 || packed >= want) {
            memcpy(at + PREFIX, from + done, want);
            packed = want;
        }
        put_be32(at, (uint32_t)packed);
        at += PREFIX + packed;
    }
    free(*data);
    *data = to;
    *room = most;
    return (size_t)(at - to);
}

size_t kaon_eval_filter_lz4(unsigned flags, size_t n_values, const unsigned *values, size_t bytes,
                            size_t *room, void **data)
{
    if (flags & H5Z_FLAG_REVERSE)
        return decode(bytes, room, data);
    const size_t usual = 1u << 30; /* hence one block a chunk */
    return encode(n_values > 0 && values[0] > 0 ? values[0] : usual, bytes, room, data);
}
