#include "tools/eval/writer.h"

#include "tools/eval/h5out.h"

#include <stdlib.h>
#include <string.h>

struct eval_writer {
    struct eval_h5out *out; /* its file */
    hid_t location;
    const struct eval_spec *spec;
    struct eval_sheet jets, tracks;
    size_t copied_bytes, jet_bytes, track_bytes, width, n_track_outputs;
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

static size_t widest(const struct eval_spec *spec, const struct eval_reader *reader)
{
    size_t width = 0;
    for (size_t i = 0; i < spec->query.n_sets; i++)
        if (spec->query.set[i].valid && kaon_eval_reader_width(reader, i) > width)
            width = kaon_eval_reader_width(reader, i);
    return width;
}

static bool open_sheets(struct eval_writer *w, hid_t copied, uint64_t rows,
                        enum eval_compression how)
{
    const hid_t jets = jets_type(w, copied, &w->jet_bytes);
    if (!kaon_eval_sheet_open(&w->jets, w->location, "jets", jets, 1, rows, 1, EVAL_JET_CHUNK, how))
        return false;
    if (w->n_track_outputs == 0)
        return true;
    const hid_t tracks = tracks_type(w, &w->track_bytes);
    return kaon_eval_sheet_open(&w->tracks, w->location, "tracks", tracks, 2, rows, w->width,
                                EVAL_TRACK_CHUNK, how);
}

enum kaon_status kaon_eval_writer_open(struct eval_writer **writer, struct eval_h5out *out,
                                       hid_t location, enum eval_compression compression,
                                       const struct eval_spec *spec,
                                       const struct eval_reader *reader, struct kaon_msg *msg)
{
    struct eval_writer *w = *writer = calloc(1, sizeof *w);
    if (!w)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    *w = (struct eval_writer){ .out = out,
                               .location = location,
                               .spec = spec,
                               .jets = EVAL_NO_SHEET,
                               .tracks = EVAL_NO_SHEET };
    w->copied_bytes = kaon_eval_reader_copied_bytes(reader);
    w->width = widest(spec, reader);
    for (size_t o = 0; o < spec->n_outputs; o++)
        w->n_track_outputs += spec->output[o].kind == EVAL_OUT_TRACKS;
    if (open_sheets(w, (hid_t)kaon_eval_reader_copied_type(reader), kaon_eval_reader_rows(reader),
                    compression))
        return KAON_OK;
    kaon_eval_writer_close(w);
    *writer = NULL;
    return kaon_eval_h5out_failed(out, msg);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static void fill_jet(const struct eval_writer *w, const struct eval_block *block,
                     const struct eval_result *result, size_t row, unsigned char *to)
{
    const struct eval_spec *spec = w->spec;
    if (w->copied_bytes)
        memcpy(to, block->copied + row * w->copied_bytes, w->copied_bytes);
    memcpy(to + w->copied_bytes, result->probability + row * spec->n_probabilities,
           spec->n_given * sizeof(float));
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
static void fill_tracks(const struct eval_writer *w, const struct eval_block *block,
                        const struct eval_result *result, size_t row, unsigned char *jet)
{
    const struct eval_part *part = tracks_of(w, block);
    memset(jet, 0, w->width * w->track_bytes);
    for (size_t place = 0, k = 0; part && place < part->width && place < w->width; place++) {
        if (!part->valid[row * part->width + place])
            continue;
        unsigned char *to = jet + place * w->track_bytes;
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
    bool written = true;
    for (size_t row = 0; written && row < block->rows; row++) {
        fill_jet(w, block, result, row, kaon_eval_sheet_next(&w->jets));
        written = kaon_eval_sheet_put(&w->jets, 1);
        if (!written || w->n_track_outputs == 0)
            continue;
        fill_tracks(w, block, result, row, kaon_eval_sheet_next(&w->tracks));
        written = kaon_eval_sheet_put(&w->tracks, 1);
    }
    return written ? KAON_OK : kaon_eval_h5out_failed(w->out, msg);
}

/* ---- the end --------------------------------------------------------------------------------- */

bool kaon_eval_writer_close(struct eval_writer *w)
{
    if (!w)
        return true;
    const bool closed = kaon_eval_sheet_close(&w->jets) & kaon_eval_sheet_close(&w->tracks);
    free(w);
    return closed;
}
