/* Graphs from text: see text.h for the grammar. */
#include "engine/graph/text.h"

#include "engine/base/half.h"
#include "engine/base/size.h"
#include "engine/base/tensor.h"
#include "engine/onnx/names.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DEPTH = 16, MOST_TYPE = 128 };

struct reader {
    struct kaon_ir *ir;
    const char *text, *at;
    struct kaon_onnx_names names;
    int depth; /* of nested graphs */
    struct kaon_msg *msg;
};

/* ---- characters ------------------------------------------------------------------------------ */

static enum kaon_status no_memory(struct reader *r)
{
    return kaon_fail(r->msg, KAON_NO_MEMORY, "no memory to read a graph");
}

static enum kaon_status wanted(struct reader *r, const char *what)
{
    int line = 1;
    for (const char *s = r->text; s < r->at; s++)
        line += *s == '\n';
    return kaon_fail(r->msg, KAON_BAD_MODEL, "line %d: '%.20s', wanted %s", line, r->at, what);
}

static bool is_end(const struct reader *r)
{
    return !*r->at || *r->at == '\n' || (r->at[0] == ' ' && r->at[1] == ' ');
}

static bool take(struct reader *r, const char *token)
{
    const size_t n = strlen(token);
    if (strncmp(r->at, token, n))
        return false;
    r->at += n;
    return true;
}

/* True for a statement that begins with a word of its own: a name would go on with '=' or ':'. */
static bool take_word(struct reader *r, const char *word)
{
    const size_t n = strlen(word);
    if (strncmp(r->at, word, n) || (r->at[n] && r->at[n] != ' ' && r->at[n] != '\n'))
        return false;
    r->at += n;
    return true;
}

static void skip_separators(struct reader *r)
{
    r->at += strspn(r->at, " \n");
}

/* Text between quotes, with the escapes that kaon_sink_json writes. */
static enum kaon_status read_quoted(struct reader *r, char **out)
{
    const char *s = ++r->at;
    while (*s && *s != '"')
        s += *s == '\\' && s[1] ? 2 : 1;
    if (!*s)
        return wanted(r, "a closing quote");
    char *p = *out = kaon_arena_push(r->ir->arena, (size_t)(s - r->at) + 1);
    if (!p)
        return no_memory(r);
    for (; r->at < s; r->at++) {
        if (*r->at != '\\') {
            *p++ = *r->at;
            continue;
        }
        r->at++;
        *p++ = *r->at == 'n' ? '\n' : *r->at == 't' ? '\t' : *r->at;
    }
    *p = 0;
    r->at = s + 1;
    return KAON_OK;
}

/* A name, or "" where there is none. */
static enum kaon_status read_name(struct reader *r, char **out)
{
    if (*r->at == '"')
        return read_quoted(r, out);
    size_t n = 0;
    while (isalnum((unsigned char)r->at[n]) || (r->at[n] && strchr("_./", r->at[n])))
        n++;
    *out = kaon_arena_push_text(r->ir->arena, r->at, n);
    r->at += n;
    return *out ? KAON_OK : no_memory(r);
}

/* Items up to `close`, separated by commas; 0 if there is nothing at all. */
static size_t count_items(const struct reader *r, char close)
{
    size_t n = 1;
    const char *s = r->at;
    if (*s == close)
        return 0;
    for (; *s && *s != close; s++) {
        if (*s == '"')
            for (s++; *s && *s != '"'; s++)
                s += *s == '\\' && s[1];
        if (!*s)
            break;
        n += *s == ',';
    }
    return n;
}

static enum kaon_status separate(struct reader *r, size_t i)
{
    return i == 0 || take(r, ",") ? KAON_OK : wanted(r, "a comma");
}

/* ---- types, shapes, elements ----------------------------------------------------------------- */

static enum kaon_status read_type(struct reader *r, enum kaon_type *type)
{
    size_t n = 0;
    while (isalnum((unsigned char)r->at[n]))
        n++;
    for (int t = 0; t < MOST_TYPE; t++) {
        const char *name = kaon_type_name((enum kaon_type)t);
        if (strlen(name) == n && !memcmp(name, r->at, n)) {
            *type = (enum kaon_type)t;
            r->at += n;
            return KAON_OK;
        }
    }
    return wanted(r, "an element type");
}

static enum kaon_status read_dim(struct reader *r, int64_t *dim)
{
    char *end, name[256];
    if (*r->at == '-' || isdigit((unsigned char)*r->at)) {
        *dim = strtoll(r->at, &end, 10);
        r->at = end;
        return *dim >= 0 ? KAON_OK : wanted(r, "a length");
    }
    const size_t n = strcspn(r->at, ",]\n");
    if (n == 0 || n >= sizeof name)
        return wanted(r, "a length or the name of an axis");
    memcpy(name, r->at, n);
    name[n] = 0;
    r->at += n;
    *dim = KAON_DIM_UNKNOWN;
    if (!strcmp(name, "?"))
        return KAON_OK;
    int32_t symbol;
    const enum kaon_status st = kaon_ir_symbol(r->ir, name, &symbol, r->msg);
    if (st == KAON_OK)
        *dim = KAON_DIM_SYMBOL(symbol);
    return st;
}

/* "[2,n]" behind a type; without brackets the rank is not known. */
static enum kaon_status read_shape(struct reader *r, int32_t *rank, int64_t *dims)
{
    *rank = -1;
    if (!take(r, "["))
        return KAON_OK;
    const size_t n = count_items(r, ']');
    if (n > KAON_MAX_RANK)
        return wanted(r, "at most 8 lengths");
    for (size_t i = 0; i < n; i++) {
        enum kaon_status st = separate(r, i);
        if (st == KAON_OK)
            st = read_dim(r, &dims[i]);
        if (st != KAON_OK)
            return st;
    }
    *rank = (int32_t)n;
    return take(r, "]") ? KAON_OK : wanted(r, "]");
}

static void store(const struct kaon_tensor *t, size_t i, const char *text, char **end)
{
    if (!kaon_type_is_float(t->type)) {
        const int64_t v = strtoll(text, end, 10); /* little-endian: the low bytes come first */
        memcpy((char *)t->data + i * kaon_type_bytes(t->type), &v, kaon_type_bytes(t->type));
        return;
    }
    const double v = strtod(text, end);
    if (t->type == KAON_F64)
        ((double *)t->data)[i] = v;
    else if (t->type == KAON_F32)
        ((float *)t->data)[i] = (float)v;
    else if (t->type == KAON_F16)
        ((uint16_t *)t->data)[i] = kaon_f16_from_f32((float)v);
    else if (t->type == KAON_BF16)
        ((uint16_t *)t->data)[i] = kaon_bf16_from_f32((float)v);
    else
        ((uint8_t *)t->data)[i] = kaon_f8_from_f32(t->type, (float)v, false);
}

/* "{1,2}" into a tensor whose type and shape are set. */
static enum kaon_status read_elements(struct reader *r, struct kaon_tensor *t)
{
    int64_t count;
    if (t->rank < 0 || !kaon_type_bytes(t->type) || t->type == KAON_SEQUENCE ||
        !kaon_tensor_size(t->type, t->rank, t->dims, r->ir->most_elements, &count, &t->bytes))
        return wanted(r, "a type and shape before the elements");
    if (!take(r, "{") || (int64_t)count_items(r, '}') != count)
        return wanted(r, "as many elements as the shape has");
    if (!(t->data = kaon_arena_push_zero(r->ir->arena, t->bytes, 1)))
        return no_memory(r);
    for (size_t i = 0; i < (size_t)count; i++) {
        char *end = NULL;
        enum kaon_status st = separate(r, i);
        if (st == KAON_OK && t->type == KAON_STRING) {
            st = *r->at == '"' ? read_quoted(r, &end) : wanted(r, "a quoted text");
            ((const char **)t->data)[i] = end;
        }
        if (st != KAON_OK)
            return st;
        if (t->type == KAON_STRING)
            continue;
        store(t, i, r->at, &end);
        if (end == r->at)
            return wanted(r, "a number");
        r->at = end;
    }
    return take(r, "}") ? KAON_OK : wanted(r, "}");
}

/* ---- attributes ------------------------------------------------------------------------------ */

/* An integer, or a float if it has a point, exponent, inf or nan. */
static enum kaon_status read_number(struct reader *r, struct kaon_attr *a)
{
    char *as_int, *as_float;
    a->i = strtoll(r->at, &as_int, 10);
    a->f = strtof(r->at, &as_float);
    if (as_float == r->at)
        return wanted(r, "a number");
    a->type = as_float > as_int ? KAON_ATTR_FLOAT : KAON_ATTR_INT;
    r->at = as_float > as_int ? as_float : as_int;
    return KAON_OK;
}

static enum kaon_status read_list(struct reader *r, struct kaon_attr *a)
{
    const size_t n = count_items(r, ']');
    int64_t *ints = kaon_arena_push_zero(r->ir->arena, n, sizeof *ints);
    float *floats = kaon_arena_push_zero(r->ir->arena, n, sizeof *floats);
    const char **strings = kaon_arena_push_zero(r->ir->arena, n, sizeof *strings);
    if (!ints || !floats || !strings)
        return no_memory(r);
    a->type = KAON_ATTR_INTS;
    for (size_t i = 0; i < n; i++) {
        struct kaon_attr one = { 0 };
        char *text = NULL;
        enum kaon_status st = separate(r, i);
        if (st == KAON_OK)
            st = *r->at == '"' ? read_quoted(r, &text) : read_number(r, &one);
        if (st != KAON_OK)
            return st;
        strings[i] = text;
        ints[i] = one.i;
        floats[i] = one.f;
        a->type = text                          ? KAON_ATTR_STRINGS
                  : one.type == KAON_ATTR_FLOAT ? KAON_ATTR_FLOATS
                                                : KAON_ATTR_INTS;
    }
    a->n = n;
    a->ints = ints;
    a->floats = floats;
    a->strings = strings;
    return take(r, "]") ? KAON_OK : wanted(r, "]");
}

static enum kaon_status read_tensor(struct reader *r, struct kaon_attr *a)
{
    struct kaon_tensor *t = kaon_arena_push_zero(r->ir->arena, 1, sizeof *t);
    if (!t)
        return no_memory(r);
    a->type = KAON_ATTR_TENSOR;
    a->tensor = t;
    enum kaon_status st = read_type(r, &t->type);
    if (st == KAON_OK)
        st = read_shape(r, &t->rank, t->dims);
    return st == KAON_OK ? read_elements(r, t) : st;
}

static enum kaon_status read_attr(struct reader *r, struct kaon_attr *a, size_t *n_graphs)
{
    char *text;
    enum kaon_status st = read_name(r, &text);
    if (st != KAON_OK)
        return st;
    a->name = text;
    if (!take(r, "="))
        return wanted(r, "=");
    if (*r->at == '"') {
        a->type = KAON_ATTR_STRING;
        st = read_quoted(r, &text);
        a->s = text;
        return st;
    }
    if (take(r, "["))
        return read_list(r, a);
    if (take(r, "graph ")) {
        a->type = KAON_ATTR_GRAPH;
        a->graph = (*n_graphs)++;
        return strtoull(r->at, &text, 10) == a->graph && text > r->at
                   ? (r->at = text, KAON_OK)
                   : wanted(r, "the graph's number");
    }
    if (isalpha((unsigned char)*r->at) && strncmp(r->at, "inf", 3) && strncmp(r->at, "nan", 3))
        return read_tensor(r, a);
    return read_number(r, a);
}

/* ---- statements ------------------------------------------------------------------------------ */

static enum kaon_status read_graph(struct reader *r, struct kaon_node *parent,
                                   struct kaon_graph **out);

static enum kaon_status find(struct reader *r, struct kaon_value **value)
{
    char *name;
    const enum kaon_status st = read_name(r, &name);
    *value = NULL;
    if (st != KAON_OK || !*name)
        return st;
    *value = kaon_onnx_names_find(&r->names, name);
    return *value ? KAON_OK : kaon_fail(r->msg, KAON_BAD_MODEL, "there is no value '%s'", name);
}

/* x:float[2,n]   or   w:float[2]={1,2} */
static enum kaon_status read_declaration(struct reader *r, struct kaon_graph *graph, char *name)
{
    struct kaon_fact fact = KAON_FACT_NONE;
    struct kaon_value *v;
    enum kaon_status st = read_type(r, &fact.type);
    if (st == KAON_OK)
        st = read_shape(r, &fact.rank, fact.dims);
    if (st != KAON_OK)
        return st;
    if (take(r, "=")) {
        struct kaon_tensor *t = kaon_arena_push_zero(r->ir->arena, 1, sizeof *t);
        if (!t)
            return no_memory(r);
        t->type = fact.type;
        t->rank = fact.rank;
        memcpy(t->dims, fact.dims, sizeof t->dims);
        if ((st = read_elements(r, t)) != KAON_OK)
            return st;
        v = kaon_value_constant(r->ir, name, t);
    } else {
        const size_t n = graph->n_in;
        struct kaon_value **in = kaon_arena_push_zero(r->ir->arena, n + 1, sizeof(void *));
        const char **in_name = kaon_arena_push_zero(r->ir->arena, n + 1, sizeof *in_name);
        v = kaon_value_new(r->ir, name);
        if (!in || !in_name || !v)
            return no_memory(r);
        if (n) {
            memcpy(in, graph->in, n * sizeof(void *));
            memcpy(in_name, graph->in_name, n * sizeof *in_name);
        }
        v->fact = fact;
        in[n] = v;
        in_name[n] = name;
        graph->in = in;
        graph->in_name = in_name;
        graph->n_in++;
    }
    return v ? kaon_onnx_names_add(&r->names, name, v, r->msg) : no_memory(r);
}

static enum kaon_status read_op(struct reader *r, const struct kaon_op **op, int *opset)
{
    char *first, *second = NULL;
    enum kaon_status st = read_name(r, &first);
    if (st == KAON_OK && take(r, "::"))
        st = read_name(r, &second);
    if (st != KAON_OK)
        return st;
    const char *domain = second ? first : "", *name = second ? second : first;
    if (!(*op = kaon_op_find(domain, name)))
        return kaon_fail(r->msg, KAON_UNSUPPORTED, "there is no operator '%s' of domain '%s'", name,
                         domain);
    *opset = 1; /* of domains that the caller does not name: passes use those */
    for (size_t i = 0; i < r->ir->n_opsets; i++)
        if (!strcmp(r->ir->opsets[i].domain, domain))
            *opset = (int)r->ir->opsets[i].version;
    return KAON_OK;
}

static enum kaon_status read_attrs(struct reader *r, struct kaon_attr **attrs, size_t *n,
                                   size_t *n_graphs)
{
    /* A bound on their number: each has a '='. */
    size_t most = 0;
    for (const char *s = r->at; *s && *s != '\n'; s++)
        most += *s == '=';
    *n = *n_graphs = 0;
    if (!(*attrs = kaon_arena_push_zero(r->ir->arena, most + 1, sizeof **attrs)))
        return no_memory(r);
    if (!take(r, "{"))
        return KAON_OK;
    do {
        const enum kaon_status st =
            *n < most ? read_attr(r, &(*attrs)[*n], n_graphs) : wanted(r, "an attribute");
        if (st != KAON_OK)
            return st;
        ++*n;
    } while (take(r, ","));
    return take(r, "}") ? KAON_OK : wanted(r, "}");
}

static enum kaon_status read_inputs(struct reader *r, struct kaon_node *node)
{
    for (size_t i = 0; i < node->n_in; i++) {
        enum kaon_status st = separate(r, i);
        if (st == KAON_OK)
            st = find(r, &node->in[i]);
        if (st != KAON_OK)
            return st;
    }
    return take(r, ")") && is_end(r) ? KAON_OK : wanted(r, ") and the end of the statement");
}

static enum kaon_status read_nested(struct reader *r, struct kaon_node *node)
{
    for (size_t i = 0; i < node->n_sub; i++) {
        char *end;
        skip_separators(r);
        if (!take_word(r, "graph") || strtoull(r->at, &end, 10) != i)
            return wanted(r, "a graph of the node before");
        r->at = end;
        const enum kaon_status st = read_graph(r, node, &node->sub[i]);
        if (st != KAON_OK)
            return st;
    }
    return KAON_OK;
}

/* a,b=Op{...}(x,y), of which the first name is read already. */
static enum kaon_status read_node(struct reader *r, struct kaon_graph *graph, char *first)
{
    const size_t n_out = 1 + (*r->at == ',' ? count_items(r, '=') - 1 : 0);
    char **names = kaon_arena_push_zero(r->ir->arena, n_out, sizeof *names);
    const struct kaon_op *op = NULL;
    struct kaon_attr *attrs = NULL;
    size_t n_attrs = 0, n_graphs = 0;
    int opset = 0;
    enum kaon_status st = names ? KAON_OK : no_memory(r);
    for (size_t i = 0; i < n_out && st == KAON_OK; i++) {
        names[i] = first;
        if (i && (st = separate(r, i)) == KAON_OK)
            st = read_name(r, &names[i]);
    }
    if (st == KAON_OK && !take(r, "="))
        st = wanted(r, "= or :");
    if (st == KAON_OK)
        st = read_op(r, &op, &opset);
    if (st == KAON_OK)
        st = read_attrs(r, &attrs, &n_attrs, &n_graphs);
    if (st == KAON_OK && !take(r, "("))
        st = wanted(r, "(");
    if (st != KAON_OK)
        return st;
    struct kaon_node *node = kaon_node_new(r->ir, op, count_items(r, ')'), n_out, n_graphs);
    if (!node)
        return no_memory(r);
    node->opset = opset;
    node->attrs = attrs;
    node->n_attrs = n_attrs;
    node->graph = graph;
    if ((st = read_inputs(r, node)) == KAON_OK)
        st = read_nested(r, node);
    for (size_t i = 0; i < n_out && st == KAON_OK; i++) {
        if (!(node->out[i] = kaon_value_new(r->ir, names[i])))
            return no_memory(r);
        st = *names[i] ? kaon_onnx_names_add(&r->names, names[i], node->out[i], r->msg) : KAON_OK;
    }
    if (st != KAON_OK)
        return st;
    kaon_graph_insert(r->ir, graph, node, NULL);
    return kaon_node_read(r->ir, node, r->msg);
}

/* out y a */
static enum kaon_status read_outputs(struct reader *r, struct kaon_graph *graph)
{
    size_t most = 0;
    for (const char *s = r->at; *s && *s != '\n'; s++)
        most += *s == ' ';
    graph->out = kaon_arena_push_zero(r->ir->arena, most, sizeof(struct kaon_value *));
    graph->out_name = kaon_arena_push_zero(r->ir->arena, most, sizeof *graph->out_name);
    if (!graph->out || !graph->out_name)
        return no_memory(r);
    while (!is_end(r)) {
        struct kaon_value *v;
        if (!take(r, " "))
            return wanted(r, "a blank and the name of an output");
        const enum kaon_status st = find(r, &v);
        if (st != KAON_OK || !v)
            return st != KAON_OK ? st : wanted(r, "the name of an output");
        v->readers++;
        graph->out_name[graph->n_out] = v->name;
        graph->out[graph->n_out++] = v;
    }
    return KAON_OK;
}

static enum kaon_status read_statements(struct reader *r, struct kaon_graph *graph)
{
    for (;;) {
        char *name;
        skip_separators(r);
        if (take_word(r, "out"))
            return read_outputs(r, graph);
        enum kaon_status st = read_name(r, &name);
        if (st == KAON_OK && !*name)
            st = wanted(r, "a name, or the outputs");
        if (st == KAON_OK)
            st = take(r, ":") ? read_declaration(r, graph, name) : read_node(r, graph, name);
        if (st == KAON_OK && !is_end(r))
            st = wanted(r, "the end of the statement");
        if (st != KAON_OK)
            return st;
    }
}

static enum kaon_status read_graph(struct reader *r, struct kaon_node *parent,
                                   struct kaon_graph **out)
{
    struct kaon_graph *graph = kaon_arena_push_zero(r->ir->arena, 1, sizeof *graph);
    if (!graph)
        return no_memory(r);
    if (r->depth == MOST_DEPTH)
        return kaon_fail(r->msg, KAON_OVER_LIMIT, "nested deeper than %d graphs", MOST_DEPTH);
    graph->name = "";
    graph->parent = parent;
    *out = graph;
    r->depth++;
    kaon_onnx_names_enter(&r->names);
    const enum kaon_status st = read_statements(r, graph);
    kaon_onnx_names_leave(&r->names);
    r->depth--;
    return st;
}

enum kaon_status kaon_graph_read(struct kaon_ir *ir, const char *text, struct kaon_msg *msg)
{
    struct reader r = { .ir = ir, .text = text, .at = text, .msg = msg };
    struct kaon_arena scratch;
    kaon_arena_open(&scratch, ir->arena->allocator, 1 << 12);
    kaon_onnx_names_open(&r.names, &scratch);
    enum kaon_status st = read_graph(&r, NULL, &ir->top);
    skip_separators(&r);
    if (st == KAON_OK && *r.at)
        st = wanted(&r, "nothing behind the outputs");
    kaon_arena_close(&scratch);
    return st == KAON_OK ? kaon_graph_infer(ir, ir->top, msg) : st;
}
