/* Conv: for each image and group, weights (m, k) times patches (k, positions), k = channels x kernel.
 *
 * Patches are written straight into the gemm kernel's panels of 32 columns, a few panels at a time, so
 * that they stay in cache: a chunk. A kernel of one element needs no patches: the image itself is
 * packed; with stride 1 they are pieces of the image, backends/own/slab.h. */
#include "backends/own/slab.h"
#include "backends/own/split.h"
#include "backends/own/wide.h"

#include <string.h>

/* Panels written before a gemm runs over them: as many as this many floats hold, at least one. Half
 * of a 1 MiB level-2 cache. */
enum { PATCH_FLOATS = 1 << 17 };

enum { MOST_ROOMS = 16 }; /* for the patches of parts */

struct conv {
    struct kaon_wide wide; /* first */
    struct kaon_placed at;
    size_t batch, groups, channels, m; /* channels and m: of a group */
    size_t taps, in, out;              /* kernel elements; spatial elements */
    size_t positions;                  /* those that are computed, for a slab more than out */
    size_t panels, chunks;             /* in scratch; of an image */
    bool pointwise, shifted;           /* neither: patches element by element */
    struct kaon_slab slab;             /* shifted */
    enum kaon_act act;                 /* of FusedConv, where the product applies it */
    bool finishes;                     /* what FusedConv does comes after all products */
};

/* Where the window of output position j starts, axis by axis. */
static void window_start(const struct kaon_placed *p, size_t j, int64_t *start)
{
    for (int32_t i = p->n - 1; i >= 0; i--) {
        start[i] = (int64_t)(j % (size_t)p->out[i]) * p->stride[i] - p->begin[i];
        j /= (size_t)p->out[i];
    }
}

/* How far tap t is from a window's start, axis by axis. */
static void tap_place(const struct kaon_placed *p, size_t t, int64_t *far)
{
    for (int32_t i = p->n - 1; i >= 0; i--) {
        far[i] = (int64_t)(t % (size_t)p->kernel[i]) * p->dilation[i];
        t /= (size_t)p->kernel[i];
    }
}

/* Spatial offset of a tap in a window, -1 in the padding. */
static int64_t tap_offset(const struct kaon_placed *p, const int64_t *start, const int64_t *far)
{
    int64_t offset = 0, scale = 1;
    for (int32_t i = p->n - 1; i >= 0; i--) {
        const int64_t x = start[i] + far[i];
        if (x < 0 || x >= p->in[i])
            return -1;
        offset += x * scale;
        scale *= p->in[i];
    }
    return offset;
}

/* One panel: columns j .. j + n - 1 of the patches, zeros in the padding and past n. */
static void write_panel(const struct conv *c, float *panel, const float *x, size_t j, size_t n)
{
    int64_t start[KAON_GEMM_PANEL][KAON_SPATIAL], offset[KAON_GEMM_PANEL], far[KAON_SPATIAL];
    for (size_t i = 0; i < n; i++)
        window_start(&c->at, j + i, start[i]);
    for (size_t t = 0; t < c->taps; t++) {
        tap_place(&c->at, t, far);
        for (size_t i = 0; i < KAON_GEMM_PANEL; i++)
            offset[i] = i < n ? tap_offset(&c->at, start[i], far) : -1;
        for (size_t k = 0; k < c->channels; k++) {
            float *row = panel + (k * c->taps + t) * KAON_GEMM_PANEL;
            const float *plane = x + k * c->in;
            for (size_t i = 0; i < KAON_GEMM_PANEL; i++)
                row[i] = offset[i] < 0 ? 0.0f : plane[offset[i]];
        }
    }
}

/* Whether results are made along padded lines and then taken from there. */
static bool takes_lines(const struct conv *c)
{
    return c->shifted && c->slab.at.n > 1;
}

/* Floats that a piece needs: patches, the slab, results along padded lines. */
static size_t room_of(const struct conv *c)
{
    const size_t n = c->panels * KAON_GEMM_PANEL, patches = n * c->channels * c->taps;
    const size_t slab = c->shifted ? c->channels * kaon_slab_floats(&c->slab, n) : 0;
    return patches + slab + (takes_lines(c) ? c->m * n : 0);
}

static void write_patches(const struct conv *c, const struct kaon_kernels *kernels, float *packed,
                          const float *x, size_t j, size_t n)
{
    const size_t k = c->channels * c->taps;
    if (c->pointwise)
        kernels->gemm_pack(packed, x + j, (ptrdiff_t)c->in, 1, k, n);
    else if (c->shifted)
        kaon_slab_pack(&c->slab, packed, packed + c->panels * KAON_GEMM_PANEL * k, x, c->in,
                       c->channels, j, n);
    for (size_t p = 0; !c->pointwise && !c->shifted && p < n; p += KAON_GEMM_PANEL)
        write_panel(c, packed + p * k, x, j + p, n - p < KAON_GEMM_PANEL ? n - p : KAON_GEMM_PANEL);
}

/* Piece i of the work: a chunk of an image and group. in, out as the call's. */
static void run_piece(const struct conv *c, const struct kaon_kernels *kernels, size_t i,
                      const float *const *in, float *out, float *room)
{
    const size_t k = c->channels * c->taps, image = i / c->chunks, g = image % c->groups;
    const size_t j = i % c->chunks * c->panels * KAON_GEMM_PANEL;
    const size_t chunk = c->panels * KAON_GEMM_PANEL;
    const size_t n = c->positions - j < chunk ? c->positions - j : chunk;
    const bool lines = takes_lines(c);
    float *y = out + image * c->m * c->out;
    float *results = lines ? room + room_of(c) - c->m * chunk : y + j;
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    e.row_bias = in[2] ? in[2] + g * c->m : NULL;
    e.act = c->act;
    write_patches(c, kernels, room, in[0] + image * c->channels * c->in, j, n);
    kernels->gemm(results, lines ? chunk : c->out, in[1] + g * c->m * k, k, room, c->m, n, k, &e);
    for (size_t m = 0; lines && m < c->m; m++)
        kaon_slab_take(&c->slab, y + m * c->out, results + m * chunk, j, n);
}

/* What FusedConv does to the result, where the product does not: adds, or an activation that it has not. */
static void finish(const struct kaon_step *step, float *y, const float *more)
{
    static const enum kaon_unary kernel[] = {
        [KAON_FUSED_RELU] = KAON_UNARY_RELU, [KAON_FUSED_SIGMOID] = KAON_UNARY_SIGMOID,
        [KAON_FUSED_TANH] = KAON_UNARY_TANH, [KAON_FUSED_LEAKY_RELU] = KAON_UNARY_LEAKY_RELU,
        [KAON_FUSED_CLIP] = KAON_UNARY_CLIP, [KAON_FUSED_HARD_SIGMOID] = KAON_UNARY_HARD_SIGMOID,
    };
    const struct kaon_window *a = step->call.attr;
    const struct kaon_kernels *kernels = step->call.kernels;
    const size_t n = kaon_own_count(step->call.out[0]);
    if (more)
        kernels->binary[KAON_BINARY_ADD](y, y, 1, more, 1, n);
    if (a->fused != KAON_FUSED_NONE)
        kernels->unary[kernel[a->fused]](y, y, n, a->fused_a, a->fused_b);
}

static enum kaon_status run_conv(const struct kaon_step *step, const float *const *in,
                                 float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct conv *c = step->args;
    (void)msg;
    for (size_t i = 0; i < c->batch * c->groups * c->chunks; i++)
        run_piece(c, step->call.kernels, i, in, out[0], scratch);
    if (c->finishes)
        finish(step, out[0], in[3]);
    return KAON_OK;
}

/* Some of the pieces, each part with room of its own for patches. */
static void part_of_conv(const struct kaon_step *step, size_t i)
{
    const struct conv *c = step->args;
    const struct kaon_call *call = &step->call;
    const size_t pieces = c->batch * c->groups * c->chunks;
    const struct kaon_tensor *bias = kaon_own_in(call, 2);
    const float *in[] = { call->in[0]->data, call->in[1]->data, bias ? bias->data : NULL };
    for (size_t p = kaon_part_at(pieces, i, step->n_parts);
         p < kaon_part_at(pieces, i + 1, step->n_parts); p++)
        run_piece(c, call->kernels, p, in, call->out[0]->data,
                  (float *)step->scratch + i * room_of(c));
}

/* float64: the sum as it is written. */
static enum kaon_status run_real(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct conv *c = step->args;
    const double *w = step->call.in[1]->data;
    const double *bias = kaon_own_in(&step->call, 2) ? step->call.in[2]->data : NULL;
    double *y = step->call.out[0]->data;
    int64_t start[KAON_SPATIAL], far[KAON_SPATIAL];
    (void)msg;
    for (size_t b = 0; b < c->batch; b++)
        for (size_t m = 0; m < c->groups * c->m; m++)
            for (size_t j = 0; j < c->out; j++) {
                const size_t g = m / c->m;
                const double *x = (const double *)step->call.in[0]->data +
                                  (b * c->groups + g) * c->channels * c->in;
                double sum = bias ? bias[m] : 0.0;
                window_start(&c->at, j, start);
                for (size_t k = 0; k < c->channels; k++)
                    for (size_t t = 0; t < c->taps; t++) {
                        tap_place(&c->at, t, far);
                        const int64_t at = tap_offset(&c->at, start, far);
                        if (at >= 0)
                            sum +=
                                w[(m * c->channels + k) * c->taps + t] * x[k * c->in + (size_t)at];
                    }
                *y++ = sum;
            }
    return KAON_OK;
}

static bool is_pointwise(const struct conv *c)
{
    for (int32_t i = 0; i < c->at.n; i++)
        if (c->at.kernel[i] != 1 || c->at.stride[i] != 1 || c->at.in[i] != c->at.out[i] ||
            c->at.begin[i])
            return false;
    return true;
}

static void place_activation(struct conv *c, const struct kaon_call *call)
{
    static const enum kaon_act act[KAON_FUSED_HARD_SIGMOID + 1] = {
        [KAON_FUSED_RELU] = KAON_ACT_RELU,
        [KAON_FUSED_SIGMOID] = KAON_ACT_SIGMOID,
        [KAON_FUSED_TANH] = KAON_ACT_TANH,
    };
    const struct kaon_window *a = call->attr;
    const bool adds = kaon_own_in(call, 3) != NULL;
    c->act = adds ? KAON_ACT_NONE : act[a->fused]; /* NONE where it has none of that kind */
    c->finishes = adds || (a->fused != KAON_FUSED_NONE && c->act == KAON_ACT_NONE);
}

/* What comes after the product would need a step of its own. */
static bool divides(const struct conv *c, const struct kaon_call *call)
{
    return call->parallel && !c->finishes && call->in[0]->type == KAON_F32 &&
           call->in[1]->type == KAON_F32 &&
           (!kaon_own_in(call, 2) || call->in[2]->type == KAON_F32) &&
           call->out[0]->type == KAON_F32;
}

/* Chunks that fit the cache; smaller ones where parts would be too few. */
static void place_chunks(struct conv *c, size_t parts)
{
    const size_t most = (c->positions + KAON_GEMM_PANEL - 1) / KAON_GEMM_PANEL;
    const size_t k = c->channels * c->taps, images = c->batch * c->groups;
    size_t panels = k ? PATCH_FLOATS / (k * KAON_GEMM_PANEL) : most;
    if (parts > images) {
        const size_t each = most * images / parts;
        panels = panels < each ? panels : each;
    }
    panels = panels < most ? panels : most;
    c->panels = panels ? panels : 1;
    c->chunks = (most + c->panels - 1) / c->panels;
}

/* How patches are made. Far taps in short chunks would copy more than they spare. */
static bool place_patches(struct conv *c, size_t parts, struct kaon_arena *memory)
{
    c->pointwise = is_pointwise(c);
    c->positions = c->out;
    place_chunks(c, parts);
    if (c->pointwise || !kaon_slab_suits(&c->at))
        return true;
    if (!kaon_slab_place(&c->slab, &c->at, memory))
        return false;
    c->shifted = c->slab.reach <= c->panels * KAON_GEMM_PANEL * c->taps / 2;
    c->positions = c->shifted ? c->slab.positions : c->out;
    place_chunks(c, parts);
    return true;
}

static enum kaon_status prepare_conv(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    const struct kaon_window *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *w = step->call.in[1], *y = step->call.out[0];
    struct conv *c = kaon_own_args(step, memory, sizeof *c, msg);
    if (!c)
        return KAON_NO_MEMORY;
    const enum kaon_status st =
        kaon_window_place(a, x->rank - 2, x->dims + 2, w->dims + 2, false, "Conv", &c->at, msg);
    if (st != KAON_OK)
        return st;
    c->batch = (size_t)x->dims[0];
    c->groups = (size_t)a->group;
    c->channels = (size_t)w->dims[1];
    c->m = (size_t)w->dims[0] / c->groups;
    c->taps = kaon_own_product(w, 2, w->rank);
    c->in = kaon_own_product(x, 2, x->rank);
    c->out = kaon_own_product(y, 2, y->rank);
    step->macs = (uint64_t)kaon_own_count(y) * c->channels * c->taps;
    const struct kaon_tensor *more = kaon_own_in(&step->call, 3);
    if (more && !kaon_same_shape(more, y))
        return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL,
                             "input 3 has not the output's shape");
    if (x->type == KAON_F64 && step->call.op->kind == KAON_OP_conv) {
        step->run = run_real;
        return kaon_own_same_types(&step->call, msg);
    }
    place_activation(c, &step->call);
    const size_t parts =
        divides(c, &step->call) ? kaon_parts(step->macs, KAON_PART_MACS, MOST_ROOMS) : 0;
    if (!place_patches(c, parts, memory))
        return kaon_own_fail(&step->call, msg, KAON_NO_MEMORY, "no memory for %zu taps", c->taps);
    step->n_parts =
        parts < c->batch * c->groups * c->chunks ? parts : c->batch * c->groups * c->chunks;
    step->part = part_of_conv;
    step->kernel = c->pointwise ? "gemm" : c->shifted ? "slab, gemm" : "patches, gemm";
    return kaon_wide_prepare(step, &c->wide, run_conv,
                             (step->n_parts ? step->n_parts : 1) * room_of(c) * sizeof(float), msg);
}

const struct kaon_own kaon_own_conv = { .prepare = prepare_conv };
const struct kaon_own kaon_own_fused_conv = { .prepare = prepare_conv };

/* ---- ConvTranspose --------------------------------------------------------------------------- */

/* Products (m x taps, positions) = transposed weights times the image, then added where the taps fall,
 * in a fixed order. Here `in` counts the positions and `out` the elements written to. */
static void add_taps(const struct conv *c, float *y, const float *products, int64_t *at)
{
    /* The output is what a Conv with the same window would read: the roles of in and out change. */
    struct kaon_placed p = c->at;
    int64_t start[KAON_SPATIAL], far[KAON_SPATIAL];
    memcpy(p.in, c->at.out, sizeof p.in);
    memcpy(p.out, c->at.in, sizeof p.out);
    for (size_t t = 0; t < c->taps; t++) {
        tap_place(&p, t, far);
        for (size_t j = 0; j < c->in; j++) {
            window_start(&p, j, start);
            at[j] = tap_offset(&p, start, far);
        }
        for (size_t m = 0; m < c->m; m++) {
            const float *add = products + (m * c->taps + t) * c->in;
            for (size_t j = 0; j < c->in; j++)
                if (at[j] >= 0)
                    y[m * c->out + (size_t)at[j]] += add[j];
        }
    }
}

static enum kaon_status run_transposed(const struct kaon_step *step, const float *const *in,
                                       float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct conv *c = step->args;
    const struct kaon_kernels *kernels = step->call.kernels;
    const size_t rows = c->m * c->taps, k = c->channels;
    int64_t *at = scratch; /* first, for alignment */
    float *w = (float *)(void *)(at + c->in), *packed = w + rows * k;
    float *products = packed + kaon_gemm_packed_floats(k, c->in);
    (void)msg;
    for (size_t b = 0; b < c->batch; b++)
        for (size_t g = 0; g < c->groups; g++) {
            float *y = out[0] + (b * c->groups + g) * c->m * c->out;
            kernels->transpose_32((uint32_t *)w, (const uint32_t *)in[1] + g * k * rows, k, rows,
                                  rows, k);
            kernels->gemm_pack(packed, in[0] + (b * c->groups + g) * k * c->in, (ptrdiff_t)c->in, 1,
                               k, c->in);
            kernels->gemm(products, c->in, w, k, packed, rows, c->in, k, NULL);
            for (size_t i = 0; i < c->m * c->out; i++)
                y[i] = in[2] ? in[2][g * c->m + i / c->out] : 0.0f;
            add_taps(c, y, products, at);
        }
    return KAON_OK;
}

static enum kaon_status prepare_transposed(struct kaon_step *step, struct kaon_arena *memory,
                                           struct kaon_msg *msg)
{
    const struct kaon_window *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *w = step->call.in[1], *y = step->call.out[0];
    struct conv *c = kaon_own_args(step, memory, sizeof *c, msg);
    if (!c)
        return KAON_NO_MEMORY;
    const enum kaon_status st = kaon_window_place(a, x->rank - 2, x->dims + 2, w->dims + 2, true,
                                                  "ConvTranspose", &c->at, msg);
    if (st != KAON_OK)
        return st;
    c->batch = (size_t)x->dims[0];
    c->groups = (size_t)a->group;
    c->channels = (size_t)x->dims[1] / c->groups;
    c->m = (size_t)w->dims[1];
    c->taps = kaon_own_product(w, 2, w->rank);
    c->in = kaon_own_product(x, 2, x->rank);
    c->out = kaon_own_product(y, 2, y->rank);
    const size_t rows = c->m * c->taps;
    const size_t floats =
        rows * c->channels + kaon_gemm_packed_floats(c->channels, c->in) + rows * c->in;
    step->macs = (uint64_t)c->batch * c->groups * rows * c->channels * c->in;
    step->kernel = "gemm, add";
    return kaon_wide_prepare(step, &c->wide, run_transposed,
                             floats * sizeof(float) + c->in * sizeof(int64_t), msg);
}

const struct kaon_own kaon_own_conv_transpose = { .prepare = prepare_transposed };
