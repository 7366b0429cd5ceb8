#include "kernels/attention/few.h"

#include "kernels/attention/direct.h"
#include "kernels/softmax_short.h"

enum {
    FEW_FLOATS = 4 << 10, /* scores at a time: half a first cache */
    FEW_HEADS = 8,        /* heads at a time */
    FEW_PARTLY = 32,      /* most keys of a causal order or a window */
};

/* Heads whose scores are in x, one behind the other. */
struct few {
    const struct kaon_attention_call *call;
    const struct stream *stream;
    float *x, *room;
    size_t stride;
    struct score_row row[QUERY_TILE];
    struct stream_part part[QUERY_TILE]; /* of variants other than softmax */
    struct scoring head[FEW_HEADS];
    bool all[FEW_HEADS]; /* all keys are visible to all queries */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t aligned(size_t floats)
{
    return (floats + VLEN - 1) / VLEN * VLEN;
}

static size_t tiles(const struct kaon_attention_call *c)
{
    return (c->queries + QUERY_TILE - 1) / QUERY_TILE;
}

/* A variant of one sweep whose output is worked out in place, in whole vectors. */
static bool is_simple(const struct kaon_attention_call *c, const struct stream *s)
{
    return s->accumulators == 1 && !s->first_sweep && !s->key_gate && c->value_size % VLEN == 0;
}

/* Where a query sees its own part of the keys, blocks leave out those that nobody sees. */
bool KAON_K(kaon_few_takes)(const struct kaon_attention_call *c, const struct stream *s)
{
    const bool whole = !c->causal && c->left < 0 && c->right < 0;
    return (s->softmax || is_simple(c, s)) && c->queries > DIRECT_QUERIES && c->keys > 0 &&
           c->keys <= (whole ? (size_t)SHORT_ROW : FEW_PARTLY);
}

/* The softmax reads whole blocks of rows, and a vector more. */
size_t KAON_K(kaon_few_scratch)(const struct kaon_attention_call *c, const struct stream *s)
{
    return aligned(KAON_K(kaon_score_room)(c, s->mode)) + FEW_FLOATS +
           (BLOCK_ROWS - 1) * SHORT_ROW + VLEN;
}

/* Whether the product is the score. */
static bool is_bare(const struct kaon_attention_call *c, const struct stream *s)
{
    return s->softmax && s->mode == SCORE_DOT && !s->prepare && !(c->softcap > 0) && !c->bias.at &&
           !c->slopes && !c->mask.at && !c->key_mask && !c->causal && c->left < 0 && c->right < 0;
}

static void soften(const struct few *f, size_t rows, bool bare)
{
    const struct softmax_short s = { .kind = bare ? SOFTMAX : SOFTMAX_OR_ZERO,
                                     .y = f->x,
                                     .x = f->x,
                                     .rows = rows,
                                     .n = f->call->keys,
                                     .y_stride = f->stride,
                                     .x_stride = f->stride,
                                     .padded = true };
    KAON_K(kaon_softmax_blocks)(&s);
}

/* The first `rows` rows of scores become weights; row: what they are of. */
static void weigh(struct few *f, const struct score_row *row, size_t rows, bool bare)
{
    if (f->stream->softmax)
        soften(f, rows, bare);
    else
        f->stream->sweep(f->part, row, f->x, f->x, rows, f->stride, f->stride);
}

/* The output from sums of values, in place. */
static void finish(const struct few *f, float *out, const struct stream_part *part,
                   const struct score_row *row, size_t rows)
{
    const struct kaon_attention_call *c = f->call;
    for (size_t r = 0; !f->stream->softmax && r < rows; r++, out += c->out_row)
        if (row[r].n > 0)
            f->stream->finish(out, out, out, c->value_size, &part[r], &row[r]);
        else
            memset(out, 0, c->value_size * sizeof *out);
}

/* Rows `first` on of a head, whose weights begin at x and their parts at `part`. */
static void apply(struct few *f, struct scoring *s, bool all, float *x,
                  const struct stream_part *part, size_t first, size_t rows)
{
    const struct kaon_attention_call *c = f->call;
    float *out = c->out + s->head * c->out_head + s->row[first].query * c->out_row;
    if (c->gate.at)
        for (size_t r = 0; r < rows; r++)
            KAON_K(kaon_score_gate)(x + r * f->stride, &s->row[first + r], 0, c->keys, &c->gate);
    KAON_K(kaon_score_apply)(s, out, c->out_row, x, f->stride, first, rows, 0, c->keys, all);
    finish(f, out, part, s->row + first, rows);
}

/* One tile of queries of one head, in as many parts as it takes. */
static void run_tile(struct few *f, struct scoring *s, bool bare)
{
    const size_t most = FEW_FLOATS / f->stride / BLOCK_ROWS * BLOCK_ROWS;
    for (size_t first = 0; first < s->rows; first += most) {
        const size_t rows = least(s->rows - first, most);
        const bool all =
            KAON_K(kaon_score_block)(s, f->x, f->stride, first, rows, 0, f->call->keys);
        weigh(f, s->row + first, rows, bare);
        apply(f, s, all, f->x, f->part, first, rows);
    }
}

static void begin(struct few *f, size_t i, const struct kaon_kernels *kernels,
                  const struct stream *s, size_t item, bool bare, size_t at)
{
    const struct kaon_attention_call *c = f->call;
    const size_t first = item % tiles(c) * QUERY_TILE;
    KAON_K(kaon_score_begin)
    (&f->head[i], c, kernels, s->mode, s->count, item / tiles(c), first,
     least(c->queries - first, QUERY_TILE), f->row + at, f->room);
    for (size_t r = 0; s->prepare && r < f->head[i].rows; r++)
        s->prepare(&f->head[i].row[r]);
    f->head[i].bare = bare;
    KAON_K(kaon_score_keys)(&f->head[i], 0, c->keys);
}

/* n heads of one tile each. */
static void run_heads(struct few *f, const struct kaon_kernels *kernels, const struct stream *s,
                      size_t item, size_t n, bool bare)
{
    const struct kaon_attention_call *c = f->call;
    const size_t rows = c->queries;
    for (size_t i = 0; i < n; i++) {
        begin(f, i, kernels, s, item + i, bare, i * rows);
        f->all[i] = KAON_K(kaon_score_block)(&f->head[i], f->x + i * rows * f->stride, f->stride, 0,
                                             rows, 0, c->keys);
    }
    weigh(f, f->row, n * rows, bare);
    for (size_t i = 0; i < n; i++)
        apply(f, &f->head[i], f->all[i], f->x + i * rows * f->stride, f->part + i * rows, 0, rows);
}

void KAON_K(kaon_few_run)(const struct kaon_attention_call *c, const struct kaon_kernels *kernels,
                          const struct stream *s, size_t from, size_t to, float *scratch)
{
    struct few f;
    const bool bare = is_bare(c, s);
    f.call = c;
    f.stream = s;
    f.stride = aligned(c->keys);
    f.x = scratch;
    f.room = scratch + FEW_FLOATS + (BLOCK_ROWS - 1) * SHORT_ROW + VLEN;
    const size_t together = least(least(FEW_FLOATS / f.stride, QUERY_TILE) / c->queries, FEW_HEADS);
    for (size_t i = from; i < to;) {
        const size_t n = least(together, to - i);
        if (n > 1) {
            run_heads(&f, kernels, s, i, n, bare);
            i += n;
            continue;
        }
        begin(&f, 0, kernels, s, i++, bare, 0);
        run_tile(&f, &f.head[0], bare);
    }
}
