#include "tools/eval/bootstrap.h"

#include "tools/eval/sorted.h"

#include <math.h>
#include <stdlib.h>

/* ---- counts ---------------------------------------------------------------------------------- */

/* The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit of the result depends on
 * every bit of x. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

unsigned kaon_eval_bootstrap_count(uint64_t seed, uint64_t replica, uint64_t row)
{
    static const uint64_t golden = 0x9e3779b97f4a7c15u;
    /* 2^64 times the chance of at most 0, 1, 2 ... for a Poisson variable of mean 1 */
    static const uint64_t up_to[] = {
        0x5e2d58d8b3bcdf1a, 0xbc5ab1b16779be35, 0xeb715e1dc1582dc2, 0xfb23979734a252f1,
        0xff1025f59174dc3d, 0xffd90f3ba4055e19, 0xfffa8b71fc72c913, 0xffff540c0914b3c9,
        0xffffed1f4aa8f120, 0xfffffe216e641462, 0xffffffd4d85d3183, 0xfffffffc6da262b4,
        0xffffffffba12d178, 0xfffffffffb07c64c, 0xffffffffffab8ea5, 0xfffffffffffabe22,
        0xffffffffffffb11a, 0xfffffffffffffba1, 0xffffffffffffffc5, 0xfffffffffffffffd,
    };
    const uint64_t key = mix(mix(seed + golden) + (replica + 1) * golden);
    const uint64_t drawn = mix(key + (row + 1) * golden);
    unsigned k = 0;
    while (k < sizeof up_to / sizeof *up_to && drawn >= up_to[k])
        k++;
    return k;
}

/* ---- replicas -------------------------------------------------------------------------------- */

/* The jets of each class by rising discriminant, with their rows; and those of a replica. */
struct resampler {
    struct eval_point *point[EVAL_MOST_CLASSES]; /* weight: the jet's place among all */
    size_t n[EVAL_MOST_CLASSES];
    struct eval_point *drawn[EVAL_MOST_CLASSES];
    size_t n_drawn[EVAL_MOST_CLASSES];
    double *middle; /* of the signal */
};

static void close_resampler(struct resampler *r)
{
    for (size_t c = 0; c < EVAL_MOST_CLASSES; c++) {
        free(r->point[c]);
        free(r->drawn[c]);
    }
    free(r->middle);
}

static bool open_resampler(struct resampler *r, const struct eval_spec *spec,
                           const struct eval_discriminant *d, const struct eval_scores *s)
{
    double *value = kaon_eval_discriminants(spec, d, s);
    bool fits = value != NULL;
    *r = (struct resampler){ .middle = malloc((s->n + 1) * sizeof *r->middle) };
    fits = fits && r->middle;
    for (size_t c = 0; fits && c < spec->n_classes; c++) {
        r->point[c] = malloc((s->class_count[c] + 1) * sizeof *r->point[c]);
        r->drawn[c] = malloc((s->class_count[c] + 1) * sizeof *r->drawn[c]);
        fits = r->point[c] && r->drawn[c];
    }
    for (size_t i = 0; fits && i < s->n; i++) {
        const size_t c = s->class[i];
        r->point[c][r->n[c]++] = (struct eval_point){ value[i], (double)i };
    }
    for (size_t c = 0; fits && c < spec->n_classes; c++)
        fits = kaon_eval_sort(r->point[c], r->n[c]);
    free(value);
    return fits;
}

static void draw(struct resampler *r, const struct eval_spec *spec, const struct eval_scores *s,
                 uint64_t seed, uint64_t replica)
{
    for (size_t c = 0; c < spec->n_classes; c++) {
        r->n_drawn[c] = 0;
        for (size_t i = 0; i < r->n[c]; i++) {
            const size_t jet = (size_t)r->point[c][i].weight;
            const unsigned times = kaon_eval_bootstrap_count(seed, replica, s->row[jet]);
            if (times > 0)
                r->drawn[c][r->n_drawn[c]++] =
                    (struct eval_point){ r->point[c][i].score,
                                         times * (s->weight ? (double)s->weight[jet] : 1) };
        }
    }
}

static void judge(const struct resampler *r, struct eval_bootstrap *b,
                  const struct eval_discriminant *d, size_t replica)
{
    const size_t signal = d->signal, n = r->n_drawn[signal];
    kaon_eval_cumulate(r->drawn[signal], n, r->middle);
    for (size_t i = 0; i < b->n_points; i++) {
        const size_t at = replica * b->n_points + i;
        b->cut[at] = kaon_eval_round(
            kaon_eval_percentile(r->drawn[signal], n, r->middle, 1 - d->point[i]), 3);
        for (size_t c = 0; c < b->n_classes; c++) {
            const struct eval_passing p = kaon_eval_above(r->drawn[c], r->n_drawn[c], b->cut[at]);
            b->rejection[at * b->n_classes + c] =
                p.n && p.weight_passed > 0 ? p.weight / p.weight_passed : INFINITY;
        }
    }
    for (size_t c = 0; c < b->n_classes; c++)
        b->auc[replica * b->n_classes + c] =
            c == signal ? NAN : kaon_eval_auc(r->drawn[signal], n, r->drawn[c], r->n_drawn[c]);
}

enum kaon_status kaon_eval_bootstrap(struct eval_bootstrap *b, const struct eval_spec *spec,
                                     const struct eval_discriminant *d,
                                     const struct eval_scores *scores, size_t replicas,
                                     uint64_t seed, struct kaon_msg *msg)
{
    struct resampler r;
    *b = (struct eval_bootstrap){ .replicas = replicas,
                                  .n_classes = spec->n_classes,
                                  .n_points = d->n_points };
    b->cut = malloc((replicas * b->n_points + 1) * sizeof *b->cut);
    b->rejection = malloc((replicas * b->n_points * b->n_classes + 1) * sizeof *b->rejection);
    b->auc = malloc((replicas * b->n_classes + 1) * sizeof *b->auc);
    const bool fits = open_resampler(&r, spec, d, scores) && b->cut && b->rejection && b->auc;
    for (size_t i = 0; fits && i < replicas; i++) {
        draw(&r, spec, scores, seed, i);
        judge(&r, b, d, i);
    }
    close_resampler(&r);
    return fits ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

void kaon_eval_bootstrap_close(struct eval_bootstrap *b)
{
    free(b->cut);
    free(b->rejection);
    free(b->auc);
    *b = (struct eval_bootstrap){ .replicas = 0 };
}

/* ---- spreads --------------------------------------------------------------------------------- */

bool kaon_eval_bootstrap_spread(struct eval_spread *spread, const double *value, const double *over,
                                size_t stride, size_t stride_over, size_t replicas)
{
    const double tail = 0.15865525393145707;
    struct eval_point *point = malloc((replicas + 1) * sizeof *point);
    double sum = 0, squares = 0;
    size_t n = 0;
    *spread = (struct eval_spread){ 0, NAN, NAN, NAN };
    if (!point)
        return false;
    for (size_t i = 0; i < replicas; i++) {
        const double one = over ? value[i * stride] / over[i * stride_over] : value[i * stride];
        if (isfinite(one)) {
            point[n++] = (struct eval_point){ one, 1 };
            sum += one;
        }
    }
    for (size_t i = 0; i < n; i++)
        squares += (point[i].score - sum / (double)n) * (point[i].score - sum / (double)n);
    const bool fits = kaon_eval_sort(point, n);
    if (fits)
        *spread = (struct eval_spread){ n, n > 1 ? sqrt(squares / (double)(n - 1)) : NAN,
                                        kaon_eval_percentile(point, n, NULL, tail),
                                        kaon_eval_percentile(point, n, NULL, 1 - tail) };
    free(point);
    return fits;
}
