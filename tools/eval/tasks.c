#include "tools/eval/tasks.h"

#include <stdlib.h>
#include <string.h>

const char *const kaon_eval_origins[EVAL_ORIGINS] = {
    "Pileup", "Fake", "Primary", "FromB", "FromBC", "FromC", "FromTau", "OtherSecondary",
};

enum { PRIMARY = 2, NO_VERTEX = -99 };

static bool is_heavy(int origin)
{
    return origin >= 3 && origin <= 5;
}

/* ---- cleaning: puma's clean_truth_vertices and clean_reco_vertices ----------------------------- */

/* Whether any track of this vertex is (or is not) heavy. */
static bool has(const int *vertex, const int *origin, size_t n, int which, bool heavy)
{
    for (size_t i = 0; i < n; i++)
        if (vertex[i] == which && is_heavy(origin[i]) == heavy)
            return true;
    return false;
}

/* Takes vertices away that have a track (or none but tracks) of the wrong kind; `to` is new. */
static void keep_heavy(int *to, const int *vertex, const int *origin, size_t n, bool purely)
{
    for (size_t i = 0; i < n; i++) {
        const bool keep = purely ? !has(vertex, origin, n, vertex[i], false)
                                 : has(vertex, origin, n, vertex[i], true);
        to[i] = keep ? vertex[i] : NO_VERTEX;
    }
}

/* The vertex with most tracks that the model calls primary, the lowest of equal ones. */
static bool find_primary(const int *vertex, const int *origin, size_t n, int *primary)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++) {
        size_t here = 0;
        for (size_t k = 0; origin[i] == PRIMARY && k < n; k++)
            here += origin[k] == PRIMARY && vertex[k] == vertex[i];
        if (here > most || (here == most && here > 0 && vertex[i] < *primary))
            most = here, *primary = vertex[i];
    }
    return most > 0;
}

/* All vertices from `least` on become one. */
static void merge(int *vertex, size_t n, int least)
{
    int one = 0;
    for (size_t i = 0; i < n; i++)
        one = vertex[i] > one ? vertex[i] : one;
    for (size_t i = 0; i < n; i++)
        if (vertex[i] >= least)
            vertex[i] = one;
}

/* ---- vertices: puma's build_vertices and associate_vertices ------------------------------------ */

/* Numbers the vertices of two tracks or more from 0 in the order of their indices; others -1. */
static size_t build(int *number, const int *vertex, size_t n)
{
    size_t found = 0;
    int last = -1;
    for (size_t i = 0; i < n; i++)
        number[i] = -1;
    for (;;) {
        int next = 0;
        size_t tracks = 0;
        for (size_t i = 0; i < n; i++) /* the lowest index above the last */
            if (vertex[i] > last && (tracks == 0 || vertex[i] < next))
                next = vertex[i], tracks = 1;
        if (tracks == 0)
            return found;
        tracks = 0;
        for (size_t i = 0; i < n; i++)
            tracks += vertex[i] == next;
        for (size_t i = 0; tracks > 1 && i < n; i++)
            if (vertex[i] == next)
                number[i] = (int)found;
        found += tracks > 1;
        last = next;
    }
}

/* Pairs of a found (row) and a true vertex. */
struct pairs {
    size_t rows, columns;
    int *common;
    bool *match;
};

/* Leaves those pairs that are largest both in their row and their column. */
static void keep_largest(struct pairs *p, const double *metric)
{
    bool *match = p->match;
    for (size_t r = 0; r < p->rows; r++)
        for (size_t c = 0; c < p->columns; c++) {
            const size_t at = r * p->columns + c;
            for (size_t k = 0; match[at] && k < p->columns; k++)
                match[at] = metric[r * p->columns + k] <= metric[at];
            for (size_t k = 0; match[at] && k < p->rows; k++)
                match[at] = metric[k * p->columns + c] <= metric[at];
        }
}

/* By shared tracks, then by small true, then by small found vertices, then in order. */
static void associate(struct pairs *p, const size_t *true_size, const size_t *found_size,
                      double *metric)
{
    const size_t n = p->rows * p->columns;
    for (size_t at = 0; at < n; at++)
        p->match[at] = true;
    for (int round = 0; round < 4; round++) {
        for (size_t at = 0; at < n; at++) {
            const double value[] = { p->common[at], 1.0 / (double)true_size[at % p->columns],
                                     1.0 / (double)found_size[at / p->columns], (double)(n - at) };
            metric[at] = p->match[at] ? value[round] : -1;
        }
        keep_largest(p, metric);
    }
}

static void count_matches(struct eval_vertex_counts *v, const struct pairs *p,
                          const size_t *true_size, const size_t *found_size)
{
    for (size_t at = 0; at < p->rows * p->columns; at++) {
        const size_t of_true = true_size[at % p->columns], of_found = found_size[at / p->columns];
        const double common = p->common[at];
        if (!p->match[at] || p->common[at] == 0 || common * (1.0 / (double)of_true) < 0.65 ||
            common * (1.0 / (double)of_found) < 0.5)
            continue;
        v->matched++;
        v->shared_tracks += (uint64_t)p->common[at];
        v->true_tracks += of_true;
        v->found_tracks += of_found;
    }
}

/* Counts one jet; `truth` and `found` are clean indices. */
static bool count_vertices(struct eval_vertex_counts *v, const int *truth, const int *found,
                           size_t n)
{
    int *number = malloc((2 * n + 1) * sizeof *number);
    if (!number)
        return false;
    const size_t n_true = build(number, truth, n), n_found = build(number + n, found, n);
    v->jets++;
    v->jets_with_found += n_found > 0;
    v->true_vertices += n_true;
    v->found_vertices += n_found;
    struct pairs p = { .rows = n_found, .columns = n_true };
    const size_t all = n_true * n_found;
    bool fits = true;
    if (all > 0) {
        size_t *size = calloc(n_true + n_found, sizeof *size);
        double *metric = calloc(all, sizeof *metric);
        p.common = calloc(all, sizeof *p.common);
        p.match = calloc(all, sizeof *p.match);
        fits = size && metric && p.common && p.match;
        for (size_t i = 0; fits && i < n; i++) {
            const int t = number[i], f = number[n + i];
            if (t >= 0)
                size[t]++;
            if (f >= 0)
                size[n_true + (size_t)f]++;
            if (t >= 0 && f >= 0)
                p.common[(size_t)f * n_true + (size_t)t]++;
        }
        if (fits) {
            associate(&p, size, size + n_true, metric);
            count_matches(v, &p, size, size + n_true);
        }
        free(size);
        free(metric);
        free(p.common);
        free(p.match);
    }
    free(number);
    return fits;
}

/* ---- a jet ------------------------------------------------------------------------------------ */

static void count_origins(struct eval_tasks *tasks, const struct eval_jet_tracks *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->true_origin[i] >= 0 && t->true_origin[i] < EVAL_ORIGINS) {
            const bool known = t->origin[i] >= 0 && t->origin[i] < EVAL_ORIGINS;
            tasks->origin[t->true_origin[i]][known ? t->origin[i] : EVAL_ORIGINS]++;
        }
}

static void count_pairs(struct eval_tasks *tasks, const struct eval_jet_tracks *t)
{
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = i + 1; is_heavy(t->true_origin[i]) && k < t->n; k++) {
            const bool same = t->true_vertex[i] == t->true_vertex[k];
            const bool found = t->vertex[i] == t->vertex[k];
            if (!is_heavy(t->true_origin[k]))
                continue;
            tasks->true_pairs += same;
            tasks->found_pairs += found;
            tasks->right_pairs += same && found;
        }
}

/* The found vertices that count, in *clean. */
static void clean_found(int *clean, const struct eval_jet_tracks *t, int *work)
{
    int primary = 0;
    memcpy(work, t->vertex, t->n * sizeof *work);
    memcpy(clean, work, t->n * sizeof *work);
    if (!t->origin)
        return;
    if (find_primary(t->vertex, t->origin, t->n, &primary))
        for (size_t i = 0; i < t->n; i++)
            work[i] = work[i] == primary ? NO_VERTEX : work[i];
    keep_heavy(clean, work, t->origin, t->n, false);
}

bool kaon_eval_tasks_add(struct eval_tasks *tasks, size_t class, const struct eval_jet_tracks *t)
{
    if (!t->true_origin)
        return true;
    if (t->origin)
        count_origins(tasks, t);
    if (!t->vertex || !t->true_vertex)
        return true;
    count_pairs(tasks, t);
    int *clean = malloc((3 * t->n + 1) * sizeof *clean), *found = clean ? clean + t->n : NULL;
    if (!clean)
        return false;
    keep_heavy(clean, t->true_vertex, t->true_origin, t->n, true);
    clean_found(found, t, found + t->n);
    bool fits = count_vertices(&tasks->exclusive[class], clean, found, t->n);
    merge(clean, t->n, 1);
    merge(found, t->n, 0);
    fits = fits && count_vertices(&tasks->inclusive[class], clean, found, t->n);
    free(clean);
    return fits;
}
