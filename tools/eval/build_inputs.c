/* Inputs: which fields fill them, with which scales, in which layout. */
#include "tools/eval/build.h"
#include "tools/eval/fields.h"
#include "tools/eval/preprocess.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- fields and scales ----------------------------------------------------------------------- */

static enum kaon_status read_field(struct eval_build *b, const json_t *json, const char *where,
                                   struct eval_feature *f)
{
    const char *name = json_string_value(json);
    double replace = 0, pad = 0;
    enum kaon_status status = KAON_OK;
    *f = (struct eval_feature){ .scale = 1, .lower = -INFINITY, .upper = INFINITY };
    if (json_is_object(json)) {
        const struct {
            const char *key;
            double *to;
        } numbers[] = {
            { "offset", &f->offset }, { "scale", &f->scale },  { "lower", &f->lower },
            { "upper", &f->upper },   { "replace", &replace }, { "pad", &pad },
        };
        status = kaon_eval_json_text(json, "name", &name, where, b->msg);
        for (size_t i = 0; !status && i < sizeof numbers / sizeof *numbers; i++)
            status = kaon_eval_json_number(json, numbers[i].key, numbers[i].to, where, b->msg);
    }
    if (!status && !name)
        status = kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                               "%s: 'fields' must hold names or objects with a name", where);
    f->replace = (float)replace;
    f->replaces = json_is_number(json_object_get(json, "replace"));
    f->pad = (float)pad;
    if (!status && !(f->name = kaon_eval_pool_text(&b->spec->pool, name)))
        status = kaon_eval_build_no_memory(b);
    return status;
}

static enum kaon_status read_fields(struct eval_build *b, struct eval_input *in, const json_t *list,
                                    const char *where)
{
    enum kaon_status status = KAON_OK;
    in->n_features = json_array_size(list);
    in->feature = kaon_eval_pool_take(&b->spec->pool, in->n_features + 1, sizeof *in->feature);
    if (!in->feature)
        return kaon_eval_build_no_memory(b);
    for (size_t i = 0; !status && i < in->n_features; i++)
        status = read_field(b, json_array_get(list, i), where, &in->feature[i]);
    in->source = b->spec->config_path;
    return status;
}

static const struct eval_gnn_input *in_metadata(const struct eval_build *b, const char *name)
{
    for (size_t i = 0; i < b->gnn.n_inputs; i++)
        if (!strcmp(b->gnn.input[i].input, name))
            return &b->gnn.input[i];
    return NULL;
}

/* What eval.json says of one input, over what metadata or preprocess.json said. */
static enum kaon_status apply_config(struct eval_build *b, struct eval_input *in,
                                     const json_t *json, const char **layout)
{
    const char *dataset = NULL, *valid = NULL, *pad_mode = in->wrap ? "wrap" : "constant";
    json_t *fields;
    double pad = NAN;
    const char *where =
        kaon_eval_pool_format(&b->spec->pool, "%s: inputs '%s'", b->spec->config_path, in->name);
    enum kaon_status status = where ? KAON_OK : kaon_eval_build_no_memory(b);
    const struct {
        const char *key;
        const char **to;
    } texts[] = {
        { "dataset", &dataset },
        { "valid", &valid },
        { "layout", layout },
        { "pad_mode", &pad_mode },
    };
    for (size_t i = 0; !status && i < sizeof texts / sizeof *texts; i++)
        status = kaon_eval_json_text(json, texts[i].key, texts[i].to, where, b->msg);
    if (!status)
        status = kaon_eval_json_size(json, "max", &in->most, where, b->msg);
    if (!status)
        status = kaon_eval_json_size(json, "min", &in->least, where, b->msg);
    if (!status)
        status = kaon_eval_json_list(json, "fields", &fields, where, b->msg);
    if (!status && fields)
        status = read_fields(b, in, fields, where);
    if (!status)
        status = kaon_eval_json_number(json, "pad", &pad, where, b->msg);
    if (status)
        return status;
    for (size_t i = 0; !isnan(pad) && i < in->n_features; i++)
        in->feature[i].pad = (float)pad;
    in->wrap = !strcmp(pad_mode, "wrap");
    if (!in->wrap && strcmp(pad_mode, "constant") && strcmp(pad_mode, "none"))
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                             "%s: 'pad_mode' must be none, constant or wrap", where);
    if (dataset && !(in->dataset = kaon_eval_pool_text(&b->spec->pool, dataset)))
        return kaon_eval_build_no_memory(b);
    if (valid && !(in->valid = kaon_eval_pool_text(&b->spec->pool, valid)))
        return kaon_eval_build_no_memory(b);
    return KAON_OK;
}

/* More than any tagger takes; a model that asks for more is broken. */
enum { MOST_ENTRIES = 4096 };

/* ---- layout ---------------------------------------------------------------------------------- */

static enum kaon_status wrong_shape(const struct eval_build *b, const struct eval_input *in,
                                    const struct kaon_port *port)
{
    char shape[128] = "";
    size_t at = 0;
    for (int i = 0; i < port->rank && at < sizeof shape; i++)
        at +=
            (size_t)(port->dims[i] < 0 ? snprintf(shape + at, sizeof shape - at, "%s%.20s",
                                                  i ? "," : "", port->axes[i] ? port->axes[i] : "?")
                                       : snprintf(shape + at, sizeof shape - at, "%s%lld",
                                                  i ? "," : "", (long long)port->dims[i]));
    return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                         "%s: %s lists %zu variable%s for input '%s', which takes [%s]",
                         b->spec->model_path, in->source, in->n_features,
                         in->n_features == 1 ? "" : "s", in->name, shape);
}

static bool takes(const struct kaon_port *port, int axis, size_t n)
{
    return port->dims[axis] < 0 || port->dims[axis] == (int64_t)n;
}

/* Whether "[N,19,P]" has a letter for its last axis, and so counts fields on the middle one. */
static bool ends_in_a_letter(const char *layout)
{
    const size_t length = layout ? strlen(layout) : 0;
    const char *last = layout ? strrchr(layout, ',') : NULL;
    return last && length > 1 && isalpha((unsigned char)layout[length - 2]);
}

/* Whether fields lie on the middle axis: where the shape leaves it open the layout says it, and
 * without one preprocess.json, whose inputs all lie so. */
static bool is_turned(const struct eval_input *in, const struct kaon_port *port, const char *layout)
{
    const size_t f = in->n_features;
    const bool middle = port->dims[1] == (int64_t)f, last = port->dims[2] == (int64_t)f;
    if (!takes(port, 1, f) || !takes(port, 2, f))
        return takes(port, 1, f);
    if (layout)
        return ends_in_a_letter(layout);
    return middle == last ? in->by_variable : middle;
}

static enum kaon_status find_layout(struct eval_build *b, struct eval_input *in,
                                    const struct kaon_port *port, const char *layout)
{
    const size_t f = in->n_features;
    if (port->type != KAON_F32 || port->rank < 2 || port->rank > 3)
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                             "%s: input '%s' is %s of rank %d, wanted float of rank 2 or 3",
                             b->spec->model_path, in->name, kaon_type_name(port->type), port->rank);
    int length = -1;
    if (port->rank == 3) {
        const bool turned = is_turned(in, port, layout);
        if (!turned && !takes(port, 2, f))
            return wrong_shape(b, in, port);
        in->layout = turned ? EVAL_TURNED : EVAL_PADDED;
        length = turned ? 2 : 1;
        b->spec->batched = true;
        if (port->dims[0] > 1)
            return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                                 "%s: input '%s' takes %lld jets a call, no more and no fewer",
                                 b->spec->model_path, in->name, (long long)port->dims[0]);
        b->spec->one_a_call = b->spec->one_a_call || port->dims[0] == 1;
    } else {
        if (!takes(port, 1, f))
            return wrong_shape(b, in, port);
        in->layout = in->valid ? EVAL_ENTRIES : EVAL_ONE;
        length = in->valid ? 0 : -1;
    }
    if (length >= 0 && port->dims[length] >= 0)
        in->fixed = (size_t)port->dims[length];
    if (length >= 0)
        in->length_axis = port->axes[length];
    if (length != 0)
        in->batch_axis = port->dims[0] < 0 ? port->axes[0] : NULL;
    if (in->fixed && (!in->most || in->most > in->fixed))
        in->most = in->fixed;
    if (in->fixed > MOST_ENTRIES || in->least > MOST_ENTRIES || f > MOST_ENTRIES)
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                             "%s: input '%s' wants more than %d entries or fields a jet",
                             b->spec->model_path, in->name, MOST_ENTRIES);
    return KAON_OK;
}

/* ---- one input ------------------------------------------------------------------------------- */

static enum kaon_status unknown(const struct eval_build *b, const char *name)
{
    return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                         "%s: nothing says which fields fill input '%s': "
                         "neither %s, nor metadata 'gnn_config', nor preprocess.json",
                         b->ports->path, name,
                         b->spec->config_path ? b->spec->config_path : "an eval.json beside it");
}

static enum kaon_status from_metadata(struct eval_build *b, struct eval_input *in,
                                      const struct eval_gnn_input *meta)
{
    in->dataset = meta->dataset;
    in->feature = meta->feature;
    in->n_features = meta->n_features;
    in->valid = meta->is_sequence ? "valid" : NULL;
    in->source = "metadata 'gnn_config'";
    if (!strcmp(meta->name, in->name))
        return KAON_OK;
    return kaon_eval_spec_note(b->spec, b->msg,
                               "input '%s' is filled from dataset '%s', selected and "
                               "sorted as the file has it (metadata: '%s')",
                               in->name, in->dataset, meta->name);
}

static void find_masks(struct eval_input *in)
{
    for (size_t i = 0; i < in->n_features; i++)
        in->feature[i].is_mask = in->valid && !strcmp(in->feature[i].name, in->valid);
}

static enum kaon_status build_input(struct eval_build *b, const struct kaon_port *port,
                                    struct eval_input *in, const json_t *inputs)
{
    const struct eval_gnn_input *meta = in_metadata(b, port->name);
    const char *layout = NULL;
    json_t *json = NULL;
    enum kaon_status status = KAON_OK;
    if (!(in->name = kaon_eval_pool_text(&b->spec->pool, port->name)))
        return kaon_eval_build_no_memory(b);
    if (inputs)
        status = kaon_eval_json_object(inputs, port->name, &json, b->spec->config_path, b->msg);
    if (!status && meta)
        status = from_metadata(b, in, meta);
    if (!status && b->preprocess && !in->feature)
        status = kaon_eval_preprocess_read(in, b->preprocess, b->preprocess_path, &b->spec->pool,
                                           b->msg);
    if (!status && json)
        status = apply_config(b, in, json, &layout);
    if (status)
        return status;
    if (!in->feature || in->n_features == 0)
        return unknown(b, port->name);
    if (!in->dataset)
        in->dataset = port->rank == 3 ? "tracks" : "jets";
    if (!in->valid && strcmp(in->dataset, "jets"))
        in->valid = "valid";
    find_masks(in);
    status = find_layout(b, in, port, layout);
    if (!status)
        status = kaon_eval_spec_note(b->spec, b->msg,
                                     "input '%s': %zu fields of dataset '%s', scales from %s",
                                     in->name, in->n_features, in->dataset, in->source);
    return status;
}

/* Marks the fields of that name, or of another spelling of it. */
static bool negate(struct eval_spec *spec, const char *name)
{
    bool found = false;
    for (size_t i = 0; i < spec->n_inputs; i++)
        for (size_t k = 0; k < spec->input[i].n_features; k++) {
            struct eval_feature *f = &spec->input[i].feature[k];
            if (f->is_mask || kaon_eval_field_find(&f->name, 1, name) < 0)
                continue;
            f->negate = found = true;
        }
    return found;
}

static enum kaon_status negate_all(struct eval_build *b)
{
    for (size_t i = 0; i < b->choices->n_negate; i++) {
        char *rest = NULL, *copy = kaon_eval_pool_text(&b->spec->pool, b->choices->negate[i]);
        if (!copy)
            return kaon_eval_build_no_memory(b);
        for (char *name = strtok_r(copy, ",", &rest); name; name = strtok_r(NULL, ",", &rest))
            if (!negate(b->spec, name))
                return kaon_cli_fail(b->msg, KAON_BAD_ARGUMENT, "--negate: %s takes no field '%s'",
                                     b->spec->model_path, name);
    }
    return KAON_OK;
}

enum kaon_status kaon_eval_build_inputs(struct eval_build *b)
{
    struct eval_spec *spec = b->spec;
    json_t *inputs = NULL;
    enum kaon_status status = KAON_OK;
    if (b->config)
        status = kaon_eval_json_object(b->config, "inputs", &inputs, spec->config_path, b->msg);
    spec->input = kaon_eval_pool_take(&spec->pool, b->ports->n_inputs + 1, sizeof *spec->input);
    if (!spec->input)
        return kaon_eval_build_no_memory(b);
    spec->n_inputs = b->ports->n_inputs;
    for (size_t i = 0; !status && i < spec->n_inputs; i++)
        status = build_input(b, &b->ports->input[i], &spec->input[i], inputs);
    for (size_t i = 0; !status && i < spec->n_inputs; i++)
        if (spec->batched && spec->input[i].layout == EVAL_ENTRIES)
            status = kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                                   "%s: input '%s' is of one jet and others are of many",
                                   spec->model_path, spec->input[i].name);
    if (!status && !spec->stored)
        status = negate_all(b);
    return status;
}
