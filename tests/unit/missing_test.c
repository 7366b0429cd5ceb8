/* Operators that kaon lacks: all of them are told at once, wherever in the model their nodes are. */
#include "engine/onnx/onnx.h"
#include "tests/support/support.h"

enum { MANY = 40 };

/* protobuf-c has no const; packing changes nothing. */
static char *text(const char *s)
{
    return (char *)(uintptr_t)s;
}

/* A node of one input and one output. */
struct put {
    KaonOnnx__Node node;
    char *in[1], *out[1];
};

static KaonOnnx__Node *put(struct put *p, const char *domain, const char *type, const char *name,
                           const char *in, const char *out)
{
    kaon_onnx__node__init(&p->node);
    p->in[0] = text(in);
    p->out[0] = text(out);
    p->node.domain = text(domain);
    p->node.op_type = text(type);
    p->node.name = text(name);
    p->node.input = p->in;
    p->node.output = p->out;
    p->node.n_input = p->node.n_output = 1;
    return &p->node;
}

struct graph {
    KaonOnnx__Graph graph;
    KaonOnnx__ValueInfo in, out, *ins[1], *outs[1];
};

/* From a value to a value; from NULL: a nested graph, which sees those around it. */
static KaonOnnx__Graph *graph_of(struct graph *g, KaonOnnx__Node **nodes, size_t n,
                                 const char *from, const char *to)
{
    kaon_onnx__graph__init(&g->graph);
    kaon_onnx__value_info__init(&g->in);
    kaon_onnx__value_info__init(&g->out);
    g->in.name = text(from);
    g->out.name = text(to);
    g->ins[0] = &g->in;
    g->outs[0] = &g->out;
    g->graph.node = nodes;
    g->graph.n_node = n;
    g->graph.input = g->ins;
    g->graph.n_input = from != NULL;
    g->graph.output = g->outs;
    g->graph.n_output = 1;
    return &g->graph;
}

static KaonOnnx__Attribute *branch(KaonOnnx__Attribute *a, const char *name, KaonOnnx__Graph *g)
{
    kaon_onnx__attribute__init(a);
    a->name = text(name);
    a->has_type = 1;
    a->type = KAON_ATTR_GRAPH;
    a->g = g;
    return a;
}

static KaonOnnx__OpsetId *opset(KaonOnnx__OpsetId *o, const char *domain, int version)
{
    kaon_onnx__opset_id__init(o);
    o->domain = text(domain);
    o->has_version = 1;
    o->version = version;
    return o;
}

struct log {
    size_t lines;
    char last[512];
};

static void count_line(void *user, enum kaon_log_level level, const char *line)
{
    struct log *log = user;
    if (level != KAON_LOG_INFO || !strstr(line, "needs the operator"))
        return;
    log->lines++;
    snprintf(log->last, sizeof log->last, "%s", line);
}

/* A model with that graph, and that function if there is one, is not opened. */
static void refused(KaonOnnx__Graph *graph, KaonOnnx__Function *function, struct kaon_msg *msg,
                    struct log *log)
{
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    struct kaon_model *opened;
    KaonOnnx__OpsetId import[3];
    KaonOnnx__OpsetId *imports[] = { opset(&import[0], "", 17), opset(&import[1], "acme", 3),
                                     opset(&import[2], "own", 1) };
    KaonOnnx__Model model;
    kaon_onnx__model__init(&model);
    model.opset_import = imports;
    model.n_opset_import = 3;
    model.graph = graph;
    model.functions = &function;
    model.n_functions = function != NULL;
    const size_t bytes = kaon_onnx__model__get_packed_size(&model);
    unsigned char *data = malloc(bytes);
    assert_int_equal(kaon_onnx__model__pack(&model, data), bytes);
    o.log = count_line;
    o.log_user = log;
    assert_int_equal(kaon_model_open_memory(&opened, data, bytes, "made here", &o, msg),
                     KAON_UNSUPPORTED);
    assert_null(opened);
    free(data);
}

static void all_are_listed_with_opset_and_node(void **state)
{
    (void)state;
    struct put p[8];
    struct graph top, sub[2];
    struct kaon_msg msg = { "" };
    struct log log = { 0 };

    KaonOnnx__Node *then[] = { put(&p[0], "acme", "Inner", "in_then", "x", "t") };
    KaonOnnx__Node *otherwise[] = { put(&p[1], "acme", "Outer", "in_else", "x", "e") };
    KaonOnnx__Attribute attr[2];
    KaonOnnx__Attribute *attrs[] = {
        branch(&attr[0], "then_branch", graph_of(&sub[0], then, 1, NULL, "t")),
        branch(&attr[1], "else_branch", graph_of(&sub[1], otherwise, 1, NULL, "e")),
    };

    KaonOnnx__Node *body[] = { put(&p[2], "", "Deep", "in_function", "a", "r") };
    KaonOnnx__OpsetId import, *imports[] = { opset(&import, "", 13) };
    KaonOnnx__Function function;
    kaon_onnx__function__init(&function);
    function.domain = text("own");
    function.name = text("F");
    function.node = body;
    function.input = p[2].in;
    function.output = p[2].out;
    function.opset_import = imports;
    function.n_node = function.n_input = function.n_output = function.n_opset_import = 1;

    KaonOnnx__Node *nodes[] = {
        put(&p[3], "acme", "Outer", "", "x", "y0"), /* told by its output */
        put(&p[4], "", "If", "if", "y0", "y1"),
        put(&p[5], "own", "F", "call", "y1", "y2"),
        put(&p[6], "", "Gelu", "too_new", "y2", "y3"), /* of opset 20 on */
        put(&p[7], "nowhere", "Other", "not_imported", "y3", "y4"),
    };
    p[4].node.attribute = attrs;
    p[4].node.n_attribute = 2;

    refused(graph_of(&top, nodes, 5, "x", "y4"), &function, &msg, &log);
    assert_string_equal(msg.text, "made here: kaon lacks 5 operators that it needs: "
                                  "acme.Outer (opset 3, node 'y0' and 1 more), "
                                  "acme.Inner (opset 3, node 'in_then'), "
                                  "Deep (opset 13, node 'in_function'), "
                                  "Gelu (opset 17, node 'too_new'), "
                                  "nowhere.Other (opset 0, node 'not_imported')");
    assert_int_equal(log.lines, 6); /* one a node */
}

static void those_without_room_are_counted_and_logged(void **state)
{
    (void)state;
    struct put p[MANY];
    KaonOnnx__Node *nodes[MANY];
    char type[MANY][64], out[MANY][32], tail[32];
    struct graph top;
    struct kaon_msg msg = { "" };
    struct log log = { 0 };
    size_t listed = 0;
    for (size_t i = 0; i < MANY; i++) {
        snprintf(type[i], sizeof type[i], "Lacking%02zuWithANameOfSomeLength", i);
        snprintf(out[i], sizeof out[i], "y%zu", i);
        nodes[i] = put(&p[i], "acme", type[i], type[i], i ? out[i - 1] : "x", out[i]);
    }
    refused(graph_of(&top, nodes, MANY, "x", out[MANY - 1]), NULL, &msg, &log);
    for (const char *at = msg.text; (at = strstr(at, "acme.")); at++)
        listed++;
    assert_true(listed > 0 && listed < MANY);
    snprintf(tail, sizeof tail, " and %zu more", MANY - listed);
    assert_non_null(strstr(msg.text, "lacks 40 operators"));
    assert_string_equal(msg.text + strlen(msg.text) - strlen(tail), tail);
    assert_int_equal(log.lines, MANY);
    assert_non_null(strstr(log.last, "acme.Lacking39WithANameOfSomeLength of opset 3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_listed_with_opset_and_node),
        cmocka_unit_test(those_without_room_are_counted_and_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
