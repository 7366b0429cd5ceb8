/* LinearClassifier and LinearRegressor of ai.onnx.ml. */
#include "engine/ops/ops.h"

static void read_shared(struct kaon_attr_reader *r, struct kaon_linear_model *a)
{
    static const char *const posts[] = { "NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT" };
    a->post = (enum kaon_post_transform)kaon_attr_word(r, "post_transform", 0, posts, 5);
    a->weights = kaon_attr_floats(r, "coefficients", &a->n_weights);
    a->base = kaon_attr_floats(r, "intercepts", &a->n_base);
    if (a->n_weights < 1)
        kaon_attr_fail(r, KAON_BAD_MODEL, "no coefficients");
}

/* The intercepts say how many rows of weights there are; without them there is one for each class. */
static void read_classifier(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_linear_model *a = attr;
    int32_t n_labels, n_strings;
    a->labels = kaon_attr_ints(r, "classlabels_ints", &n_labels);
    kaon_attr_strings(r, "classlabels_strings", &n_strings);
    kaon_attr_skip(r, "multi_class");
    read_shared(r, a);
    a->columns = n_labels;
    a->scores = a->n_base > 0 ? a->n_base : n_labels;
    if (n_strings > 0)
        kaon_attr_fail(r, KAON_UNSUPPORTED, "class labels that are strings");
    else if (n_labels < 1)
        kaon_attr_fail(r, KAON_BAD_MODEL, "no class labels");
    else if (a->scores != n_labels && !(a->scores == 1 && n_labels == 2))
        kaon_attr_fail(r, KAON_BAD_MODEL, "%d intercepts for %d classes", (int)a->n_base,
                       (int)n_labels);
}

static void read_regressor(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_linear_model *a = attr;
    a->scores = a->columns = kaon_attr_int(r, "targets", 1);
    read_shared(r, a);
    if (a->scores < 1 || a->scores > INT32_MAX || (a->n_base > 0 && a->n_base != a->scores))
        kaon_attr_fail(r, KAON_BAD_MODEL, "%d intercepts for %lld targets", (int)a->n_base,
                       (long long)a->scores);
}

static enum kaon_status infer_linear_model(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_linear_model *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    const bool classifier = node->kind == KAON_OP_linear_classifier;
    int64_t dims[2] = { KAON_DIM_UNKNOWN, a->columns };
    if (x->rank == 0 || x->rank > 2)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: rank %d, wanted 1 or 2", kaon_infer_name(node),
                         (int)x->rank);
    if (x->rank > 0) {
        const int64_t features = x->dims[x->rank - 1];
        if (kaon_dim_known(features) && kaon_dim_mul(features, a->scores) != a->n_weights)
            return kaon_fail(msg, KAON_BAD_MODEL,
                             "%s: %d coefficients for %lld features and %lld scores",
                             kaon_infer_name(node), (int)a->n_weights, (long long)features,
                             (long long)a->scores);
        dims[0] = x->rank == 2 ? x->dims[0] : 1;
    }
    if (classifier)
        kaon_fact_set(node->out[0], KAON_I64, 1, dims);
    kaon_fact_set(classifier ? kaon_infer_out(node, 1) : node->out[0], KAON_F32, 2, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_linear_classifier = {
    .name = "LinearClassifier",
    .domain = "ai.onnx.ml",
    .kind = KAON_OP_linear_classifier,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 2 },
    .attr_size = sizeof(struct kaon_linear_model),
    .read = read_classifier,
    .infer = infer_linear_model,
};

const struct kaon_op kaon_op_linear_regressor = {
    .name = "LinearRegressor",
    .domain = "ai.onnx.ml",
    .kind = KAON_OP_linear_regressor,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_linear_model),
    .read = read_regressor,
    .infer = infer_linear_model,
};
