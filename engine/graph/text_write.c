#include "engine/graph/text.h"

#include "engine/base/fact.h"
#include "engine/base/tensor.h"

#include <ctype.h>
#include <string.h>

enum { MOST_ELEMENTS = 16 }; /* of a constant that is written out */

static bool is_plain(const char *name)
{
    for (const char *s = name; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr("_./", *s))
            return false;
    return *name != 0;
}

static void put_name(struct kaon_sink *s, const struct kaon_value *v)
{
    if (!v)
        return;
    if (!*v->name)
        kaon_sink_put(s, "v.%u", v->id);
    else if (is_plain(v->name))
        kaon_sink_put(s, "%.500s", v->name);
    else
        kaon_sink_json(s, v->name);
}

static void put_shape(const struct kaon_ir *ir, struct kaon_sink *s, const struct kaon_fact *f)
{
    if (f->rank < 0)
        return;
    kaon_sink_put(s, "[");
    for (int32_t i = 0; i < f->rank; i++) {
        const int64_t d = f->dims[i];
        kaon_sink_put(s, "%s", i ? "," : "");
        if (kaon_dim_known(d))
            kaon_sink_put(s, "%lld", (long long)d);
        else
            kaon_sink_put(s, "%.100s",
                          d == KAON_DIM_UNKNOWN ? "?" : ir->symbols[d - KAON_DIM_SYMBOL(0)]);
    }
    kaon_sink_put(s, "]");
}

static void put_elements(struct kaon_sink *s, const struct kaon_tensor *t)
{
    const int64_t n = kaon_tensor_count(t);
    if (n > MOST_ELEMENTS) {
        kaon_sink_put(s, "{...}");
        return;
    }
    kaon_sink_put(s, "{");
    const int digits = t->type == KAON_F64 ? 17 : 9; /* enough to read the same number back */
    for (int64_t i = 0; i < n; i++)
        if (t->type == KAON_STRING) {
            kaon_sink_put(s, "%s", i ? "," : "");
            kaon_sink_json(s, kaon_text_at(t, (size_t)i));
        } else if (kaon_type_is_float(t->type))
            kaon_sink_put(s, "%s%.*g", i ? "," : "", digits,
                          kaon_element_double(t->type, t->data, i));
        else
            kaon_sink_put(s, "%s%lld", i ? "," : "",
                          (long long)kaon_element_int(t->type, t->data, i));
    kaon_sink_put(s, "}");
}

static void put_attr(struct kaon_sink *s, const struct kaon_attr *a)
{
    kaon_sink_put(s, "%.100s=", a->name);
    switch (a->type) {
    case KAON_ATTR_INT:
        kaon_sink_put(s, "%lld", (long long)a->i);
        break;
    case KAON_ATTR_FLOAT:
        kaon_sink_put(s, "%#.9g", (double)a->f);
        break;
    case KAON_ATTR_STRING:
        kaon_sink_json(s, a->s);
        break;
    case KAON_ATTR_INTS:
        kaon_sink_put(s, "[");
        for (size_t i = 0; i < a->n; i++)
            kaon_sink_put(s, "%s%lld", i ? "," : "", (long long)a->ints[i]);
        kaon_sink_put(s, "]");
        break;
    case KAON_ATTR_FLOATS:
        kaon_sink_put(s, "[");
        for (size_t i = 0; i < a->n; i++)
            kaon_sink_put(s, "%s%#.9g", i ? "," : "", (double)a->floats[i]);
        kaon_sink_put(s, "]");
        break;
    case KAON_ATTR_STRINGS:
        kaon_sink_put(s, "[");
        for (size_t i = 0; i < a->n; i++) {
            kaon_sink_put(s, "%s", i ? "," : "");
            kaon_sink_json(s, a->strings[i]);
        }
        kaon_sink_put(s, "]");
        break;
    case KAON_ATTR_TENSOR:
        kaon_sink_put(s, "%s%s", kaon_type_name(a->tensor->type),
                      kaon_shape_text(a->tensor->rank, a->tensor->dims).text);
        put_elements(s, a->tensor);
        break;
    case KAON_ATTR_GRAPH:
        kaon_sink_put(s, "graph %zu", a->graph);
        break;
    case KAON_ATTR_TYPE:
        kaon_sink_put(s, "type");
        break;
    }
}

static void put_indent(struct kaon_sink *s, int depth)
{
    kaon_sink_put(s, "%*s", 4 * depth, "");
}

/* Constants are written just before what reads them first, in the graph where that is; `written` has
 * the depth + 1 of that by value, 0: not yet. */
static void put_constants(const struct kaon_ir *ir, struct kaon_sink *s,
                          struct kaon_value *const *values, size_t n, int depth, uint8_t *written)
{
    for (size_t i = 0; i < n; i++) {
        const struct kaon_value *v = values[i];
        if (!v || !v->constant || written[v->id])
            continue;
        written[v->id] = (uint8_t)(depth + 1);
        put_indent(s, depth);
        put_name(s, v);
        kaon_sink_put(s, ":%s", kaon_type_name(v->constant->type));
        put_shape(ir, s, &v->fact);
        kaon_sink_put(s, "=");
        put_elements(s, v->constant);
        kaon_sink_put(s, "\n");
    }
}

static void forget(struct kaon_value *const *values, size_t n, int depth, uint8_t *written)
{
    for (size_t i = 0; i < n; i++)
        if (values[i] && written[values[i]->id] == depth + 1)
            written[values[i]->id] = 0;
}

/* Behind a nested graph, what was written in it has to be written again where it is read. */
static void forget_graph(const struct kaon_graph *g, int depth, uint8_t *written)
{
    for (const struct kaon_node *n = g->first; n; n = n->next)
        forget(n->in, n->n_in, depth, written);
    forget(g->out, g->n_out, depth, written);
}

static void put_node(struct kaon_sink *s, const struct kaon_node *n, int depth)
{
    put_indent(s, depth);
    for (size_t i = 0; i < n->n_out; i++) {
        kaon_sink_put(s, "%s", i ? "," : "");
        put_name(s, n->out[i]);
    }
    kaon_sink_put(s, "=%s%s%s", n->op->domain, *n->op->domain ? "::" : "", n->op->name);
    for (size_t i = 0; i < n->n_attrs; i++) {
        kaon_sink_put(s, "%s", i ? "," : "{");
        put_attr(s, &n->attrs[i]);
    }
    kaon_sink_put(s, "%s(", n->n_attrs ? "}" : "");
    for (size_t i = 0; i < n->n_in; i++) {
        kaon_sink_put(s, "%s", i ? "," : "");
        put_name(s, n->in[i]);
    }
    kaon_sink_put(s, ")\n");
}

static void put_graph(const struct kaon_ir *ir, const struct kaon_graph *g, struct kaon_sink *s,
                      int depth, uint8_t *written)
{
    for (size_t i = 0; i < g->n_in; i++) {
        put_indent(s, depth);
        put_name(s, g->in[i]);
        kaon_sink_put(s, ":%s", kaon_type_name(g->in[i]->fact.type));
        put_shape(ir, s, &g->in[i]->fact);
        kaon_sink_put(s, "\n");
    }
    for (const struct kaon_node *n = g->first; n; n = n->next) {
        put_constants(ir, s, n->in, n->n_in, depth, written);
        put_node(s, n, depth);
        for (size_t i = 0; i < n->n_sub; i++) {
            put_indent(s, depth);
            kaon_sink_put(s, "  graph %zu\n", i);
            put_graph(ir, n->sub[i], s, depth + 1, written);
            forget_graph(n->sub[i], depth + 1, written);
        }
    }
    put_constants(ir, s, g->out, g->n_out, depth, written);
    put_indent(s, depth);
    kaon_sink_put(s, "out");
    for (size_t i = 0; i < g->n_out; i++) {
        kaon_sink_put(s, " ");
        put_name(s, g->out[i]);
    }
    kaon_sink_put(s, "\n");
}

enum kaon_status kaon_graph_write(const struct kaon_ir *ir, const struct kaon_graph *graph,
                                  struct kaon_sink *sink, struct kaon_msg *msg)
{
    /* Not from the graph's arena: other threads may read the same graph. */
    const struct kaon_allocator *a = ir->arena->allocator;
    const size_t bytes = ir->n_values + 1;
    uint8_t *written = a->alloc(a->user, bytes, 16);
    if (!written)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory to write a graph");
    memset(written, 0, bytes);
    put_graph(ir, graph, sink, 0, written);
    a->free(a->user, written);
    return KAON_OK;
}
