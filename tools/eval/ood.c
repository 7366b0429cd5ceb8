#include "tools/eval/ood.h"

#include "tools/eval/classify.h"
#include "tools/eval/gauss.h"
#include "tools/eval/mathd.h"
#include "tools/eval/sorted.h"

#include <math.h>
#include <stdlib.h>

const char *const kaon_eval_ood_scores[EVAL_OOD_SCORES] = {
    "largest_probability", "entropy", "mahalanobis", "energy", "mahalanobis_hidden",
};

static const double kept = 0.95; /* of the jets that are in */

static const float *of_jet(const struct eval_scores *s, size_t jet)
{
    return s->probability + jet * s->n_probabilities;
}

/* ---- scores ----------------------------------------------------------------------------------- */

/* Centred logarithms of probabilities, all but the last, since they sum to 0; a probability that is 0
 * counts as the smallest that an f32 can be. */
static void logarithms(double *x, const struct eval_scores *s, size_t jet, size_t n)
{
    const double least = 0x1p-149;
    const float *p = of_jet(s, jet);
    double sum = 0;
    for (size_t i = 0; i <= n; i++) {
        const double log = kaon_eval_log(p[i] > 0 ? (double)p[i] : least);
        sum += log;
        if (i < n)
            x[i] = log;
    }
    for (size_t i = 0; i < n; i++)
        x[i] -= sum / (double)(n + 1);
}

static void hidden_value(double *x, const struct eval_scores *s, size_t jet, size_t n)
{
    const float *from = s->inner + (jet + 1) * s->n_inner - n; /* the last */
    for (size_t i = 0; i < n; i++)
        x[i] = (double)from[i];
}

/* What the scores of one evaluation are found from. */
struct strange {
    const struct eval_spec *spec;
    const struct eval_scores *scores;
    struct eval_gauss gauss;
};

static double unsure(const struct strange *t, size_t jet)
{
    const float *p = of_jet(t->scores, jet);
    float largest = 0;
    for (size_t i = 0; i < t->spec->n_given; i++)
        largest = p[i] > largest ? p[i] : largest;
    return 1 - (double)largest;
}

static double entropy(const struct strange *t, size_t jet)
{
    return kaon_eval_entropy(of_jet(t->scores, jet), t->spec->n_given);
}

static double far(const struct strange *t, size_t jet)
{
    return kaon_eval_gauss_distance(&t->gauss, t->scores, jet);
}

static double energy(const struct strange *t, size_t jet)
{
    return (double)t->scores->inner[jet * t->scores->n_inner];
}

static const struct {
    double (*of)(const struct strange *, size_t jet);
    eval_coordinates_fn *at; /* NULL: needs no distances */
    double least, ridge;
} scorer[EVAL_OOD_SCORES] = {
    [EVAL_OOD_PROBABILITY] = { unsure, NULL, 0, 0 },
    [EVAL_OOD_ENTROPY] = { entropy, NULL, 0, 0 },
    [EVAL_OOD_MAHALANOBIS] = { far, logarithms, 0, 0 },
    [EVAL_OOD_ENERGY] = { energy, NULL, 0, 0 },
    [EVAL_OOD_HIDDEN] = { far, hidden_value, 1e-10, 1e-6 },
};

static bool is_asked_for(const struct eval_spec *spec, enum eval_ood_score which)
{
    return which == EVAL_OOD_ENERGY   ? spec->logits.name != NULL
           : which == EVAL_OOD_HIDDEN ? spec->hidden.name != NULL
                                      : true;
}

static bool score_all(double *value, enum eval_ood_score which, const struct eval_spec *spec,
                      const struct eval_scores *s, struct eval_ood *ood)
{
    struct strange t = { .spec = spec, .scores = s, .gauss = { .n_classes = spec->n_classes } };
    t.gauss.n = which == EVAL_OOD_HIDDEN ? spec->hidden.width : spec->n_given - 1;
    t.gauss.at = scorer[which].at;
    const bool fits = !t.gauss.at || kaon_eval_gauss_fit(&t.gauss, s, ood->in, scorer[which].least,
                                                         scorer[which].ridge);
    for (size_t jet = 0; fits && jet < s->n; jet++)
        value[jet] = scorer[which].of(&t, jet);
    if (which == EVAL_OOD_HIDDEN)
        ood->ridge = t.gauss.ridge;
    kaon_eval_gauss_close(&t.gauss);
    return fits;
}

/* ---- judging ---------------------------------------------------------------------------------- */

/* Jets of class 0 are in, of class 1 + c out. */
static void judge(struct eval_ood *ood, enum eval_ood_score which, const struct eval_sorted *sorted)
{
    const double cut = kaon_eval_sorted_cut(sorted, 0, 1 - kept);
    for (size_t i = 0; i < ood->n_against; i++) {
        struct eval_ood_against *a = &ood->against[i];
        const struct eval_passing p = kaon_eval_sorted_above(sorted, 1 + i, cut);
        a->auroc[which] =
            kaon_eval_auc(sorted->point[1 + i], sorted->n[1 + i], sorted->point[0], sorted->n[0]);
        a->fpr[which] = p.weight > 0 && sorted->n[0] ? 1 - p.weight_passed / p.weight : NAN;
    }
}

static void find_means(struct eval_ood *ood, enum eval_ood_score which, const double *value,
                       const struct eval_scores *s, size_t n_classes)
{
    double sum[EVAL_MOST_CLASSES] = { 0 }, weight[EVAL_MOST_CLASSES] = { 0 };
    for (size_t jet = 0; jet < s->n; jet++) {
        const double w = s->weight ? (double)s->weight[jet] : 1;
        if (isnan(value[jet]))
            continue;
        sum[s->class[jet]] += w * value[jet];
        weight[s->class[jet]] += w;
    }
    for (size_t c = 0; c < n_classes; c++)
        ood->mean[which][c] = weight[c] > 0 ? sum[c] / weight[c] : NAN;
}

static void find_classes(struct eval_ood *ood, const struct eval_spec *spec,
                         const struct eval_scores *s)
{
    bool named = false;
    for (size_t c = 0; c < spec->n_classes; c++)
        named = named || spec->ood[c];
    for (size_t c = 0; c < spec->n_classes; c++) {
        ood->in[c] = !spec->ood[c] && spec->class[c].probability >= 0;
        const bool out = named ? spec->ood[c] : spec->class[c].probability < 0;
        if (ood->in[c])
            ood->n_in += s->class_count[c];
        if (out && s->class_count[c] > 0 && ood->n_against + 1 < EVAL_MOST_CLASSES)
            ood->against[ood->n_against++].class = c;
    }
}

/* Classes for the sorting: 0 in, 1 + i out; jets of neither are left out. */
static size_t gather(const struct eval_ood *ood, const struct eval_scores *s, const double *value,
                     double *kept_value, unsigned char *class, float *weight)
{
    size_t n = 0;
    for (size_t jet = 0; jet < s->n; jet++) {
        size_t to = ood->in[s->class[jet]] ? 0 : EVAL_NO_CLASS;
        for (size_t i = 0; i < ood->n_against; i++)
            if (ood->against[i].class == s->class[jet])
                to = 1 + i;
        if (to == EVAL_NO_CLASS || isnan(value[jet]))
            continue;
        kept_value[n] = value[jet];
        class[n] = (unsigned char)to;
        weight[n++] = s->weight ? s->weight[jet] : 1;
    }
    return n;
}

static bool judge_score(struct eval_ood *ood, enum eval_ood_score which,
                        const struct eval_spec *spec, const struct eval_scores *s)
{
    struct eval_sorted sorted = { 0 };
    double *value = malloc((s->n + 1) * sizeof *value);
    double *kept_value = malloc((s->n + 1) * sizeof *kept_value);
    unsigned char *class = malloc(s->n + 1);
    float *weight = malloc((s->n + 1) * sizeof *weight);
    bool fits = value && kept_value && class && weight && score_all(value, which, spec, s, ood);
    if (fits) {
        find_means(ood, which, value, s, spec->n_classes);
        const size_t n = gather(ood, s, value, kept_value, class, weight);
        fits = kaon_eval_sorted_open(&sorted, ood->n_against + 1, kept_value, class,
                                     s->weight ? weight : NULL, n);
    }
    if (fits)
        judge(ood, which, &sorted);
    kaon_eval_sorted_close(&sorted);
    free(value);
    free(kept_value);
    free(class);
    free(weight);
    return fits;
}

enum kaon_status kaon_eval_ood(struct eval_ood **out, const struct eval_spec *spec,
                               const struct eval_scores *scores, struct kaon_msg *msg)
{
    struct eval_ood *ood = calloc(1, sizeof *ood);
    *out = NULL;
    if (!ood)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    find_classes(ood, spec, scores);
    bool fits = true;
    for (int which = 0; fits && ood->n_against && which < EVAL_OOD_SCORES; which++) {
        ood->has[which] = is_asked_for(spec, (enum eval_ood_score)which);
        if (ood->has[which])
            fits = judge_score(ood, (enum eval_ood_score)which, spec, scores);
    }
    if (fits && ood->n_against)
        *out = ood;
    else
        free(ood);
    return fits ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}
