#include "tests/attention/reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A query and its keys. A variant turns scores into weights `w`, or writes `out` itself. */
struct row {
    const struct kaon_attention_call *c;
    const struct kaon_attention_info *info;
    size_t head, kv, query;
    double position;
    const bool *seen; /* of each key; */
    double n;         /* how many */
    double *x, *w, *out;
    double *room;  /* [keys] */
    bool finished; /* out is what it should be, w of no use */
};
typedef void reference_fn(struct row *r);

#define KEYS(r, j)                                                                                 \
    for (size_t j = 0; j < (r)->c->keys; j++)                                                      \
        if ((r)->seen[j])

/* ---- inputs ----------------------------------------------------------------------------------- */

bool reference_visible(const struct kaon_attention_call *c, size_t head, size_t i, size_t j)
{
    const int64_t distance = (int64_t)i + c->offset - (int64_t)j;
    if ((c->causal && distance < 0) || (c->left >= 0 && distance > c->left) ||
        (c->right >= 0 && -distance > c->right))
        return false;
    if (c->mask.at && !c->mask.at[head * c->mask.head + i * c->mask.row + j * c->mask.key])
        return false;
    if (c->key_mask && !c->key_mask[j])
        return false;
    return !c->bias.at ||
           c->bias.at[head * c->bias.head + i * c->bias.row + j * c->bias.key] != -INFINITY;
}

static const float *q_of(const struct row *r)
{
    return r->c->q.at + r->head * r->c->q.head + r->query * r->c->q.row;
}

static const float *k_of(const struct row *r, size_t j)
{
    return r->c->k.at + r->kv * r->c->k.head + j * r->c->k.row;
}

static const float *v_of(const struct row *r, size_t j)
{
    return r->c->v.at + r->kv * r->c->v.head + j * r->c->v.row;
}

static double default_scale(const struct row *r)
{
    return isnan(r->c->scale) ? 1.0 / sqrt((double)r->c->size) : (double)r->c->scale;
}

static int find(const struct row *r, const char *name)
{
    int i = 0;
    while (strcmp(r->info->param[i].name, name) != 0)
        i++;
    return i;
}

/* Element of what this head has of a parameter; the number, if it is one. */
static double at(const struct row *r, const char *name, size_t index)
{
    const int i = find(r, name);
    const struct kaon_attention_param *p = &r->c->param[i];
    const size_t head = r->info->param[i].shape[0] == 'g' ? r->kv : r->head;
    return p->at ? (double)p->at[head * p->head + index] : (double)p->number;
}

static double par(const struct row *r, const char *name)
{
    return at(r, name, 0);
}

static size_t rows_of(const struct row *r, const char *name)
{
    return r->c->param[find(r, name)].rows;
}

/* ---- scores ----------------------------------------------------------------------------------- */

enum mode { DOT, COSINE, SIGN, GAUSS };

static void rotate(const struct row *r, double *y, const float *x, size_t position)
{
    const struct kaon_attention_rope *rope = &r->c->rope;
    for (size_t i = 0; i < r->c->size; i++)
        y[i] = (double)x[i];
    for (size_t i = 0; rope->cos && i < rope->pairs; i++) {
        const size_t angle = r->kv * rope->head + position * rope->pairs + i;
        const size_t a = rope->interleaved ? 2 * i : i,
                     b = rope->interleaved ? a + 1 : i + rope->pairs;
        const double cosine = (double)rope->cos[angle], sine = (double)rope->sin[angle];
        y[a] = (double)x[a] * cosine - (double)x[b] * sine;
        y[b] = (double)x[a] * sine + (double)x[b] * cosine;
    }
}

static void transform(double *x, size_t n, enum mode mode)
{
    double square = 0;
    for (size_t i = 0; i < n; i++)
        square += x[i] * x[i];
    for (size_t i = 0; i < n; i++)
        if (mode == COSINE)
            x[i] /= fmax(sqrt(square), 1e-12);
        else if (mode == SIGN)
            x[i] = (x[i] > 0) - (x[i] < 0);
}

static double product(const double *q, const double *k, size_t n, enum mode mode)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += mode == GAUSS ? -0.5 * (q[i] - k[i]) * (q[i] - k[i]) : q[i] * k[i];
    return sum;
}

/* Steps 1 to 5 of kernels/attention/attention.h into x. */
static void scores(struct row *r, enum mode mode, double scale)
{
    const struct kaon_attention_call *c = r->c;
    double *q = malloc(2 * c->size * sizeof *q), *k = q + c->size;
    rotate(r, q, q_of(r), c->rope.query_at + r->query);
    transform(q, c->size, mode);
    KEYS(r, j)
    {
        const double distance = r->position - (double)j;
        rotate(r, k, k_of(r, j), c->rope.key_at + j);
        transform(k, c->size, mode);
        double x = scale * product(q, k, c->size, mode);
        if (c->softcap > 0)
            x = (double)c->softcap * tanh(x / (double)c->softcap);
        if (c->bias.at)
            x += (double)
                     c->bias.at[r->head * c->bias.head + r->query * c->bias.row + j * c->bias.key];
        if (c->slopes)
            x += (double)c->slopes[r->head] * (c->signed_slopes ? distance : -fabs(distance));
        r->x[j] = x;
    }
    free(q);
}

static void dot_scores(struct row *r)
{
    scores(r, DOT, default_scale(r));
}

/* ---- over the visible keys -------------------------------------------------------------------- */

static double most(const struct row *r, const double *x)
{
    double m = -INFINITY;
    KEYS(r, j)
    m = fmax(m, x[j]);
    return m;
}

static double total(const struct row *r, const double *x)
{
    double sum = 0;
    KEYS(r, j)
    sum += x[j];
    return sum;
}

static double ratio(double a, double b)
{
    return b == 0 ? 0 : a / b;
}

static void multiply(struct row *r, double *x, double by)
{
    KEYS(r, j)
    x[j] *= by;
}

static void divide_by(struct row *r, double sum)
{
    KEYS(r, j)
    r->w[j] = ratio(r->w[j], sum);
}

/* w = softmax of x */
static void to_softmax(struct row *r)
{
    const double m = most(r, r->x);
    KEYS(r, j)
    r->w[j] = exp(r->x[j] - m);
    divide_by(r, total(r, r->w));
}

/* out = sum w v, the gate on the weights. */
static void apply(struct row *r)
{
    const struct kaon_attention_call *c = r->c;
    const struct kaon_attention_floats *g = &c->gate;
    KEYS(r, j)
    for (size_t d = 0; d < c->value_size; d++) {
        const double gate =
            g->at ? (double)g->at[r->head * g->head + r->query * g->row + j * g->key] : 1.0;
        r->out[d] += gate * r->w[j] * (double)v_of(r, j)[d];
    }
    r->finished = true;
}

static void scale_out(struct row *r, double by)
{
    for (size_t d = 0; d < r->c->value_size; d++)
        r->out[d] *= by;
}

static double out_square(const struct row *r)
{
    double sum = 0;
    for (size_t d = 0; d < r->c->value_size; d++)
        sum += r->out[d] * r->out[d];
    return sum;
}

/* ---- streaming family ------------------------------------------------------------------------- */

static void reference_softmax(struct row *r)
{
    dot_scores(r);
    to_softmax(r);
}

static void reference_softmax_2pass(struct row *r)
{
    reference_softmax(r);
}

static void reference_uniattn(struct row *r)
{
    reference_softmax(r);
}

static void reference_softmax_n(struct row *r)
{
    dot_scores(r);
    const double m = fmax(most(r, r->x), 0);
    KEYS(r, j)
    r->w[j] = exp(r->x[j] - m);
    divide_by(r, par(r, "n") * exp(-m) + total(r, r->w));
}

static void reference_ssmax(struct row *r)
{
    dot_scores(r);
    multiply(r, r->x, par(r, "s") * log(r->n) + par(r, "b"));
    to_softmax(r);
}

static void reference_adaptive_temp(struct row *r)
{
    double h = 0;
    reference_softmax(r);
    KEYS(r, j)
    h -= r->w[j] > 0 ? r->w[j] * log(r->w[j]) : 0;
    const double p = (((-0.037 * h + 0.481) * h - 2.3) * h + 4.917) * h - 1.791;
    multiply(r, r->x, h > 0.5 ? fmax(p, 1) : 1);
    to_softmax(r);
}

static void reference_ssa(struct row *r)
{
    dot_scores(r);
    multiply(r, r->x, at(r, "tau_q", r->query) + 1 + exp(-exp(par(r, "beta"))) * log(r->n));
    to_softmax(r);
    KEYS(r, j)
    r->w[j] *= at(r, "tau_v", j);
}

static double sigmoid(double z)
{
    return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
}

static void reference_sigmoid(struct row *r)
{
    const double b = isnan(par(r, "b")) ? -log(r->n) : par(r, "b");
    dot_scores(r);
    KEYS(r, j)
    r->w[j] = sigmoid(r->x[j] + b) / pow(r->n, par(r, "gamma"));
}

static void reference_swat(struct row *r)
{
    dot_scores(r);
    KEYS(r, j)
    r->w[j] = sigmoid(r->x[j]);
}

static void reference_softpick(struct row *r)
{
    double sum = par(r, "eps");
    dot_scores(r);
    const double m = fmax(most(r, r->x), 0);
    KEYS(r, j)
    {
        const double e = exp(-m) * expm1(fmin(r->x[j], 1));
        r->w[j] = r->x[j] <= 1 ? e : exp(r->x[j] - m) - exp(-m);
        sum += fabs(r->w[j]);
    }
    KEYS(r, j)
    r->w[j] = fmax(r->w[j], 0) / sum;
}

static void reference_power_softmax(struct row *r)
{
    const double p = par(r, "p");
    double m = 0;
    dot_scores(r);
    KEYS(r, j)
    m = fmax(m, fabs(r->x[j]));
    KEYS(r, j)
    r->w[j] = m > 0 ? pow(r->x[j] / m, p) : 0;
    divide_by(r, m > 0 ? total(r, r->w) + par(r, "eps") * pow(m, -p) : 0);
}

static void reference_sa_softmax(struct row *r)
{
    reference_softmax(r);
    KEYS(r, j)
    r->w[j] *= r->x[j];
}

static void reference_sa_softmax_norm(struct row *r)
{
    double low = 0, high = 0;
    reference_softmax(r);
    KEYS(r, j)
    {
        low = fmin(low, r->x[j]);
        high = fmax(high, r->x[j]);
    }
    KEYS(r, j)
    r->w[j] *= (r->x[j] - low) / (high - low + par(r, "eps"));
}

static void reference_lssa(struct row *r)
{
    scores(r, COSINE, log((double)r->c->size) * log(r->n));
    KEYS(r, j)
    r->w[j] = fmax(r->x[j], 0) + log1p(exp(-fabs(r->x[j])));
    divide_by(r, total(r, r->w) + par(r, "eps"));
}

static void reference_lssar(struct row *r)
{
    reference_lssa(r);
    KEYS(r, j)
    r->w[j] = pow(fmax(r->w[j] * r->n - (r->n <= 3 ? 0 : 1), 0), par(r, "p"));
    divide_by(r, total(r, r->w) + par(r, "eps"));
}

static void reference_relu(struct row *r)
{
    dot_scores(r);
    KEYS(r, j)
    r->w[j] = fmax(r->x[j], 0) / pow(r->n, par(r, "gamma"));
}

/* y = (x - mean) / sqrt(var + eps) g + b */
static void layer_norm(double *x, size_t n, const struct row *r, const char *gain,
                       const char *shift)
{
    double mean = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        square += (x[i] - mean) * (x[i] - mean) / (double)n;
    for (size_t i = 0; i < n; i++)
        x[i] = (x[i] - mean) / sqrt(square + par(r, "eps")) * at(r, gain, i) + at(r, shift, i);
}

static void reference_relu_ln(struct row *r)
{
    reference_relu(r);
    apply(r);
    layer_norm(r->out, r->c->value_size, r, "ln_g", "ln_b");
}

static void reference_nap(struct row *r)
{
    double square = 0;
    dot_scores(r);
    const double mean = total(r, r->x) / r->n;
    KEYS(r, j)
    square += (r->x[j] - mean) * (r->x[j] - mean) / r->n;
    KEYS(r, j)
    r->w[j] = par(r, "gain") * (r->x[j] - mean) / (sqrt(square) + par(r, "eps")) + par(r, "bias");
}

static void reference_shaped(struct row *r)
{
    reference_softmax(r);
    KEYS(r, j)
    r->w[j] = par(r, "alpha") * ((double)j == r->position) + par(r, "beta") * r->w[j] -
              par(r, "gamma") / r->n;
}

static void reference_gauss(struct row *r)
{
    scores(r, GAUSS, default_scale(r));
    KEYS(r, j)
    r->w[j] = exp(fmin(r->x[j], 80));
}

static void reference_gauss_norm(struct row *r)
{
    scores(r, GAUSS, default_scale(r));
    to_softmax(r);
}

static void reference_clipped_softmax(struct row *r)
{
    const double alpha = par(r, "alpha"), zeta = par(r, "zeta");
    const double g = isnan(alpha) ? par(r, "gamma") : -alpha / r->n;
    reference_softmax(r);
    KEYS(r, j)
    r->w[j] = fmin(fmax(r->w[j] * (zeta - g) + g, 0), 1);
}

static void reference_exp_n(struct row *r)
{
    dot_scores(r);
    KEYS(r, j)
    r->w[j] = exp(fmin(r->x[j], par(r, "clamp"))) / r->n;
}

static void reference_exp_rms(struct row *r)
{
    reference_exp_n(r);
    apply(r);
    scale_out(r, 1 / sqrt(out_square(r) / (double)r->c->value_size + par(r, "eps")));
    for (size_t d = 0; d < r->c->value_size; d++)
        r->out[d] *= at(r, "g", d);
}

static void reference_exp_l2(struct row *r)
{
    reference_softmax(r);
    apply(r);
    scale_out(r, ratio(1, sqrt(out_square(r))));
}

static void reference_exp_taylor(struct row *r)
{
    dot_scores(r);
    KEYS(r, j)
    {
        r->w[j] = 1;
        for (int i = (int)par(r, "order"); i > 0; i--)
            r->w[j] = 1 + r->w[j] * r->x[j] / i;
    }
    divide_by(r, total(r, r->w));
}

/* ---- thresholds and ranks --------------------------------------------------------------------- */

/* Entmax by bisection until the ends meet; then divided by the sum. */
static void to_entmax(struct row *r, double a)
{
    const double m = most(r, r->x);
    double low = -1, high = 0;
    for (int step = 0; step < 100; step++) {
        const double tau = 0.5 * (low + high);
        double sum = 0;
        KEYS(r, j)
        sum += pow(fmax(a * (r->x[j] - m) - tau, 0), 1 / a);
        if (sum >= 1)
            low = tau;
        else
            high = tau;
    }
    KEYS(r, j)
    r->w[j] = pow(fmax(a * (r->x[j] - m) - low, 0), 1 / a);
    divide_by(r, total(r, r->w));
}

static void reference_sparsemax(struct row *r)
{
    dot_scores(r);
    to_entmax(r, 1);
}

static void reference_entmax15(struct row *r)
{
    dot_scores(r);
    to_entmax(r, 0.5);
}

static void reference_entmax(struct row *r)
{
    dot_scores(r);
    if (par(r, "alpha") <= 1.001)
        to_softmax(r);
    else
        to_entmax(r, par(r, "alpha") - 1);
}

static void reference_topk_softmax(struct row *r)
{
    reference_softmax(r);
    KEYS(r, j)
    {
        double before = 0;
        KEYS(r, i)
        before += r->x[i] > r->x[j] || (r->x[i] == r->x[j] && i < j);
        r->room[j] = before < par(r, "k") ? r->w[j] : 0;
    }
    memcpy(r->w, r->room, r->c->keys * sizeof *r->w);
    divide_by(r, total(r, r->w));
}

/* ---- few bits --------------------------------------------------------------------------------- */

static void reference_bivit(struct row *r)
{
    scores(r, SIGN, default_scale(r));
    to_softmax(r);
    const double cut = par(r, "lam") * most(r, r->w);
    KEYS(r, j)
    for (size_t d = 0; d < r->c->value_size && r->w[j] >= cut; d++)
        r->out[d] += (v_of(r, j)[d] > 0) - (v_of(r, j)[d] < 0);
    r->finished = true;
}

static void reference_quant_softmax(struct row *r)
{
    const double top = exp2(par(r, "bits")) - 1;
    reference_softmax(r);
    KEYS(r, j)
    r->w[j] = rint(r->w[j] * top) / top + par(r, "beta");
}

static double fixed(double x)
{
    return fmin(fmax(floor(x * 1024), -32768), 32767);
}

static double table(double value)
{
    return fmin(floor(value * 1024 + 0.5), 131071);
}

static double quotient_weight(double e, double sum)
{
    const double i = floor(sum / 256);
    return fmin(floor(e * (i > 0 ? table(4 / i) : 131071) / 1024), 32767) / 1024;
}

static void reference_table_softmax(struct row *r)
{
    const int form = (int)par(r, "form");
    dot_scores(r);
    const double m = fixed(most(r, r->x));
    KEYS(r, j)
    {
        const double x = fixed(r->x[j]);
        r->room[j] = form == 0 ? table(exp(-floor(fmin(m - x, 32767) / 32) / 32))
                               : table(exp(floor(x / 64) / 16));
    }
    const double sum = fmin(total(r, r->room), 131071);
    KEYS(r, j)
    r->w[j] = quotient_weight(r->room[j], sum);
    if (form < 2)
        return;
    KEYS(r, i)
    {
        double s = 0;
        KEYS(r, j)
        {
            const double index = trunc((fixed(r->x[j]) - fixed(r->x[i])) / 16) + 512;
            s = fmin(s + table(exp(fmin(fmax(index, 0), 1023) / 64 - 8)), 131071);
        }
        const double at = fmin(floor(s / 64), 1023);
        r->w[i] = at > 0 ? table(16 / at) / 1024 : 0;
    }
}

static double cut22(double z)
{
    return floor(z * 0x1p22) * 0x1p-22;
}

static void reference_edge_moe(struct row *r)
{
    double b = -512, s = 0;
    dot_scores(r);
    KEYS(r, j)
    {
        const double x = cut22(r->x[j]);
        s = b < x ? cut22(s * cut22(exp(b - x))) + 1 : s + cut22(exp(x - b));
        b = fmax(b, x);
    }
    KEYS(r, j)
    r->w[j] = cut22(cut22(exp(cut22(r->x[j]) - b)) * cut22(1 / s));
}

/* ---- matrix states: the weights that they stand for ------------------------------------------- */

static double elu1(double x)
{
    return x > 0 ? x + 1 : exp(x);
}

/* w = phi(q).phi(k) */
static void elu_products(struct row *r)
{
    KEYS(r, j)
    for (size_t d = 0; d < r->c->size; d++)
        r->w[j] += elu1((double)q_of(r)[d]) * elu1((double)k_of(r, j)[d]);
}

static void reference_linear_elu(struct row *r)
{
    elu_products(r);
    divide_by(r, total(r, r->w) + par(r, "eps"));
}

static void reference_cosformer(struct row *r)
{
    const struct kaon_attention_call *c = r->c;
    const double longest = (double)(c->queries > c->keys ? c->queries : c->keys);
    const double m = isnan(par(r, "m")) ? longest : par(r, "m");
    const double position = c->causal ? r->position : (double)r->query;
    KEYS(r, j)
    {
        for (size_t d = 0; d < c->size; d++)
            r->w[j] += fmax((double)q_of(r)[d], 0) * fmax((double)k_of(r, j)[d], 0);
        r->w[j] *= cos(acos(-1) / 2 * (position - (double)j) / m);
    }
    divide_by(r, fmax(total(r, r->w), par(r, "eps")));
}

/* omega_m . x D^-1/4, and half the square of that x into *half */
static double project(const struct row *r, const float *x, size_t m, double *half)
{
    const double scale = pow((double)r->c->size, -0.25);
    double sum = 0;
    *half = 0;
    for (size_t d = 0; d < r->c->size; d++) {
        const double y = (double)x[d] * scale;
        sum += at(r, "omega", m * r->c->size + d) * y;
        *half += 0.5 * y * y;
    }
    return sum;
}

/* Without eps, as in causal order, the reference of the keys cancels. */
static void reference_favor(struct row *r)
{
    const size_t rows = rows_of(r, "omega");
    const double eps = r->c->causal ? 0 : par(r, "eps");
    double q_most = -INFINITY, k_most = -INFINITY, half;
    for (size_t m = 0; m < rows; m++) {
        q_most = fmax(q_most, project(r, q_of(r), m, &half));
        KEYS(r, j)
        k_most = fmax(k_most, project(r, k_of(r, j), m, &half));
    }
    KEYS(r, j)
    for (size_t m = 0; m < rows; m++) {
        double q_half, k_half;
        const double q = project(r, q_of(r), m, &q_half), k = project(r, k_of(r, j), m, &k_half);
        r->w[j] +=
            (exp(q - q_half - q_most) + eps) * (exp(k - k_half - k_most) + eps) / (double)rows;
    }
    const double z = total(r, r->w);
    divide_by(r, fabs(z) <= eps ? z + 2 * eps : z);
}

static void to_mala(struct row *r, double c)
{
    multiply(r, r->w, c);
    const double z = total(r, r->w);
    KEYS(r, j)
    r->w[j] = (1 + ratio(1, z + par(r, "eps"))) * r->w[j] - z / r->n;
}

static void reference_mala_paper(struct row *r)
{
    elu_products(r);
    to_mala(r, 1);
}

static void reference_mala_code(struct row *r)
{
    elu_products(r);
    to_mala(r, 1 / (sqrt((double)r->c->size) * r->n));
}

/* Layer norm of a row of floats. */
static void normalised(double *y, const float *x, size_t n, const struct row *r, const char *gain,
                       const char *shift)
{
    for (size_t i = 0; i < n; i++)
        y[i] = (double)x[i];
    layer_norm(y, n, r, gain, shift);
}

static void reference_galerkin(struct row *r)
{
    const size_t n = r->c->size, values = r->c->value_size;
    double *k = malloc((n + values) * sizeof *k), *v = k + n;
    KEYS(r, j)
    {
        double w = 0;
        normalised(k, k_of(r, j), n, r, "gk", "bk");
        normalised(v, v_of(r, j), values, r, "gv", "bv");
        for (size_t d = 0; d < n; d++)
            w += (double)q_of(r)[d] * k[d] / r->n;
        for (size_t d = 0; d < values; d++)
            r->out[d] += w * v[d];
    }
    free(k);
    r->finished = true;
}

static void reference_fourier(struct row *r)
{
    const size_t n = r->c->size;
    double *q = malloc(2 * n * sizeof *q), *k = q + n;
    normalised(q, q_of(r), n, r, "gq", "bq");
    KEYS(r, j)
    {
        normalised(k, k_of(r, j), n, r, "gk", "bk");
        for (size_t d = 0; d < n; d++)
            r->w[j] += q[d] * k[d] / (r->n * sqrt((double)n));
    }
    free(q);
}

static double log_sigmoid(double z)
{
    return fmin(z, 0) - log1p(exp(-fabs(z)));
}

static void reference_mlstm(struct row *r)
{
    double decay = 0;
    for (size_t j = r->c->keys; j-- > 0;) {
        r->room[j] = decay + at(r, "i", j);
        decay += r->seen[j] ? log_sigmoid(at(r, "f", j)) : 0;
    }
    const double m = most(r, r->room);
    KEYS(r, j)
    {
        for (size_t d = 0; d < r->c->size; d++)
            r->w[j] += (double)q_of(r)[d] * (double)k_of(r, j)[d] / sqrt((double)r->c->size);
        r->w[j] *= exp(r->room[j] - m);
    }
    divide_by(r, fmax(fabs(total(r, r->w)), exp(-m)) + par(r, "eps"));
}

/* w_j = scale b_j sum_d q_d k_jd e^(sum of g_d over the later tokens) */
static void decayed_products(struct row *r, double scale)
{
    for (size_t d = 0; d < r->c->size; d++) {
        double decay = 0;
        for (size_t j = r->c->keys; j-- > 0;) {
            if (!r->seen[j])
                continue;
            r->w[j] +=
                scale * at(r, "b", j) * (double)q_of(r)[d] * (double)k_of(r, j)[d] * exp(decay);
            decay += at(r, "g", j * r->c->size + d);
        }
    }
}

static void reference_gated_linear(struct row *r)
{
    decayed_products(r, default_scale(r));
    if (par(r, "norm") == 1)
        divide_by(r, total(r, r->w));
}

static void reference_dsf(struct row *r)
{
    reference_gated_linear(r);
    if (par(r, "norm") == 2)
        divide_by(r, at(r, "eta", r->query));
    apply(r);
    KEYS(r, j)
    for (size_t d = 0; d < r->c->value_size && (double)j == r->position; d++)
        r->out[d] += at(r, "skip", d) * (double)v_of(r, j)[d];
}

/* ---- slots and window ------------------------------------------------------------------------- */

/* The coefficient of the n-th visible token (it is key j) in slot m, when tokens up to the `last`-th are written. */
static double slot_weight(const struct row *r, size_t m, size_t slots, size_t n, double last)
{
    double later = 0, ordinal = 0, own = 0;
    KEYS(r, j)
    {
        const double g = at(r, "g", j * slots + m);
        if (ordinal > (double)n && ordinal <= last)
            later += g;
        if (ordinal == (double)n)
            own = -expm1(g);
        ordinal += 1;
    }
    return (double)n <= last ? own * exp(later) : 0;
}

/* score = sum of `k`: q . k_j into *score, weighted by `by`. */
static double slot_product(const struct row *r, size_t j)
{
    double sum = 0;
    for (size_t d = 0; d < r->c->size; d++)
        sum += (double)q_of(r)[d] * (double)k_of(r, j)[d];
    return sum;
}

static double window_product(const struct row *r, size_t j)
{
    const size_t n = r->c->size;
    double sum = 0;
    for (size_t d = 0; d < n; d++)
        sum += at(r, "q_win", r->query * n + d) * at(r, "k_win", j * n + d);
    return sum;
}

/* The softmax over slots and window, and from it the weight of each token. */
static void hybrid(struct row *r, bool skip)
{
    const size_t slots = rows_of(r, "g");
    const double window = par(r, "window"), scale = default_scale(r);
    const double shift = isnan(par(r, "shift")) ? window : par(r, "shift");
    const double last = r->n - 1 - shift;
    double sum = 0, ordinal = 0;
    KEYS(r, j)
    {
        if (ordinal > r->n - 1 - window)
            sum += r->w[j] = exp(scale * window_product(r, j));
        ordinal += 1;
    }
    for (size_t m = 0; m < slots && !(skip && last < 0); m++) {
        double x = 0;
        size_t n = 0;
        KEYS(r, j)
        x += scale * slot_weight(r, m, slots, n++, last) * slot_product(r, j);
        n = 0;
        KEYS(r, j)
        r->w[j] += exp(x) * slot_weight(r, m, slots, n++, last);
        sum += exp(x);
    }
    divide_by(r, sum);
}

static void reference_nha(struct row *r)
{
    hybrid(r, false);
}

static void reference_nha_skip(struct row *r)
{
    hybrid(r, true);
}

/* ---- landmarks -------------------------------------------------------------------------------- */

static double gauss(const struct row *r, const float *x, double scale, size_t landmark)
{
    double sum = 0;
    for (size_t d = 0; d < r->c->size; d++) {
        const double a = scale * (double)x[d] - at(r, "landmarks", landmark * r->c->size + d);
        sum += a * a;
    }
    return exp(-0.5 * sum);
}

static void square_product(double *c, const double *a, const double *b, size_t m)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++) {
            c[i * m + j] = 0;
            for (size_t k = 0; k < m; k++)
                c[i * m + j] += a[i * m + k] * b[k * m + j];
        }
}

static double largest_row(const double *p, size_t m)
{
    double most_of_all = 0;
    for (size_t i = 0; i < m; i++) {
        double sum = 0;
        for (size_t j = 0; j < m; j++)
            sum += p[i * m + j];
        most_of_all = fmax(most_of_all, sum);
    }
    return most_of_all;
}

/* Largest column of |I - a P P|. */
static double residual(const double *pp, size_t m, double a)
{
    double most_of_all = 0;
    for (size_t j = 0; j < m; j++) {
        double sum = 0;
        for (size_t i = 0; i < m; i++)
            sum += fabs((i == j) - a * pp[i * m + j]);
        most_of_all = fmax(most_of_all, sum);
    }
    return most_of_all;
}

static double begin_inverse(double *p, double *pp, size_t m, bool norm)
{
    double a = (norm ? 2.0 : 1.8) / pow(largest_row(p, m), 2);
    for (size_t i = 0; i < m && !norm; i++)
        p[i * m + i] += 0.01;
    square_product(pp, p, p, m);
    for (int tries = 0; norm && tries < 10 && residual(pp, m, a) > 1.01; tries++)
        a *= 0.5;
    return a;
}

static void low_rank(struct row *r, bool norm)
{
    const size_t m = rows_of(r, "landmarks"), square = m * m;
    const struct kaon_attention_param *landmarks = &r->c->param[find(r, "landmarks")];
    double *p = calloc(4 * square, sizeof *p), *x = p + square, *t = x + square, *y = t + square;
    for (size_t i = 0; i < square; i++)
        p[i] = gauss(r, landmarks->at + r->head * landmarks->head + i / m * r->c->size, 1, i % m);
    const double a = begin_inverse(p, t, m, norm), scale = pow((double)r->c->size, -0.25);
    for (size_t i = 0; i < square; i++)
        x[i] = a * p[i];
    for (int step = 0; step < (int)par(r, "iters"); step++) {
        square_product(t, x, p, m);
        square_product(y, t, x, m);
        for (size_t i = 0; i < square; i++)
            x[i] = 2 * x[i] - y[i];
    }
    for (size_t i = 0; norm && i < square; i++) {
        double d[2] = { 0, 0 };
        for (size_t j = 0; j < m; j++) {
            d[0] += p[i / m * m + j];
            d[1] += p[i % m * m + j];
        }
        x[i] /= sqrt(d[0] * d[1]);
    }
    KEYS(r, j)
    for (size_t i = 0; i < square; i++)
        r->w[j] += gauss(r, q_of(r), scale, i / m) * x[i] * gauss(r, k_of(r, j), scale, i % m);
    free(p);
}

static void reference_soft(struct row *r)
{
    low_rank(r, false);
}

static void reference_soft_norm(struct row *r)
{
    low_rank(r, true);
}

/* ---- the table -------------------------------------------------------------------------------- */

static reference_fn *const by_variant[KAON_ATTENTION_COUNT] = {
#define KAON_ATTENTION(id, file) reference_##id,
#include "engine/base/attention.inc"
#undef KAON_ATTENTION
};

static void run_row(struct row *r, bool *seen)
{
    struct kaon_attention_call as = *r->c;
    as.causal = as.causal || !r->info->bidirectional;
    r->n = 0;
    r->finished = false;
    for (size_t j = 0; j < as.keys; j++) {
        r->x[j] = r->w[j] = r->room[j] = 0;
        seen[j] = reference_visible(&as, r->head, r->query, j);
        r->n += seen[j];
    }
    for (size_t d = 0; d < as.value_size; d++)
        r->out[d] = 0;
    if (r->n == 0)
        return;
    by_variant[as.variant](r);
    if (!r->finished)
        apply(r);
}

void reference_attention(double *out, const struct kaon_attention_call *c)
{
    bool *seen = malloc(c->keys + 1);
    double *room = malloc((3 * c->keys + 1) * sizeof *room);
    for (size_t i = 0; i < c->heads * c->queries; i++) {
        struct row r = { .c = c,
                         .info = kaon_attention_infos[c->variant],
                         .head = i / c->queries,
                         .kv = i / c->queries / (c->heads / c->kv_heads),
                         .query = i % c->queries,
                         .position = (double)(i % c->queries) + (double)c->offset,
                         .seen = seen,
                         .x = room,
                         .w = room + c->keys,
                         .room = room + 2 * c->keys,
                         .out = out + i * c->value_size };
        run_row(&r, seen);
    }
    free(seen);
    free(room);
}
