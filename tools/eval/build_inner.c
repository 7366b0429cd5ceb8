/* Values within the model that say how strange a jet is: --ood-logits, --ood-hidden. */
#include "tools/eval/build.h"

#include <string.h>

static enum kaon_status build_one(struct eval_build *b, struct eval_inner *inner,
                                  const char *option, const char *name, size_t from)
{
    struct eval_spec *spec = b->spec;
    size_t o = from;
    while (o < spec->n_outputs && strcmp(b->ports->output[o].name, name))
        o++;
    if (o == spec->n_outputs) /* only where a record of a run was changed */
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: has no value '%s' for --%s",
                             spec->model_path, name, option);
    const struct kaon_port *port = &b->ports->output[o];
    const int64_t width = port->rank > 0 ? port->dims[port->rank - 1] : 0;
    if (port->type != KAON_F32 || width < 1 || width > EVAL_MOST_HIDDEN)
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                             "%s: --%s %s is no value of floats whose last axis has a fixed length "
                             "up to %d",
                             spec->model_path, option, name, EVAL_MOST_HIDDEN);
    struct eval_output *out = &spec->output[o];
    out->name = inner->name = kaon_eval_pool_text(&spec->pool, name);
    out->kind = EVAL_OUT_INNER;
    out->source = kaon_eval_pool_format(&spec->pool, "--%s", option);
    inner->output = o;
    inner->width = (size_t)width;
    return inner->name && out->source ? KAON_OK : kaon_eval_build_no_memory(b);
}

enum kaon_status kaon_eval_build_inner(struct eval_build *b, size_t from)
{
    struct eval_spec *spec = b->spec;
    enum kaon_status status = KAON_OK;
    if (b->choices->ood_logits)
        status = build_one(b, &spec->logits, "ood-logits", b->choices->ood_logits, from);
    if (!status && b->choices->ood_hidden)
        status = build_one(b, &spec->hidden, "ood-hidden", b->choices->ood_hidden, from);
    spec->n_inner = (spec->logits.name != NULL) + spec->hidden.width;
    return status;
}
