/* Variables that figures are binned in: from --against or, without it, from the plots of eval.json
 * and the usual ones; bins from --bins, eval.json, or what is usual. */
#include "tools/eval/build.h"
#include "tools/eval/fields.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_EDGES = 1001 };

/* What is known of a variable without being told. Bins of pT are puma's. */
struct usual {
    const char *name, *text, *unit;
    double scale;
    size_t n_edges;
    const double *edge;
    bool always; /* taken where the data has it, without being asked for */
};

static const double edges_pt[] = { 20, 30, 40, 60, 85, 110, 140, 175, 250 };
static const double edges_eta[] = { -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5 };
static const double edges_abs_eta[] = { 0, 0.5, 1, 1.5, 2, 2.5 };
static const double edges_tracks[] = { 0, 1, 2, 4, 6, 8, 10, 13, 17, 25, 41 };

#define EDGES(list) sizeof(list) / sizeof *(list), list

static const struct usual usual[] = {
    { "pt", "jet pT", "GeV", 0.001, EDGES(edges_pt), true },
    { "eta", "jet η", "", 1, EDGES(edges_eta), true },
    { "n_tracks", "number of tracks", "", 1, EDGES(edges_tracks), true },
    { "absEta", "jet |η|", "", 1, EDGES(edges_abs_eta), false },
    { "mass", "jet mass", "GeV", 0.001, 0, NULL, false },
    { "energy", "jet energy", "GeV", 0.001, 0, NULL, false },
    { "HadronConeExclTruthLabelPt", "hadron pT", "GeV", 0.001, 0, NULL, false },
    { "HadronConeExclTruthLabelLxy", "Lxy", "mm", 1, 0, NULL, false },
    { "averageInteractionsPerCrossing", "average µ", "", 1, 0, NULL, false },
    { "actualInteractionsPerCrossing", "actual µ", "", 1, 0, NULL, false },
};
enum { N_USUAL = sizeof usual / sizeof *usual };

/* Whether two names are spellings of one quantity: "pt" and "pt_btagJes". */
static bool same(const char *a, const char *b)
{
    return kaon_eval_field_find(&a, 1, b) == 0;
}

static struct eval_variable *find(struct eval_spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->n_variables; i++)
        if (same(spec->variable[i].name, name))
            return &spec->variable[i];
    return NULL;
}

/* The variable of this name, made if there is none. NULL: *status says why. */
static struct eval_variable *add(struct eval_build *b, const char *name, const char *where,
                                 enum kaon_status *status)
{
    struct eval_spec *spec = b->spec;
    struct eval_variable *v = find(spec, name);
    if (v)
        return v;
    if (spec->n_variables == EVAL_MOST_VARIABLES) {
        *status = kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: more than %d variables", where,
                                EVAL_MOST_VARIABLES);
        return NULL;
    }
    v = &spec->variable[spec->n_variables++];
    const char *copy = kaon_eval_pool_text(&spec->pool, name);
    *v =
        (struct eval_variable){ .name = copy, .text = copy, .field = copy, .unit = "", .scale = 1 };
    v->counted = -1;
    for (size_t i = 0; i < N_USUAL; i++)
        if (same(usual[i].name, name)) {
            v->name = usual[i].name;
            v->text = usual[i].text;
            v->unit = usual[i].unit;
            v->scale = usual[i].scale;
            v->edge = usual[i].edge;
            v->n_edges = usual[i].n_edges;
        }
    *status = copy ? KAON_OK : kaon_eval_build_no_memory(b);
    return copy ? v : NULL;
}

/* ---- bins ------------------------------------------------------------------------------------ */

static enum kaon_status check_edges(struct eval_build *b, const double *edge, size_t n,
                                    const char *where, enum kaon_status code)
{
    bool rising = n >= 2 && n <= MOST_EDGES;
    for (size_t i = 0; rising && i < n; i++)
        rising = isfinite(edge[i]) && (i == 0 || edge[i - 1] < edge[i]);
    return rising ? KAON_OK
                  : kaon_cli_fail(b->msg, code, "%s: edges of bins must be 2 to %d rising numbers",
                                  where, MOST_EDGES);
}

static enum kaon_status edges_from_config(struct eval_build *b, struct eval_variable *v,
                                          const json_t *list)
{
    const size_t n = json_array_size(list);
    double *edge = kaon_eval_pool_take(&b->spec->pool, n + 1, sizeof *edge);
    const char *where =
        kaon_eval_pool_format(&b->spec->pool, "%s: plot of '%s'", b->spec->config_path, v->name);
    if (!edge || !where)
        return kaon_eval_build_no_memory(b);
    for (size_t i = 0; i < n; i++) {
        const json_t *number = json_array_get(list, i);
        edge[i] = json_is_number(number) ? json_number_value(number) : NAN;
    }
    v->edge = edge;
    v->n_edges = n;
    return check_edges(b, edge, n, where, KAON_BAD_INPUT);
}

static enum kaon_status edges_from_option(struct eval_build *b, const char *text)
{
    const char *equals = strchr(text, '='), *where;
    const size_t length = equals ? (size_t)(equals - text) : 0;
    where = kaon_eval_pool_format(&b->spec->pool, "--bins %s", text);
    char *name = kaon_eval_pool_format(&b->spec->pool, "%.*s", (int)length, text);
    double *edge = kaon_eval_pool_take(&b->spec->pool, MOST_EDGES + 1, sizeof *edge);
    if (!where || !name || !edge)
        return kaon_eval_build_no_memory(b);
    struct eval_variable *v = length ? find(b->spec, name) : NULL;
    if (!v)
        return kaon_cli_fail(b->msg, KAON_BAD_ARGUMENT,
                             "%s: wanted VARIABLE=EDGE,EDGE... with a variable that figures are "
                             "binned in (--against)",
                             where);
    size_t n = 0;
    const char *at = equals;
    while (at && *at && n <= MOST_EDGES) {
        char *end;
        edge[n] = strtod(at + 1, &end);
        if (end == at + 1 || (*end && *end != ','))
            edge[n] = NAN;
        at = strchr(at + 1, ',');
        n++;
    }
    v->edge = edge;
    v->n_edges = n;
    return check_edges(b, edge, n, where, KAON_BAD_ARGUMENT);
}

/* ---- sources --------------------------------------------------------------------------------- */

/* What a plot of eval.json says of its variable. Variables that it names and nobody has are made
 * with `make` only. */
static enum kaon_status from_plot(struct eval_build *b, const json_t *plot, bool make)
{
    const char *path = b->spec->config_path, *name = NULL, *text;
    json_t *bins = json_object_get(plot, "bins");
    enum kaon_status status = kaon_eval_json_text(plot, "variable", &name, path, b->msg);
    if (status || !name || (!make && !find(b->spec, name)))
        return status;
    struct eval_variable *v = add(b, name, path, &status);
    if (!v)
        return status;
    v->field = kaon_eval_pool_text(&b->spec->pool, name);
    for (size_t i = 0; !status && i < 2; i++) {
        const char **to = i ? &v->unit : &v->text;
        text = NULL;
        status = kaon_eval_json_text(plot, i ? "unit" : "text", &text, path, b->msg);
        if (!status && text && !(*to = kaon_eval_pool_text(&b->spec->pool, text)))
            status = kaon_eval_build_no_memory(b);
    }
    if (!status)
        status = kaon_eval_json_number(plot, "scale", &v->scale, path, b->msg);
    if (!status && (!v->field || !isfinite(v->scale) || !(v->scale > 0)))
        status =
            kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: scale of '%s' must be above 0", path, name);
    return status || !json_is_array(bins) ? status : edges_from_config(b, v, bins);
}

static enum kaon_status from_plots(struct eval_build *b, bool make)
{
    json_t *plots = NULL;
    enum kaon_status status = KAON_OK;
    if (b->config)
        status = kaon_eval_json_list(b->config, "plots", &plots, b->spec->config_path, b->msg);
    for (size_t i = 0; !status && i < json_array_size(plots); i++)
        status = from_plot(b, json_array_get(plots, i), make);
    return status;
}

/* "pt,eta,n_tracks", or "none" for no variables at all */
static enum kaon_status from_option(struct eval_build *b, const char *list)
{
    char *copy = kaon_eval_pool_text(&b->spec->pool, list), *rest = NULL;
    enum kaon_status status = copy ? KAON_OK : kaon_eval_build_no_memory(b);
    if (status || !strcmp(list, "none"))
        return status;
    for (char *name = strtok_r(copy, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        struct eval_variable *v = add(b, name, "--against", &status);
        if (!v)
            return status == KAON_BAD_INPUT ? KAON_BAD_ARGUMENT : status;
        v->required = true;
    }
    return KAON_OK;
}

enum kaon_status kaon_eval_build_variables(struct eval_build *b)
{
    const struct eval_choices *c = b->choices;
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < c->n_against; i++)
        status = from_option(b, c->against[i]);
    if (!status)
        status = from_plots(b, c->n_against == 0);
    for (size_t i = 0; !status && c->n_against == 0 && i < N_USUAL; i++)
        if (usual[i].always && b->spec->n_variables < EVAL_MOST_VARIABLES)
            add(b, usual[i].name, "kaon", &status);
    for (size_t i = 0; !status && i < c->n_bins; i++)
        status = edges_from_option(b, c->bins[i]);
    return status;
}
