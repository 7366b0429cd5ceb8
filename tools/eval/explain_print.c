/* --explain for a person: the members of the JSON object, a line each. */
#include "tools/eval/explain.h"

#include <math.h>

static void put(struct kaon_out *out, const char *before, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value))
        return;
    kaon_out_printf(out, "%s", before);
    if (json_is_string(value))
        kaon_out_name(out, json_string_value(value));
    else
        kaon_out_printf(out, "%.10g", json_number_value(value));
}

static void put_field(struct kaon_out *out, const json_t *f)
{
    put(out, "      ", f, "name");
    if (json_is_true(json_object_get(f, "mask"))) {
        kaon_out_printf(out, ": 1 for an entry\n");
        return;
    }
    const double offset = json_number_value(json_object_get(f, "offset"));
    kaon_out_printf(out, ": (%sx %c %.10g)", json_is_true(json_object_get(f, "negate")) ? "-" : "",
                    offset < 0 ? '-' : '+', fabs(offset));
    put(out, " * ", f, "scale");
    put(out, ", at least ", f, "lower");
    put(out, ", at most ", f, "upper");
    put(out, ", pad ", f, "pad");
    put(out, ", not finite: ", f, "replace");
    kaon_out_printf(out, "\n");
}

static void put_inputs(struct kaon_out *out, const json_t *inputs)
{
    size_t i, k;
    json_t *in, *f;
    json_array_foreach(inputs, i, in)
    {
        put(out, "  input ", in, "name");
        put(out, " ", in, "layout");
        put(out, " from dataset '", in, "dataset");
        put(out, "', real where '", in, "valid");
        kaon_out_printf(out, "'");
        put(out, ", at least ", in, "min");
        put(out, ", at most ", in, "max");
        put(out, ", padding ", in, "pad_mode");
        put(out, "\n    fields and scales from ", in, "from");
        kaon_out_printf(out, "\n");
        json_array_foreach(json_object_get(in, "fields"), k, f) put_field(out, f);
    }
}

static void put_outputs(struct kaon_out *out, const json_t *outputs)
{
    size_t i, k;
    json_t *o, *p;
    json_array_foreach(outputs, i, o)
    {
        put(out, "  output ", o, "name");
        put(out, ": ", o, "is");
        json_array_foreach(json_object_get(o, "probabilities"), k, p)
        {
            put(out, k ? ", " : " ", p, "name");
            put(out, " of ", p, "class");
        }
        put(out, ", from ", o, "from");
        kaon_out_printf(out, "\n");
    }
}

static void put_list(struct kaon_out *out, const json_t *list, const char *between)
{
    size_t i;
    json_t *value;
    json_array_foreach(list, i, value)
    {
        kaon_out_printf(out, "%s", i ? between : "");
        if (json_is_string(value))
            kaon_out_name(out, json_string_value(value));
        else
            kaon_out_printf(out, "%.10g", json_number_value(value));
    }
}

static void put_classes(struct kaon_out *out, const json_t *classes)
{
    size_t i;
    json_t *c;
    json_array_foreach(classes, i, c)
    {
        put(out, "  class ", c, "name");
        kaon_out_printf(out, ": ");
        put_list(out, json_object_get(c, "select"), " and ");
        put(out, ", probability ", c, "probability");
        put(out, ", from ", c, "from");
        kaon_out_printf(out, "\n");
    }
}

static void put_discriminants(struct kaon_out *out, const json_t *list)
{
    size_t i;
    json_t *d, *value;
    const char *class;
    json_array_foreach(list, i, d)
    {
        put(out, "  ", d, "name");
        put(out, ": signal ", d, "signal");
        put(out, ", ", d, "formula");
        json_object_foreach(json_object_get(d, "fractions"), class, value)
        {
            kaon_out_printf(out, ", ");
            kaon_out_name(out, class);
            kaon_out_printf(out, " %.10g", json_number_value(value));
        }
        put(out, ", e ", d, "epsilon");
        put(out, ", from ", d, "from");
        kaon_out_printf(out, "\n    working points ");
        put_list(out, json_object_get(d, "working_points"), ", ");
        put(out, ", from ", d, "working_points_from");
        kaon_out_printf(out, "\n");
    }
}

static void put_configured(struct kaon_out *out, const json_t *configured)
{
    size_t i;
    json_t *row;
    json_array_foreach(configured, i, row)
    {
        put(out, "option --", row, "option");
        kaon_out_printf(out, " ");
        put_list(out, json_object_get(row, "values"), " ");
        put(out, ", from ", row, "from");
        kaon_out_printf(out, "\n");
    }
}

void kaon_eval_explain_print(struct kaon_out *out, const json_t *all)
{
    size_t i, k;
    json_t *m, *cut;
    put_configured(out, json_object_get(all, "configured"));
    json_array_foreach(json_object_get(all, "models"), i, m)
    {
        put(out, "", m, "name");
        put(out, ": ", m, "path");
        put(out, "\n  configuration ", m, "config");
        kaon_out_printf(out, "\n  data ");
        put_list(out, json_object_get(m, "data"), ", ");
        put(out, ", from ", m, "data_from");
        kaon_out_printf(out, "\n");
        put_inputs(out, json_object_get(m, "inputs"));
        put_outputs(out, json_object_get(m, "outputs"));
        put_classes(out, json_object_get(m, "classes"));
        put_discriminants(out, json_object_get(m, "discriminants"));
        json_array_foreach(json_object_get(m, "selection"), k, cut)
        {
            put(out, "  cut ", cut, "cut");
            put(out, ", from ", cut, "from");
            kaon_out_printf(out, "\n");
        }
        put(out, "  weight ", m, "weight");
        put(out, ", from ", m, "weight_from");
        kaon_out_printf(out, json_is_null(json_object_get(m, "weight")) ? "  no weights\n" : "\n");
        json_array_foreach(json_object_get(m, "notes"), k, cut)
        {
            kaon_out_printf(out, "  note: ");
            kaon_out_name(out, json_string_value(cut));
            kaon_out_printf(out, "\n");
        }
    }
}
