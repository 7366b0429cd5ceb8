/* engine/passes/share_common.c */
#include "tests/passes/text.h"

static const struct kaon_pass *const pass = &kaon_pass_share_common;

static void the_same_work_is_done_once(void **state)
{
    graph_check(state, pass, "x:float[2]  a=Exp(x)  b=Exp(x)  y=Add(a,b)  out y", 1,
                "x:float[2]  a=Exp(x)  y=Add(a,a)  out y");
    graph_check(state, pass,
                "x:float[2,3]  a=Softmax{axis=1}(x)  b=Softmax{axis=1}(x)  y=Add(a,b)  out y", 1,
                "x:float[2,3]  a=Softmax{axis=1}(x)  y=Add(a,a)  out y");
}

static void equal_constants_count_as_the_same(void **state)
{
    graph_check(
        state, pass,
        "x:float[2]  v:float[1]={3}  w:float[1]={3}  a=Add(x,v)  b=Add(x,w)  y=Mul(a,b)  out y", 1,
        "x:float[2]  v:float[1]={3}  a=Add(x,v)  y=Mul(a,a)  out y");
}

static void other_attributes_inputs_or_constants_are_other_work(void **state)
{
    graph_keeps(state, pass,
                "x:float[2,3]  a=Softmax{axis=1}(x)  b=Softmax{axis=0}(x)  y=Add(a,b)  out y",
                NULL);
    graph_keeps(state, pass, "x:float[2]  z:float[2]  a=Sub(x,z)  b=Sub(z,x)  y=Add(a,b)  out y",
                NULL);
    graph_keeps(state, pass,
                "x:float[2]  v:float[1]={0}  a=Add(x,v)  w:float[1]={-0}  b=Add(x,w)  y=Mul(a,b)  "
                "out y",
                NULL);
    graph_keeps(state, pass,
                "x:float[2]  v:float[2]={1,2}  a=Add(x,v)  w:float[1,2]={1,2}  b=Add(x,w)  "
                "y=Mul(a,b)  out y",
                NULL);
}

static void chains_are_shared_to_their_end(void **state)
{
    graph_check(state, pass,
                "x:float[2]  a=Exp(x)  b=Exp(x)  c=Neg(a)  d=Neg(b)  y=Add(c,d)  out y", 2,
                "x:float[2]  a=Exp(x)  c=Neg(a)  y=Add(c,c)  out y");
}

static void outputs_of_the_graph_stay_in_their_places(void **state)
{
    graph_check(state, pass, "x:float[2]  a=Exp(x)  b=Exp(x)  out b a", 1,
                "x:float[2]  a=Exp(x)  out a a");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, graph_setup, graph_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_work_is_done_once),
        TEST(equal_constants_count_as_the_same),
        TEST(other_attributes_inputs_or_constants_are_other_work),
        TEST(chains_are_shared_to_their_end),
        TEST(outputs_of_the_graph_stay_in_their_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
