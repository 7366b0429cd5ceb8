/* What prepares the features of classical models (see engine/ops/features.c). Where the standard is
 * vague this gives what ONNX Runtime gives: L1 sums magnitudes, MAX takes the largest value as it is. */
#include "backends/own/convert.h"

#include <math.h>
#include <string.h>

static double at(const struct kaon_tensor *x, size_t i)
{
    return kaon_element_double(x->type, x->data, (int64_t)i);
}

/* Length of the last axis. */
static size_t width(const struct kaon_tensor *x)
{
    return x->rank ? (size_t)x->dims[x->rank - 1] : 1;
}

static enum kaon_status numbers(const struct kaon_step *step, struct kaon_msg *msg)
{
    for (size_t i = 0; i < step->call.n_in; i++) {
        const struct kaon_tensor *x = step->call.in[i];
        if (x && !kaon_type_is_float(x->type) && !kaon_type_is_integer(x->type))
            return kaon_own_no_type(&step->call, x->type, msg);
    }
    return KAON_OK;
}

#define FEATURES(id, function)                                                                     \
    static enum kaon_status prepare_##id(struct kaon_step *step, struct kaon_arena *memory,        \
                                         struct kaon_msg *msg)                                     \
    {                                                                                              \
        (void)memory;                                                                              \
        step->run = (function);                                                                    \
        return numbers(step, msg);                                                                 \
    }                                                                                              \
    const struct kaon_own kaon_own_##id = { .prepare = prepare_##id };

static enum kaon_status run_extractor(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0], *index = step->call.in[1];
    const size_t from = width(x), to = kaon_own_count(index), bytes = kaon_type_bytes(x->type);
    const size_t rows = kaon_own_product(x, 0, x->rank - 1);
    const int64_t *k = index->data;
    for (size_t i = 0; i < to; i++)
        if (k[i] < 0 || (uint64_t)k[i] >= from)
            return kaon_own_fail(&step->call, msg, KAON_BAD_INPUT, "index %lld of %zu features",
                                 (long long)k[i], from);
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < to; i++)
            memcpy((char *)step->call.out[0]->data + (r * to + i) * bytes,
                   (const char *)x->data + (r * from + (size_t)k[i]) * bytes, bytes);
    return KAON_OK;
}
FEATURES(array_feature_extractor, run_extractor)

static enum kaon_status run_binarizer(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_binarizer *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    const size_t n = kaon_own_count(x);
    (void)msg;
    for (size_t i = 0; i < n; i++)
        kaon_put_int(y->type, y->data, i, at(x, i) > (double)a->threshold);
    return KAON_OK;
}
FEATURES(binarizer, run_binarizer)

static void normalize(enum kaon_normalizer_kind kind, const struct kaon_tensor *x, size_t from,
                      float *y, size_t n)
{
    float sum = kind == KAON_NORMALIZER_MAX ? -INFINITY : 0.0f;
    for (size_t i = 0; i < n; i++) {
        const float v = (float)at(x, from + i);
        y[i] = v;
        if (kind == KAON_NORMALIZER_MAX)
            sum = v > sum ? v : sum;
        else
            sum += kind == KAON_NORMALIZER_L1 ? fabsf(v) : v * v;
    }
    for (size_t i = 0; sum != 0.0f && i < n; i++)
        y[i] = kind == KAON_NORMALIZER_L2 ? copysignf(sqrtf(y[i] * y[i] / sum), y[i]) : y[i] / sum;
}

static enum kaon_status run_normalizer(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_normalizer *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const size_t n = width(x), rows = kaon_own_product(x, 0, x->rank - 1);
    (void)msg;
    for (size_t r = 0; r < rows; r++)
        normalize(a->kind, x, r * n, (float *)step->call.out[0]->data + r * n, n);
    return KAON_OK;
}
FEATURES(normalizer, run_normalizer)

static enum kaon_status run_scaler(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_scaler *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const size_t n = kaon_own_count(x), features = width(x);
    float *y = step->call.out[0]->data;
    (void)msg;
    for (size_t i = 0; i < n; i++) {
        const size_t k = i % features;
        const float offset = a->n_offset < 1 ? 0.0f : a->offset[a->n_offset == 1 ? 0 : k];
        const float scale = a->n_scale < 1 ? 1.0f : a->scale[a->n_scale == 1 ? 0 : k];
        y[i] = ((float)at(x, i) - offset) * scale;
    }
    return KAON_OK;
}
FEATURES(scaler, run_scaler)

static enum kaon_status run_imputer(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_imputer *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    const size_t n = kaon_own_count(x), features = width(x);
    (void)msg;
    for (size_t i = 0; i < n; i++) {
        const size_t k = a->n == 1 ? 0 : i % features;
        if (a->ints) {
            const int64_t v = kaon_element_int(x->type, x->data, (int64_t)i);
            kaon_put_int(y->type, y->data, i, v == a->replaced_int ? a->ints[k] : v);
        } else {
            const double v = at(x, i), replaced = (double)a->replaced_float;
            const bool hit = v == replaced || (isnan(v) && isnan(replaced));
            kaon_put_double(y->type, y->data, i, hit ? (double)a->floats[k] : v);
        }
    }
    return KAON_OK;
}
FEATURES(imputer, run_imputer)

static enum kaon_status run_one_hot(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_one_hot_encoder *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const size_t n = kaon_own_count(x), categories = (size_t)a->n;
    float *y = step->call.out[0]->data;
    for (size_t i = 0; i < n; i++, y += categories) {
        const int64_t v = kaon_element_int(x->type, x->data, (int64_t)i);
        bool found = false;
        for (size_t k = 0; k < categories; k++) {
            y[k] = a->categories[k] == v;
            found = found || a->categories[k] == v;
        }
        if (!found && !a->zeros)
            return kaon_own_fail(&step->call, msg, KAON_BAD_INPUT, "%lld is no category",
                                 (long long)v);
    }
    return KAON_OK;
}
FEATURES(one_hot_encoder, run_one_hot)

/* Index of the first key that equals element i of x, the number of keys if there is none. */
static int64_t key_of(const struct kaon_attr_numbers *keys, const struct kaon_tensor *x, int64_t i)
{
    if (keys->type == KAON_STRING) {
        const struct kaon_tensor texts = { .data = (void *)(uintptr_t)keys->data };
        for (int64_t k = 0; k < keys->n; k++)
            if (!strcmp(kaon_text_at(&texts, (size_t)k), kaon_text_at(x, (size_t)i)))
                return k;
        return keys->n;
    }
    if (!kaon_type_is_float(x->type)) {
        const int64_t v = kaon_element_int(x->type, x->data, i);
        for (int64_t k = 0; k < keys->n; k++)
            if (kaon_element_int(keys->type, keys->data, k) == v)
                return k;
        return keys->n;
    }
    const double v = kaon_element_double(x->type, x->data, i);
    for (int64_t k = 0; k < keys->n; k++) {
        const double key = kaon_element_double(keys->type, keys->data, k);
        if (key == v || (isnan(key) && isnan(v)))
            return k;
    }
    return keys->n;
}

static enum kaon_status run_label(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_label_encoder *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    const size_t n = kaon_own_count(x);
    const bool real = kaon_type_is_float(y->type);
    (void)msg;
    for (size_t i = 0; i < n; i++) {
        const int64_t k = key_of(&a->keys, x, (int64_t)i);
        if (y->type == KAON_STRING)
            ((const char **)y->data)[i] =
                k < a->keys.n ? ((const char *const *)a->values.data)[k] : a->text_otherwise;
        else if (real)
            kaon_put_double(y->type, y->data, i,
                            k < a->keys.n ? kaon_element_double(y->type, a->values.data, k)
                                          : a->float_otherwise);
        else
            kaon_put_int(y->type, y->data, i,
                         k < a->keys.n ? kaon_element_int(y->type, a->values.data, k)
                                       : a->int_otherwise);
    }
    return KAON_OK;
}

static enum kaon_status prepare_label(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    (void)memory;
    step->run = run_label;
    return step->call.in[0]->type == KAON_STRING ? KAON_OK : numbers(step, msg);
}

const struct kaon_own kaon_own_label_encoder = { .prepare = prepare_label };

/* An input that is wider than its length is cut, a narrower one filled with zeros. */
static enum kaon_status run_vectorizer(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_feature_vectorizer *a = step->call.attr;
    const struct kaon_tensor *y = step->call.out[0];
    const size_t rows = (size_t)y->dims[0];
    size_t begin = 0;
    (void)msg;
    for (size_t i = 0; i < step->call.n_in; i++) {
        const struct kaon_tensor *x = step->call.in[i];
        const size_t from = width(x), to = a->n < 0 ? from : (size_t)a->widths[i];
        for (size_t r = 0; r < rows; r++)
            for (size_t k = 0; k < to; k++)
                ((float *)y->data)[r * (size_t)y->dims[1] + begin + k] =
                    k < from ? (float)at(x, r * from + k) : 0.0f;
        begin += to;
    }
    return KAON_OK;
}
FEATURES(feature_vectorizer, run_vectorizer)
