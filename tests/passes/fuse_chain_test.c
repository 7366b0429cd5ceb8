/* engine/passes/fuse_chain.c */
#include "tests/passes/text.h"

static const struct kaon_pass *const pass = &kaon_pass_fuse_chain;

static void operators_with_one_reader_become_a_chain(void **state)
{
    graph_check(
        state, pass, "x:float[n,2]  a=Erf(x)  b=Tanh(a)  y=Neg(b)  out y", 2,
        "x:float[n,2]  y=ai.kaon::Chain{ops=[\"Erf\",\"Tanh\",\"Neg\"],others=[0,0,0]}(x)  out y");
}

static void numbers_and_tensors_of_the_shape_are_operands(void **state)
{
    graph_check(
        state, pass,
        "x:float[n,2]  z:float[n,2]  c:float[]={2}  a=Div(x,c)  b=Erf(a)  d=Sub(c,b)  "
        "y=Mul(z,d)  out y",
        3,
        "x:float[n,2]  z:float[n,2]  c:float[]={2}  "
        "y=ai.kaon::Chain{ops=[\"Div\",\"Erf\",\"Sub\",\"Mul\"],others=[1,0,-1,-2]}(x,c,z)  out y");
}

static void parameters_go_along(void **state)
{
    graph_check(state, pass, "x:float[n]  a=LeakyRelu{alpha=0.5}(x)  y=Abs(a)  out y", 1,
                "x:float[n]  y=ai.kaon::Chain{ops=[\"LeakyRelu\",\"Abs\"],others=[0,0],"
                "params=[0.500000000,0.00000000,0.00000000,0.00000000]}(x)  out y");
}

static void the_first_input_may_be_read_again(void **state)
{
    graph_check(state, pass, "x:float[n]  a=Erf(x)  y=Mul(x,a)  out y", 1,
                "x:float[n]  y=ai.kaon::Chain{ops=[\"Erf\",\"Mul\"],others=[0,-1]}(x,x)  out y");
}

/* Gelu written out, of an x whose length nobody knows: x has the shape of what comes of it. */
static void the_first_input_needs_no_known_shape(void **state)
{
    graph_check(
        state, pass,
        "x:float[?,2]  r:float[1]={2}  c:float[]={1}  a=Div(x,r)  b=Erf(a)  d=Add(b,c)  "
        "y=Mul(x,d)  out y",
        3,
        "x:float[?,2]  r:float[1]={2}  c:float[]={1}  "
        "y=ai.kaon::Chain{ops=[\"Div\",\"Erf\",\"Add\",\"Mul\"],others=[1,0,2,-3]}(x,r,c,x)  "
        "out y");
    graph_keeps(state, pass, "x:float[?,2]  z:float[?,2]  a=Erf(x)  y=Mul(z,a)  out y",
                "neither a number nor of this shape");
    graph_keeps(state, pass, "x:float[?]  a=Erf(x)  r:float[1,1]={2}  y=Mul(a,r)  out y", NULL);
    graph_keeps(state, pass, "x:float[?]  r:float[1,1]={2}  a=Mul(x,r)  y=Mul(x,a)  out y", NULL);
}

static void a_chain_ends_at_eight(void **state)
{
    struct graph_test *t = *state;
    graph_read(t, 18,
               "x:float[n]  a=Abs(x)  b=Neg(a)  c=Neg(b)  d=Neg(c)  e=Neg(d)  f=Neg(e)  g=Neg(f)  "
               "h=Neg(g)  i=Neg(h)  j=Neg(i)  out j");
    assert_int_equal(graph_pass(t, pass), 8);
    char *text = graph_text(&t->ir);
    assert_non_null(strstr(text, "h=ai.kaon::Chain"));
    assert_non_null(strstr(text, "j=ai.kaon::Chain"));
    free(text);
}

static void what_others_read_stays(void **state)
{
    graph_keeps(state, pass, "x:float[n]  a=Erf(x)  y=Neg(a)  out y a", NULL);
    graph_keeps(state, pass, "x:float[n]  a=Erf(x)  y=Mul(a,a)  out y", NULL);
}

static void operands_of_other_shapes_stay(void **state)
{
    graph_keeps(state, pass, "x:float[n,2]  b:float[2]  a=Erf(x)  y=Mul(a,b)  out y",
                "neither a number nor of this shape");
    graph_keeps(state, pass, "x:float[n,2]  b:float[k,2]  a=Erf(x)  y=Mul(a,b)  out y", NULL);
    graph_keeps(state, pass, "x:float[2]  b:float[n,2]  a=Erf(x)  y=Mul(a,b)  out y", NULL);
}

static void other_types_stay(void **state)
{
    graph_keeps(state, pass, "x:double[n]  a=Erf(x)  y=Neg(a)  out y", NULL);
    graph_keeps(state, pass, "x:int64[n]  a=Abs(x)  y=Neg(a)  out y", NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, graph_setup, graph_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(operators_with_one_reader_become_a_chain),
        TEST(numbers_and_tensors_of_the_shape_are_operands),
        TEST(parameters_go_along),
        TEST(the_first_input_may_be_read_again),
        TEST(the_first_input_needs_no_known_shape),
        TEST(a_chain_ends_at_eight),
        TEST(what_others_read_stays),
        TEST(operands_of_other_shapes_stay),
        TEST(other_types_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
