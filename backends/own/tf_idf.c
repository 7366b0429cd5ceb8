/* TfIdfVectorizer: counts grams whose items stand one or more apart; those of one item once. */
#include "backends/own/own.h"

#include <string.h>

/* -1, 0, 1 as the n items of x from `at` on, `apart` from each other, are to a gram. */
static int order(const struct kaon_tensor *x, int64_t at, int64_t apart, int32_t n,
                 const struct kaon_gram *gram)
{
    if (n != gram->n)
        return n < gram->n ? -1 : 1;
    for (int32_t i = 0; i < n; i++) {
        const int64_t v = kaon_element_int(x->type, x->data, at + i * apart);
        if (v != gram->items[i])
            return v < gram->items[i] ? -1 : 1;
    }
    return 0;
}

static const struct kaon_gram *find(const struct kaon_tf_idf *a, const struct kaon_tensor *x,
                                    int64_t at, int64_t apart, int32_t n)
{
    int32_t low = 0, high = a->n_grams;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        const int c = order(x, at, apart, n, &a->grams[middle]);
        if (c == 0)
            return &a->grams[middle];
        if (c < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* Adds the grams of n items that lie in the row of `length` items from `at` on. */
static void count(const struct kaon_tf_idf *a, const struct kaon_tensor *x, int64_t at,
                  int64_t length, int32_t n, float *y)
{
    for (int64_t apart = 1; apart - 1 <= a->skips; apart++) {
        if (n > 1 && apart > (length - 1) / (n - 1))
            break; /* none is left */
        const int64_t span = (n - 1) * apart;
        for (int64_t i = 0; i < length - span; i++) {
            const struct kaon_gram *gram = find(a, x, at + i, apart, n);
            if (gram)
                y[gram->at] += 1.0f;
        }
        if (n == 1)
            break;
    }
}

static void weigh(const struct kaon_tf_idf *a, float *y)
{
    for (int32_t i = 0; a->mode == KAON_IDF && i < a->width; i++)
        y[i] = y[i] > 0.0f;
    for (int32_t i = 0; a->mode != KAON_TF && i < a->n_grams; i++)
        y[a->grams[i].at] *= a->grams[i].weight;
}

static enum kaon_status run_tf_idf(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tf_idf *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const int64_t rows = x->rank == 2 ? x->dims[0] : 1, length = x->dims[x->rank - 1];
    const int64_t longest = kaon_min_i64(a->longest, kaon_min_i64(length, INT32_MAX));
    (void)msg;
    for (int64_t r = 0; r < rows; r++) {
        float *y = (float *)step->call.out[0]->data + r * a->width;
        memset(y, 0, (size_t)a->width * sizeof *y);
        for (int64_t n = a->shortest; n <= longest; n++)
            count(a, x, r * length, length, (int32_t)n, y);
        weigh(a, y);
    }
    return KAON_OK;
}

static enum kaon_status prepare_tf_idf(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const enum kaon_type type = step->call.in[0]->type;
    (void)memory;
    if (type != KAON_I32 && type != KAON_I64)
        return kaon_own_no_type(&step->call, type, msg);
    step->run = run_tf_idf;
    return KAON_OK;
}

const struct kaon_own kaon_own_tf_idf_vectorizer = { .prepare = prepare_tf_idf };
