#include "tools/eval/sheet.h"

#include "tools/eval/filters.h"

#include <stdlib.h>

enum { GZIP_LEVEL = 4 };

static herr_t add_filters(hid_t plist, enum eval_compression how)
{
    if (how == EVAL_LZ4)
        return H5Pset_filter(plist, EVAL_FILTER_LZ4, 0, 0, NULL);
    if (how == EVAL_GZIP && H5Pset_shuffle(plist) < 0)
        return -1;
    return how == EVAL_GZIP ? H5Pset_deflate(plist, GZIP_LEVEL) : 0;
}

/* No times in it: they would differ from run to run. */
static hid_t make_plist(int rank, const hsize_t *dims, size_t chunk, enum eval_compression how)
{
    const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunks[2] = { chunk, rank == 2 ? dims[1] : 0 };
    const bool chunked = dims[0] > 0 && (rank == 1 || dims[1] > 0);
    if (plist < 0)
        return plist;
    if (H5Pset_obj_track_times(plist, 0) >= 0 &&
        (!chunked || (H5Pset_chunk(plist, rank, chunks) >= 0 && add_filters(plist, how) >= 0)))
        return plist;
    H5Pclose(plist);
    return -1;
}

/* A cache that holds nothing: a whole chunk goes to the file when it is written. */
static hid_t make_access(void)
{
    const hid_t plist = H5Pcreate(H5P_DATASET_ACCESS);
    if (plist >= 0)
        H5Pset_chunk_cache(plist, 0, 0, 0);
    return plist;
}

bool kaon_eval_sheet_open(struct eval_sheet *s, hid_t location, const char *name, hid_t type,
                          int rank, uint64_t rows, uint64_t width, size_t chunk,
                          enum eval_compression how)
{
    const hsize_t dims[2] = { rows, width };
    *s = (struct eval_sheet){ .dataset = -1, .type = type, .rows = rows, .width = width };
    if (type < 0)
        return false;
    s->chunk = rows == 0 ? 1 : rows < chunk ? (size_t)rows : chunk;
    s->row_bytes = H5Tget_size(type) * (rank == 2 ? (size_t)width : 1);
    s->waiting = malloc(s->chunk * s->row_bytes + 1);
    const hid_t space = H5Screate_simple(rank, dims, NULL);
    const hid_t plist = make_plist(rank, dims, s->chunk, how), access = make_access();
    if (s->waiting && space >= 0 && plist >= 0 && access >= 0)
        s->dataset = H5Dcreate2(location, name, type, space, H5P_DEFAULT, plist, access);
    if (access >= 0)
        H5Pclose(access);
    if (plist >= 0)
        H5Pclose(plist);
    if (space >= 0)
        H5Sclose(space);
    return s->dataset >= 0;
}

size_t kaon_eval_sheet_room(const struct eval_sheet *s)
{
    const uint64_t left = s->rows - s->written - s->n;
    return s->chunk - s->n < left ? s->chunk - s->n : (size_t)left;
}

unsigned char *kaon_eval_sheet_next(struct eval_sheet *s)
{
    return s->waiting + s->n * s->row_bytes;
}

static bool write_waiting(struct eval_sheet *s)
{
    const hid_t file = H5Dget_space(s->dataset);
    const int rank = file < 0 ? 0 : H5Sget_simple_extent_ndims(file);
    const hsize_t start[2] = { s->written, 0 }, count[2] = { s->n, s->width };
    const hid_t memory = rank > 0 ? H5Screate_simple(rank, count, NULL) : -1;
    const bool written = memory >= 0 &&
                         H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                         H5Dwrite(s->dataset, s->type, memory, file, H5P_DEFAULT, s->waiting) >= 0;
    if (memory >= 0)
        H5Sclose(memory);
    if (file >= 0)
        H5Sclose(file);
    s->written += s->n;
    s->n = 0;
    return written;
}

bool kaon_eval_sheet_put(struct eval_sheet *s, size_t n)
{
    s->n += n;
    if (s->n < s->chunk && s->written + s->n < s->rows)
        return true;
    return s->n == 0 || write_waiting(s);
}

bool kaon_eval_sheet_close(struct eval_sheet *s)
{
    const bool closed = s->dataset < 0 || H5Dclose(s->dataset) >= 0;
    if (s->type >= 0)
        H5Tclose(s->type);
    free(s->waiting);
    *s = (struct eval_sheet)EVAL_NO_SHEET;
    return closed;
}
