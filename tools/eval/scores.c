#include "tools/eval/scores.h"

#include "tools/eval/mathd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void **array_of(struct eval_scores *s, int column)
{
    static const size_t offset[EVAL_COLUMNS] = {
        [EVAL_COLUMN_PROBABILITY] = offsetof(struct eval_scores, probability),
        [EVAL_COLUMN_CLASS] = offsetof(struct eval_scores, class),
        [EVAL_COLUMN_ROW] = offsetof(struct eval_scores, row),
        [EVAL_COLUMN_VARIABLE] = offsetof(struct eval_scores, variable),
        [EVAL_COLUMN_WEIGHT] = offsetof(struct eval_scores, weight),
        [EVAL_COLUMN_MACS] = offsetof(struct eval_scores, macs),
        [EVAL_COLUMN_INNER] = offsetof(struct eval_scores, inner),
    };
    return (void **)((char *)s + offset[column]);
}

/* Bytes of a jet. */
static size_t bytes_of(const struct eval_scores *s, int column)
{
    switch (column) {
    case EVAL_COLUMN_PROBABILITY:
        return s->n_probabilities * sizeof *s->probability;
    case EVAL_COLUMN_VARIABLE:
        return s->n_variables * sizeof *s->variable;
    case EVAL_COLUMN_INNER:
        return s->n_inner * sizeof *s->inner;
    case EVAL_COLUMN_CLASS:
        return sizeof *s->class;
    case EVAL_COLUMN_ROW:
        return sizeof *s->row;
    default:
        return sizeof(float);
    }
}

bool kaon_eval_scores_reserve(struct eval_scores *s, size_t room, bool weight, bool macs)
{
    if (room > SIZE_MAX / sizeof(uint64_t) / (s->n_probabilities + s->n_variables + s->n_inner + 1))
        return false;
    for (int i = 0; i < EVAL_COLUMNS; i++) {
        if ((i == EVAL_COLUMN_WEIGHT && !weight) || (i == EVAL_COLUMN_MACS && !macs) ||
            (i == EVAL_COLUMN_INNER && !s->n_inner))
            continue; /* no array says: all one, or nothing was run, or looked at */
        const size_t bytes = bytes_of(s, i);
        if (!kaon_eval_spill_grow(&s->spill[i], array_of(s, i), s->n * bytes, room * bytes))
            return false;
    }
    s->room = room;
    return true;
}

static bool make_room(struct eval_scores *s, size_t more, bool weight, bool macs)
{
    return s->n + more <= s->room ||
           kaon_eval_scores_reserve(s, s->room + s->room / 2 + more, weight, macs);
}

/* What is written is not looked at before all is there. */
static void rest(struct eval_scores *s)
{
    for (int i = 0; i < EVAL_COLUMNS; i++)
        kaon_eval_spill_rest(&s->spill[i], *array_of(s, i), s->n * bytes_of(s, i));
}

static bool selected(const struct eval_spec *spec, const double *number)
{
    for (size_t i = 0; i < spec->n_selection; i++)
        if (!kaon_eval_cut_passes(&spec->selection[i], number[spec->selection_number[i]]))
            return false;
    return true;
}

static bool is_of(const struct eval_class *class, const double *number)
{
    for (size_t i = 0; i < class->n_selects; i++)
        if (!kaon_eval_cut_passes(&class->select[i], number[class->number[i]]))
            return false;
    return true;
}

/* The first class whose label cuts pass. */
static size_t class_of(const struct eval_spec *spec, const double *number)
{
    for (size_t i = 0; i < spec->n_classes; i++)
        if (is_of(&spec->class[i], number))
            return i;
    return EVAL_NO_CLASS;
}

/* Shares of one, but for what rounding to half precision does: anything else, such as a logit, has no
 * discriminant. */
static bool are_probabilities(const float *value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(value[i] >= 0.0f && value[i] <= 1.01f))
            return false;
    return true;
}

static float variable_of(const struct eval_variable *v, const struct eval_block *block, size_t row,
                         const double *number)
{
    return v->counted >= 0 ? (float)block->part[v->counted].total[row] : (float)number[v->number];
}

/* Whole numbers from a column of tracks; false where the file lacks it. */
static bool whole(int *to, const struct eval_part *part, size_t columns, size_t row, size_t column)
{
    const float *from = part->value + row * part->width * columns + column;
    const size_t n = (size_t)part->count[row];
    for (size_t i = 0; i < n; i++) {
        const float value = from[i * columns];
        if (isnan(value))
            return false;
        to[i] = value > -1e6f && value < 1e6f ? (int)value : -1;
    }
    return true;
}

/* What the model says of the jet's tracks against the truth. */
static bool add_tasks(struct eval_scores *s, const struct eval_spec *spec,
                      const struct eval_block *block, const struct eval_result *result, size_t row,
                      size_t class)
{
    const struct eval_track_tasks *t = &spec->tracks;
    if (!result->tracks || (t->origin < 0 && t->vertex < 0))
        return true;
    const struct eval_part *part = &block->part[t->set];
    const size_t columns = spec->query.set[t->set].n_columns, n = (size_t)part->count[row];
    const long output[2] = { t->origin, t->vertex };
    const size_t truth[2] = { t->true_origin, t->true_vertex };
    int *all = malloc((4 * n + 1) * sizeof *all);
    const int *known[4] = { NULL };
    for (size_t i = 0; all && i < 2; i++) {
        int *to = all + i * n, *said = all + (2 + i) * n;
        if (whole(to, part, columns, row, truth[i]))
            known[i] = to;
        for (size_t k = 0; output[i] >= 0 && k < n; k++)
            said[k] = result->tracks[((size_t)output[i] * block->rows + row) * result->width + k];
        if (output[i] >= 0)
            known[2 + i] = said;
    }
    const struct eval_jet_tracks tracks = { n, known[0], known[1], known[2], known[3] };
    const bool fits = all && kaon_eval_tasks_add(&s->tasks, class, &tracks);
    free(all);
    return fits;
}

static bool add_row(struct eval_scores *s, const struct eval_spec *spec,
                    const struct eval_block *block, size_t row, const struct eval_result *result)
{
    const size_t k = spec->n_probabilities;
    const float *probability = result->probability + row * k;
    const double *number = block->number + row * spec->query.n_numbers;
    s->rows++;
    if (!selected(spec, number))
        return true;
    s->selected++;
    const size_t class = class_of(spec, number);
    const double weight = spec->weight ? number[spec->weight_number] : 1;
    if (class == EVAL_NO_CLASS) {
        s->no_class++;
        return true;
    }
    const bool weighs = isfinite((float)weight); /* as it is kept */
    if (!are_probabilities(probability, k) || !weighs) {
        *(weighs ? &s->bad_score : &s->bad_weight) += 1;
        return true;
    }
    memcpy(s->probability + s->n * k, probability, k * sizeof *probability);
    s->class[s->n] = (unsigned char)class;
    s->row[s->n] = block->first + row;
    for (size_t i = 0; i < s->n_variables; i++)
        s->variable[s->n * s->n_variables + i] =
            variable_of(&spec->variable[i], block, row, number);
    if (s->weight)
        s->weight[s->n] = (float)weight;
    if (s->macs)
        s->macs[s->n] = result->jet_macs[row];
    if (s->inner)
        memcpy(s->inner + s->n * s->n_inner, result->inner + row * s->n_inner,
               s->n_inner * sizeof *s->inner);
    s->class_count[class]++;
    s->n++;
    return add_tasks(s, spec, block, result, row, class);
}

enum kaon_status kaon_eval_scores_add(struct eval_scores *s, const struct eval_spec *spec,
                                      const struct eval_block *block,
                                      const struct eval_result *result, struct kaon_msg *msg)
{
    s->n_probabilities = spec->n_probabilities;
    s->n_variables = spec->n_variables;
    s->n_inner = spec->n_inner;
    if (!make_room(s, block->rows, spec->weight != NULL, result->jet_macs != NULL))
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (size_t row = 0; row < block->rows; row++)
        if (!add_row(s, spec, block, row, result))
            return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    rest(s);
    return KAON_OK;
}

bool kaon_eval_scores_copy(struct eval_scores *s, const struct eval_scores *from, size_t at,
                           const float *probability, double macs)
{
    const size_t k = s->n_probabilities = from->n_probabilities;
    const size_t v = s->n_variables = from->n_variables;
    if (!make_room(s, 1, from->weight != NULL, !isnan(macs)))
        return false;
    memcpy(s->probability + s->n * k, probability, k * sizeof *probability);
    memcpy(s->variable + s->n * v, from->variable + at * v, v * sizeof *s->variable);
    s->class[s->n] = from->class[at];
    s->row[s->n] = from->row[at];
    if (s->weight)
        s->weight[s->n] = from->weight[at];
    if (s->macs)
        s->macs[s->n] = (float)macs;
    s->class_count[s->class[s->n]]++;
    s->n++;
    return true;
}

void kaon_eval_scores_close(struct eval_scores *s)
{
    for (int i = 0; i < EVAL_COLUMNS; i++)
        kaon_eval_spill_close(&s->spill[i], *array_of(s, i));
    *s = (struct eval_scores){ 0 };
}

/* To the nearest number of half precision, ties to even. */
static float to_half(float x)
{
    const float a = fabsf(x);
    if (!(a < 65520))
        return isnan(x) ? x : copysignf(INFINITY, x);
    int exponent;
    frexpf(a, &exponent);
    const float unit = ldexpf(1, (exponent < -13 ? -13 : exponent) - 11);
    return copysignf(nearbyintf(a / unit) * unit, x);
}

static float step(bool half, float x)
{
    return half ? to_half(x) : x;
}

/* As atlas-ftag-tools computes, step by step in the type that the scores are stored in. */
double kaon_eval_discriminant_ftag(const struct eval_spec *spec, const struct eval_discriminant *d,
                                   const float *probability)
{
    const bool half = spec->half;
    float background = 0;
    for (size_t i = 0; i < spec->n_classes; i++)
        if (d->fraction[i] > 0) {
            const float p = probability[spec->class[i].probability];
            const float part = step(half, p * step(half, (float)d->fraction[i]));
            background = step(half, background + part);
        }
    const float e = step(half, (float)d->epsilon);
    const float above = step(half, probability[spec->class[d->signal].probability] + e);
    const float below = step(half, background + e);
    const float ratio = step(half, above / below);
    const float d_value = step(half, (float)kaon_eval_log((double)ratio));
    return isnan(d_value) ? -INFINITY : d_value; /* 0 / 0, where the type has no room for e */
}

double kaon_eval_discriminant(const struct eval_spec *spec, const struct eval_discriminant *d,
                              const float *probability)
{
    double background = 0;
    if (spec->ftag_exact && d->formula == EVAL_LOG)
        return kaon_eval_discriminant_ftag(spec, d, probability);
    for (size_t i = 0; i < spec->n_classes; i++)
        if (d->fraction[i] > 0)
            background += d->fraction[i] * (double)probability[spec->class[i].probability];
    const double signal = probability[spec->class[d->signal].probability];
    if (d->formula == EVAL_RATIO)
        return signal + background > 0 ? signal / (signal + background) : 0;
    return kaon_eval_log((signal + d->epsilon) / (background + d->epsilon));
}

double *kaon_eval_discriminants(const struct eval_spec *spec, const struct eval_discriminant *d,
                                const struct eval_scores *scores)
{
    double *value = malloc((scores->n + 1) * sizeof *value);
    for (size_t i = 0; value && i < scores->n; i++)
        value[i] =
            kaon_eval_discriminant(spec, d, scores->probability + i * scores->n_probabilities);
    return value;
}
