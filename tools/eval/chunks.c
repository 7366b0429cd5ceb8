#include "tools/eval/chunks.h"

#include "tools/eval/filters.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* More than any file of jets has; a file that claims more is broken. */
static const size_t most_chunk = (size_t)1 << 29;
enum { CHECKSUM = 4 }; /* bytes that fletcher32 adds at the end */

/* ---- once ------------------------------------------------------------------------------------ */

/* A source that is missing would be read as fill values without a word. */
static enum kaon_status check_sources(const struct eval_array *t, hid_t plist, struct kaon_msg *msg)
{
    size_t count = 0;
    if (H5Pget_virtual_count(plist, &count) < 0)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: dataset '%s' is virtual and broken", t->path,
                             t->name);
    const char *slash = strrchr(t->path, '/');
    const int folder = slash ? (int)(slash - t->path) + 1 : 0;
    for (size_t i = 0; i < count; i++) {
        char source[PATH_MAX], beside[2 * PATH_MAX];
        if (H5Pget_virtual_filename(plist, i, source, sizeof source) < 0)
            continue;
        source[sizeof source - 1] = '\0';
        const int fits = snprintf(beside, sizeof beside, "%.*s%s", folder, t->path, source);
        if (fits < (int)sizeof beside && strcmp(source, ".") && !strchr(source, '%') &&
            access(beside, R_OK) && access(source, R_OK))
            return kaon_cli_fail(msg, KAON_BAD_INPUT,
                                 "%s: dataset '%s' is virtual over '%s', which cannot be read",
                                 t->path, t->name, source);
    }
    return KAON_OK;
}

/* Keeps the filters in t; those that we cannot size are refused. */
static enum kaon_status read_filters(struct eval_array *t, hid_t plist, struct kaon_msg *msg)
{
    static const H5Z_filter_t known[] = { H5Z_FILTER_DEFLATE,    H5Z_FILTER_SHUFFLE,
                                          H5Z_FILTER_FLETCHER32, EVAL_FILTER_LZ4,
                                          EVAL_FILTER_LZF,       EVAL_FILTER_ZSTD };
    const int n = H5Pget_nfilters(plist);
    for (int i = 0; i < n; i++) {
        unsigned flags, config;
        size_t values = 0, k = 0;
        const H5Z_filter_t filter =
            H5Pget_filter2(plist, (unsigned)i, &flags, &values, NULL, 0, NULL, &config);
        while (k < sizeof known / sizeof *known && known[k] != filter)
            k++;
        if (k == sizeof known / sizeof *known || i == EVAL_MOST_FILTERS)
            return kaon_cli_fail(
                msg, KAON_BAD_INPUT,
                "%s: dataset '%s' is stored with HDF5 filter %d, which is not supported", t->path,
                t->name, (int)filter);
        t->filter[t->n_filters++] = filter;
    }
    return n < 0 ? kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: dataset '%s' has broken filters",
                                 t->path, t->name)
                 : KAON_OK;
}

static enum kaon_status read_chunk_shape(struct eval_array *t, hid_t plist, struct kaon_msg *msg)
{
    hsize_t dims[H5S_MAX_RANK];
    size_t bytes = H5Tget_size(t->type);
    if (bytes == 0 || H5Pget_chunk(plist, t->rank, dims) != t->rank)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: dataset '%s' has broken chunks", t->path,
                             t->name);
    for (int i = 0; i < t->rank; i++)
        bytes =
            bytes == 0 || dims[i] > most_chunk / bytes ? most_chunk + 1 : bytes * (size_t)dims[i];
    if (bytes == 0 || bytes > most_chunk)
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: dataset '%s' has chunks of more than %zu MiB, or of none",
                             t->path, t->name, most_chunk >> 20);
    for (int i = 0; i < t->rank; i++)
        t->chunk[i] = (size_t)dims[i];
    t->chunk_bytes = bytes;
    size_t across = 1;
    for (int i = 1; i < t->rank; i++)
        across *= (t->dim[i] + t->chunk[i] - 1) / t->chunk[i];
    if (across > EVAL_MOST_WIDTH)
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: dataset '%s' is cut into %zu chunks across, too many", t->path,
                             t->name, across);
    return read_filters(t, plist, msg);
}

static enum kaon_status check_whole(const struct eval_array *t, struct kaon_msg *msg)
{
    const uint64_t stored = H5Dget_storage_size(t->dataset);
    uint64_t each = H5Tget_size(t->type);
    for (int i = 1; i < t->rank; i++)
        each *= t->dim[i];
    if (t->rows == 0 || stored == 0 || (each > 0 && stored / each >= t->rows))
        return KAON_OK;
    return kaon_cli_fail(msg, KAON_BAD_INPUT,
                         "%s: dataset '%s' holds %llu bytes, fewer than its shape needs", t->path,
                         t->name, (unsigned long long)stored);
}

enum kaon_status kaon_eval_chunks_open(struct eval_array *t, struct kaon_msg *msg)
{
    const hid_t plist = H5Dget_create_plist(t->dataset);
    const H5D_layout_t layout = plist < 0 ? H5D_LAYOUT_ERROR : H5Pget_layout(plist);
    enum kaon_status status = KAON_OK;
    if (layout == H5D_CHUNKED)
        status = read_chunk_shape(t, plist, msg);
    else if (layout == H5D_VIRTUAL)
        status = check_sources(t, plist, msg);
    else
        status = check_whole(t, msg);
    if (plist >= 0)
        H5Pclose(plist);
    return status;
}

/* ---- each chunk ------------------------------------------------------------------------------ */

/* Bytes that a deflate stream holds, at most `most` + 1. */
static size_t inflated(const unsigned char *data, size_t bytes, size_t most)
{
    unsigned char window[1 << 14];
    z_stream z = { .next_in = (unsigned char *)(uintptr_t)data, .avail_in = (uInt)bytes };
    if (inflateInit(&z) != Z_OK)
        return 0;
    int status = Z_OK;
    while (status == Z_OK && z.total_out <= most) {
        z.next_out = window;
        z.avail_out = sizeof window;
        status = inflate(&z, Z_NO_FLUSH);
    }
    const size_t total = z.total_out;
    inflateEnd(&z);
    return status == Z_STREAM_END || total > most ? total : 0;
}

/* Bytes that a chunk decodes to, as far as filters of libhdf5 are concerned: ours check for
 * themselves, and then it is SIZE_MAX. */
static size_t decoded(const struct eval_array *t, const unsigned char *data, size_t bytes,
                      uint32_t skipped)
{
    for (size_t i = t->n_filters; i-- > 0;) {
        if (skipped >> i & 1)
            continue;
        if (t->filter[i] == H5Z_FILTER_FLETCHER32)
            bytes = bytes > CHECKSUM ? bytes - CHECKSUM : 0;
        else if (t->filter[i] == H5Z_FILTER_DEFLATE)
            /* what is inside it, a checksum apart, can only keep its size */
            bytes = inflated(data, bytes, t->chunk_bytes + CHECKSUM);
        else if (t->filter[i] != H5Z_FILTER_SHUFFLE)
            return SIZE_MAX;
    }
    return bytes;
}

/* Bytes of a chunk that no filter touches, as the index has them: that many are read of it. */
static size_t indexed(const struct eval_array *t, const hsize_t *offset, size_t stored)
{
    unsigned skipped;
    haddr_t address;
    hsize_t bytes;
    if (H5Dget_chunk_info_by_coord(t->dataset, offset, &skipped, &address, &bytes) < 0)
        return 0;
    return bytes < stored ? (size_t)bytes : stored;
}

static enum kaon_status check_chunk(const struct eval_array *t, const hsize_t *offset,
                                    struct kaon_msg *msg)
{
    hsize_t stored = 0;
    size_t got = 0;
    /* found in the way of H5Dread_chunk, which reads as many bytes as this says */
    if (H5Dget_chunk_storage_size(t->dataset, offset, &stored) >= 0 && stored == 0)
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: dataset '%s' was never written from row %llu on", t->path,
                             t->name, (unsigned long long)offset[0]);
    if (t->n_filters == 0)
        got = indexed(t, offset, (size_t)stored);
    else if (stored > 0 && stored <= 2 * most_chunk) {
        unsigned char *data = malloc((size_t)stored);
        uint32_t mask = 0;
        if (!data)
            return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
        if (H5Dread_chunk(t->dataset, H5P_DEFAULT, offset, &mask, data) >= 0)
            got = decoded(t, data, (size_t)stored, mask);
        free(data);
    }
    if (got >= t->chunk_bytes)
        return KAON_OK;
    return kaon_cli_fail(
        msg, KAON_BAD_INPUT,
        "%s: dataset '%s' is broken at row %llu: a chunk of %zu bytes decodes to %zu", t->path,
        t->name, (unsigned long long)offset[0], t->chunk_bytes, got);
}

/* All chunks that begin at a row. */
static enum kaon_status check_row_of_chunks(const struct eval_array *t, uint64_t row,
                                            struct kaon_msg *msg)
{
    const size_t width = t->rank > 1 ? t->dim[1] : 1, depth = t->rank > 2 ? t->dim[2] : 1;
    const size_t step[2] = { t->rank > 1 ? t->chunk[1] : 1, t->rank > 2 ? t->chunk[2] : 1 };
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < width; i += step[0])
        for (size_t k = 0; !status && k < depth; k += step[1]) {
            const hsize_t offset[EVAL_MOST_RANK] = { row, i, k };
            status = check_chunk(t, offset, msg);
        }
    return status;
}

enum kaon_status kaon_eval_chunks_check(struct eval_array *t, uint64_t first, size_t rows,
                                        struct kaon_msg *msg)
{
    const uint64_t end = first + rows;
    enum kaon_status status = KAON_OK;
    if (t->chunk_bytes == 0)
        return KAON_OK;
    if (t->sound > first)
        first = t->sound;
    for (uint64_t row = first - first % t->chunk[0]; !status && row < end; row += t->chunk[0]) {
        status = check_row_of_chunks(t, row, msg);
        t->sound = status ? t->sound : row + t->chunk[0];
    }
    return status;
}
