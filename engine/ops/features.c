/* What prepares the features of classical models: operators of ai.onnx.ml that pick, scale, replace and
 * encode. Numbers only. */
#include "engine/ops/ops.h"

#include <string.h>

/* Features lie along the last axis: a list must have one entry for all of them, or one for each. */
static enum kaon_status fit(const struct kaon_infer *node, const char *what, int32_t n,
                            struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0];
    const int64_t features = x->rank > 0    ? x->dims[x->rank - 1]
                             : x->rank == 0 ? 1
                                            : KAON_DIM_UNKNOWN;
    if (n == 1 || !kaon_dim_known(features) || features == n)
        return KAON_OK;
    return kaon_fail(msg, KAON_BAD_MODEL, "%s: %d entries of %s for %lld features",
                     kaon_infer_name(node), (int)n, what, (long long)features);
}

/* ---- ArrayFeatureExtractor ------------------------------------------------------------------- */

static enum kaon_status infer_extractor(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0];
    struct kaon_fact *y = node->out[0];
    int64_t dims[KAON_MAX_RANK] = { 1 };
    if (x->rank == 0)
        return kaon_fail(msg, KAON_BAD_MODEL, "ArrayFeatureExtractor: a scalar has no features");
    if (node->in[1]->type != KAON_UNDEFINED && node->in[1]->type != KAON_I64)
        return kaon_fail(msg, KAON_BAD_MODEL, "ArrayFeatureExtractor: indices are %s, wanted int64",
                         kaon_type_name(node->in[1]->type));
    kaon_fact_unknown(y, x->type);
    if (x->rank < 0)
        return KAON_OK;
    const int32_t rank = x->rank == 1 ? 2 : x->rank;
    for (int32_t i = 0; x->rank > 1 && i < rank - 1; i++)
        dims[i] = x->dims[i];
    dims[rank - 1] = kaon_fact_count(node->in[1]);
    kaon_fact_set(y, x->type, rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_array_feature_extractor = {
    .name = "ArrayFeatureExtractor",
    .domain = "ai.onnx.ml",
    .kind = KAON_OP_array_feature_extractor,
    .since = 1,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .infer = infer_extractor,
};

/* ---- Binarizer ------------------------------------------------------------------------------- */

static void read_binarizer(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_binarizer *a = attr;
    a->threshold = kaon_attr_float(r, "threshold", 0.0f);
}

const struct kaon_op kaon_op_binarizer = {
    .name = "Binarizer",
    .domain = "ai.onnx.ml",
    .kind = KAON_OP_binarizer,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_binarizer),
    .read = read_binarizer,
    .infer = kaon_infer_same,
};

/* ---- Normalizer, Scaler ---------------------------------------------------------------------- */

static void read_normalizer(struct kaon_attr_reader *r, void *attr)
{
    static const char *const words[] = { "MAX", "L1", "L2" };
    struct kaon_normalizer *a = attr;
    a->kind = (enum kaon_normalizer_kind)kaon_attr_word(r, "norm", 0, words, 3);
}

static enum kaon_status infer_normalizer(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0];
    if (x->rank == 0 || x->rank > 2)
        return kaon_fail(msg, KAON_BAD_MODEL, "Normalizer: rank %d, wanted 1 or 2", (int)x->rank);
    kaon_fact_set(node->out[0], KAON_F32, x->rank, x->dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_normalizer = {
    .name = "Normalizer",
    .domain = "ai.onnx.ml",
    .kind = KAON_OP_normalizer,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_normalizer),
    .read = read_normalizer,
    .infer = infer_normalizer,
};

static void read_scaler(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_scaler *a = attr;
    a->offset = kaon_attr_floats(r, "offset", &a->n_offset);
    a->scale = kaon_attr_floats(r, "scale", &a->n_scale);
}

static enum kaon_status infer_scaler(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_scaler *a = node->attr;
    enum kaon_status st = a->n_offset > 0 ? fit(node, "offset", a->n_offset, msg) : KAON_OK;
    if (st == KAON_OK && a->n_scale > 0)
        st = fit(node, "scale", a->n_scale, msg);
    kaon_fact_set(node->out[0], KAON_F32, node->in[0]->rank, node->in[0]->dims);
    return st;
}

const struct kaon_op kaon_op_scaler = {
    .name = "Scaler",
    .domain = "ai.onnx.ml",
    .kind = KAON_OP_scaler,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_scaler),
    .read = read_scaler,
    .infer = infer_scaler,
};

/* ---- Imputer --------------------------------------------------------------------------------- */

static void read_imputer(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_imputer *a = attr;
    int32_t n_ints;
    a->floats = kaon_attr_floats(r, "imputed_value_floats", &a->n);
    a->ints = kaon_attr_ints(r, "imputed_value_int64s", &n_ints);
    a->replaced_float = kaon_attr_float(r, "replaced_value_float", 0.0f);
    a->replaced_int = kaon_attr_int(r, "replaced_value_int64", 0);
    if ((a->n > 0) == (n_ints > 0))
        kaon_attr_fail(r, KAON_BAD_MODEL, "wanted imputed values that are floats or integers");
    if (a->n <= 0) {
        a->floats = NULL;
        a->n = n_ints;
    } else {
        a->ints = NULL;
    }
}

static enum kaon_status infer_imputer(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_imputer *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    kaon_fact_like(node->out[0], x);
    if (x->type != KAON_UNDEFINED && kaon_type_is_float(x->type) != !a->ints)
        return kaon_fail(msg, KAON_BAD_MODEL, "Imputer: imputed values are %s, the input is %s",
                         a->ints ? "integers" : "floats", kaon_type_name(x->type));
    return fit(node, "imputed values", a->n, msg);
}

const struct kaon_op kaon_op_imputer = {
    .name = "Imputer",
    .domain = "ai.onnx.ml",
    .kind = KAON_OP_imputer,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_imputer),
    .read = read_imputer,
    .infer = infer_imputer,
};

/* ---- OneHotEncoder --------------------------------------------------------------------------- */

static void read_one_hot(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_one_hot_encoder *a = attr;
    int32_t n_strings;
    a->categories = kaon_attr_ints(r, "cats_int64s", &a->n);
    kaon_attr_strings(r, "cats_strings", &n_strings);
    a->zeros = kaon_attr_bool(r, "zeros", true);
    if (n_strings > 0)
        kaon_attr_fail(r, KAON_UNSUPPORTED, "categories that are strings");
    else if (a->n < 1)
        kaon_attr_fail(r, KAON_BAD_MODEL, "no categories");
}

static enum kaon_status infer_one_hot(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_one_hot_encoder *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    int64_t dims[KAON_MAX_RANK + 1];
    if (x->rank == KAON_MAX_RANK)
        return kaon_fail(msg, KAON_UNSUPPORTED, "OneHotEncoder: rank %d", KAON_MAX_RANK + 1);
    kaon_fact_unknown(node->out[0], KAON_F32);
    if (x->rank < 0)
        return KAON_OK;
    memcpy(dims, x->dims, sizeof x->dims);
    dims[x->rank] = a->n;
    kaon_fact_set(node->out[0], KAON_F32, x->rank + 1, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_one_hot_encoder = {
    .name = "OneHotEncoder",
    .domain = "ai.onnx.ml",
    .kind = KAON_OP_one_hot_encoder,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_one_hot_encoder),
    .read = read_one_hot,
    .infer = infer_one_hot,
};

/* ---- LabelEncoder ---------------------------------------------------------------------------- */

/* "<side>_int64s", "<side>_floats", "<side>_tensor" or "<side>_strings", whichever is there. */
static struct kaon_attr_numbers read_numbers(struct kaon_attr_reader *r, const char *const names[4])
{
    struct kaon_attr_numbers v = { .type = KAON_I64 };
    int32_t n_ints, n_floats, n_strings;
    const int64_t *ints = kaon_attr_ints(r, names[0], &n_ints);
    const float *floats = kaon_attr_floats(r, names[1], &n_floats);
    const struct kaon_tensor *tensor = kaon_attr_tensor(r, names[2]);
    const char *const *strings = kaon_attr_strings(r, names[3], &n_strings);
    if (n_strings > 0)
        v = (struct kaon_attr_numbers){ KAON_STRING, strings, n_strings };
    else if (tensor)
        v = (struct kaon_attr_numbers){ tensor->type, tensor->data, kaon_tensor_count(tensor) };
    else if (n_floats > 0)
        v = (struct kaon_attr_numbers){ KAON_F32, floats, n_floats };
    else
        v = (struct kaon_attr_numbers){ KAON_I64, ints, n_ints > 0 ? n_ints : 0 };
    return v;
}

static void read_label(struct kaon_attr_reader *r, void *attr)
{
    static const char *const keys[] = { "keys_int64s", "keys_floats", "keys_tensor",
                                        "keys_strings" };
    static const char *const values[] = { "values_int64s", "values_floats", "values_tensor",
                                          "values_strings" };
    struct kaon_label_encoder *a = attr;
    if (r->opset == 1) {
        kaon_attr_fail(r, KAON_UNSUPPORTED, "LabelEncoder of version 1");
        return;
    }
    a->keys = read_numbers(r, keys);
    a->values = read_numbers(r, values);
    a->float_otherwise = (double)kaon_attr_float(r, "default_float", -0.0f);
    a->int_otherwise = kaon_attr_int(r, "default_int64", -1);
    a->text_otherwise = kaon_attr_text(r, "default_string", "_Unused");
    const struct kaon_tensor *otherwise = kaon_attr_tensor(r, "default_tensor");
    if (a->keys.n < 1 || a->keys.n != a->values.n) {
        kaon_attr_fail(r, KAON_BAD_MODEL, "%lld keys and %lld values", (long long)a->keys.n,
                       (long long)a->values.n);
    } else if (otherwise && (kaon_tensor_count(otherwise) != 1 ||
                             (otherwise->type == KAON_STRING) != (a->values.type == KAON_STRING))) {
        kaon_attr_fail(r, KAON_BAD_MODEL, "default_tensor is not one value of the values' type");
    } else if (otherwise && otherwise->type == KAON_STRING) {
        a->text_otherwise = kaon_text_at(otherwise, 0);
    } else if (otherwise) {
        a->float_otherwise = kaon_element_double(otherwise->type, otherwise->data, 0);
        a->int_otherwise = kaon_element_int(otherwise->type, otherwise->data, 0);
    }
}

static enum kaon_status infer_label(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_label_encoder *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    if (x->type != KAON_UNDEFINED && x->type != a->keys.type)
        return kaon_fail(msg, KAON_BAD_MODEL, "LabelEncoder: the input is %s, the keys are %s",
                         kaon_type_name(x->type), kaon_type_name(a->keys.type));
    kaon_fact_set(node->out[0], a->values.type, x->rank, x->dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_label_encoder = {
    .name = "LabelEncoder",
    .domain = "ai.onnx.ml",
    .kind = KAON_OP_label_encoder,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_label_encoder),
    .read = read_label,
    .infer = infer_label,
};

/* ---- FeatureVectorizer ----------------------------------------------------------------------- */

static void read_vectorizer(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_feature_vectorizer *a = attr;
    a->widths = kaon_attr_ints(r, "inputdimensions", &a->n);
    if (a->n >= 0 && (size_t)a->n != r->n_in)
        kaon_attr_fail(r, KAON_BAD_MODEL, "%d lengths for %zu inputs", (int)a->n, r->n_in);
    for (int32_t i = 0; i < a->n; i++)
        if (a->widths[i] < 0)
            kaon_attr_fail(r, KAON_BAD_MODEL, "length %lld", (long long)a->widths[i]);
}

static enum kaon_status infer_vectorizer(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_feature_vectorizer *a = node->attr;
    int64_t dims[2] = { KAON_DIM_UNKNOWN, 0 };
    for (size_t i = 0; i < node->n_in; i++) {
        const struct kaon_fact *x = node->in[i];
        if (!x || x->rank == 0 || x->rank > 2)
            return kaon_fail(msg, KAON_BAD_MODEL, "FeatureVectorizer: input %zu is no matrix", i);
        const int64_t rows = x->rank < 0 ? KAON_DIM_UNKNOWN : x->rank == 1 ? 1 : x->dims[0];
        if (!kaon_dim_known(dims[0]))
            dims[0] = rows;
        else if (kaon_dim_known(rows) && rows != dims[0])
            return kaon_fail(msg, KAON_BAD_MODEL,
                             "FeatureVectorizer: %lld rows in input %zu, "
                             "%lld in others",
                             (long long)rows, i, (long long)dims[0]);
        dims[1] = kaon_dim_add(dims[1], a->n >= 0     ? a->widths[i]
                                        : x->rank > 0 ? x->dims[x->rank - 1]
                                                      : KAON_DIM_UNKNOWN);
    }
    kaon_fact_set(node->out[0], KAON_F32, 2, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_feature_vectorizer = {
    .name = "FeatureVectorizer",
    .domain = "ai.onnx.ml",
    .kind = KAON_OP_feature_vectorizer,
    .since = 1,
    .n_in = { 1, -1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_feature_vectorizer),
    .read = read_vectorizer,
    .infer = infer_vectorizer,
};
