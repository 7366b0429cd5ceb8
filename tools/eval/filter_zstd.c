/* zstd as HDF5 filter 32015: a chunk is one frame. Reading only. */
#include "tools/eval/filters.h"

#include <hdf5.h>
#include <stdlib.h>
#include <zstd.h>

enum { RATIO = 1 << 17 }; /* a block of three bytes repeats one byte 128 KiB long */

size_t kaon_eval_filter_zstd(unsigned flags, size_t n_values, const unsigned *values, size_t bytes,
                             size_t *room, void **data)
{
    (void)n_values, (void)values;
    if (!(flags & H5Z_FLAG_REVERSE))
        return 0;
    const unsigned long long total = ZSTD_getFrameContentSize(*data, bytes);
    if (total == ZSTD_CONTENTSIZE_ERROR || total == ZSTD_CONTENTSIZE_UNKNOWN ||
        !kaon_eval_filters_believable((size_t)total, bytes, RATIO))
        return 0;
    void *to = malloc((size_t)total);
    const size_t got = to ? ZSTD_decompress(to, (size_t)total, *data, bytes) : 0;
    if (ZSTD_isError(got) || got != total) {
        free(to);
        return 0;
    }
    free(*data);
    *data = to;
    *room = (size_t)total;
    return got;
}
