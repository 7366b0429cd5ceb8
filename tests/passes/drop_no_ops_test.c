/* engine/passes/drop_no_ops.c */
#include "tests/passes/text.h"

static const struct kaon_pass *const pass = &kaon_pass_drop_no_ops;

/* `node` goes, and its reader reads x. */
static void drops(void **state, const char *shape, const char *node)
{
    char before[300], after[300];
    snprintf(before, sizeof before, "x:%s  %s  y=Neg(a)  out y", shape, node);
    snprintf(after, sizeof after, "x:%s  y=Neg(x)  out y", shape);
    graph_check(state, pass, before, 1, after);
}

static void keeps(void **state, const char *shape, const char *node)
{
    char graph[300];
    snprintf(graph, sizeof graph, "x:%s  %s  y=Neg(a)  out y", shape, node);
    graph_keeps(state, pass, graph, NULL);
}

static void what_changes_nothing_is_dropped(void **state)
{
    drops(state, "float[2,n]", "a=Identity(x)");
    drops(state, "float[2,n]", "a=Dropout(x)");
    drops(state, "float[2,n]", "a=Cast{to=1}(x)");
    drops(state, "float[2,n]", "a=CastLike(x,x)");
    drops(state, "float[2,n]", "a=Transpose{perm=[0,1]}(x)");
    drops(state, "float[2,n]", "a=Concat{axis=0}(x)");
    drops(state, "float[2,n]", "a=Sum(x)");
    drops(state, "float[2,n]", "a=Max(x)");
}

static void what_changes_something_stays(void **state)
{
    keeps(state, "float[2,n]", "a=Cast{to=11}(x)");
    keeps(state, "float[2,n]", "a=Transpose{perm=[1,0]}(x)");
    keeps(state, "float[2,n]", "a=Transpose(x)");
    keeps(state, "float[2,n]", "a=Concat{axis=0}(x,x)");
    keeps(state, "float[2,n]", "a=Sum(x,x)");
}

static void a_reshape_to_the_shape_that_is_there_is_dropped(void **state)
{
    graph_check(state, pass, "x:float[2,3]  s:int64[2]={2,3}  a=Reshape(x,s)  y=Neg(a)  out y", 1,
                "x:float[2,3]  y=Neg(x)  out y");
    graph_keeps(state, pass, "x:float[2,3]  s:int64[2]={3,2}  a=Reshape(x,s)  y=Neg(a)  out y",
                NULL);
    graph_keeps(state, pass, "x:float[2,n]  s:int64[2]={2,-1}  a=Reshape(x,s)  y=Neg(a)  out y",
                NULL);
}

static void a_dropout_that_may_train_stays(void **state)
{
    graph_keeps(state, pass, "x:float[2]  t:bool[]  r:float[]={0.5}  a=Dropout(x,r,t)  out a",
                NULL);
    graph_keeps(state, pass, "x:float[2]  a,m=Dropout(x)  out a m", NULL);
    graph_check(state, pass, "x:float[2]  r:float[]={0.5}  a,m=Dropout(x,r)  y=Neg(a)  out y", 1,
                "x:float[2]  y=Neg(x)  out y");
}

static void chains_go_as_a_whole(void **state)
{
    graph_check(state, pass,
                "x:float[2]  a=Identity(x)  b=Identity(a)  c=Identity(b)  y=Neg(c)  out y", 3,
                "x:float[2]  y=Neg(x)  out y");
}

static void an_output_may_become_an_input(void **state)
{
    graph_check(state, pass, "x:float[2]  y=Identity(x)  out y", 1, "x:float[2]  out x");
}

static void readers_in_nested_graphs_read_the_input(void **state)
{
    graph_check(state, pass,
                "c:bool[]  x:float[2]  a=Identity(x)  "
                "y=If{then_branch=graph 0,else_branch=graph 1}(c)  "
                "graph 0  b=Neg(a)  out b  graph 1  d=Abs(a)  out d  out y",
                1,
                "c:bool[]  x:float[2]  y=If{then_branch=graph 0,else_branch=graph 1}(c)  "
                "graph 0  b=Neg(x)  out b  graph 1  d=Abs(x)  out d  out y");
}

static void a_float_times_or_by_one_is_dropped(void **state)
{
    graph_check(state, pass,
                "x:float[n,2]  c:float[1]={1}  a=Mul(x,c)  b=Div(a,c)  y=Neg(b)  out y", 2,
                "x:float[n,2]  y=Neg(x)  out y");
    graph_keeps(state, pass, "x:float[n]  c:float[1,1]={1}  a=Mul(x,c)  y=Neg(a)  out y", NULL);
    graph_keeps(state, pass, "x:float[n]  c:float[1]={2}  a=Mul(x,c)  y=Neg(a)  out y", NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, graph_setup, graph_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_changes_nothing_is_dropped),
        TEST(what_changes_something_stays),
        TEST(a_reshape_to_the_shape_that_is_there_is_dropped),
        TEST(a_dropout_that_may_train_stays),
        TEST(chains_go_as_a_whole),
        TEST(an_output_may_become_an_input),
        TEST(readers_in_nested_graphs_read_the_input),
        TEST(a_float_times_or_by_one_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
