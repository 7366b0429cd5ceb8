/* Attribute structs: filled by an operator's read function, used by its inference and by backends.
 * Pointers lead into the model's memory. */
#ifndef KAON_BASE_ATTRS_H
#define KAON_BASE_ATTRS_H

#include "engine/base/half.h"
#include "engine/base/op.h"

/* ---- shapes and movement --------------------------------------------------------------------- */

/* Concat, Gather, GatherElements, Flatten, Compress, SequenceAt, ...: one axis. */
struct kaon_axis {
    int64_t axis;
    bool given;
};

/* Squeeze, Unsqueeze: axes as an attribute before opset 13, an input from then on. */
struct kaon_axes {
    const int64_t *axes;
    int32_t n; /* -1: none given as an attribute */
};

struct kaon_shape_range { /* Shape */
    int64_t start, end;
    bool has_end;
};

struct kaon_reshape {
    bool allow_zero;      /* a 0 is a length of 0, not "as the input has it" */
    const int64_t *shape; /* opset 1 */
    int32_t n;            /* -1: the shape is an input */
};

struct kaon_tile {
    bool by_axis; /* opset 1: inputs are a count and an axis */
};

struct kaon_split {
    int64_t axis;
    const int64_t *sizes;
    int32_t n;         /* -1: an input, or equal parts */
    int64_t n_outputs; /* 0: as many as the node has */
};

struct kaon_slice { /* attributes before opset 10 */
    const int64_t *starts, *ends, *axes;
    int32_t n, n_axes; /* n -1: inputs */
};

struct kaon_transpose {
    const int64_t *perm;
    int32_t n; /* -1: axes reversed */
};

enum kaon_pad_mode { KAON_PAD_CONSTANT, KAON_PAD_REFLECT, KAON_PAD_EDGE, KAON_PAD_WRAP };

struct kaon_pad {
    enum kaon_pad_mode mode;
    const int64_t *pads;
    int32_t n;   /* -1: an input */
    float value; /* before opset 11 */
};

struct kaon_gather_nd {
    int64_t batch_dims;
};

enum kaon_scatter_reduction {
    KAON_SCATTER_NONE,
    KAON_SCATTER_ADD,
    KAON_SCATTER_MUL,
    KAON_SCATTER_MIN,
    KAON_SCATTER_MAX,
};

struct kaon_scatter { /* Scatter, ScatterElements, ScatterND */
    int64_t axis;
    enum kaon_scatter_reduction reduction;
};

struct kaon_constant_of_shape {
    const struct kaon_tensor *value; /* one element; NULL: float 0 */
};

struct kaon_eye_like {
    enum kaon_type type; /* KAON_UNDEFINED: the input's */
    int64_t k;
};

struct kaon_trilu {
    bool upper;
};

struct kaon_dropout {
    bool mask_is_bool; /* from opset 10 on; the data's type before */
    bool training;     /* before opset 7; an input from opset 12 on */
    bool has_seed;     /* without one the name of the node takes its place */
    float ratio;       /* before opset 12 */
    uint64_t seed;
};

struct kaon_cast {
    enum kaon_type to; /* KAON_UNDEFINED in CastLike: the second input's */
    bool saturate;
    enum kaon_round round; /* to float8e8m0 */
};

struct kaon_reverse_sequence {
    int64_t batch_axis, time_axis;
};

struct kaon_depth_to_space { /* SpaceToDepth too */
    int64_t block;
    bool column_row_depth; /* mode CRD */
};

enum kaon_resize_mode { KAON_RESIZE_NEAREST, KAON_RESIZE_LINEAR, KAON_RESIZE_CUBIC };

enum kaon_resize_at { /* where an output index lies in the input */
                      KAON_RESIZE_HALF_PIXEL,
                      KAON_RESIZE_HALF_PIXEL_SYMMETRIC,
                      KAON_RESIZE_PYTORCH_HALF_PIXEL,
                      KAON_RESIZE_ALIGN_CORNERS,
                      KAON_RESIZE_ASYMMETRIC,
                      KAON_RESIZE_TF_HALF_PIXEL,
                      KAON_RESIZE_TF_CROP,
};

enum kaon_resize_nearest {
    KAON_NEAREST_PREFER_FLOOR,
    KAON_NEAREST_PREFER_CEIL,
    KAON_NEAREST_FLOOR,
    KAON_NEAREST_CEIL,
    KAON_NEAREST_SIMPLE, /* opset 10: up where it shrinks, down where it grows */
};

enum kaon_resize_policy { KAON_RESIZE_STRETCH, KAON_RESIZE_NOT_LARGER, KAON_RESIZE_NOT_SMALLER };

struct kaon_resize { /* Resize, Upsample */
    enum kaon_resize_mode mode;
    enum kaon_resize_at at;
    enum kaon_resize_nearest nearest;
    enum kaon_resize_policy policy;
    bool antialias, exclude_outside;
    float cubic, extrapolation;
    const int64_t *axes;
    int32_t n_axes;                      /* -1: all */
    const float *scales;                 /* Upsample before opset 9 */
    int32_t n_scales;                    /* -1: an input */
    int32_t roi_in, scales_in, sizes_in; /* which input is what; -1: none */
};

struct kaon_quantize { /* QuantizeLinear, DequantizeLinear */
    int64_t axis, block;
    enum kaon_type to; /* KAON_UNDEFINED: the zero point's, or uint8; the scale's */
    bool saturate;
};

struct
    kaon_nbits_attr { /* MatMulNBits: B (n, blocks of k, bytes), unsigned, the lower bits of a byte first */
    int64_t k, n, bits, block;
};

struct kaon_gather_quantized { /* GatherBlockQuantized */
    int64_t axis, quantize_axis, block, bits;
};

/* ---- elementwise ----------------------------------------------------------------------------- */

/* Operators of one input with up to two parameters, each with the meaning that kernels/unary.h gives
 * it, and Clip, whose bounds may be inputs. */
struct kaon_unary_attr {
    float a, b;
    bool has_a, has_b;       /* Clip: the bounds that are attributes */
    bool tanh;               /* Gelu: approximate = "tanh" */
    bool positive, negative; /* IsInf */
};

struct kaon_binary_attr {
    bool legacy;    /* before opset 7: the second input is aligned at `axis` */
    bool broadcast; /* legacy only */
    int64_t axis;   /* INT64_MAX: at the end */
    bool fmod;      /* Mod: sign of the dividend */
    bool left;      /* BitShift */
};

/* Where the second input of a legacy broadcast starts in the first. */
static inline int32_t kaon_legacy_axis(const struct kaon_binary_attr *a, int32_t rank_a,
                                       int32_t rank_b)
{
    if (a->axis == INT64_MAX)
        return rank_a - rank_b;
    return (int32_t)(a->axis < 0 ? a->axis + rank_a : a->axis);
}

/* Chain: y = link[n - 1]( .. link[0](first input)). */
enum { KAON_CHAIN_LINKS = 8 };

struct kaon_chain {
    int32_t n;
    struct kaon_chain_link {
        enum kaon_op_kind kind;
        int32_t input; /* the other operand; -1: there is none */
        bool first;    /* it comes first */
        float a, b;    /* parameters, as in struct kaon_unary_attr */
    } link[KAON_CHAIN_LINKS];
};

/* How many operands a link of that kind has; 0: it can be none. */
int kaon_chain_operands(enum kaon_op_kind kind);

/* ---- reductions and searches ----------------------------------------------------------------- */

struct kaon_reduction {
    const int64_t *axes;
    int32_t n; /* -1: an input or all axes */
    bool keep, noop_if_empty;
};

struct kaon_arg {
    int64_t axis;
    bool keep, last;
};

struct kaon_top_k {
    int64_t axis, k; /* k -1: an input */
    bool largest, sorted;
};

struct kaon_cumulate { /* CumSum, CumProd */
    bool exclusive, reverse;
};

struct kaon_unique {
    int64_t axis;
    bool flat, sorted;
};

/* ---- products -------------------------------------------------------------------------------- */

struct kaon_gemm {
    float alpha, beta;
    bool trans_a, trans_b;
};

struct kaon_fused_matmul {
    float alpha;
    bool trans_a, trans_b;
};

/* An einsum equation as numbers. Labels 0 .. 51 are letters, KAON_EINSUM_DOTS + i is the i-th axis
 * from the end of what "..." stands for. */
enum { KAON_EINSUM_INPUTS = 8, KAON_EINSUM_DOTS = 52, KAON_EINSUM_LABELS = 52 + KAON_MAX_RANK };

struct kaon_einsum {
    struct kaon_einsum_term {
        int8_t letter[KAON_MAX_RANK];
        int32_t n;    /* letters */
        int32_t dots; /* letters in front of "...", -1: none */
    } in[KAON_EINSUM_INPUTS], out;
    int32_t n_in;
};

/* Labels of the axes of a term that stands for a tensor of `rank` axes; false if they do not fit. */
static inline bool kaon_einsum_labels(const struct kaon_einsum_term *term, int32_t rank,
                                      int8_t *label)
{
    const int32_t dots = rank - term->n;
    int32_t n = 0;
    if (dots < 0 || rank > KAON_MAX_RANK || (dots > 0 && term->dots < 0))
        return false;
    for (int32_t i = 0; i <= term->n; i++) {
        for (int32_t k = 0; i == term->dots && k < dots; k++)
            label[n++] = (int8_t)(KAON_EINSUM_DOTS + dots - 1 - k);
        if (i < term->n)
            label[n++] = term->letter[i];
    }
    return true;
}

/* What FusedConv applies to its result. */
enum kaon_fused {
    KAON_FUSED_NONE,
    KAON_FUSED_RELU,
    KAON_FUSED_SIGMOID,
    KAON_FUSED_TANH,
    KAON_FUSED_LEAKY_RELU,
    KAON_FUSED_CLIP,
    KAON_FUSED_HARD_SIGMOID,
};

struct kaon_fused_gemm {
    struct kaon_gemm gemm; /* first */
    enum kaon_fused fused;
    float a, b;
};

enum kaon_auto_pad {
    KAON_AUTO_PAD_NOTSET,
    KAON_AUTO_PAD_UPPER,
    KAON_AUTO_PAD_LOWER,
    KAON_AUTO_PAD_VALID
};

enum { KAON_SPATIAL = KAON_MAX_RANK - 2 }; /* most spatial axes */

/* Conv, ConvTranspose and pooling. Lists are absent with n -1. */
struct kaon_window {
    enum kaon_auto_pad auto_pad;
    const int64_t *kernel, *strides, *dilations, *pads, *output_padding, *output_shape;
    int32_t n_kernel, n_strides, n_dilations, n_pads, n_output_padding, n_output_shape;
    int64_t group;
    bool ceil, count_include_pad, column_major;
    int64_t p; /* LpPool */
    enum kaon_fused fused;
    float fused_a, fused_b;
};

/* A window with its numbers filled in for concrete lengths; see kaon_window_place. */
struct kaon_placed {
    int32_t n; /* spatial axes */
    int64_t in[KAON_SPATIAL], out[KAON_SPATIAL], kernel[KAON_SPATIAL], stride[KAON_SPATIAL],
        dilation[KAON_SPATIAL], begin[KAON_SPATIAL], end[KAON_SPATIAL];
};

enum kaon_activation {
    KAON_ACTIVATION_NONE,
    KAON_ACTIVATION_RELU,
    KAON_ACTIVATION_GELU_ERF,
    KAON_ACTIVATION_GELU_TANH,
    KAON_ACTIVATION_SILU,
    KAON_ACTIVATION_SIGMOID,
    KAON_ACTIVATION_TANH,
};

/* y = act(x B + bias): inputs x (.., K), B (K, N) constant, bias (N) optional. */
struct kaon_linear {
    bool transposed; /* B is (N, K) */
    enum kaon_activation activation;
};

/* ---- normalisation --------------------------------------------------------------------------- */

struct kaon_softmax { /* Softmax, LogSoftmax, Hardmax */
    int64_t axis;
    bool flat; /* opset < 13: the axes from `axis` on count as one, those before as another */
};

struct kaon_norm { /* LayerNormalization, RMSNormalization, BatchNormalization, ... */
    int64_t axis;
    float epsilon;
    bool spatial;   /* BatchNormalization before opset 9: statistics a channel */
    int64_t groups; /* GroupNormalization */
    bool per_group; /* GroupNormalization before opset 21: scale and bias a group */
    int64_t p;      /* LpNormalization */
    bool training;  /* BatchNormalization: statistics of the batch itself */
    float momentum;
};

struct kaon_mean_variance {
    const int64_t *axes;
    int32_t n;
};

struct kaon_lrn {
    float alpha, beta, bias;
    int64_t size;
};

enum kaon_loss_reduction { KAON_LOSS_NONE, KAON_LOSS_SUM, KAON_LOSS_MEAN };

struct kaon_loss {
    enum kaon_loss_reduction reduction;
    bool ignores; /* targets of `ignored` count for nothing */
    int64_t ignored;
};

/* ---- signals and pictures -------------------------------------------------------------------- */

struct kaon_dft { /* DFT, STFT */
    int64_t axis; /* before opset 20; from then on an input */
    bool axis_in, inverse, onesided;
};

struct kaon_signal_window { /* HannWindow, HammingWindow, BlackmanWindow, MelWeightMatrix */
    enum kaon_type type;
    bool periodic;
};

enum kaon_sample_mode { KAON_SAMPLE_LINEAR, KAON_SAMPLE_NEAREST, KAON_SAMPLE_CUBIC };
enum kaon_sample_pad { KAON_SAMPLE_ZEROS, KAON_SAMPLE_BORDER, KAON_SAMPLE_REFLECTION };

struct kaon_grid_sample { /* AffineGrid too */
    enum kaon_sample_mode mode;
    enum kaon_sample_pad pad;
    bool align_corners;
};

struct kaon_roi { /* RoiAlign, MaxRoiPool */
    bool half_pixel, max;
    int64_t height, width, ratio;
    float scale;
};

struct kaon_deform { /* DeformConv */
    struct kaon_window window;
    int64_t offset_group;
};

/* ---- detection, random numbers, training ------------------------------------------------------ */

struct kaon_suppress { /* NonMaxSuppression */
    bool center;       /* boxes are centre and size, not two corners */
};

struct kaon_random {     /* RandomUniform, RandomNormal, their Likes, Bernoulli, Multinomial */
    enum kaon_type type; /* KAON_UNDEFINED: the input's */
    double a, b;         /* low and high, or mean and scale */
    bool has_seed;       /* without one the name of the node takes its place */
    uint64_t seed;
    const int64_t *shape;
    int32_t n;
    int64_t samples;
};

struct kaon_optimizer { /* Adagrad, Adam, Momentum */
    double alpha, beta, epsilon, decay, norm, norm_post;
    bool nesterov;
};

struct kaon_causal_conv {
    bool silu;
};

struct kaon_swiglu {
    float alpha;
};

struct kaon_tensor_scatter {
    int64_t axis;
    bool circular;
};

/* ---- recurrent ------------------------------------------------------------------------------- */

enum kaon_direction { KAON_FORWARD, KAON_REVERSE, KAON_BIDIRECTIONAL };

/* Activation functions of recurrent operators, as kaon_recurrent numbers them. */
enum kaon_cell_fn {
    KAON_CELL_SIGMOID,
    KAON_CELL_TANH,
    KAON_CELL_RELU,
    KAON_CELL_AFFINE,
    KAON_CELL_LEAKY_RELU,
    KAON_CELL_THRESHOLDED_RELU,
    KAON_CELL_SCALED_TANH,
    KAON_CELL_HARD_SIGMOID,
    KAON_CELL_ELU,
    KAON_CELL_SOFTSIGN,
    KAON_CELL_SOFTPLUS,
    KAON_CELL_FNS
};

struct kaon_recurrent {
    enum kaon_direction direction;
    int64_t hidden;
    struct {
        enum kaon_cell_fn fn;
        float a, b;
    } act[6];
    float clip; /* 0: none */
    bool linear_before_reset, batch_first, couple_input_forget;
    bool sequence_output; /* opset < 7: output_sequence */
};

/* ---- classical models ------------------------------------------------------------------------ */

enum kaon_tree_mode {
    KAON_TREE_LEQ,
    KAON_TREE_LT,
    KAON_TREE_GTE,
    KAON_TREE_GT,
    KAON_TREE_EQ,
    KAON_TREE_NEQ,
    KAON_TREE_LEAF,
    KAON_TREE_MODES
};

enum kaon_post_transform {
    KAON_POST_NONE,
    KAON_POST_SOFTMAX,
    KAON_POST_LOGISTIC,
    KAON_POST_SOFTMAX_ZERO,
    KAON_POST_PROBIT,
};

enum kaon_aggregate {
    KAON_AGGREGATE_SUM,
    KAON_AGGREGATE_AVERAGE,
    KAON_AGGREGATE_MIN,
    KAON_AGGREGATE_MAX
};

/* A node of a tree; `yes` and `no` are indices into the list of nodes. Of a leaf they are the first of
 * its weights and their end. */
struct kaon_tree_node {
    double value;
    int32_t feature, yes, no;
    uint8_t mode;    /* enum kaon_tree_mode */
    bool nan_is_yes; /* a missing value goes the way of "yes" */
};

struct kaon_tree_weight {
    double weight;
    int32_t target;
};

struct kaon_trees {
    const struct kaon_tree_node *nodes;
    const struct kaon_tree_weight *weights;
    const int32_t *roots;
    size_t n_nodes, n_weights, n_roots;
    int64_t n_targets;  /* or classes */
    int64_t n_features; /* highest feature + 1 */
    const double *base;
    int32_t n_base; /* 0: none */
    enum kaon_post_transform post;
    enum kaon_aggregate aggregate;
    const int64_t *labels; /* of the classifier, n_targets of them */
    bool one_score;        /* two classes, and all weights name one */
    bool positive;         /* no weight is negative */
};

struct kaon_linear_model { /* LinearClassifier, LinearRegressor */
    const float *weights, *base;
    int32_t n_weights, n_base; /* n_base at most 0: none */
    const int64_t *labels;
    int64_t scores;  /* rows of weights */
    int64_t columns; /* of the output: two for one score that divides two classes */
    enum kaon_post_transform post;
};

struct kaon_binarizer {
    float threshold;
};

enum kaon_normalizer_kind { KAON_NORMALIZER_MAX, KAON_NORMALIZER_L1, KAON_NORMALIZER_L2 };

struct kaon_normalizer {
    enum kaon_normalizer_kind kind;
};

struct kaon_scaler { /* lists of one entry for all features, or one for each */
    const float *offset, *scale;
    int32_t n_offset, n_scale;
};

struct
    kaon_imputer { /* one of the lists is there, with one entry for all features or one for each */
    const float *floats;
    const int64_t *ints;
    int32_t n;
    float replaced_float;
    int64_t replaced_int;
};

struct kaon_one_hot_encoder {
    const int64_t *categories;
    int32_t n;
    bool zeros; /* what is no category gives zeros; else it is refused */
};

/* Numbers from an attribute: a list, or a tensor. */
struct kaon_attr_numbers {
    enum kaon_type type;
    const void *data;
    int64_t n;
};

struct kaon_label_encoder {
    struct kaon_attr_numbers keys, values;
    double float_otherwise;
    int64_t int_otherwise;
    const char *text_otherwise;
};

struct kaon_feature_vectorizer {
    const int64_t *widths;
    int32_t n;
};

enum kaon_tf_idf_mode { KAON_TF, KAON_IDF, KAON_TF_IDF };

struct kaon_gram {
    const int64_t *items;
    int32_t n;
    int32_t at; /* where its count goes */
    float weight;
};

struct kaon_tf_idf {
    enum kaon_tf_idf_mode mode;
    const struct kaon_gram *grams; /* sorted by length and items */
    int32_t n_grams;
    int64_t shortest, longest, skips, width;
};

enum kaon_rounding {
    KAON_BITS_EVEN,
    KAON_BITS_CEIL,
    KAON_BITS_FLOOR,
    KAON_BITS_UP,   /* away from zero */
    KAON_BITS_DOWN, /* towards zero */
    KAON_BITS_HALF_UP,
    KAON_BITS_HALF_DOWN,
};

struct kaon_bits { /* IntQuant, Trunc */
    enum kaon_rounding rounding;
    bool is_signed, narrow;
};

/* ---- sequences ------------------------------------------------------------------------------- */

struct kaon_sequence_attr { /* SequenceEmpty, ConcatFromSequence, SplitToSequence */
    enum kaon_type type;
    int64_t axis;
    bool new_axis, keep;
};

/* ---- strings --------------------------------------------------------------------------------- */

struct kaon_text_split {   /* StringSplit */
    const char *delimiter; /* "": any white space */
    int64_t most;          /* parts; INT64_MAX: no bound */
};

struct kaon_text_normalizer { /* StringNormalizer */
    bool lower, upper, sensitive;
    const char *const *stop;
    int32_t n_stop;
};

/* ---- nested graphs --------------------------------------------------------------------------- */

struct kaon_scan {  /* lists: n -1 where absent */
    int64_t n_scan; /* inputs that are walked along; the rest is carried */
    const int64_t *directions, *in_axes, *out_directions, *out_axes;
    int32_t n_directions, n_in_axes, n_out_directions, n_out_axes;
};

/* ---- attention ------------------------------------------------------------------------------- */

/* What an input of an attention operator is. Every such operator, of whatever domain, is read into one struct
 * kaon_attention with a table of where its inputs and outputs stand. */
enum kaon_attention_in {
    KAON_ATT_Q,
    KAON_ATT_K,
    KAON_ATT_V,
    KAON_ATT_MASK, /* bool: visible; float: added. Broadcasts to [B,H,Tq,Tk], its keys may end early */
    KAON_ATT_BIAS, /* float, added */
    KAON_ATT_KEY_MASK, /* int32, not 0: visible. [B,Tk], [B,Tq,Tk], [B,1,T,T]; lengths [B]; ends and starts [2B] */
    KAON_ATT_GATE,     /* multiplies the weights */
    KAON_ATT_ROW_BIAS, /* columns of q, k and v side by side, added to each row of them */
    KAON_ATT_WEIGHTS,  /* [W, columns of q, k and v]: q stands for x, which it multiplies */
    KAON_ATT_PAST_K,   /* [B,Hkv,T,D] */
    KAON_ATT_PAST_V,
    KAON_ATT_PAST,        /* [2,B,Hkv,T,D] */
    KAON_ATT_PAST_LENGTH, /* of a past with room at its end */
    KAON_ATT_LENGTHS, /* int64 [B]: keys that are not padding; the queries are the last of them */
    KAON_ATT_LAST,    /* int32 [B]: the same less one, the new keys included */
    KAON_ATT_TOTAL,   /* the largest number of keys with the new ones */
    KAON_ATT_COS,     /* [positions, pairs] */
    KAON_ATT_SIN,
    KAON_ATT_POSITIONS, /* int64 [B,Tq] */
    KAON_ATT_SINK,      /* [H]: a score without a value */
    KAON_ATT_STARTS,    /* int32 [B + 1]: rows of each item among [rows,..] */
    KAON_ATT_NOT_YET,   /* what is refused if it is given */
    KAON_ATT_INS
};
enum kaon_attention_out {
    KAON_ATT_Y,
    KAON_ATT_PRESENT_K,
    KAON_ATT_PRESENT_V,
    KAON_ATT_PRESENT,
    KAON_ATT_QK,
    KAON_ATT_OUTS
};

/* What an input (output) of a node is: KAON_ATT_INS (_OUTS) entries at most, KAON_ATT_END behind the last. */
enum { KAON_ATT_END = -1 };

enum kaon_attention_layout {
    KAON_ATT_COLUMNS, /* [B,T,H,D], or rows [B,T,W] with the heads side by side from column *_at on;
                              output [B,T,H,Dv] */
    KAON_ATT_TOKENS_FIRST, /* [T,G,D], as many heads as there are, the items of a batch among them */
    KAON_ATT_HEADS_FIRST,  /* [B,H,T,D], or [B,T,H D]; output likewise */
    KAON_ATT_ROWS,         /* the same and [B,T,H,parts,D], packed; output [B,T,H Dv] */
};

/* What the scores' output holds. */
enum kaon_attention_scores {
    KAON_ATT_PRODUCT,
    KAON_ATT_CAPPED,
    KAON_ATT_BIASED,
    KAON_ATT_WEIGHED,
};

/* A variant with its parameters; see kernels/attention/attention.h. */
enum { KAON_ATT_PARAMS = 8 };
struct kaon_attention_plugin;
struct kaon_attention_choice {
    int variant; /* enum kaon_attention_variant */
    float param[KAON_ATT_PARAMS];
    const struct kaon_attention_plugin *plugin; /* NULL: that variant; else this in its place */
};

/* Attention, a head at a time:
 *
 *   s_ij = scale_scores * (scale_q q_i) . (scale_k k_j) + bias_ij      o_i = sum_j softmax_j(s_ij) v_j
 *
 * or another variant's weights in place of the softmax. Softmax over few keys with nothing but a bias takes each
 * product and sum rounded, a factor of 1 left out: the bits of the plain operators. */
struct kaon_attention {
    const int8_t *in, *out; /* enum kaon_attention_in and _out of each */
    enum kaon_attention_layout layout;
    int64_t heads,
        kv_heads; /* query head h uses key and value head h / (heads / kv_heads); 0: by the shapes */
    int64_t head_size, value_size; /* 0: by the shapes */
    int64_t q_at, k_at, v_at;
    int64_t columns[3];                   /* WEIGHTS: columns of q, k and v; 0: a third each */
    float scale_q, scale_k, scale_scores; /* scale_scores NaN: the variant's own */
    float divisor; /* of the scores, 1: none; where a factor would change bits */
    float softcap;
    bool heads_first[3], y_heads_first; /* COLUMNS: q, k, v or the output are [B,H,T,D] */
    float mask_value;                   /* what a score becomes that a mask of COLUMNS hides */
    bool mask_weights;                  /* and a weight becomes 0, also in a row of NaN */
    bool nan_is_zero; /* a row that sees nothing gives zeros, not NaN, also where keys are few */
    bool causal;
    int64_t left, right; /* window; -1: no bound */
    enum kaon_attention_scores scores;
    bool rotary, interleaved;
    int64_t pairs; /* rotary: 0: by the shapes */
    bool smooth;   /* a score of 0 without a value */
    bool
        shared_past; /* past and present are as long as one another, PAST_LENGTH says how much is there */
    struct kaon_attention_choice choice;
};

/* Where the rows of a head lie: elements from the beginning, and from one to the next. */
struct kaon_attention_place {
    int64_t at, batch, head, row;
};

/* The lengths of a use, numbers or not. */
struct kaon_attention_shape {
    int64_t batch, heads, kv_heads, queries, size, value_size;
    int64_t fresh, past, keys; /* keys given, those of the past, room for both */
    struct kaon_attention_place q, k, v, y;
};

/* Pooling over tokens: y = sum_t w_t v_t, w the weights of scores [B,T,1], values [B,T,C], output [B,C]. A score
 * that the mask [B or 1,T or 1,1] hides has weight 0. */
struct kaon_attention_pooling {
    struct kaon_attention_choice choice;
    bool keep;  /* output [B,1,C] */
    bool hides; /* the mask is true where nothing is seen */
};

struct kaon_rotary_attr { /* RotaryEmbedding */
    int64_t heads, size;  /* 0: by the shapes */
    float scale;
    bool interleaved, positions_second; /* com.microsoft: the positions are input 1 */
};

enum kaon_linear_rule {
    KAON_LINEAR_PLAIN,
    KAON_LINEAR_GATED,
    KAON_LINEAR_DELTA,
    KAON_LINEAR_GATED_DELTA,
};

struct kaon_linear_attention {
    int64_t heads, kv_heads;
    float scale; /* 0: 1 / sqrt(size) */
    enum kaon_linear_rule rule;
};

#endif
