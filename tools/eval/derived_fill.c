/* Scores of taggers that are made of others. */
#include "tools/eval/derived.h"
#include "tools/eval/mathd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What the members say of one jet, in the order of the entry's probabilities: 0 where a member has none. */
struct says {
    double p[EVAL_MOST_MEMBERS][EVAL_MOST_PROBABILITIES];
};

/* ---- rules ----------------------------------------------------------------------------------- */

static void softmax(double *z, size_t n)
{
    double most = z[0], sum = 0;
    for (size_t i = 1; i < n; i++)
        most = fmax(most, z[i]);
    for (size_t i = 0; i < n; i++)
        sum += z[i] = kaon_eval_exp(z[i] - most);
    for (size_t i = 0; i < n; i++)
        z[i] /= sum;
}

/* A probability that has become 0 in single precision is no smaller than this. */
static double logit(double p)
{
    return kaon_eval_log(p > 1e-38 ? p : 1e-38);
}

static double median(double *x, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && x[k] < x[k - 1]; k--) {
            const double t = x[k];
            x[k] = x[k - 1];
            x[k - 1] = t;
        }
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

static void average(const struct says *s, size_t members, size_t n, double *p)
{
    for (size_t i = 0; i < n; i++) {
        p[i] = 0;
        for (size_t m = 0; m < members; m++)
            p[i] += s->p[m][i];
        p[i] /= (double)members;
    }
}

static void logit_average(const struct says *s, size_t members, size_t n, double *p)
{
    for (size_t i = 0; i < n; i++) {
        p[i] = 0;
        for (size_t m = 0; m < members; m++)
            p[i] += logit(s->p[m][i]);
        p[i] /= (double)members;
    }
    softmax(p, n);
}

static void crossmax(const struct says *s, size_t members, size_t n, double *p)
{
    double z[EVAL_MOST_MEMBERS][EVAL_MOST_PROBABILITIES], of[EVAL_MOST_MEMBERS];
    for (size_t m = 0; m < members; m++) {
        double most = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            z[m][i] = logit(s->p[m][i]);
            most = fmax(most, z[m][i]);
        }
        for (size_t i = 0; i < n; i++)
            z[m][i] -= most;
    }
    for (size_t i = 0; i < n; i++) {
        double most = -INFINITY;
        for (size_t m = 0; m < members; m++)
            most = fmax(most, z[m][i]);
        for (size_t m = 0; m < members; m++)
            of[m] = z[m][i] - most;
        p[i] = median(of, members);
    }
    softmax(p, n);
}

typedef void rule_fn(const struct says *, size_t members, size_t n, double *p);
static rule_fn *const combine[] = { average, logit_average, crossmax };

/* ---- jets ------------------------------------------------------------------------------------ */

/* Walks through the jets that all members have, in order of rows. */
struct walk {
    const struct eval_derived *d;
    size_t at[EVAL_MOST_MEMBERS];
};

/* Moves to the next jet that all have; false at the end. */
static bool next(struct walk *w)
{
    for (;;) {
        uint64_t row = 0;
        bool same = true;
        for (size_t m = 0; m < w->d->n; m++) {
            const struct eval_scores *s = &w->d->member[m]->scores;
            if (w->at[m] == s->n)
                return false;
            same = same && (m == 0 || s->row[w->at[m]] == row);
            row = s->row[w->at[m]] > row ? s->row[w->at[m]] : row;
        }
        if (same)
            return true;
        for (size_t m = 0; m < w->d->n; m++) {
            const struct eval_scores *s = &w->d->member[m]->scores;
            while (w->at[m] < s->n && s->row[w->at[m]] < row)
                w->at[m]++;
        }
    }
}

static void step(struct walk *w)
{
    for (size_t m = 0; m < w->d->n; m++)
        w->at[m]++;
}

static void listen(const struct eval_entry *entry, const struct walk *w, struct says *says)
{
    const struct eval_spec *spec = &entry->spec;
    for (size_t m = 0; m < w->d->n; m++) {
        const struct eval_scores *s = &w->d->member[m]->scores;
        const float *p = s->probability + w->at[m] * s->n_probabilities;
        for (size_t i = 0; i < spec->n_given; i++)
            says->p[m][i] = w->d->index[m][i] < 0 ? 0 : (double)p[w->d->index[m][i]];
        for (size_t i = spec->n_given; i < spec->n_probabilities; i++) {
            says->p[m][i] = 0;
            for (size_t k = 0; k < spec->probability[i].n_sum; k++)
                says->p[m][i] += says->p[m][spec->probability[i].sum[k]];
        }
    }
}

/* The class with the largest probability. */
static size_t predicted(const struct eval_spec *spec, const double *p, double *most)
{
    size_t class = EVAL_NO_CLASS;
    *most = -1;
    for (size_t c = 0; c < spec->n_classes; c++)
        if (spec->class[c].probability >= 0 && p[spec->class[c].probability] > *most) {
            *most = p[spec->class[c].probability];
            class = c;
        }
    return class;
}

/* The jet as member 0, or for a cascade as its last, has it, with these probabilities. */
static bool keep(struct eval_entry *entry, const struct walk *w, const double *p, double macs)
{
    const size_t from = w->d->rule == EVAL_CASCADE ? 1 : 0;
    float single[EVAL_MOST_PROBABILITIES] = { 0 };
    for (size_t i = 0; i < entry->spec.n_given; i++)
        single[i] = (float)p[i];
    return kaon_eval_scores_copy(&entry->scores, &w->d->member[from]->scores, w->at[from], single,
                                 macs);
}

static double macs_of(const struct eval_entry *member, size_t jet)
{
    return member->scores.macs ? (double)member->scores.macs[jet] : NAN;
}

/* ---- a cascade ------------------------------------------------------------------------------- */

/* A jet in a cascade: how sure the first is, what each step costs, and who would be right. */
struct judged_jet {
    double confidence, first, second;
    bool first_right, second_right;
};

static int by_confidence(const void *a, const void *b)
{
    const double x = ((const struct judged_jet *)a)->confidence,
                 y = ((const struct judged_jet *)b)->confidence;
    return x < y ? -1 : x > y;
}

/* The second model is asked for the jets [0, asked) of those sorted by confidence. */
static struct eval_cascade_point at_share(const struct judged_jet *jet, size_t n, size_t asked)
{
    struct eval_cascade_point p = { .confidence = asked < n ? jet[asked].confidence : 1 };
    double macs = 0;
    size_t right = 0;
    for (size_t i = 0; i < n; i++) {
        macs += jet[i].first + (i < asked ? jet[i].second : 0);
        right += i < asked ? jet[i].second_right : jet[i].first_right;
    }
    p.share = n ? (double)asked / (double)n : NAN;
    p.macs = n ? macs / (double)n : NAN;
    p.accuracy = n ? (double)right / (double)n : NAN;
    return p;
}

static void draw_curve(struct eval_derived *d, struct judged_jet *jet, size_t n)
{
    size_t asked = 0;
    qsort(jet, n, sizeof *jet, by_confidence);
    while (asked < n && jet[asked].confidence < d->confidence)
        asked++;
    d->chosen = at_share(jet, n, asked);
    d->chosen.confidence = d->confidence;
    for (size_t i = 0; i < EVAL_CASCADE_POINTS; i++)
        d->point[i] = at_share(jet, n, n * i / (EVAL_CASCADE_POINTS - 1));
}

static enum kaon_status fill_cascade(struct eval_entry *entry, struct kaon_msg *msg)
{
    struct eval_derived *d = entry->derived;
    struct walk w = { .d = d };
    struct says says;
    struct judged_jet *jet = calloc(d->member[0]->scores.n + 1, sizeof *jet);
    size_t jets = 0;
    bool fits = jet != NULL;
    for (; fits && next(&w); step(&w)) {
        const size_t class = d->member[1]->scores.class[w.at[1]];
        struct judged_jet *j = &jet[jets++];
        double most;
        listen(entry, &w, &says);
        j->second_right = predicted(&entry->spec, says.p[1], &most) == class;
        j->first_right = predicted(&entry->spec, says.p[0], &j->confidence) == class;
        j->first = macs_of(d->member[0], w.at[0]);
        j->second = macs_of(d->member[1], w.at[1]);
        const bool asked = j->confidence < d->confidence;
        fits = keep(entry, &w, says.p[asked], j->first + (asked ? j->second : 0));
    }
    if (fits)
        draw_curve(d, jet, jets);
    free(jet);
    return fits ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

/* ---- all ------------------------------------------------------------------------------------- */

static enum kaon_status fill_ensemble(struct eval_entry *entry, struct kaon_msg *msg)
{
    const struct eval_derived *d = entry->derived;
    struct walk w = { .d = d };
    struct says says;
    double p[EVAL_MOST_PROBABILITIES];
    bool fits = true;
    for (; fits && next(&w); step(&w)) {
        double macs = 0;
        for (size_t m = 0; m < d->n; m++)
            macs += macs_of(d->member[m], w.at[m]);
        listen(entry, &w, &says);
        combine[d->rule](&says, d->n, entry->spec.n_given, p);
        fits = keep(entry, &w, p, macs);
    }
    return fits ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

enum kaon_status kaon_eval_derived_fill(struct eval_entry *entry, struct kaon_msg *msg)
{
    const struct eval_derived *d = entry->derived;
    const struct eval_entry *from = d->member[d->rule == EVAL_CASCADE ? 1 : 0];
    struct eval_scores *s = &entry->scores;
    s->rows = from->scores.rows;
    s->selected = from->scores.selected;
    s->no_class = from->scores.no_class;
    const enum kaon_status status =
        d->rule == EVAL_CASCADE ? fill_cascade(entry, msg) : fill_ensemble(entry, msg);
    s->bad_score = from->scores.n + from->scores.bad_score - s->n;
    s->bad_weight = from->scores.bad_weight;
    kaon_eval_spec_sum(&entry->spec, s->probability, s->n);
    return status;
}
