/* LZF as HDF5 filter 32000 (h5py's): a stream of
 *     000lllll                      l + 1 literal bytes follow
 *     lllhhhhh [extra] dddddddd     l + 2 bytes (l = 7: extra + 9) from h:d + 1 bytes back
 * The stream does not say how much it holds: the second-last of h5py's filter values does, in the
 * file's own header. Reading only. */
#include "tools/eval/filters.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

enum { RATIO = 264 / 3 + 1 }; /* three bytes give at most 264 */

/* Bytes written, or 0 if the stream is broken or wants more than `room`. */
static size_t unpack(const unsigned char *from, size_t bytes, unsigned char *to, size_t room)
{
    const unsigned char *const end = from + bytes;
    size_t done = 0;
    while (from < end) {
        const unsigned control = *from++;
        size_t length = control >> 5;
        if (length == 0) {
            length = control + 1;
            if (length > (size_t)(end - from) || length > room - done)
                return 0;
            memcpy(to + done, from, length);
            from += length;
        } else {
            if (length == 7) {
                if (from == end)
                    return 0;
                length += *from++;
            }
            length += 2;
            if (from == end)
                return 0;
            const size_t back = ((size_t)(control & 0x1f) << 8 | *from++) + 1;
            if (back > done || length > room - done)
                return 0;
            for (size_t i = 0; i < length; i++) /* may overlap: that is how runs are written */
                to[done + i] = to[done + i - back];
        }
        done += length;
    }
    return done;
}

size_t kaon_eval_filter_lzf(unsigned flags, size_t n_values, const unsigned *values, size_t bytes,
                            size_t *room, void **data)
{
    if (!(flags & H5Z_FLAG_REVERSE))
        return 0;
    size_t total = kaon_eval_filters_expected();
    if (total == 0 && n_values >= 3)
        total = values[2]; /* h5py: version, LZF version, chunk bytes */
    if (!kaon_eval_filters_believable(total, bytes, RATIO))
        return 0;
    const size_t most = total + 4; /* fletcher32 */
    unsigned char *to = malloc(most);
    const size_t got = to ? unpack(*data, bytes, to, most) : 0;
    if (got != total && got != most) {
        free(to);
        return 0;
    }
    free(*data);
    *data = to;
    *room = most;
    return got;
}
