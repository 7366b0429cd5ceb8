/* kaon attention: the attention variants that there are. */
#include <math.h>
#include <string.h>

#include "engine/kaon.h"
#include "tools/cli/command.h"
#include "tools/cli/json.h"
#include "tools/cli/nearest.h"
#include "tools/commands.h"

struct options {
    struct kaon_common common;
    bool json;
};

static const struct kaon_option options[] = {
    { "json", 0, KAON_OPTION_FLAG, NULL, "print one JSON object", offsetof(struct options, json) },
    KAON_COMMON_OPTIONS(struct options)
};

const struct kaon_spec kaon_attention_command = {
    .name = "attention",
    .summary = "list the attention variants and their parameters",
    .usage = (const char *const[]){ "attention [options] list", NULL },
    .examples =
        (const struct kaon_example[]){
            { "kaon attention list", "every variant, with formula, source and parameters" },
            { "kaon attention list --json", "the same for a program" },
            { "kaon eval gn2.onnx --attention softpick", "a model under one of them" },
            { NULL },
        },
    .options = options,
    .argument = "list",
    .choices = "list",
    .min_args = 1,
    .max_args = 1,
    .notes = "What stands behind --attention: LAYERS:VARIANT:PARAMETER=NUMBER, more of them after "
             "commas; no layers: all. Layers are counted from 0 in the order of the graph, as kaon "
             "info --why lists them.",
};

static const struct {
    uint32_t bit;
    const char *word;
} abilities[] = {
    { KAON_CAN_BIDIRECTIONAL, "bidirectional" },
    { KAON_CAN_CAUSAL, "causal" },
    { KAON_CAN_MASK, "mask" },
    { KAON_CAN_BIAS, "bias" },
    { KAON_CAN_WINDOW, "window" },
    { KAON_CAN_SLOPES, "slopes" },
    { KAON_CAN_SOFTCAP, "softcap" },
};
enum { N_ABILITIES = sizeof abilities / sizeof *abilities };

/* ---- for people ------------------------------------------------------------------------------- */

static void print_parameter(struct kaon_out *out, const struct kaon_attention_parameter *p)
{
    kaon_out_printf(out, "    %-10s ", p->name);
    if (p->required)
        kaon_out_printf(out, "must be given");
    else if (isnan(p->otherwise))
        kaon_out_printf(out, "chosen by the variant");
    else
        kaon_out_printf(out, "default %g", p->otherwise);
    kaon_out_printf(out, ", %g to %g%s%s\n", p->least, p->most,
                    p->shape[0] ? ", or an array by " : "", p->shape);
}

static void print_variant(struct kaon_out *out, const struct kaon_attention_about *a)
{
    kaon_out_printf(out, "%s (%s): %s\n    w = %s\n    %s; keeps %s\n    can", a->name, a->family,
                    a->title, a->formula, a->source, a->state);
    for (size_t i = 0; i < N_ABILITIES; i++)
        if (a->can & abilities[i].bit)
            kaon_out_printf(out, " %s", abilities[i].word);
    kaon_out_printf(out, "\n");
    for (size_t i = 0; i < a->n_parameters; i++)
        print_parameter(out, &a->parameter[i]);
}

/* ---- for programs ----------------------------------------------------------------------------- */

static json_t *json_parameter(const struct kaon_attention_parameter *p)
{
    return json_pack("{s:s, s:o, s:f, s:f, s:s, s:b}", "name", p->name, "default",
                     kaon_json_number(p->otherwise), "least", p->least, "most", p->most, "shape",
                     p->shape, "required", p->required);
}

static json_t *json_variant(const struct kaon_attention_about *a)
{
    json_t *can = json_array(), *parameters = json_array();
    for (size_t i = 0; i < N_ABILITIES; i++)
        if (a->can & abilities[i].bit)
            json_array_append_new(can, json_string(abilities[i].word));
    for (size_t i = 0; i < a->n_parameters; i++)
        json_array_append_new(parameters, json_parameter(&a->parameter[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "name", a->name, "family",
                     a->family, "title", a->title, "formula", a->formula, "source", a->source,
                     "state", a->state, "can", can, "parameters", parameters);
}

/* ---- the command ------------------------------------------------------------------------------ */

static int list(const struct options *o, const struct kaon_say *say)
{
    struct kaon_out out = kaon_out_stdout();
    json_t *variants = o->json ? json_array() : NULL;
    for (size_t i = 0; i < kaon_attention_count(); i++) {
        struct kaon_attention_about a = { .size = sizeof a };
        if (kaon_attention_describe(i, &a) != KAON_OK)
            continue;
        if (o->json)
            json_array_append_new(variants, json_variant(&a));
        else
            print_variant(&out, &a);
    }
    if (o->json)
        kaon_json_print(&out, json_pack("{s:i, s:o}", "schema_version", KAON_JSON_SCHEMA,
                                        "attention", variants));
    return kaon_out_end(&out, say, KAON_EXIT_OK);
}

int kaon_cmd_attention(int argc, char **argv)
{
    struct options o = { 0 };
    struct kaon_words args;
    struct kaon_say say;
    int status;

    if (kaon_command_begin(&kaon_attention_command, argc, argv, &o, &o.common, &args, &say,
                           &status)) {
        if (!strcmp(args.word[0], "list"))
            status = list(&o, &say);
        else
            status = kaon_usage_error(&kaon_attention_command, &say,
                                      "attention: \"%s\" is not list", args.word[0]);
    }
    kaon_command_end(&kaon_attention_command, &o, &o.common, &args);
    return status;
}
