/* A decoded ONNX model to a graph: names become values, nodes find their operators. */
#include "engine/onnx/decode.h"

#include "engine/base/size.h"
#include "engine/base/tensor.h"
#include "engine/ops/ops.h"

#include <string.h>

enum {
    MOST_ATTRIBUTES = 64,
    NEWEST_OPSET = 28, /* of ai.onnx, whose meaning is known here */
    MOST_ROUNDS = 100  /* over nodes that are out of order */
};

enum kaon_status kaon_onnx_no_memory(struct decode *d)
{
    return kaon_fail(d->msg, KAON_NO_MEMORY, "no memory for the graph");
}

static const char *keep(struct decode *d, const char *text)
{
    return kaon_arena_push_text(d->ir->arena, text ? text : "", text ? strlen(text) : 0);
}

static int opset_number(int64_t version)
{
    return (int)kaon_min_i64(version < 0 ? 0 : version, 1000000);
}

/* The opset that the function being decoded imports, else the model. */
static int opset_of(const struct decode *d, const char *domain)
{
    const KaonOnnx__Function *f = d->call ? d->call->function : NULL;
    for (size_t i = 0; f && i < f->n_opset_import; i++)
        if (!strcmp(kaon_onnx_domain(f->opset_import[i]->domain), domain))
            return opset_number(f->opset_import[i]->version);
    for (size_t i = 0; i < d->ir->n_opsets; i++)
        if (!strcmp(d->ir->opsets[i].domain, domain))
            return opset_number(d->ir->opsets[i].version);
    return 0;
}

/* ---- attributes ------------------------------------------------------------------------------ */

static enum kaon_status decode_graph(struct decode *d, const KaonOnnx__Graph *file,
                                     struct kaon_node *parent, struct kaon_graph **out);

static const void *keep_array(struct decode *d, const void *data, size_t n, size_t size)
{
    void *p = kaon_arena_push_zero(d->ir->arena, n, size);
    if (p && n)
        memcpy(p, data, n * size);
    return p;
}

static const char *const *keep_strings(struct decode *d, const KaonOnnx__Attribute *f)
{
    const char **list = kaon_arena_push_zero(d->ir->arena, f->n_strings, sizeof *list);
    for (size_t i = 0; list && i < f->n_strings; i++)
        if (!(list[i] = kaon_arena_push_text(d->ir->arena, (const char *)f->strings[i].data,
                                             f->strings[i].len)))
            return NULL;
    return list;
}

/* Files of IR version 1 and 2 leave out the type: it shows in the field that is set. */
static enum kaon_attr_type type_of(const KaonOnnx__Attribute *f)
{
    if (f->has_type && f->type)
        return (enum kaon_attr_type)f->type;
    return f->has_f       ? KAON_ATTR_FLOAT
           : f->has_i     ? KAON_ATTR_INT
           : f->has_s     ? KAON_ATTR_STRING
           : f->t         ? KAON_ATTR_TENSOR
           : f->g         ? KAON_ATTR_GRAPH
           : f->n_floats  ? KAON_ATTR_FLOATS
           : f->n_strings ? KAON_ATTR_STRINGS
                          : KAON_ATTR_INTS;
}

static enum kaon_status decode_attribute(struct decode *d, const KaonOnnx__Attribute *f,
                                         struct kaon_node *node, struct kaon_attr *a,
                                         size_t *n_graphs)
{
    a->name = keep(d, f->name);
    f = kaon_onnx_resolve(d->call, f);
    a->type = type_of(f);
    a->i = f->i;
    a->f = f->f;
    a->s = kaon_arena_push_text(d->ir->arena, f->has_s ? (const char *)f->s.data : "",
                                f->has_s ? f->s.len : 0);
    a->ints = keep_array(d, f->ints, f->n_ints, sizeof *f->ints);
    a->floats = keep_array(d, f->floats, f->n_floats, sizeof *f->floats);
    a->strings = keep_strings(d, f);
    a->n = a->type == KAON_ATTR_INTS     ? f->n_ints
           : a->type == KAON_ATTR_FLOATS ? f->n_floats
                                         : f->n_strings;
    if (!a->name || !a->s || !a->ints || !a->floats || !a->strings)
        return kaon_onnx_no_memory(d);
    if (a->type == KAON_ATTR_TENSOR) {
        struct kaon_tensor *t = kaon_arena_push_zero(d->ir->arena, 1, sizeof *t);
        if (!t)
            return kaon_onnx_no_memory(d);
        if (!f->t)
            return kaon_fail(d->msg, KAON_BAD_MODEL, "attribute '%s' has no tensor", a->name);
        a->tensor = t;
        const enum kaon_status st = kaon_onnx_tensor(t, f->t, d->source, d->msg);
        if (st != KAON_OK)
            kaon_msg_prefix(d->msg, "attribute tensor");
        return st;
    }
    if (a->type == KAON_ATTR_GRAPH) {
        if (!f->g)
            return kaon_fail(d->msg, KAON_BAD_MODEL, "attribute '%s' has no graph", a->name);
        a->graph = (*n_graphs)++;
        return decode_graph(d, f->g, node, &node->sub[a->graph]);
    }
    return KAON_OK;
}

static size_t count_graphs(const struct decode *d, const KaonOnnx__Node *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_attribute; i++) {
        const KaonOnnx__Attribute *a = kaon_onnx_resolve(d->call, f->attribute[i]);
        n += a && type_of(a) == KAON_ATTR_GRAPH;
    }
    return n;
}

static enum kaon_status decode_attributes(struct decode *d, const KaonOnnx__Node *f,
                                          struct kaon_node *node)
{
    if (f->n_attribute > MOST_ATTRIBUTES)
        return kaon_fail(d->msg, KAON_BAD_MODEL, "%zu attributes, at most %d are possible",
                         f->n_attribute, MOST_ATTRIBUTES);
    struct kaon_attr *attrs = kaon_arena_push_zero(d->ir->arena, f->n_attribute, sizeof *attrs);
    if (!attrs)
        return kaon_onnx_no_memory(d);
    size_t n_graphs = 0;
    node->attrs = attrs;
    for (size_t i = 0; i < f->n_attribute; i++) {
        if (!d->call && !kaon_onnx_resolve(NULL, f->attribute[i]))
            return kaon_fail(d->msg, KAON_BAD_MODEL,
                             "attribute '%s' refers to a function's attribute",
                             f->attribute[i]->name ? f->attribute[i]->name : "");
        if (!kaon_onnx_resolve(d->call, f->attribute[i]))
            continue; /* nobody gives it: the operator's own default */
        const enum kaon_status st =
            decode_attribute(d, f->attribute[i], node, &attrs[node->n_attrs++], &n_graphs);
        if (st != KAON_OK)
            return st;
    }
    return KAON_OK;
}

/* ---- constants ------------------------------------------------------------------------------- */

static enum kaon_status constant_texts(struct decode *d, const KaonOnnx__Attribute *a,
                                       struct kaon_tensor *t)
{
    const bool one = a->n_strings == 0;
    const ProtobufCBinaryData *s = one ? &a->s : a->strings;
    const size_t n = one ? 1 : a->n_strings;
    const char **texts = kaon_arena_push_zero(d->ir->arena, n, sizeof *texts);
    *t = (struct kaon_tensor){ .type = KAON_STRING, .rank = !one, .dims = { (int64_t)n } };
    t->bytes = n * sizeof *texts;
    t->data = texts;
    for (size_t i = 0; texts && i < n; i++)
        if (!(texts[i] = kaon_arena_push_text(d->ir->arena, s[i].len ? (const char *)s[i].data : "",
                                              s[i].len)))
            return kaon_onnx_no_memory(d);
    return texts ? KAON_OK : kaon_onnx_no_memory(d);
}

/* Constant nodes become constants: tensor, or scalar and list attributes. */
static enum kaon_status constant_tensor(struct decode *d, const KaonOnnx__Node *f,
                                        struct kaon_tensor *t)
{
    const KaonOnnx__Attribute *a =
        f->n_attribute == 1 ? kaon_onnx_resolve(d->call, f->attribute[0]) : NULL;
    const char *name = a && f->attribute[0]->name ? f->attribute[0]->name : "";
    const void *data = NULL;
    *t = (struct kaon_tensor){ 0 };
    if (!strcmp(name, "value") && a->t)
        return kaon_onnx_tensor(t, a->t, d->source, d->msg);
    if (!strcmp(name, "value_float"))
        t->type = KAON_F32, data = &a->f;
    else if (!strcmp(name, "value_int"))
        t->type = KAON_I64, data = &a->i;
    else if (!strcmp(name, "value_floats"))
        t->type = KAON_F32, t->rank = 1, t->dims[0] = (int64_t)a->n_floats, data = a->floats;
    else if (!strcmp(name, "value_ints"))
        t->type = KAON_I64, t->rank = 1, t->dims[0] = (int64_t)a->n_ints, data = a->ints;
    else if (!strcmp(name, "value_string") || !strcmp(name, "value_strings"))
        return constant_texts(d, a, t);
    else
        return kaon_fail(d->msg, KAON_UNSUPPORTED,
                         "Constant with attribute '%s', wanted value or one of its short forms",
                         name);
    const size_t n = (size_t)kaon_tensor_count(t);
    t->bytes = n * kaon_type_bytes(t->type);
    t->data = (void *)(uintptr_t)keep_array(d, data, n, kaon_type_bytes(t->type));
    return t->data ? KAON_OK : kaon_onnx_no_memory(d);
}

enum kaon_status kaon_onnx_add_constant(struct decode *d, const char *name,
                                        const struct kaon_tensor *from)
{
    struct kaon_tensor *t = kaon_arena_push_zero(d->ir->arena, 1, sizeof *t);
    const char *kept = keep(d, name);
    if (!t || !kept)
        return kaon_onnx_no_memory(d);
    *t = *from;
    struct kaon_value *v = kaon_value_constant(d->ir, kept, t);
    return v ? kaon_onnx_names_add(&d->names, kept, v, d->msg) : kaon_onnx_no_memory(d);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

/* What messages call a node: its name, else that of its first output. */
static const char *name_of(const KaonOnnx__Node *f)
{
    if (f->name && f->name[0])
        return f->name;
    return f->n_output ? f->output[0] : "";
}

static enum kaon_status list_missing(struct decode *d, const KaonOnnx__Node *f, const char *domain)
{
    const char *type = f->op_type ? f->op_type : "", *node = name_of(f);
    const int opset = opset_of(d, domain); /* the function's own inside of one */
    struct missing **at = &d->missing;
    if (d->source->log) {
        char text[400];
        snprintf(text, sizeof text, "node '%.200s' needs the operator %.60s%s%.60s of opset %d",
                 node, domain, *domain ? "." : "", type, opset);
        d->source->log(d->source->log_user, KAON_LOG_INFO, text);
    }
    for (; *at; at = &(*at)->next)
        if (!strcmp((*at)->domain, domain) && !strcmp((*at)->type, type)) {
            (*at)->nodes++;
            return KAON_OK;
        }
    if (!(*at = kaon_arena_push_zero(d->scratch, 1, sizeof **at)))
        return kaon_onnx_no_memory(d);
    **at = (struct missing){
        .domain = domain, .type = type, .node = node, .opset = opset, .nodes = 1
    };
    return KAON_OK;
}

/* All missing operators in one sentence, each with its opset and the first node that needs it; those
 * that find no room are counted. */
static enum kaon_status refuse_missing(struct decode *d)
{
    char text[400] = "";
    size_t used = 0, n = 0, left_off = 0;
    for (const struct missing *m = d->missing; m; m = m->next, n++) {
        char one[200], more[40] = "";
        if (m->nodes > 1)
            snprintf(more, sizeof more, " and %zu more", m->nodes - 1);
        const int bytes =
            snprintf(one, sizeof one, "%s%.60s%s%.60s (opset %d, node '%.40s'%s)", n ? ", " : "",
                     m->domain, *m->domain ? "." : "", m->type, m->opset, m->node, more);
        if (left_off || used + (size_t)bytes >= sizeof text - 32)
            left_off++;
        else
            used += (size_t)snprintf(text + used, sizeof text - used, "%s", one);
    }
    if (left_off)
        snprintf(text + used, sizeof text - used, " and %zu more", left_off);
    return kaon_fail(d->msg, KAON_UNSUPPORTED, "kaon lacks %zu operator%s that it needs: %s", n,
                     n == 1 ? "" : "s", text);
}

static enum kaon_status node_failed(const KaonOnnx__Node *f, struct kaon_msg *msg,
                                    enum kaon_status st)
{
    char prefix[200];
    snprintf(prefix, sizeof prefix, "node '%.120s' (%.40s)", name_of(f),
             f->op_type ? f->op_type : "");
    kaon_msg_prefix(msg, prefix);
    return st;
}

static enum kaon_status connect(struct decode *d, const KaonOnnx__Node *f, struct kaon_node *node)
{
    for (size_t i = 0; i < f->n_input; i++) {
        if (!f->input[i][0])
            continue; /* an optional input that is not given */
        node->in[i] = kaon_onnx_names_find(&d->names, f->input[i]);
        if (!node->in[i] && kaon_onnx_is_formal(d->call, f->input[i]))
            continue; /* an input of the function that its caller does not give */
        if (!node->in[i])
            return kaon_fail(d->msg, KAON_BAD_MODEL, "input '%s' is made by nothing before it",
                             f->input[i]);
    }
    for (size_t i = 0; i < f->n_output; i++) {
        const char *name = keep(d, f->output[i]);
        if (!name || !(node->out[i] = kaon_value_new(d->ir, name)))
            return kaon_onnx_no_memory(d);
        if (!name[0]) /* an output that nobody wants */
            continue;
        const enum kaon_status st = kaon_onnx_names_add(&d->names, name, node->out[i], d->msg);
        if (st != KAON_OK)
            return st;
    }
    return KAON_OK;
}

static enum kaon_status check_counts(struct decode *d, const struct kaon_op *op, size_t n_in,
                                     size_t n_out)
{
    const struct {
        const char *what;
        size_t n;
        const int *range;
    } counts[] = { { "inputs", n_in, op->n_in }, { "outputs", n_out, op->n_out } };
    for (size_t i = 0; i < KAON_COUNT(counts); i++) {
        const int least = counts[i].range[0], most = counts[i].range[1];
        if ((int64_t)counts[i].n < least || (most >= 0 && (int64_t)counts[i].n > most))
            return kaon_fail(d->msg, KAON_BAD_MODEL, "%zu %s, wanted %d to %d", counts[i].n,
                             counts[i].what, least, most);
    }
    return KAON_OK;
}

/* A node whose operator kaon lacks: its outputs become values of nothing, so that decoding goes on
 * and lists all that is missing. */
static enum kaon_status decode_missing(struct decode *d, const KaonOnnx__Node *f)
{
    for (size_t i = 0; i < f->n_output; i++) {
        const char *name = keep(d, f->output[i]);
        struct kaon_value *v = name ? kaon_value_new(d->ir, name) : NULL;
        if (!v)
            return kaon_onnx_no_memory(d);
        const enum kaon_status st =
            *name ? kaon_onnx_names_add(&d->names, name, v, d->msg) : KAON_OK;
        if (st != KAON_OK)
            return node_failed(f, d->msg, st);
    }
    return KAON_OK;
}

static enum kaon_status decode_constant(struct decode *d, const KaonOnnx__Node *f)
{
    struct kaon_tensor t;
    enum kaon_status st = constant_tensor(d, f, &t);
    if (st == KAON_OK && f->n_output != 1)
        st = kaon_fail(d->msg, KAON_BAD_MODEL, "%zu outputs, wanted 1", f->n_output);
    if (st == KAON_OK)
        st = kaon_onnx_add_constant(d, f->output[0], &t);
    return st == KAON_OK ? st : node_failed(f, d->msg, st);
}

enum kaon_status kaon_onnx_decode_node(struct decode *d, const KaonOnnx__Node *f,
                                       struct kaon_graph *graph)
{
    const char *type = f->op_type ? f->op_type : "", *domain = kaon_onnx_domain(f->domain);
    if (!strcmp(type, "Constant") && !*domain)
        return decode_constant(d, f);
    const struct kaon_op *op = kaon_op_find(domain, type);
    int opset = opset_of(d, domain);
    if (!opset && op && op->flags & KAON_OP_UNVERSIONED)
        opset = 1;
    if (!op || (opset && opset < op->since) || (op->until && opset > op->until)) {
        const KaonOnnx__Function *function = kaon_onnx_find_function(d, domain, type);
        if (!function && kaon_onnx_is_flex(domain, type))
            return kaon_onnx_decode_flex(d, f, graph);
        if (function) {
            const enum kaon_status called = kaon_onnx_decode_call(d, f, function, graph);
            return called == KAON_OK || d->call ? called : node_failed(f, d->msg, called);
        }
        const enum kaon_status st = list_missing(d, f, domain);
        return st == KAON_OK ? decode_missing(d, f) : st;
    }
    struct kaon_node *node = kaon_node_new(d->ir, op, f->n_input, f->n_output, count_graphs(d, f));
    if (!node || !(node->name = keep(d, f->name)))
        return kaon_onnx_no_memory(d);
    node->opset = opset;
    node->graph = graph;
    enum kaon_status st = opset ? check_counts(d, op, f->n_input, f->n_output)
                                : kaon_fail(d->msg, KAON_BAD_MODEL,
                                            "the model imports no opset of domain '%s'", domain);
    if (st == KAON_OK)
        st = decode_attributes(d, f, node);
    if (st == KAON_OK)
        st = connect(d, f, node);
    if (st != KAON_OK)
        return node_failed(f, d->msg, st);
    kaon_graph_insert(d->ir, graph, node, NULL);
    return kaon_node_read(d->ir, node, d->msg);
}

/* ---- graphs ---------------------------------------------------------------------------------- */

static enum kaon_status decode_type(struct decode *d, const KaonOnnx__TypeInfo *type,
                                    struct kaon_fact *fact)
{
    if (!type)
        return KAON_OK;
    if (type->sequence_type) {
        fact->type = KAON_SEQUENCE;
        fact->rank = 1;
        fact->dims[0] = KAON_DIM_UNKNOWN;
        return KAON_OK;
    }
    if (type->optional_type) {
        fact->type = KAON_OPTIONAL;
        return KAON_OK;
    }
    if (type->map_type)
        return kaon_fail(d->msg, KAON_UNSUPPORTED, "map values are not supported");
    if (!type->tensor_type)
        return KAON_OK;
    const KaonOnnx__TensorType *t = type->tensor_type;
    fact->type = (enum kaon_type)t->elem_type;
    if (t->elem_type && !kaon_type_bytes(fact->type))
        return kaon_fail(d->msg, KAON_UNSUPPORTED, "element type %s (%d) is not supported",
                         kaon_type_name(fact->type), t->elem_type);
    if (!t->shape)
        return KAON_OK;
    if (t->shape->n_dim > KAON_MAX_RANK)
        return kaon_fail(d->msg, KAON_UNSUPPORTED, "rank %zu, at most %d is supported",
                         t->shape->n_dim, KAON_MAX_RANK);
    fact->rank = (int32_t)t->shape->n_dim;
    for (size_t i = 0; i < t->shape->n_dim; i++) {
        const KaonOnnx__Dim *dim = t->shape->dim[i];
        fact->dims[i] = KAON_DIM_UNKNOWN;
        if (dim->has_dim_value && dim->dim_value >= 0) {
            fact->dims[i] = dim->dim_value;
        } else if (dim->dim_param && dim->dim_param[0]) {
            int32_t s;
            const enum kaon_status st = kaon_ir_symbol(d->ir, dim->dim_param, &s, d->msg);
            if (st != KAON_OK)
                return st;
            fact->dims[i] = KAON_DIM_SYMBOL(s);
        }
    }
    return KAON_OK;
}

static enum kaon_status decode_inputs(struct decode *d, const KaonOnnx__Graph *f,
                                      struct kaon_graph *graph)
{
    graph->in = kaon_arena_push_zero(d->ir->arena, f->n_input, sizeof(struct kaon_value *));
    graph->in_name = kaon_arena_push_zero(d->ir->arena, f->n_input, sizeof *graph->in_name);
    if (!graph->in || !graph->in_name)
        return kaon_onnx_no_memory(d);
    for (size_t i = 0; i < f->n_input; i++) {
        const KaonOnnx__ValueInfo *info = f->input[i];
        if (kaon_onnx_names_here(&d->names, info->name ? info->name : ""))
            continue; /* IR 3: initializers are listed as inputs too */
        const char *name = keep(d, info->name);
        struct kaon_value *v = name ? kaon_value_new(d->ir, name) : NULL;
        if (!v)
            return kaon_onnx_no_memory(d);
        enum kaon_status st = decode_type(d, info->type, &v->fact);
        if (st == KAON_OK)
            st = kaon_onnx_names_add(&d->names, name, v, d->msg);
        if (st != KAON_OK) {
            char prefix[160];
            snprintf(prefix, sizeof prefix, "input '%.120s'", name);
            kaon_msg_prefix(d->msg, prefix);
            return st;
        }
        graph->in[graph->n_in] = v;
        graph->in_name[graph->n_in++] = name;
    }
    return KAON_OK;
}

static enum kaon_status decode_outputs(struct decode *d, const KaonOnnx__Graph *f,
                                       struct kaon_graph *graph)
{
    const size_t room = f->n_output + (graph->parent ? 0 : d->source->n_also);
    graph->n_out = f->n_output;
    graph->out = kaon_arena_push_zero(d->ir->arena, room, sizeof(struct kaon_value *));
    graph->out_name = kaon_arena_push_zero(d->ir->arena, room, sizeof *graph->out_name);
    graph->out_declared = kaon_arena_push_zero(d->ir->arena, room, sizeof *graph->out_declared);
    if (!graph->out || !graph->out_name || !graph->out_declared)
        return kaon_onnx_no_memory(d);
    for (size_t i = 0; i < f->n_output; i++) {
        const char *name = keep(d, f->output[i]->name);
        if (!name)
            return kaon_onnx_no_memory(d);
        graph->out_name[i] = name;
        graph->out[i] = kaon_onnx_names_find(&d->names, name);
        if (!graph->out[i])
            return kaon_fail(d->msg, KAON_BAD_MODEL, "output '%s' is made by no node", name);
        graph->out[i]->readers++;
        struct kaon_fact *declared = &graph->out_declared[i];
        *declared = (struct kaon_fact)KAON_FACT_NONE;
        const enum kaon_status st = decode_type(d, f->output[i]->type, declared);
        if (st == KAON_NO_MEMORY)
            return st;
        if (st != KAON_OK) /* what it is follows from the nodes */
            *declared = (struct kaon_fact)KAON_FACT_NONE;
    }
    return KAON_OK;
}

/* Values that the caller wants to see. */
static enum kaon_status add_outputs(struct decode *d, struct kaon_graph *graph)
{
    for (size_t i = 0; i < d->source->n_also; i++) {
        const char *wanted = d->source->also[i] ? d->source->also[i] : "";
        struct kaon_value *value = *wanted ? kaon_onnx_names_find(&d->names, wanted) : NULL;
        const char *name = keep(d, wanted);
        if (!name)
            return kaon_onnx_no_memory(d);
        if (!value)
            return kaon_fail(d->msg, KAON_BAD_ARGUMENT, "the graph has no value '%s'", wanted);
        for (size_t k = 0; k < graph->n_out; k++)
            if (!strcmp(graph->out_name[k], name))
                return kaon_fail(d->msg, KAON_BAD_ARGUMENT, "'%s' is an output already", wanted);
        value->readers++;
        graph->out_declared[graph->n_out] = (struct kaon_fact)KAON_FACT_NONE;
        graph->out_name[graph->n_out] = name;
        graph->out[graph->n_out++] = value;
    }
    return KAON_OK;
}

enum kaon_status kaon_onnx_decode_initializers(struct decode *d, const KaonOnnx__Graph *f)
{
    if (f->n_sparse_initializer)
        return kaon_fail(d->msg, KAON_UNSUPPORTED, "sparse initializers are not supported");
    for (size_t i = 0; i < f->n_initializer; i++) {
        const char *name = f->initializer[i]->name ? f->initializer[i]->name : "";
        struct kaon_tensor t;
        const enum kaon_status st = kaon_onnx_tensor(&t, f->initializer[i], d->source, d->msg);
        if (st != KAON_OK) {
            char prefix[160];
            snprintf(prefix, sizeof prefix, "tensor '%.120s'", name);
            kaon_msg_prefix(d->msg, prefix);
            return st;
        }
        const enum kaon_status added = kaon_onnx_add_constant(d, name, &t);
        if (added != KAON_OK)
            return added;
    }
    return KAON_OK;
}

static bool is_ready(const struct decode *d, const KaonOnnx__Node *f)
{
    for (size_t i = 0; i < f->n_input; i++)
        if (f->input[i][0] && !kaon_onnx_names_find(&d->names, f->input[i]) &&
            !kaon_onnx_is_formal(d->call, f->input[i]))
            return false;
    return true;
}

/* Nodes in an order in which each comes after what it reads. ONNX wants files to be so, and not all
 * are: in rounds, nodes whose inputs are there are taken and the others wait. */
enum kaon_status kaon_onnx_decode_nodes(struct decode *d, KaonOnnx__Node *const *node, size_t n,
                                        struct kaon_graph *graph)
{
    uint8_t *done = kaon_arena_push_zero(d->ir->arena, n, 1);
    size_t left = n;
    if (!done)
        return kaon_onnx_no_memory(d);
    for (int round = 0; left; round++) {
        const size_t before = left;
        const bool all = round == MOST_ROUNDS; /* then say what is missing */
        for (size_t i = 0; i < n; i++) {
            if (done[i] || (!all && !is_ready(d, node[i])))
                continue;
            const enum kaon_status st = kaon_onnx_decode_node(d, node[i], graph);
            if (st != KAON_OK)
                return st;
            done[i] = 1;
            left--;
        }
        if (left == before)
            round = MOST_ROUNDS - 1;
    }
    return KAON_OK;
}

static enum kaon_status decode_graph(struct decode *d, const KaonOnnx__Graph *f,
                                     struct kaon_node *parent, struct kaon_graph **out)
{
    struct kaon_graph *graph = kaon_arena_push_zero(d->ir->arena, 1, sizeof *graph);
    if (!graph || !(graph->name = keep(d, f->name)))
        return kaon_onnx_no_memory(d);
    graph->parent = parent;
    *out = graph;
    kaon_onnx_names_enter(&d->names);
    enum kaon_status st = kaon_onnx_decode_initializers(d, f);
    if (st == KAON_OK)
        st = decode_inputs(d, f, graph);
    if (st == KAON_OK)
        st = kaon_onnx_decode_nodes(d, f->node, f->n_node, graph);
    if (st == KAON_OK)
        st = decode_outputs(d, f, graph);
    if (st == KAON_OK && !parent)
        st = add_outputs(d, graph);
    kaon_onnx_names_leave(&d->names);
    return st;
}

/* ---- the model ------------------------------------------------------------------------------- */

static enum kaon_status decode_opsets(struct decode *d, const KaonOnnx__Model *f)
{
    struct kaon_ir *ir = d->ir;
    ir->opsets = kaon_arena_push_zero(ir->arena, f->n_opset_import, sizeof *ir->opsets);
    if (!ir->opsets)
        return kaon_onnx_no_memory(d);
    for (size_t i = 0; i < f->n_opset_import; i++) {
        const char *domain = keep(d, kaon_onnx_domain(f->opset_import[i]->domain));
        if (!domain)
            return kaon_onnx_no_memory(d);
        const int64_t version = f->opset_import[i]->version;
        if (version < 1 || (!*domain && version > NEWEST_OPSET))
            return kaon_fail(d->msg, KAON_UNSUPPORTED, "opset %lld of domain '%s', wanted 1 to %d",
                             (long long)version, *domain ? domain : "ai.onnx", NEWEST_OPSET);
        ir->opsets[ir->n_opsets++] = (struct kaon_opset){ domain, version };
    }
    return KAON_OK;
}

static enum kaon_status decode_meta(struct decode *d, const KaonOnnx__Model *f,
                                    struct kaon_onnx_meta *meta)
{
    char ir_version[24], opset[256] = "";
    snprintf(ir_version, sizeof ir_version, "%lld", (long long)f->ir_version);
    for (size_t i = 0, used = 0; i < d->ir->n_opsets && used < sizeof opset; i++) {
        const struct kaon_opset *o = &d->ir->opsets[i];
        used += (size_t)snprintf(opset + used, sizeof opset - used, "%s%.60s:%lld", i ? "," : "",
                                 *o->domain ? o->domain : "ai.onnx", (long long)o->version);
    }
    const struct {
        const char *key, *value;
    } own[] = {
        { ":producer", f->producer_name },
        { ":producer_version", f->producer_version },
        { ":domain", f->domain },
        { ":doc_string", f->doc_string },
        { ":graph_name", f->graph->name },
        { ":ir_version", ir_version },
        { ":opset", opset },
    };
    const size_t n = f->n_metadata_props + KAON_COUNT(own);
    meta->keys = kaon_arena_push_zero(d->ir->arena, n, sizeof *meta->keys);
    meta->values = kaon_arena_push_zero(d->ir->arena, n, sizeof *meta->values);
    if (!meta->keys || !meta->values)
        return kaon_onnx_no_memory(d);
    for (size_t i = 0; i < n; i++) {
        const size_t k = i - f->n_metadata_props;
        const bool prop = i < f->n_metadata_props;
        const char *value = prop ? f->metadata_props[i]->value : own[k].value;
        if (!prop && !value)
            continue;
        meta->keys[meta->n] = keep(d, prop ? f->metadata_props[i]->key : own[k].key);
        meta->values[meta->n] = keep(d, value);
        if (!meta->keys[meta->n] || !meta->values[meta->n])
            return kaon_onnx_no_memory(d);
        meta->n++;
    }
    meta->n_props = f->n_metadata_props;
    return KAON_OK;
}

static enum kaon_status decode_model(struct decode *d, const KaonOnnx__Model *f,
                                     struct kaon_onnx_meta *meta)
{
    if (!f->graph)
        return kaon_fail(d->msg, KAON_BAD_MODEL, "not an ONNX model: it holds no graph");
    d->file = f;
    enum kaon_status st = decode_opsets(d, f);
    if (st == KAON_OK)
        st = decode_meta(d, f, meta);
    if (st == KAON_OK)
        st = decode_graph(d, f->graph, NULL, &d->ir->top);
    if (st == KAON_OK && d->missing)
        st = refuse_missing(d);
    return st;
}

static void *allocate(void *user, size_t bytes)
{
    struct kaon_onnx_memory *m = user;
    void *p = m->allocator->alloc(m->allocator->user, bytes, 16);
    m->ran_out |= !p;
    return p;
}

static void release(void *user, void *memory)
{
    const struct kaon_onnx_memory *m = user;
    if (memory)
        m->allocator->free(m->allocator->user, memory);
}

ProtobufCAllocator kaon_onnx_allocator(struct kaon_onnx_memory *memory)
{
    return (ProtobufCAllocator){ allocate, release, memory };
}

enum kaon_status kaon_onnx_undecoded(const struct kaon_onnx_memory *memory, const char *what,
                                     struct kaon_msg *msg)
{
    if (memory->ran_out)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory to decode");
    return kaon_fail(msg, KAON_BAD_MODEL, "not a valid %s: it cannot be decoded", what);
}

enum kaon_status kaon_onnx_read(struct kaon_ir *ir, struct kaon_onnx_meta *meta,
                                struct kaon_onnx_source *source,
                                const struct kaon_allocator *allocator, struct kaon_msg *msg)
{
    struct decode d = { .ir = ir, .source = source, .msg = msg };
    struct kaon_arena scratch;
    const unsigned char *small = NULL;
    size_t n = 0;
    kaon_arena_open(&scratch, allocator, 1 << 16);
    kaon_onnx_names_open(&d.names, &scratch);
    d.scratch = &scratch;
    struct kaon_onnx_memory memory = { allocator, false };
    ProtobufCAllocator decoder = kaon_onnx_allocator(&memory);
    KaonOnnx__Model *file = NULL;

    enum kaon_status st =
        source->bytes ? kaon_onnx_scan(&kaon_onnx__model__descriptor, source->data, source->bytes,
                                       source->limits, &scratch, &small, &n, msg)
                      : kaon_fail(msg, KAON_BAD_MODEL, "not a valid ONNX file: it is empty");
    if (st == KAON_OK && !(file = kaon_onnx__model__unpack(&decoder, n, small)))
        st = kaon_onnx_undecoded(&memory, "ONNX file", msg);
    if (st == KAON_OK)
        st = decode_model(&d, file, meta);
    if (file)
        kaon_onnx__model__free_unpacked(file, &decoder);
    kaon_arena_close(&scratch);
    return st;
}
