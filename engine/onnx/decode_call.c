/* Functions of a model: a call becomes the function's nodes, in a scope of their own. */
#include "engine/onnx/decode.h"

#include "engine/base/size.h"

enum { MOST_CALLS = 32 }; /* one within the other */

static const KaonOnnx__Attribute *named(KaonOnnx__Attribute *const *list, size_t n,
                                        const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (list[i]->name && !strcmp(list[i]->name, name))
            return list[i];
    return NULL;
}

const KaonOnnx__Attribute *kaon_onnx_resolve(const struct call *c, const KaonOnnx__Attribute *f)
{
    while (f && f->ref_attr_name && f->ref_attr_name[0]) {
        const char *name = f->ref_attr_name;
        if (!c)
            return NULL;
        const KaonOnnx__Attribute *given = named(c->node->attribute, c->node->n_attribute, name);
        f = given ? given
                  : named(c->function->attribute_proto, c->function->n_attribute_proto, name);
        c = c->outer;
    }
    return f;
}

bool kaon_onnx_is_formal(const struct call *c, const char *name)
{
    for (size_t i = 0; c && i < c->function->n_input; i++)
        if (!strcmp(c->function->input[i], name))
            return true;
    return false;
}

const KaonOnnx__Function *kaon_onnx_find_function(const struct decode *d, const char *domain,
                                                  const char *type)
{
    for (size_t i = 0; i < d->file->n_functions; i++) {
        const KaonOnnx__Function *f = d->file->functions[i];
        if (f->name && !strcmp(f->name, type) && !strcmp(kaon_onnx_domain(f->domain), domain))
            return f;
    }
    return NULL;
}

static enum kaon_status check_call(const struct decode *d, const struct call *c)
{
    const KaonOnnx__Function *f = c->function;
    if (c->depth > MOST_CALLS)
        return kaon_fail(d->msg, KAON_OVER_LIMIT, "calls of functions nested deeper than %d",
                         MOST_CALLS);
    if (d->called > d->source->limits->nodes)
        return kaon_fail(d->msg, KAON_OVER_LIMIT, "calls of functions make more than %llu nodes",
                         (unsigned long long)d->source->limits->nodes);
    if (c->node->n_input > f->n_input || c->node->n_output > f->n_output)
        return kaon_fail(d->msg, KAON_BAD_MODEL,
                         "%zu inputs and %zu outputs, the function has %zu and %zu",
                         c->node->n_input, c->node->n_output, f->n_input, f->n_output);
    return KAON_OK;
}

/* The caller's inputs under the function's names. */
static enum kaon_status enter_call(struct decode *d, const struct call *c,
                                   struct kaon_value **actual)
{
    const KaonOnnx__Node *node = c->node;
    for (size_t i = 0; i < node->n_input; i++) {
        if (!node->input[i][0])
            continue;
        actual[i] = kaon_onnx_names_find(&d->names, node->input[i]);
        if (!actual[i] && !kaon_onnx_is_formal(c->outer, node->input[i]))
            return kaon_fail(d->msg, KAON_BAD_MODEL, "input '%s' is made by nothing before it",
                             node->input[i]);
    }
    kaon_onnx_names_enter(&d->names);
    for (size_t i = 0; i < node->n_input; i++) {
        const enum kaon_status st =
            actual[i] ? kaon_onnx_names_add(&d->names, c->function->input[i], actual[i], d->msg)
                      : KAON_OK;
        if (st != KAON_OK)
            return st;
    }
    return KAON_OK;
}

enum kaon_status kaon_onnx_decode_call(struct decode *d, const KaonOnnx__Node *node,
                                       const KaonOnnx__Function *f, struct kaon_graph *graph)
{
    const struct call call = { d->call, f, node, d->call ? d->call->depth + 1 : 1 };
    struct kaon_value **values =
        kaon_arena_push_zero(d->scratch, node->n_input + node->n_output, sizeof *values);
    struct kaon_value **out = values + node->n_input;
    if (!values)
        return kaon_onnx_no_memory(d);
    d->called += f->n_node;
    enum kaon_status st = check_call(d, &call);
    if (st != KAON_OK)
        return st;
    if ((st = enter_call(d, &call, values)) == KAON_OK) {
        d->call = &call;
        st = kaon_onnx_decode_nodes(d, f->node, f->n_node, graph);
        d->call = call.outer;
    }
    for (size_t i = 0; st == KAON_OK && i < node->n_output; i++)
        if (!(out[i] = kaon_onnx_names_find(&d->names, f->output[i])))
            st = kaon_fail(d->msg, KAON_BAD_MODEL, "output '%s' of the function is made by no node",
                           f->output[i]);
    kaon_onnx_names_leave(&d->names);
    for (size_t i = 0; st == KAON_OK && i < node->n_output; i++)
        if (node->output[i][0])
            st = kaon_onnx_names_add(&d->names, node->output[i], out[i], d->msg);
    return st;
}
