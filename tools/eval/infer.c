#include "tools/eval/infer.h"

#include "tools/cli/interrupt.h"
#include "tools/eval/fill.h"
#include "tools/eval/look.h"

#include <stdlib.h>
#include <string.h>

/* Calls have 1, 4, 16 ... jets and the largest batch: with every number up to the batch and every
 * length, the plans of a model with both axes free would take gigabytes. */
enum { MOST_SIZES = 12, SIZE_STEP = 4 };

struct eval_infer {
    const struct eval_spec *spec;
    struct kaon_session **session; /* one a model */
    size_t n_sessions;
    size_t batch;            /* most jets a call */
    size_t size[MOST_SIZES]; /* numbers of jets that calls have, rising from 1 to batch */
    size_t n_sizes;
    float **buffer; /* one an input: the largest batch */
    struct kaon_tensor *input, *output;
    struct eval_hasher *hasher;
    size_t *order; /* rows of the block, those of one shape together */
    size_t room_order;
};

void kaon_eval_result_close(struct eval_result *r)
{
    free(r->probability);
    free(r->tracks);
    free(r->jet_macs);
    free(r->inner);
    *r = (struct eval_result){ 0 };
}

/* ---- opening --------------------------------------------------------------------------------- */

static size_t most_entries(const struct eval_input *in, const size_t *width)
{
    const size_t there = width[in->set];
    const size_t most = in->fixed ? in->fixed : in->most && in->most < there ? in->most : there;
    return most > in->least ? most : in->least;
}

/* Adds or widens the range of an axis. */
static void add_range(struct kaon_range *range, size_t *n, const char *axis, size_t min, size_t max)
{
    if (!axis)
        return;
    size_t i = 0;
    while (i < *n && strcmp(range[i].axis, axis))
        i++;
    if (i == *n)
        range[(*n)++] = (struct kaon_range){ axis, (int64_t)min, (int64_t)max };
    if (range[i].min > (int64_t)min)
        range[i].min = (int64_t)min;
    if (range[i].max < (int64_t)max)
        range[i].max = (int64_t)max;
}

static enum kaon_status prepare(struct eval_infer *infer, const size_t *width, struct kaon_msg *msg)
{
    const struct eval_spec *spec = infer->spec;
    struct kaon_range *range = calloc(2 * spec->n_inputs + 1, sizeof *range);
    enum kaon_status status = KAON_OK;
    if (!range)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (size_t s = infer->n_sizes; !status && s-- > 0;) { /* largest first: it sets the memory */
        size_t n = 0;
        for (size_t i = 0; i < spec->n_inputs; i++) {
            const struct eval_input *in = &spec->input[i];
            add_range(range, &n, in->batch_axis, infer->size[s], infer->size[s]);
            add_range(range, &n, in->length_axis, in->least, most_entries(in, width));
        }
        for (size_t m = 0; !status && m < infer->n_sessions; m++)
            status = kaon_session_prepare(infer->session[m], range, n, msg);
    }
    free(range);
    return status;
}

static void choose_sizes(struct eval_infer *infer)
{
    for (size_t n = 1; n < infer->batch && infer->n_sizes + 1 < MOST_SIZES; n *= SIZE_STEP)
        infer->size[infer->n_sizes++] = n;
    infer->size[infer->n_sizes++] = infer->batch;
}

static enum kaon_status make_buffers(struct eval_infer *infer, const size_t *width,
                                     struct kaon_msg *msg)
{
    const struct eval_spec *spec = infer->spec;
    infer->buffer = calloc(spec->n_inputs + 1, sizeof *infer->buffer);
    infer->input = calloc(spec->n_inputs + 1, sizeof *infer->input);
    infer->output = calloc(spec->n_outputs + 1, sizeof *infer->output);
    int fits = infer->buffer && infer->input && infer->output;
    for (size_t i = 0; fits && i < spec->n_inputs; i++) {
        const struct eval_input *in = &spec->input[i];
        const size_t entries = in->layout == EVAL_ONE ? 1 : most_entries(in, width);
        infer->buffer[i] = calloc(infer->batch * entries * in->n_features + 1, sizeof(float));
        fits = infer->buffer[i] != NULL;
    }
    return fits ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

enum kaon_status kaon_eval_infer_open(struct eval_infer **infer,
                                      const struct kaon_model *const *models, size_t n_models,
                                      const struct eval_spec *spec, const size_t *width,
                                      size_t batch, struct kaon_msg *msg)
{
    struct eval_infer *f = *infer = calloc(1, sizeof *f);
    if (!f)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    f->spec = spec;
    f->batch = spec->batched && !spec->one_a_call ? batch : 1;
    choose_sizes(f);
    f->hasher = kaon_eval_hasher_open();
    f->session = calloc(n_models, sizeof *f->session);
    enum kaon_status status =
        f->hasher && f->session ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (; !status && f->n_sessions < n_models; f->n_sessions++)
        status = kaon_session_open(&f->session[f->n_sessions], models[f->n_sessions], NULL, msg);
    if (!status)
        status = make_buffers(f, width, msg);
    if (!status)
        status = prepare(f, width, msg);
    if (status) {
        kaon_eval_infer_close(f);
        *infer = NULL;
    }
    return status;
}

void kaon_eval_infer_close(struct eval_infer *infer)
{
    if (!infer)
        return;
    for (size_t i = 0; infer->buffer && i < infer->spec->n_inputs; i++)
        free(infer->buffer[i]);
    free(infer->buffer);
    free(infer->input);
    free(infer->output);
    free(infer->order);
    kaon_eval_hasher_close(infer->hasher);
    for (size_t i = 0; i < infer->n_sessions; i++)
        kaon_session_close(infer->session[i]);
    free(infer->session);
    free(infer);
}

/* ---- one call -------------------------------------------------------------------------------- */

/* Entries that an input has room for when rows like `row` are run. */
static size_t length_of(const struct eval_input *in, const struct eval_block *block, size_t row)
{
    if (in->layout == EVAL_ONE || in->fixed)
        return in->layout == EVAL_ONE ? 1 : in->fixed;
    const size_t count = kaon_eval_fill_count(in, block, row);
    return count > in->least ? count : in->least;
}

static size_t fold_of(const struct eval_block *block, size_t row)
{
    return block->fold ? block->fold[row] : 0;
}

static void fill(struct eval_infer *infer, const struct eval_block *block, const size_t *rows,
                 size_t n)
{
    const struct eval_spec *spec = infer->spec;
    for (size_t i = 0; i < spec->n_inputs; i++) {
        const struct eval_input *in = &spec->input[i];
        const size_t length = length_of(in, block, rows[0]), each = length * in->n_features;
        for (size_t k = 0; k < n; k++)
            kaon_eval_fill_jet(in, &spec->query, block, rows[k], length,
                               infer->buffer[i] + k * each);
        struct kaon_tensor *t = &infer->input[i];
        const int64_t features = (int64_t)in->n_features, entries = (int64_t)length;
        *t = (struct kaon_tensor){ .type = KAON_F32, .rank = 3, .data = infer->buffer[i] };
        const int64_t dims[4][3] = {
            [EVAL_ONE] = { (int64_t)n, features },
            [EVAL_ENTRIES] = { entries, features },
            [EVAL_PADDED] = { (int64_t)n, entries, features },
            [EVAL_TURNED] = { (int64_t)n, features, entries },
        };
        memcpy(t->dims, dims[in->layout], sizeof dims[in->layout]);
        if (in->layout == EVAL_ONE || in->layout == EVAL_ENTRIES)
            t->rank = 2;
    }
}

/* Bytes of output `o` that belong to one jet; -1 if it does not split into `n`. */
static long bytes_a_jet(const struct eval_infer *infer, size_t o, size_t n)
{
    const struct kaon_tensor *t = &infer->output[o];
    const size_t bytes = (size_t)kaon_tensor_count(t) * kaon_type_bytes(t->type);
    if (!infer->spec->batched)
        return (long)bytes;
    return t->rank > 0 && t->dims[0] == (int64_t)n ? (long)(bytes / n) : -1;
}

/* What of an output is of use, for jet k of the call. */
static enum kaon_status keep(struct eval_infer *infer, size_t o, const struct eval_block *block,
                             struct eval_result *r, size_t row, const unsigned char *data,
                             size_t bytes, size_t track_output, struct kaon_msg *msg)
{
    const struct eval_spec *spec = infer->spec;
    const struct eval_output *out = &spec->output[o];
    if (out->kind == EVAL_OUT_PROBABILITY || out->kind == EVAL_OUT_VECTOR) {
        if (infer->output[o].type != KAON_F32 || bytes != out->count * sizeof(float))
            return kaon_cli_fail(msg, KAON_BAD_INPUT,
                                 "%s: output '%s' gave %zu bytes a jet, wanted %zu floats",
                                 spec->model_path, out->name, bytes, out->count);
        memcpy(r->probability + row * spec->n_probabilities + out->first, data, bytes);
    }
    if (out->kind == EVAL_OUT_TRACKS) {
        const size_t n = bytes < r->width ? bytes : r->width;
        memcpy(r->tracks + (track_output * block->rows + row) * r->width, data, n);
    }
    return KAON_OK;
}

/* The outputs of jet k of a call of n: what is of use is kept, every byte is hashed. */
static enum kaon_status take_jet(struct eval_infer *infer, const struct eval_block *block,
                                 size_t row, size_t k, size_t n, struct eval_result *r,
                                 struct kaon_msg *msg)
{
    const struct eval_spec *spec = infer->spec;
    size_t track_output = 0;
    kaon_eval_hasher_begin(infer->hasher, block->first + row);
    for (size_t o = 0; o < spec->n_outputs; o++) {
        const long bytes = bytes_a_jet(infer, o, n);
        if (bytes < 0)
            return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: output '%s' has no axis of jets",
                                 spec->model_path, spec->output[o].name);
        if (spec->output[o].kind == EVAL_OUT_INNER) {
            const enum kaon_status status =
                kaon_eval_look(spec, o, &infer->output[o], k * (size_t)bytes, (size_t)bytes,
                               r->inner + row * spec->n_inner, msg);
            if (status)
                return status;
        } else if (bytes > 0) {
            const unsigned char *data =
                (const unsigned char *)infer->output[o].data + k * (size_t)bytes;
            kaon_eval_hasher_add(infer->hasher, data, (size_t)bytes);
            const enum kaon_status status =
                keep(infer, o, block, r, row, data, (size_t)bytes, track_output, msg);
            if (status)
                return status;
        }
        track_output += spec->output[o].kind == EVAL_OUT_TRACKS;
    }
    return kaon_eval_hasher_end(infer->hasher, &r->digest)
               ? KAON_OK
               : kaon_cli_fail(msg, KAON_NO_MEMORY, "SHA-256 cannot be computed");
}

static enum kaon_status call(struct eval_infer *infer, const struct eval_block *block,
                             const size_t *rows, size_t n, struct eval_result *r,
                             struct kaon_msg *msg)
{
    struct kaon_session_info info;
    fill(infer, block, rows, n);
    for (size_t o = 0; o < infer->spec->n_outputs; o++)
        infer->output[o] = (struct kaon_tensor){ .data = NULL };
    struct kaon_session *session = infer->session[fold_of(block, rows[0])];
    enum kaon_status status = kaon_session_run(session, infer->input, infer->output, msg);
    if (status)
        return status;
    kaon_session_get_info(session, &info);
    r->macs += info.macs;
    for (size_t k = 0; k < n; k++)
        r->jet_macs[rows[k]] = (float)((double)info.macs / (double)n);
    for (size_t k = 0; !status && k < n; k++)
        status = take_jet(infer, block, rows[k], k, n, r, msg);
    return status;
}

/* ---- one block ------------------------------------------------------------------------------- */

static int grow_result(struct eval_result *r, const struct eval_spec *spec,
                       const struct eval_block *block)
{
    size_t outputs = 0, width = 0;
    for (size_t o = 0; o < spec->n_outputs; o++)
        outputs += spec->output[o].kind == EVAL_OUT_TRACKS;
    for (size_t i = 0; i < block->n_parts; i++)
        if (spec->query.set[i].valid && block->part[i].width > width)
            width = block->part[i].width;
    if (block->rows > r->room_rows || width != r->width) {
        kaon_eval_result_close(r);
        r->probability = calloc(block->rows * spec->n_probabilities + 1, sizeof *r->probability);
        r->tracks = calloc(outputs * block->rows * width + 1, 1);
        r->jet_macs = calloc(block->rows + 1, sizeof *r->jet_macs);
        r->inner = calloc(block->rows * spec->n_inner + 1, sizeof *r->inner);
        r->room_rows = block->rows;
    }
    r->n_track_outputs = outputs;
    r->width = width;
    r->digest = (struct eval_digest){ { 0 } };
    r->macs = 0;
    return r->probability && r->tracks && r->jet_macs && r->inner;
}

struct by_shape {
    const struct eval_spec *spec;
    const struct eval_block *block;
};

static int compare_shapes(const struct by_shape *s, size_t a, size_t b)
{
    const size_t fa = fold_of(s->block, a), fb = fold_of(s->block, b);
    if (fa != fb)
        return fa < fb ? -1 : 1;
    for (size_t i = 0; i < s->spec->n_inputs; i++) {
        const size_t la = length_of(&s->spec->input[i], s->block, a);
        const size_t lb = length_of(&s->spec->input[i], s->block, b);
        if (la != lb)
            return la < lb ? -1 : 1;
    }
    return 0;
}

static int compare_rows(const void *a, const void *b, void *user)
{
    const size_t ra = *(const size_t *)a, rb = *(const size_t *)b;
    const int shape = compare_shapes(user, ra, rb);
    return shape ? shape : ra < rb ? -1 : ra > rb;
}

/* Jets of one shape go together, so that nothing is padded that need not be and no jet's result can
 * depend on its neighbours. */
static enum kaon_status order_rows(struct eval_infer *infer, const struct eval_block *block,
                                   struct by_shape *shape, struct kaon_msg *msg)
{
    if (block->rows > infer->room_order) {
        free(infer->order);
        infer->order = calloc(block->rows, sizeof *infer->order);
        infer->room_order = infer->order ? block->rows : 0;
        if (!infer->order)
            return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < block->rows; i++)
        infer->order[i] = i;
    if (infer->batch > 1)
        qsort_r(infer->order, block->rows, sizeof *infer->order, compare_rows, shape);
    return KAON_OK;
}

enum kaon_status kaon_eval_infer_block(struct eval_infer *infer, const struct eval_block *block,
                                       struct eval_result *r, struct kaon_msg *msg)
{
    struct by_shape shape = { infer->spec, block };
    if (!grow_result(r, infer->spec, block))
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    enum kaon_status status = order_rows(infer, block, &shape, msg);
    for (size_t i = 0; !status && i < block->rows;) {
        size_t n = 1;
        while (n < infer->batch && i + n < block->rows &&
               compare_shapes(&shape, infer->order[i], infer->order[i + n]) == 0)
            n++;
        size_t s = infer->n_sizes - 1;
        while (infer->size[s] > n)
            s--;
        n = infer->size[s];
        if (kaon_interrupted())
            return kaon_cli_fail(msg, KAON_IO, "interrupted");
        status = call(infer, block, infer->order + i, n, r, msg);
        i += n;
    }
    kaon_eval_spec_sum(infer->spec, r->probability, block->rows);
    return status;
}
