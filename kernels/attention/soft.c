/* SOFT: attention by landmarks, Gaussian kernels and an iterated inverse, without softmax. Queries are keys. */
#include "kernels/attention/attention.h"
#include "kernels/isa.h"
#include "kernels/real.h"
#include "kernels/vmath.h"

enum { LANDMARKS, ITERATIONS };

/* O = G1 X (G3^T V): G1[i][a] = e^(-|y_i - l_a|^2 / 2), y = q D^-1/4, G3 the rows of it that are visible, X the
 * iterate for the inverse of G2 = G(l, l). The inverse of such a matrix is ill-conditioned, and its terms cancel:
 * all of it is in double. M^3 operations an iteration, M landmarks. */
struct low_rank {
    const struct kaon_attention_call *call;
    size_t m, n, head;
    bool norm;
    double *p, *x, *product, *next; /* [m][m] */
    double *kv, *xkv, *g;           /* [m][n], [m][n], [m] */
};

static size_t items(const struct kaon_attention_call *c)
{
    return c->heads;
}

static size_t scratch(const struct kaon_attention_call *c)
{
    const size_t m = c->param[LANDMARKS].rows;
    return (sizeof(double) / sizeof(float)) * (4 * m * m + 2 * m * c->value_size + m);
}

static void place(struct low_rank *s, double *at)
{
    const size_t square = s->m * s->m, values = s->m * s->n;
    s->p = at;
    s->x = s->p + square;
    s->product = s->x + square;
    s->next = s->product + square;
    s->kv = s->next + square;
    s->xkv = s->kv + values;
    s->g = s->xkv + values;
}

static const float *landmark(const struct low_rank *s, size_t a)
{
    const struct kaon_attention_param *p = &s->call->param[LANDMARKS];
    return p->at + s->head * p->head + a * s->call->size;
}

/* e^(-|scale x - y|^2 / 2) */
static double gauss(const float *x, double scale, const float *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = scale * (double)x[i] - (double)y[i];
        sum += d * d;
    }
    return real_exp(-0.5 * sum);
}

/* G of a token with all landmarks. */
static void token_row(const struct low_rank *s, const float *x)
{
    const double scale = 1.0 / sqrt(sqrt((double)s->call->size));
    for (size_t a = 0; a < s->m; a++)
        s->g[a] = gauss(x, scale, landmark(s, a), s->call->size);
}

/* c (m, n) = a (m, m) b (m, n) */
static void multiply(double *c, const double *a, const double *b, size_t m, size_t n)
{
    memset(c, 0, m * n * sizeof *c);
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < m; k++)
            for (size_t j = 0; j < n; j++)
                c[i * n + j] += a[i * m + k] * b[k * n + j];
}

static double row_sum(const struct low_rank *s, size_t i)
{
    double sum = 0;
    for (size_t j = 0; j < s->m; j++)
        sum += s->p[i * s->m + j];
    return sum;
}

static double largest_row_sum(const struct low_rank *s)
{
    double most = 0;
    for (size_t i = 0; i < s->m; i++)
        most = fmax(most, row_sum(s, i));
    return most;
}

/* The largest sum of a column of |I - a P P|, product = P P. */
static double distance(const struct low_rank *s, double a)
{
    double most = 0;
    for (size_t j = 0; j < s->m; j++) {
        double sum = 0;
        for (size_t i = 0; i < s->m; i++)
            sum += fabs((i == j ? 1.0 : 0.0) - a * s->product[i * s->m + j]);
        most = fmax(most, sum);
    }
    return most;
}

/* P and the factor of it that the iteration begins with. */
static double begin(struct low_rank *s)
{
    for (size_t i = 0; i < s->m; i++)
        for (size_t j = 0; j < s->m; j++)
            s->p[i * s->m + j] = gauss(landmark(s, i), 1.0, landmark(s, j), s->call->size);
    const double r = largest_row_sum(s);
    double a = (s->norm ? 2.0 : 1.8) / (r * r);
    if (s->norm) {
        multiply(s->product, s->p, s->p, s->m, s->m);
        for (int tries = 0; tries < 10 && distance(s, a) > 1.01; tries++)
            a *= 0.5;
    } else {
        for (size_t i = 0; i < s->m; i++)
            s->p[i * (s->m + 1)] += 0.01;
    }
    return a;
}

/* X = 2 X - X P X */
static void invert(struct low_rank *s)
{
    const size_t square = s->m * s->m;
    const int iterations = (int)s->call->param[ITERATIONS].number;
    const double a = begin(s);
    for (size_t i = 0; i < square; i++)
        s->x[i] = a * s->p[i];
    for (int step = 0; step < iterations; step++) {
        multiply(s->product, s->x, s->p, s->m, s->m);
        multiply(s->next, s->product, s->x, s->m, s->m);
        for (size_t i = 0; i < square; i++)
            s->x[i] = 2.0 * s->x[i] - s->next[i];
    }
    for (size_t i = 0; s->norm && i < s->m; i++)
        for (size_t j = 0; j < s->m; j++)
            s->x[i * s->m + j] /= sqrt(row_sum(s, i) * row_sum(s, j));
}

/* kv = G3^T V over the visible tokens, which are keys: k of the call, the same as q as a rule. */
static void gather_values(struct low_rank *s)
{
    const struct kaon_attention_call *c = s->call;
    const size_t kv = s->head / (c->heads / c->kv_heads);
    memset(s->kv, 0, s->m * s->n * sizeof *s->kv);
    for (size_t j = 0; j < c->keys; j++) {
        const float *v = c->v.at + kv * c->v.head + j * c->v.row;
        if (c->key_mask && !c->key_mask[j])
            continue;
        token_row(s, c->k.at + kv * c->k.head + j * c->k.row);
        for (size_t a = 0; a < s->m; a++)
            for (size_t d = 0; d < s->n; d++)
                s->kv[a * s->n + d] += s->g[a] * (double)v[d];
    }
}

static void run_head(struct low_rank *s)
{
    const struct kaon_attention_call *c = s->call;
    invert(s);
    gather_values(s);
    multiply(s->xkv, s->x, s->kv, s->m, s->n);
    for (size_t i = 0; i < c->queries; i++) {
        float *out = c->out + s->head * c->out_head + i * c->out_row;
        token_row(s, c->q.at + s->head * c->q.head + i * c->q.row);
        for (size_t d = 0; d < s->n; d++) {
            double sum = 0;
            for (size_t a = 0; a < s->m; a++)
                sum += s->g[a] * s->xkv[a * s->n + d];
            out[d] = (float)sum;
        }
    }
}

static void run_heads(const struct kaon_attention_call *c, size_t from, size_t to, float *room,
                      bool norm)
{
    struct low_rank s = {
        .call = c, .m = c->param[LANDMARKS].rows, .n = c->value_size, .norm = norm
    };
    place(&s, (double *)room);
    for (s.head = from; s.head < to; s.head++)
        run_head(&s);
}

static void run_soft(const struct kaon_attention_call *c, const struct kaon_kernels *kernels,
                     size_t from, size_t to, float *room)
{
    (void)kernels;
    run_heads(c, from, to, room, false);
}

static void run_soft_norm(const struct kaon_attention_call *c, const struct kaon_kernels *kernels,
                          size_t from, size_t to, float *room)
{
    (void)kernels;
    run_heads(c, from, to, room, true);
}

const struct kaon_attention_kernel KAON_K(kaon_attention_soft) = {
    .items = items,
    .scratch = scratch,
    .run = run_soft,
};

const struct kaon_attention_kernel KAON_K(kaon_attention_soft_norm) = {
    .items = items,
    .scratch = scratch,
    .run = run_soft_norm,
};

#ifdef KAON_ISA_SCALAR
#define COMMON                                                                                     \
    .source = "arXiv:2207.03341", .state = "X of M x M, G3^T V of M x Dv",                         \
    .family = KAON_ATTENTION_LOW_RANK, .bidirectional = true,                                      \
    .param = { [LANDMARKS] = { "landmarks", 0.0, -1e4, 1e4, "hmd", true },                         \
               [ITERATIONS] = { "iters", 20.0, 0.0, 1000.0, "", false } }

const struct kaon_attention_info kaon_attention_info_soft = {
    COMMON,
    .name = "soft",
    .title = "SOFT: landmarks and a Gaussian kernel; k is q as a rule",
    .formula = "G(y, L) pinv(G(L, L) + 0.01 I) G(L, y), G = e^(-|a - b|^2/2), y = q D^-1/4",
};

const struct kaon_attention_info kaon_attention_info_soft_norm = {
    COMMON,
    .name = "soft_norm",
    .title = "SOFT with the normalised inverse; k is q as a rule",
    .formula = "G(y, L) d pinv(G(L, L)) d G(L, y), d = diag(row sums of G(L, L))^-1/2",
};
#endif
