/* TfIdfVectorizer: how often the grams of a pool stand in a row of numbers. */
#include "engine/ops/ops.h"

#include <stdlib.h>

/* The attributes as the file has them. */
struct lists {
    const int64_t *pool, *starts, *at;
    const float *weights;
    int32_t n_pool, n_starts, n_at, n_weights;
};

static int order(const void *left, const void *right)
{
    const struct kaon_gram *a = left, *b = right;
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (int32_t i = 0; i < a->n; i++)
        if (a->items[i] != b->items[i])
            return a->items[i] < b->items[i] ? -1 : 1;
    return 0;
}

/* The grams of length n + 1 stand from starts[n] to starts[n + 1], or to the end of the pool. */
static int32_t fill(struct kaon_attr_reader *r, const struct lists *l, struct kaon_gram *grams,
                    int64_t *width)
{
    int32_t k = 0;
    for (int32_t n = 1; n <= l->n_starts; n++) {
        const int64_t begin = l->starts[n - 1], end = n < l->n_starts ? l->starts[n] : l->n_pool;
        if (begin < 0 || end < begin || end > l->n_pool || (end - begin) % n) {
            kaon_attr_fail(r, KAON_BAD_MODEL, "grams of %d items from %lld to %lld of a pool of %d",
                           (int)n, (long long)begin, (long long)end, (int)l->n_pool);
            return -1;
        }
        for (int64_t i = begin; i < end && k < l->n_at; i += n, k++) {
            if (l->at[k] < 0 || l->at[k] >= INT32_MAX) {
                kaon_attr_fail(r, KAON_BAD_MODEL, "ngram_indexes has %lld", (long long)l->at[k]);
                return -1;
            }
            *width = kaon_max_i64(*width, l->at[k] + 1);
            grams[k] = (struct kaon_gram){ l->pool + i, n, (int32_t)l->at[k],
                                           l->n_weights > 0 ? l->weights[k] : 1.0f };
        }
    }
    return k;
}

static void build(struct kaon_attr_reader *r, struct kaon_tf_idf *a, const struct lists *l)
{
    struct kaon_gram *grams = kaon_arena_push_zero(r->arena, (size_t)l->n_at, sizeof *grams);
    if (!grams) {
        kaon_attr_fail(r, KAON_NO_MEMORY, "no memory for %d grams", (int)l->n_at);
        return;
    }
    a->n_grams = fill(r, l, grams, &a->width);
    if (a->n_grams < 0)
        return;
    if (a->n_grams != l->n_at)
        kaon_attr_fail(r, KAON_BAD_MODEL, "ngram_indexes has %d entries, the pool %d grams",
                       (int)l->n_at, (int)a->n_grams);
    qsort(grams, (size_t)a->n_grams, sizeof *grams, order);
    a->grams = grams;
}

static void read_tf_idf(struct kaon_attr_reader *r, void *attr)
{
    static const char *const words[] = { "TF", "IDF", "TFIDF" };
    struct kaon_tf_idf *a = attr;
    struct lists l;
    int32_t n_strings;
    a->mode = (enum kaon_tf_idf_mode)kaon_attr_word(r, "mode", 0, words, 3);
    a->shortest = kaon_attr_int(r, "min_gram_length", 1);
    a->longest = kaon_attr_int(r, "max_gram_length", 1);
    a->skips = kaon_attr_int(r, "max_skip_count", 0);
    l.pool = kaon_attr_ints(r, "pool_int64s", &l.n_pool);
    l.starts = kaon_attr_ints(r, "ngram_counts", &l.n_starts);
    l.at = kaon_attr_ints(r, "ngram_indexes", &l.n_at);
    l.weights = kaon_attr_floats(r, "weights", &l.n_weights);
    kaon_attr_strings(r, "pool_strings", &n_strings);
    if (n_strings > 0)
        kaon_attr_fail(r, KAON_UNSUPPORTED, "a pool of strings");
    else if (a->shortest < 1 || a->longest < a->shortest || a->skips < 0)
        kaon_attr_fail(r, KAON_BAD_MODEL, "grams of %lld to %lld items with %lld skips",
                       (long long)a->shortest, (long long)a->longest, (long long)a->skips);
    else if (l.n_pool < 1 || l.n_at < 1 || l.n_starts < 1 ||
             (l.n_weights > 0 && l.n_weights != l.n_at))
        kaon_attr_fail(r, KAON_BAD_MODEL, "%d pool entries, %d indexes, %d counts and %d weights",
                       (int)l.n_pool, (int)l.n_at, (int)l.n_starts, (int)l.n_weights);
    if (r->status == KAON_OK)
        build(r, a, &l);
}

static enum kaon_status infer_tf_idf(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_tf_idf *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    int64_t dims[2] = { KAON_DIM_UNKNOWN, a->width };
    if (x->rank == 0 || x->rank > 2)
        return kaon_fail(msg, KAON_BAD_MODEL, "TfIdfVectorizer: rank %d, wanted 1 or 2",
                         (int)x->rank);
    kaon_fact_unknown(node->out[0], KAON_F32);
    if (x->rank < 0)
        return KAON_OK;
    dims[0] = x->dims[0];
    kaon_fact_set(node->out[0], KAON_F32, x->rank, dims + 2 - x->rank);
    return KAON_OK;
}

const struct kaon_op kaon_op_tf_idf_vectorizer = {
    .name = "TfIdfVectorizer",
    .domain = "",
    .kind = KAON_OP_tf_idf_vectorizer,
    .since = 9,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_tf_idf),
    .read = read_tf_idf,
    .infer = infer_tf_idf,
};
