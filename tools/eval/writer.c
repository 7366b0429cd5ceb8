#include "tools/eval/writer.h"

#include "tools/cli/atomic.h"
#include "tools/eval/filters.h"
#include "tools/eval/h5util.h"

#include <stdlib.h>
#include <string.h>

enum { JET_CHUNK = 2000, TRACK_CHUNK = 500, GZIP_LEVEL = 4 };

struct sheet { /* one dataset being written */
    hid_t dataset, type;
    size_t bytes;       /* of an element in memory */
    unsigned char *row; /* buffer of a block */
    size_t room;
};

struct eval_writer {
    struct kaon_atomic file;
    const struct eval_spec *spec;
    hid_t h5;
    struct sheet jets, tracks;
    size_t copied_bytes, width, n_track_outputs;
    uint64_t rows;
};

/* ---- types ----------------------------------------------------------------------------------- */

/* The copied variables, then one float a class. */
static hid_t jets_type(const struct eval_writer *w, hid_t copied, size_t *bytes)
{
    const struct eval_spec *spec = w->spec;
    *bytes = w->copied_bytes + spec->n_given * sizeof(float);
    const hid_t type = H5Tcreate(H5T_COMPOUND, *bytes);
    bool fits = type >= 0;
    for (int i = 0; fits && copied >= 0 && i < H5Tget_nmembers(copied); i++) {
        char *name = H5Tget_member_name(copied, (unsigned)i);
        const hid_t member = H5Tget_member_type(copied, (unsigned)i);
        fits = name && member >= 0 &&
               H5Tinsert(type, name, H5Tget_member_offset(copied, (unsigned)i), member) >= 0;
        H5Tclose(member);
        H5free_memory(name);
    }
    for (size_t i = 0; fits && i < spec->n_given; i++)
        fits = H5Tinsert(type, spec->probability[i].published, w->copied_bytes + i * sizeof(float),
                         H5T_IEEE_F32LE) >= 0;
    return fits ? type : -1;
}

/* `valid`, then each output under the name that puma looks for and under its own. */
static hid_t tracks_type(const struct eval_writer *w, size_t *bytes)
{
    const struct eval_spec *spec = w->spec;
    *bytes = 1 + 2 * w->n_track_outputs;
    const hid_t type = H5Tcreate(H5T_COMPOUND, *bytes), mask = kaon_eval_h5_bool();
    bool fits = type >= 0 && mask >= 0 && H5Tinsert(type, "valid", 0, mask) >= 0;
    size_t at = 1;
    for (size_t o = 0; fits && o < spec->n_outputs; o++) {
        if (spec->output[o].kind != EVAL_OUT_TRACKS)
            continue;
        char puma[256];
        snprintf(puma, sizeof puma, "%s_aux_%s", spec->name, spec->output[o].task);
        fits = H5Tinsert(type, puma, at, H5T_STD_I8LE) >= 0 &&
               H5Tinsert(type, spec->output[o].published, at + 1, H5T_STD_I8LE) >= 0;
        at += 2;
    }
    if (mask >= 0)
        H5Tclose(mask);
    return fits ? type : -1;
}

/* ---- opening --------------------------------------------------------------------------------- */

static hid_t make_plist(int rank, const hsize_t *dims, size_t chunk, enum eval_compression how)
{
    const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    if (plist < 0 || dims[0] == 0)
        return plist;
    const hsize_t chunks[2] = { dims[0] < chunk ? dims[0] : chunk, rank == 2 ? dims[1] : 0 };
    herr_t status = H5Pset_chunk(plist, rank, chunks);
    if (how == EVAL_GZIP)
        status = status < 0 ? status : H5Pset_shuffle(plist);
    if (how == EVAL_GZIP)
        status = status < 0 ? status : H5Pset_deflate(plist, GZIP_LEVEL);
    if (how == EVAL_LZ4)
        status = status < 0 ? status : H5Pset_filter(plist, EVAL_FILTER_LZ4, 0, 0, NULL);
    if (status >= 0)
        return plist;
    H5Pclose(plist);
    return -1;
}

static bool make_dataset(struct eval_writer *w, struct sheet *sheet, const char *name, int rank,
                         size_t chunk, enum eval_compression how)
{
    const hsize_t dims[2] = { w->rows, w->width };
    const hid_t space = H5Screate_simple(rank, dims, NULL);
    const hid_t plist = make_plist(rank, dims, chunk, how);
    if (space >= 0 && plist >= 0 && sheet->type >= 0)
        sheet->dataset =
            H5Dcreate2(w->h5, name, sheet->type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    if (plist >= 0)
        H5Pclose(plist);
    if (space >= 0)
        H5Sclose(space);
    return sheet->dataset >= 0;
}

static size_t widest(const struct eval_spec *spec, const struct eval_reader *reader)
{
    size_t width = 0;
    for (size_t i = 0; i < spec->query.n_sets; i++)
        if (spec->query.set[i].valid && kaon_eval_reader_width(reader, i) > width)
            width = kaon_eval_reader_width(reader, i);
    return width;
}

static enum kaon_status cannot_write(const struct eval_writer *w, struct kaon_msg *msg)
{
    char reason[200];
    return kaon_cli_fail(msg, KAON_IO, "%s: cannot be written (libhdf5: %s)", w->file.path,
                         kaon_eval_h5_reason(reason, sizeof reason));
}

static bool open_datasets(struct eval_writer *w, hid_t copied, enum eval_compression how)
{
    w->h5 = H5Fcreate(w->file.temporary, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (w->h5 < 0)
        return false;
    w->jets.type = jets_type(w, copied, &w->jets.bytes);
    if (!make_dataset(w, &w->jets, "jets", 1, JET_CHUNK, how))
        return false;
    if (w->n_track_outputs == 0)
        return true;
    w->tracks.type = tracks_type(w, &w->tracks.bytes);
    return make_dataset(w, &w->tracks, "tracks", 2, TRACK_CHUNK, how);
}

enum kaon_status kaon_eval_writer_open(struct eval_writer **writer, const char *path, bool force,
                                       enum eval_compression compression,
                                       const struct eval_spec *spec,
                                       const struct eval_reader *reader, struct kaon_msg *msg)
{
    struct eval_writer *w = *writer = NULL;
    w = calloc(1, sizeof *w);
    if (!w)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    *w = (struct eval_writer){ .spec = spec, .h5 = -1, .rows = kaon_eval_reader_rows(reader) };
    w->jets.dataset = w->jets.type = w->tracks.dataset = w->tracks.type = -1;
    w->copied_bytes = kaon_eval_reader_copied_bytes(reader);
    w->width = widest(spec, reader);
    for (size_t o = 0; o < spec->n_outputs; o++)
        w->n_track_outputs += spec->output[o].kind == EVAL_OUT_TRACKS;
    enum kaon_status status = kaon_atomic_open(&w->file, path, force, msg);
    if (!status)
        status = kaon_atomic_detach(&w->file, msg);
    if (!status && !open_datasets(w, (hid_t)kaon_eval_reader_copied_type(reader), compression))
        status = cannot_write(w, msg);
    if (status)
        kaon_eval_writer_abandon(w);
    else
        *writer = w;
    return status;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static bool make_room(struct sheet *sheet, size_t elements)
{
    const size_t bytes = elements * sheet->bytes;
    if (bytes <= sheet->room && sheet->row)
        return true;
    free(sheet->row);
    sheet->row = malloc(bytes + 1);
    sheet->room = sheet->row ? bytes : 0;
    return sheet->row != NULL;
}

static bool write_rows(struct sheet *sheet, int rank, uint64_t first, size_t rows, size_t width)
{
    const hsize_t start[2] = { first, 0 }, count[2] = { rows, width };
    const hid_t file_space = H5Dget_space(sheet->dataset);
    const hid_t memory_space = H5Screate_simple(rank, count, NULL);
    const bool written =
        file_space >= 0 && memory_space >= 0 &&
        H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
        H5Dwrite(sheet->dataset, sheet->type, memory_space, file_space, H5P_DEFAULT, sheet->row) >=
            0;
    if (memory_space >= 0)
        H5Sclose(memory_space);
    if (file_space >= 0)
        H5Sclose(file_space);
    return written;
}

static void fill_jets(struct eval_writer *w, const struct eval_block *block,
                      const struct eval_result *result)
{
    const size_t scores = w->spec->n_given;
    for (size_t row = 0; row < block->rows; row++) {
        unsigned char *to = w->jets.row + row * w->jets.bytes;
        if (w->copied_bytes)
            memcpy(to, block->copied + row * w->copied_bytes, w->copied_bytes);
        memcpy(to + w->copied_bytes, result->probability + row * w->spec->n_probabilities,
               scores * sizeof(float));
    }
}

/* The set whose entries the per-track outputs speak of: the first with a mask. */
static const struct eval_part *tracks_of(const struct eval_writer *w,
                                         const struct eval_block *block)
{
    size_t i = 0;
    while (i < w->spec->query.n_sets && !w->spec->query.set[i].valid)
        i++;
    return i < w->spec->query.n_sets ? &block->part[i] : NULL;
}

/* Puts entry k of a jet where its k-th real track lies; other places hold 0 and valid = FALSE. */
static void fill_tracks(struct eval_writer *w, const struct eval_block *block,
                        const struct eval_result *result)
{
    const struct eval_part *part = tracks_of(w, block);
    memset(w->tracks.row, 0, block->rows * w->width * w->tracks.bytes);
    for (size_t row = 0; part && row < block->rows; row++)
        for (size_t place = 0, k = 0; place < part->width && place < w->width; place++) {
            if (!part->valid[row * part->width + place])
                continue;
            unsigned char *to = w->tracks.row + (row * w->width + place) * w->tracks.bytes;
            *to++ = 1;
            for (size_t o = 0; o < w->n_track_outputs; o++, to += 2)
                to[0] = to[1] =
                    (unsigned char)result->tracks[(o * block->rows + row) * result->width + k];
            k++;
        }
}

enum kaon_status kaon_eval_writer_add(struct eval_writer *w, const struct eval_block *block,
                                      const struct eval_result *result, struct kaon_msg *msg)
{
    if (!make_room(&w->jets, block->rows) ||
        (w->n_track_outputs && !make_room(&w->tracks, block->rows * w->width)))
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    fill_jets(w, block, result);
    if (!write_rows(&w->jets, 1, block->first, block->rows, 0))
        return cannot_write(w, msg);
    if (w->n_track_outputs == 0)
        return KAON_OK;
    fill_tracks(w, block, result);
    return write_rows(&w->tracks, 2, block->first, block->rows, w->width) ? KAON_OK
                                                                          : cannot_write(w, msg);
}

/* ---- the end --------------------------------------------------------------------------------- */

static bool write_text(hid_t file, const char *name, const char *value)
{
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    hid_t attribute = -1;
    bool written = false;
    if (type >= 0 && space >= 0 && H5Tset_size(type, strlen(value) + 1) >= 0 &&
        H5Tset_cset(type, H5T_CSET_UTF8) >= 0)
        attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute >= 0)
        written = H5Awrite(attribute, type, value) >= 0 && H5Aclose(attribute) >= 0;
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return written;
}

static bool close_sheet(struct sheet *sheet)
{
    bool closed = true;
    if (sheet->dataset >= 0)
        closed = H5Dclose(sheet->dataset) >= 0;
    if (sheet->type >= 0)
        H5Tclose(sheet->type);
    free(sheet->row);
    *sheet = (struct sheet){ .dataset = -1, .type = -1 };
    return closed;
}

static bool close_h5(struct eval_writer *w)
{
    const bool sheets = close_sheet(&w->jets) & close_sheet(&w->tracks);
    const bool flushed = w->h5 < 0 || H5Fflush(w->h5, H5F_SCOPE_LOCAL) >= 0;
    const bool file = w->h5 < 0 || H5Fclose(w->h5) >= 0;
    w->h5 = -1;
    return sheets && flushed && file;
}

enum kaon_status kaon_eval_writer_commit(struct eval_writer *w,
                                         const struct eval_attribute *attribute, size_t n,
                                         struct kaon_msg *msg)
{
    bool written = true;
    for (size_t i = 0; written && i < n; i++)
        written = !attribute[i].value || write_text(w->h5, attribute[i].name, attribute[i].value);
    written = close_h5(w) && written;
    enum kaon_status status = written ? KAON_OK : cannot_write(w, msg);
    if (!status)
        status = kaon_atomic_commit(&w->file, msg);
    kaon_eval_writer_abandon(w);
    return status;
}

void kaon_eval_writer_abandon(struct eval_writer *w)
{
    if (!w)
        return;
    close_h5(w);
    kaon_atomic_abandon(&w->file);
    free(w);
}
