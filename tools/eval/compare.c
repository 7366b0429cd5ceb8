#include "tools/eval/compare.h"

#include "tools/eval/build_classes.h"
#include "tools/eval/mathd.h"

#include <math.h>
#include <stdlib.h>

/* The jets that both have, in row order. */
struct common {
    size_t n;
    double *value[2]; /* of the reference, of the model */
    unsigned char *class;
    double *weight;
    bool weighted;
    size_t count[EVAL_MOST_CLASSES];
};

static void close_common(struct common *c)
{
    free(c->value[0]);
    free(c->value[1]);
    free(c->class);
    free(c->weight);
}

static double value_of(const struct eval_side *s, size_t jet)
{
    const float *p = s->scores->probability + jet * s->scores->n_probabilities;
    return kaon_eval_discriminant(s->spec, s->judged->of, p);
}

/* Rows rise in both; a jet that the two put into different classes is left out. */
static bool find_common(struct common *c, const struct eval_side *r, const struct eval_side *m)
{
    const size_t most = r->scores->n < m->scores->n ? r->scores->n : m->scores->n;
    long same[EVAL_MOST_CLASSES]; /* class of the model that is class i of the reference */
    *c = (struct common){ .weighted = r->scores->weight != NULL };
    for (size_t i = 0; i < r->spec->n_classes; i++)
        same[i] = kaon_eval_class_find(m->spec, r->spec->class[i].name);
    c->value[0] = malloc((most + 1) * sizeof *c->value[0]);
    c->value[1] = malloc((most + 1) * sizeof *c->value[1]);
    c->class = malloc(most + 1);
    c->weight = malloc((most + 1) * sizeof *c->weight);
    if (!c->value[0] || !c->value[1] || !c->class || !c->weight)
        return false;
    for (size_t i = 0, k = 0; i < r->scores->n && k < m->scores->n;) {
        const uint64_t a = r->scores->row[i], b = m->scores->row[k];
        const size_t class = r->scores->class[i];
        if (a == b && same[class] == m->scores->class[k]) {
            c->value[0][c->n] = value_of(r, i);
            c->value[1][c->n] = value_of(m, k);
            c->weight[c->n] = c->weighted ? (double)r->scores->weight[i] : 1;
            c->class[c->n++] = (unsigned char)class;
            c->count[class]++;
        }
        i += a <= b;
        k += b <= a;
    }
    return true;
}

/* ---- working points -------------------------------------------------------------------------- */

double kaon_eval_mcnemar(uint64_t b, uint64_t c)
{
    const uint64_t n = b + c, least = b < c ? b : c;
    const double tail =
        n == least ? 1 : kaon_eval_beta((double)(n - least), (double)least + 1, 0.5);
    return 2 * tail < 1 ? 2 * tail : 1;
}

/* Rejection of the model over that of the reference is A / B of what passes for the two. By the
 * delta method the variance of its logarithm is sum w^2 (a/A - b/B)^2 over jets. */
static void finish_class(struct eval_pair_class *p, const struct common *c, size_t class,
                         const struct eval_pair_point *point)
{
    double a = 0, b = 0, sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < c->n; i++) {
            if (c->class[i] != class)
                continue;
            const bool in_a = c->value[0][i] > point->cut_reference;
            const bool in_b = c->value[1][i] > point->cut_model;
            const double w = c->weight[i], off = (in_a ? w / a : 0) - (in_b ? w / b : 0);
            if (pass == 0) {
                a += in_a ? w : 0;
                b += in_b ? w : 0;
                *(in_a   ? in_b ? &p->both : &p->reference_only
                  : in_b ? &p->model_only
                         : &p->neither) += 1;
            } else {
                sum += off * off;
            }
        }
    p->ratio = b > 0 ? a / b : NAN;
    p->error = a > 0 && b > 0 ? p->ratio * sqrt(sum) : NAN;
    p->p = kaon_eval_mcnemar(p->reference_only, p->model_only);
}

static bool compare_points(struct eval_pair *pair, const struct common *c,
                           const struct eval_side *r, const struct eval_side *m)
{
    const struct eval_discriminant *of = r->judged->of, *other = m->judged->of;
    pair->point = calloc(of->n_points + 1, sizeof *pair->point);
    for (size_t i = 0; pair->point && i < of->n_points; i++) {
        size_t k = 0;
        while (k < other->n_points && fabs(other->point[k] - of->point[i]) > 1e-9)
            k++;
        if (k == other->n_points)
            continue;
        struct eval_pair_point *p = &pair->point[pair->n_points++];
        p->wanted = of->point[i];
        p->cut_reference = r->judged->point[i].cut;
        p->cut_model = m->judged->point[k].cut;
        for (size_t class = 0; class < r->spec->n_classes; class ++)
            finish_class(&p->class[class], c, class, p);
    }
    return pair->point != NULL;
}

/* ---- areas ----------------------------------------------------------------------------------- */

/* The jets of a class by rising value of one side; `weight` holds their place among the class. */
static struct eval_point *ranked(const struct common *c, int side, size_t class)
{
    struct eval_point *point = malloc((c->count[class] + 1) * sizeof *point);
    size_t n = 0;
    for (size_t i = 0; point && i < c->n; i++)
        if (c->class[i] == class) {
            point[n] = (struct eval_point){ c->value[side][i], (double)n };
            n++;
        }
    if (point && !kaon_eval_sort(point, n)) {
        free(point);
        return NULL;
    }
    return point;
}

/* Adds sign * placements of `of` among `against` to off[], by place. */
static bool add_placements(double *off, double sign, const struct common *c, int side, size_t of,
                           size_t against)
{
    struct eval_point *a = ranked(c, side, of), *b = ranked(c, side, against);
    double *share = malloc((c->count[of] + 1) * sizeof *share);
    const bool fits = a && b && share;
    if (fits)
        kaon_eval_placements(a, c->count[of], b, c->count[against], share);
    for (size_t i = 0; fits && i < c->count[of]; i++)
        off[(size_t)a[i].weight] += sign * share[i];
    free(a);
    free(b);
    free(share);
    return fits;
}

/* DeLong, DeLong and Clarke-Pearson: the difference's variance is that of the differences of
 * placements, of signal jets among the background and the other way. */
static bool compare_area(struct eval_pair *pair, const struct common *c, size_t signal,
                         size_t class)
{
    const size_t n = c->count[signal], m = c->count[class];
    double *off = calloc(n + m + 1, sizeof *off);
    bool fits = off != NULL;
    for (int side = 0; fits && side < 2; side++)
        fits = add_placements(off, side ? 1 : -1, c, side, signal, class) &&
               add_placements(off + n, side ? 1 : -1, c, side, class, signal);
    if (fits && n > 0 && m > 0) {
        const double difference = kaon_eval_mean(off, n);
        const double error = sqrt(kaon_eval_variance(off, n) / (double)n +
                                  kaon_eval_variance(off + n, m) / (double)m);
        pair->auc_difference[class] = difference;
        pair->auc_error[class] = error;
        pair->auc_p[class] = error > 0 ? kaon_eval_normal_two_sided(difference / error) : 1;
    }
    free(off);
    return fits;
}

enum kaon_status kaon_eval_compare(struct eval_pair *pair, const struct eval_side *reference,
                                   const struct eval_side *model, struct kaon_msg *msg)
{
    const size_t signal = reference->judged->of->signal;
    struct common c;
    *pair = (struct eval_pair){ .jets = 0 };
    bool fits = find_common(&c, reference, model);
    pair->jets = c.n;
    for (size_t k = 0; fits && k < reference->spec->n_classes; k++) {
        pair->auc_difference[k] = pair->auc_error[k] = pair->auc_p[k] = NAN;
        if (k != signal && !c.weighted)
            fits = compare_area(pair, &c, signal, k);
        const long other = kaon_eval_class_find(model->spec, reference->spec->class[k].name);
        if (k != signal && c.weighted && other >= 0)
            pair->auc_difference[k] = model->judged->auc[other] - reference->judged->auc[k];
    }
    fits = fits && compare_points(pair, &c, reference, model);
    close_common(&c);
    return fits ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

void kaon_eval_pair_close(struct eval_pair *pair)
{
    free(pair->point);
    *pair = (struct eval_pair){ .jets = 0 };
}
