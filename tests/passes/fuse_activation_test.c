/* engine/passes/fuse_activation.c */
#include "tests/passes/text.h"

static const struct kaon_pass *const pass = &kaon_pass_fuse_activation;

#define X "x:float[n,2]  w:float[2,1]={1,2}  "

static void fuses(void **state, const char *node, const char *word)
{
    char before[300], after[300];
    snprintf(before, sizeof before, X "a=ai.kaon::Linear(x,w)  %s  out y", node);
    snprintf(after, sizeof after, X "y=ai.kaon::Linear{activation=\"%s\"}(x,w)  out y", word);
    graph_check(state, pass, before, 1, after);
}

static void activations_go_into_the_linear_before_them(void **state)
{
    fuses(state, "y=Relu(a)", "relu");
    fuses(state, "y=Sigmoid(a)", "sigmoid");
    fuses(state, "y=Tanh(a)", "tanh");
    fuses(state, "s=Sigmoid(a)  y=Mul(a,s)", "silu");
    fuses(state, "s=Sigmoid(a)  y=Mul(s,a)", "silu");
}

static void gelu_keeps_its_form(void **state)
{
    struct graph_test *t = *state;
    graph_read(t, 20, X "a=ai.kaon::Linear(x,w)  y=Gelu(a)  out y");
    assert_int_equal(graph_pass(t, pass), 1);
    graph_expect(t, X "y=ai.kaon::Linear{activation=\"gelu_erf\"}(x,w)  out y");
    graph_read(t, 20, X "a=ai.kaon::Linear(x,w)  y=Gelu{approximate=\"tanh\"}(a)  out y");
    assert_int_equal(graph_pass(t, pass), 1);
    graph_expect(t, X "y=ai.kaon::Linear{activation=\"gelu_tanh\"}(x,w)  out y");
}

static void a_conv_takes_the_words_that_it_has(void **state)
{
#define CONV "x:float[1,1,n]  w:float[1,1,1]={5}  "
    graph_check(state, pass, CONV "a=Conv{strides=[2]}(x,w)  y=Relu(a)  out y", 1,
                CONV "y=com.microsoft::FusedConv{strides=[2],activation=\"Relu\"}(x,w)  out y");
    graph_keeps(state, pass, CONV "a=Conv(x,w)  s=Sigmoid(a)  y=Mul(a,s)  out y", NULL);
}

static void results_with_other_readers_stay(void **state)
{
    graph_keeps(state, pass, X "a=ai.kaon::Linear(x,w)  y=Relu(a)  out y a", NULL);
    graph_keeps(state, pass, X "a=ai.kaon::Linear(x,w)  y=Relu(a)  z=Neg(a)  out y z", NULL);
    graph_keeps(state, pass, X "a=ai.kaon::Linear(x,w)  s=Sigmoid(a)  y=Mul(a,s)  out y s", NULL);
    graph_keeps(state, pass, X "a=ai.kaon::Linear(x,w)  s=Sigmoid(a)  y=Mul(a,s)  out y a", NULL);
}

static void a_linear_has_one_activation(void **state)
{
    graph_keeps(state, pass, X "a=ai.kaon::Linear{activation=\"relu\"}(x,w)  y=Tanh(a)  out y",
                NULL);
}

static void other_products_and_functions_stay(void **state)
{
    graph_keeps(state, pass, X "a=MatMul(x,w)  y=Relu(a)  out y", NULL);
    graph_keeps(state, pass, X "a=ai.kaon::Linear(x,w)  y=Exp(a)  out y", NULL);
    graph_keeps(state, pass, X "a=ai.kaon::Linear(x,w)  y=Mul(a,a)  out y", NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, graph_setup, graph_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(activations_go_into_the_linear_before_them),
        TEST(gelu_keeps_its_form),
        TEST(a_conv_takes_the_words_that_it_has),
        TEST(results_with_other_readers_stay),
        TEST(a_linear_has_one_activation),
        TEST(other_products_and_functions_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
