/* engine/graph/text_read.c and text_write.c: what is written reads back as the same graph. */
#include "engine/model.h"
#include "tests/passes/text.h"

#include <dirent.h>

static void round_trip(void **state, const char *text)
{
    struct graph_test *t = *state;
    graph_read(t, 17, text);
    graph_expect(t, text);
}

static void statements_of_every_kind_read_back(void **state)
{
    round_trip(state, "x:float[2,n]\ny=Softmax{axis=-1}(x)\nout y");
    round_trip(state, "x:float[4]  a,b=Split{axis=0}(x,)  y=Add(a,b)  out y a");
    round_trip(state, "x:float[2]  w:float[2]={1.5,-2}  y=Add(x,w)  out y w");
    round_trip(state, "x:float[?,batch size]  \"a b\"=Relu(x)  \"q\\\"\\\\\\n\"=Relu(\"a b\")  "
                      "out \"q\\\"\\\\\\n\"");
    round_trip(state, "x:float  y=Identity(x)  out y");
    round_trip(state, "x:float[]  y=Identity(x)  out y");
    round_trip(state, "x:float[0,3]  y=Identity(x)  out y");
    round_trip(state, "out:float[2]  y=Relu(out)  out y");
}

static void attributes_of_every_type_read_back(void **state)
{
    round_trip(state, "x:float[1,1,4]  w:float[1,1,1]={1}  "
                      "y=Conv{auto_pad=\"VALID\",strides=[1]}(x,w)  out y");
    round_trip(state, "x:float[2]  y=LeakyRelu{alpha=0.0500000007}(x)  out y");
    round_trip(state, "s:int64[2]  y=ConstantOfShape{value=int64[1]{-7}}(s)  out y");
    round_trip(state, "x:float[1,2]  w:float[2,1]={1,2}  "
                      "y=ai.kaon::Linear{activation=\"relu\"}(x,w)  out y");
}

static void constants_of_every_type_read_back(void **state)
{
    round_trip(state, "a:int64[2]={-9223372036854775808,9223372036854775807}  out a");
    round_trip(state, "a:uint8[2]={0,255}  b:int8[1]={-128}  c:bool[2]={0,1}  out a b c");
    round_trip(state, "a:double[1]={0.10000000000000001}  b:float[2]={0.100000001,inf}  out a b");
    round_trip(state, "a:float16[2]={0.333251953,-inf}  b:bfloat16[1]={0.333984375}  out a b");
    round_trip(state, "a:float[0]={}  b:float[]={1}  out a b");
}

static void nested_graphs_read_back(void **state)
{
    round_trip(state, "c:bool[]  x:float[2]  y=If{then_branch=graph 0,else_branch=graph 1}(c)  "
                      "graph 0  w:float[1]={1}  a=Add(x,w)  out a  "
                      "graph 1  w:float[1]={2}  b=Mul(x,w)  out b  out y");
}

static void constants_read_again_behind_a_nested_graph_are_there(void **state)
{
    struct graph_test *t = *state;
    graph_read(t, 17,
               "c:bool[]  x:float[2]  w:float[1]={1}  "
               "y=If{then_branch=graph 0,else_branch=graph 1}(c)  "
               "graph 0  a=Add(x,w)  out a  graph 1  b=Sub(x,w)  out b  z=Add(y,w)  out z");
    char *text = graph_text(&t->ir);
    graph_read(t, 17, text);
    graph_expect(t, text);
    free(text);
}

static void what_is_no_graph_is_refused_with_its_line(void **state)
{
    static const char *const texts[] = {
        "",
        "x:float[2]",
        "x:float[2]  out y",
        "x:flaot[2]  out x",
        "x:float[2  out x",
        "x:float[1,2,3,4,5,6,7,8,9]  out x",
        "x:float[-2]  out x",
        "x:float[2]  x:float[2]  out x",
        "x:float[2]={1}  out x",
        "x:float[2]={1,b}  out x",
        "x:float[2]={...}  out x",
        "x:float[99999999999]={1}  out x",
        "x:float[2]  y=NoSuch(x)  out y",
        "x:float[2]  y=Relu{(x)  out y",
        "x:float[2]  y=Relu(x  out y",
        "x:float[2]  y=Relu(x) z  out y",
        "x:float[2]  \"y=Relu(x)  out y",
        "x:float[2]  y=Relu{a=[1}(x)  out y",
        "x:float[2]  y=If{then_branch=graph 0}(x)  out y",
        "x:float[2]  y=If{then_branch=graph 1}(x)  graph 1  out x  out y",
        "x:float[2]  out x  y=Relu(x)",
    };
    struct graph_test *t = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct kaon_msg msg = { "" };
        if (kaon_graph_read(&t->ir, texts[i], &msg) == KAON_OK)
            fail_msg("'%s' is read", texts[i]);
        assert_true(msg.text[0]);
    }
    struct kaon_msg msg;
    assert_true(kaon_graph_read(&t->ir, "x:float[2]\n\ny=Relu(x", &msg) != KAON_OK);
    assert_non_null(strstr(msg.text, "line 3"));
}

static void texts_cut_anywhere_are_refused(void **state)
{
    static const char whole[] =
        "x:float[2,n]  w:float[2]={1,2}  c:bool[]  "
        "y=If{then_branch=graph 0,else_branch=graph 1}(c)  graph 0  "
        "a=Softmax{axis=-1}(x)  out a  graph 1  out x  \"q\\\"\"=Relu(y)  out w";
    struct graph_test *t = *state;
    for (size_t i = 0; i < sizeof whole; i++) {
        char *text = calloc(1, i + 1); /* a sanitizer sees reads past its end */
        memcpy(text, whole, i);
        const enum kaon_status st = kaon_graph_read(&t->ir, text, NULL);
        assert_true((st == KAON_OK) == (i == sizeof whole - 1 || i == sizeof whole - 3));
        free(text);
    }
}

static void deep_nesting_is_refused(void **state)
{
    struct graph_test *t = *state;
    char text[4000] = "c:bool[]  ";
    for (int i = 0; i < 40; i++)
        strcat(text, "y=If{then_branch=graph 0}(c)  graph 0  ");
    assert_int_equal(kaon_graph_read(&t->ir, text, NULL), KAON_OVER_LIMIT);
}

/* ---- real graphs ----------------------------------------------------------------------------- */

/* Writes a model's graph, reads that, and writes it again. Returns false if it has constants that are
 * not written out. */
static bool round_trip_model(const char *path, int32_t stop_after)
{
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    struct kaon_model *model;
    struct kaon_msg msg;
    o.passes_stop_after = stop_after;
    if (kaon_model_open(&model, path, &o, NULL) != KAON_OK)
        return false;
    char *text = graph_text(&model->ir);
    const bool whole = !strstr(text, "{...}") && !strstr(text, "=type");
    if (whole) {
        struct kaon_arena arena;
        struct kaon_ir ir = {
            .arena = &arena,
            .opsets = model->ir.opsets,
            .n_opsets = model->ir.n_opsets,
            .most_elements = 1 << 20,
        };
        kaon_arena_open(&arena, &kaon_allocator_default, 4096);
        if (kaon_graph_read(&ir, text, &msg) != KAON_OK)
            fail_msg("%s: %s\n%s", path, msg.text, text);
        char *again = graph_text(&ir);
        if (strcmp(text, again))
            fail_msg("%s:\n%s\nis read as\n%s", path, text, again);
        free(again);
        kaon_arena_close(&arena);
    }
    free(text);
    kaon_model_close(model);
    return whole;
}

static int is_shown(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static size_t round_trip_folder(const char *folder)
{
    struct dirent **list;
    char path[1200];
    size_t done = 0;
    const int n = scandir(folder, &list, is_shown, alphasort);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s/model.onnx", folder, list[i]->d_name);
        free(list[i]);
        if (test_have_file(path))
            done += round_trip_model(path, -1) + round_trip_model(path, 0);
    }
    if (n >= 0)
        free(list);
    printf("%s: %zu graphs\n", folder, done);
    return done;
}

static void graphs_of_real_models_read_back(void **state)
{
    (void)state;
    static const char *const groups[] = { "btag",   "cms",   "tracking",    "experiments",
                                          "fastml", "sofie", "lm/kjv-llama" };
    size_t done = 0;
    if (!test_have_models())
        skip();
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        done += round_trip_folder(test_model_path(groups[i]));
    assert_true(done > 0);
}

static void graphs_of_conformance_cases_read_back(void **state)
{
    (void)state;
    static const char *const groups[] = { "node", "node-old", "simple", "ort-ops",
                                          "pytorch-operator" };
    if (!test_have_file(test_case_path("node")))
        skip();
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        assert_true(round_trip_folder(test_case_path(groups[i])) > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, graph_setup, graph_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(statements_of_every_kind_read_back),
        TEST(attributes_of_every_type_read_back),
        TEST(constants_of_every_type_read_back),
        TEST(nested_graphs_read_back),
        TEST(constants_read_again_behind_a_nested_graph_are_there),
        TEST(what_is_no_graph_is_refused_with_its_line),
        TEST(texts_cut_anywhere_are_refused),
        TEST(deep_nesting_is_refused),
        TEST(graphs_of_real_models_read_back),
        TEST(graphs_of_conformance_cases_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
