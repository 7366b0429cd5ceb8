/* engine/passes/fold_constants.c */
#include "tests/passes/text.h"

static const struct kaon_pass *const pass = &kaon_pass_fold_constants;

static void nodes_of_constants_become_constants(void **state)
{
    graph_check(state, pass,
                "x:float[2]  a:float[2]={1,2}  b:float[2]={3,4}  c=Add(a,b)  d=Mul(c,c)  "
                "y=Add(x,d)  out y",
                2, "x:float[2]  d:float[2]={16,36}  y=Add(x,d)  out y");
}

static void several_outputs_are_folded_together(void **state)
{
    graph_check(state, pass,
                "x:float[1]  a:float[2]={1,2}  b,c=Split{axis=0}(a)  y=Add(x,b)  z=Add(x,c)  "
                "out y z",
                1, "x:float[1]  b:float[1]={1}  y=Add(x,b)  c:float[1]={2}  z=Add(x,c)  out y z");
}

static void lengths_that_are_declared_are_folded(void **state)
{
    graph_check(state, pass,
                "x:float[n,19]  s=Shape(x)  i:int64[]={1}  g=Gather{axis=0}(s,i)  out g", 1,
                "x:float[n,19]  g:int64[]={19}  out g");
}

static void symbolic_lengths_are_not_folded(void **state)
{
    graph_keeps(state, pass,
                "x:float[n,19]  s=Shape(x)  i:int64[]={0}  g=Gather{axis=0}(s,i)  out g", NULL);
}

static void nodes_that_read_an_input_are_not_folded(void **state)
{
    graph_keeps(state, pass, "x:float[2]  a:float[2]={1,2}  y=Add(x,a)  out y", NULL);
}

static void results_that_are_large_are_not_folded(void **state)
{
    graph_keeps(state, pass, "s:int64[1]={1000000}  y=ConstantOfShape(s)  out y", NULL);
}

static void no_more_is_folded_than_the_model_may_have(void **state)
{
    struct graph_test *t = *state;
    t->ir.fold_bytes = 20;
    graph_check(state, pass,
                "x:float[2]  a:float[2]={1,2}  b=Neg(a)  c=Exp(a)  d=Abs(a)  y=Sum(x,b,c,d)  out y",
                2,
                "x:float[2]  a:float[2]={1,2}  d=Abs(a)  b:float[2]={-1,-2}  "
                "c:float[2]={2.71828175,7.38905621}  y=Sum(x,b,c,d)  out y");
    assert_int_equal(t->ir.fold_bytes, 4);
}

static void nested_graphs_are_folded_inside(void **state)
{
    graph_check(state, pass,
                "c:bool[]  y=If{then_branch=graph 0,else_branch=graph 1}(c)  "
                "graph 0  a:float[1]={1}  b=Neg(a)  d=Neg(b)  out d  "
                "graph 1  e:float[1]={2}  out e  out y",
                2,
                "c:bool[]  y=If{then_branch=graph 0,else_branch=graph 1}(c)  "
                "graph 0  d:float[1]={1}  out d  graph 1  e:float[1]={2}  out e  out y");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, graph_setup, graph_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nodes_of_constants_become_constants),
        TEST(several_outputs_are_folded_together),
        TEST(lengths_that_are_declared_are_folded),
        TEST(symbolic_lengths_are_not_folded),
        TEST(nodes_that_read_an_input_are_not_folded),
        TEST(results_that_are_large_are_not_folded),
        TEST(no_more_is_folded_than_the_model_may_have),
        TEST(nested_graphs_are_folded_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
