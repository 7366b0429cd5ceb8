#include "tools/eval/explain.h"

#include "tools/cli/json.h"
#include "tools/eval/run_report.h"

#include <math.h>
#include <string.h>

static json_t *text(const char *value)
{
    return value ? kaon_json_text(value) : json_null();
}

static json_t *size(size_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *field(const struct eval_feature *f)
{
    json_t *all = json_pack("{s:o, s:o}", "name", text(f->name), "mask", json_boolean(f->is_mask));
    if (f->is_mask)
        return all;
    const struct {
        const char *key;
        double value;
        bool shown;
    } numbers[] = {
        { "offset", f->offset, true },
        { "scale", f->scale, true },
        { "lower", f->lower, isfinite(f->lower) },
        { "upper", f->upper, isfinite(f->upper) },
        { "replace", f->replace, f->replaces },
        { "above", f->most, f->most > 0 },
        { "pad", f->pad, true },
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].shown)
            json_object_set_new(all, numbers[i].key, kaon_json_number(numbers[i].value));
    json_object_set_new(all, "negate", json_boolean(f->negate));
    return all;
}

static json_t *input(const struct eval_input *in)
{
    static const char *const layouts[] = {
        [EVAL_ONE] = "[N,F]",
        [EVAL_ENTRIES] = "[n,F]",
        [EVAL_PADDED] = "[N,T,F]",
        [EVAL_TURNED] = "[N,F,T]",
    };
    json_t *fields = json_array();
    for (size_t i = 0; i < in->n_features; i++)
        json_array_append_new(fields, field(&in->feature[i]));
    return json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:s, s:o, s:o}", "name", text(in->name),
                     "dataset", text(in->dataset), "valid", text(in->valid), "layout",
                     layouts[in->layout], "min", size(in->least), "max",
                     in->most ? size(in->most) : json_null(), "length",
                     in->fixed ? size(in->fixed) : json_null(), "pad_mode",
                     in->wrap ? "wrap" : "constant", "from", text(in->source), "fields", fields);
}

/* The names and classes of the probabilities from `first` on. */
static json_t *probabilities(const struct eval_spec *spec, size_t first, size_t n)
{
    json_t *list = json_array();
    for (size_t i = first; i < first + n && i < spec->n_probabilities; i++)
        json_array_append_new(list,
                              json_pack("{s:o, s:o}", "name", text(spec->probability[i].published),
                                        "class", text(spec->probability[i].class)));
    return list;
}

static json_t *outputs(const struct eval_spec *spec)
{
    static const char *const kinds[] = {
        [EVAL_OUT_PROBABILITY] = "probability", [EVAL_OUT_VECTOR] = "probabilities",
        [EVAL_OUT_TRACKS] = "per track",        [EVAL_OUT_OTHER] = "not used",
        [EVAL_OUT_INNER] = "strangeness",
    };
    json_t *list = json_array();
    for (size_t i = 0; i < spec->n_outputs; i++) {
        const struct eval_output *o = &spec->output[i];
        json_array_append_new(list, json_pack("{s:o, s:s, s:o, s:o}", "name", text(o->name), "is",
                                              kinds[o->kind], "probabilities",
                                              probabilities(spec, o->first, o->count), "from",
                                              text(o->source)));
    }
    if (spec->stored)
        json_array_append_new(list, json_pack("{s:o, s:s, s:o, s:s}", "name", text(spec->name),
                                              "is", "stored scores", "probabilities",
                                              probabilities(spec, 0, spec->n_given), "from",
                                              "names of fields"));
    return list;
}

static json_t *class(const struct eval_spec *spec, const struct eval_class *c)
{
    json_t *cuts = json_array();
    for (size_t i = 0; i < c->n_selects; i++)
        json_array_append_new(cuts, text(c->select_text[i]));
    return json_pack("{s:o, s:o, s:o, s:o}", "name", text(c->name), "select", cuts, "probability",
                     c->probability < 0 ? json_null()
                                        : text(spec->probability[c->probability].published),
                     "from", text(c->source));
}

static json_t *discriminant(const struct eval_spec *spec, const struct eval_discriminant *d)
{
    json_t *fractions = json_object(), *points = json_array();
    for (size_t c = 0; c < spec->n_classes; c++)
        if (d->fraction[c] > 0)
            json_object_set_new(fractions, spec->class[c].name, kaon_json_number(d->fraction[c]));
    for (size_t i = 0; i < d->n_points; i++)
        json_array_append_new(points, kaon_json_number(d->point[i]));
    return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "name", text(d->name), "signal",
                     text(spec->class[d->signal].name), "formula",
                     d->formula == EVAL_RATIO ? "ratio" : "log", "fractions", fractions, "epsilon",
                     kaon_json_number(d->epsilon), "from", text(d->source), "working_points",
                     points, "working_points_from", text(d->points_source));
}

static json_t *selection(const struct eval_spec *spec)
{
    json_t *list = json_array();
    for (size_t i = 0; i < spec->n_selection; i++)
        json_array_append_new(list, json_pack("{s:o, s:o}", "cut", text(spec->selection_text[i]),
                                              "from", text(spec->selection_source[i])));
    return list;
}

static json_t *notes(const struct eval_entry *e)
{
    json_t *list = json_array();
    const char *note;
    for (size_t i = 0; i < e->spec.n_notes; i++)
        json_array_append_new(list, text(e->spec.note[i]));
    for (size_t i = 0; e->reader && (note = kaon_eval_reader_note(e->reader, i)); i++)
        json_array_append_new(list, text(note));
    return list;
}

/* Data that are named: by the command, or by what set --data in its place. */
static const char *data_from(const struct eval_settings *settings)
{
    size_t i;
    json_t *row;
    json_array_foreach(settings->configured, i, row)
    {
        const char *option = json_string_value(json_object_get(row, "option"));
        if (!strcmp(option, "data") || !strcmp(option, "scores"))
            return json_string_value(json_object_get(row, "from"));
    }
    return "the command line";
}

static json_t *entry(const struct evaluation *e, const struct eval_entry *it)
{
    const struct eval_spec *spec = &it->spec;
    json_t *inputs = json_array(), *classes = json_array(), *all = json_array();
    json_t *files = json_array();
    for (size_t i = 0; i < spec->n_inputs; i++)
        json_array_append_new(inputs, input(&spec->input[i]));
    for (size_t i = 0; i < spec->n_classes; i++)
        json_array_append_new(classes, class(spec, &spec->class[i]));
    for (size_t i = 0; i < spec->n_discriminants; i++)
        json_array_append_new(all, discriminant(spec, &spec->discriminant[i]));
    for (size_t i = 0; i < it->n_data; i++)
        json_array_append_new(files, text(it->data[i]));
    const struct {
        const char *key;
        json_t *value;
    } members[] = {
        { "name", text(it->label) },
        { "path", text(spec->model_path) },
        { "config", text(spec->config_path) },
        { "data", files },
        { "data_from",
          text(e->settings.n_data || spec->stored ? data_from(&e->settings) : spec->config_path) },
        { "inputs", inputs },
        { "outputs", outputs(spec) },
        { "classes", classes },
        { "discriminants", all },
        { "selection", selection(spec) },
        { "weight", text(spec->weight) },
        { "weight_from", text(spec->weight ? spec->weight_source : NULL) },
        { "fold_field", text(spec->fold_field) },
        { "notes", notes(it) },
    };
    json_t *object = json_object();
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        json_object_set_new(object, members[i].key, members[i].value);
    return object;
}

json_t *kaon_eval_explain(const struct evaluation *e)
{
    json_t *models = json_array();
    for (size_t i = 0; i < e->n; i++)
        json_array_append_new(models, entry(e, &e->entry[i]));
    return json_pack("{s:i, s:o, s:o}", "schema_version", KAON_JSON_SCHEMA, "configured",
                     kaon_eval_configured(&e->settings), "models", models);
}
