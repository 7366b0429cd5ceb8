/* engine/passes/fold_batch_norm.c */
#include "tests/passes/text.h"

static const struct kaon_pass *const pass = &kaon_pass_fold_batch_norm;

/* scale 2, shift 10, mean 1, variance 3 and epsilon 1: (x - 1) * 2 / sqrt(4) + 10 = x + 9 */
#define NORM                                                                                       \
    "s:float[1]={2}  b:float[1]={10}  m:float[1]={1}  v:float[1]={3}  "                            \
    "y=BatchNormalization{epsilon=1.00000000}"

static void a_norm_behind_a_conv_goes_into_it(void **state)
{
    graph_check(state, pass,
                "x:float[n,1,4]  w:float[1,1,1]={5}  c=Conv(x,w)  " NORM "(c,s,b,m,v)  out y", 1,
                "x:float[n,1,4]  v.8:float[1,1,1]={5}  v.9:float[1]={9}  y=Conv(x,v.8,v.9)  out y");
}

static void a_bias_goes_along(void **state)
{
    graph_check(state, pass,
                "x:float[n,1,4]  w:float[1,1,1]={5}  k:float[1]={0.5}  c=Conv(x,w,k)  " NORM
                "(c,s,b,m,v)  out y",
                1,
                "x:float[n,1,4]  v.9:float[1,1,1]={5}  v.10:float[1]={9.5}  "
                "y=Conv(x,v.9,v.10)  out y");
}

static void each_channel_has_its_factor(void **state)
{
    graph_check(state, pass,
                "x:float[n,2]  w:float[2,2]={1,2,3,4}  c=Gemm(x,w)  s:float[2]={1,10}  "
                "b:float[2]={0,0}  m:float[2]={0,0}  v:float[2]={0,0}  "
                "y=BatchNormalization{epsilon=1.00000000}(c,s,b,m,v)  out y",
                1,
                "x:float[n,2]  v.8:float[2,2]={1,20,3,40}  v.9:float[2]={0,0}  "
                "y=Gemm(x,v.8,v.9)  out y");
    struct graph_test *t = *state;
    t->ir.n_values = 0; /* numbers begin anew */
    graph_check(state, pass,
                "x:float[n,2]  w:float[2,2]={1,2,3,4}  c=Gemm{transB=1}(x,w)  s:float[2]={1,10}  "
                "b:float[2]={0,0}  m:float[2]={0,0}  v:float[2]={0,0}  "
                "y=BatchNormalization{epsilon=1.00000000}(c,s,b,m,v)  out y",
                1,
                "x:float[n,2]  v.8:float[2,2]={1,2,30,40}  v.9:float[2]={0,0}  "
                "y=Gemm{transB=1}(x,v.8,v.9)  out y");
}

static void a_conv_with_two_readers_keeps_its_norm(void **state)
{
    graph_keeps(state, pass,
                "x:float[n,1,4]  w:float[1,1,1]={5}  c=Conv(x,w)  " NORM "(c,s,b,m,v)  out y c",
                "others read");
}

static void weights_or_a_bias_that_are_inputs_keep_the_norm(void **state)
{
    graph_keeps(state, pass,
                "x:float[n,1,4]  w:float[1,1,1]  c=Conv(x,w)  " NORM "(c,s,b,m,v)  out y",
                "constant weights");
    graph_keeps(state, pass,
                "x:float[n,1,4]  k:float[1]  w:float[1,1,1]={5}  c=Conv(x,w,k)  " NORM
                "(c,s,b,m,v)  out y",
                "bias");
    graph_keeps(state, pass,
                "x:float[n,1,4]  s:float[1]  w:float[1,1,1]={5}  c=Conv(x,w)  b:float[1]={10}  "
                "m:float[1]={1}  v:float[1]={3}  y=BatchNormalization(c,s,b,m,v)  out y",
                "");
}

static void a_scaled_gemm_keeps_its_norm(void **state)
{
    graph_keeps(state, pass,
                "x:float[n,1]  w:float[1,1]={5}  c=Gemm{alpha=2.00000000}(x,w)  " NORM
                "(c,s,b,m,v)  out y",
                "");
    graph_keeps(state, pass,
                "x:float[1,n]  w:float[1,1]={5}  c=Gemm{transA=1}(x,w)  " NORM "(c,s,b,m,v)  out y",
                "");
}

static void a_norm_of_an_input_stays(void **state)
{
    graph_keeps(state, pass, "x:float[n,1,4]  " NORM "(x,s,b,m,v)  out y", "not behind");
}

static void a_norm_for_training_stays(void **state)
{
    graph_keeps(state, pass,
                "x:float[n,1,4]  w:float[1,1,1]={5}  c=Conv(x,w)  s:float[1]={2}  b:float[1]={10}  "
                "m:float[1]={1}  v:float[1]={3}  "
                "y=BatchNormalization{training_mode=1}(c,s,b,m,v)  out y",
                "those of the batch");
}

static void further_outputs_are_of_training(void **state)
{
    struct graph_test *t = *state;
    assert_int_equal(
        kaon_graph_read(&t->ir,
                        "x:float[n,1]  w:float[1]={1}  y,m,v=BatchNormalization(x,w,w,w,w)  "
                        "out y",
                        NULL),
        KAON_UNSUPPORTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, graph_setup, graph_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_norm_behind_a_conv_goes_into_it),
        TEST(a_bias_goes_along),
        TEST(each_channel_has_its_factor),
        TEST(a_conv_with_two_readers_keeps_its_norm),
        TEST(weights_or_a_bias_that_are_inputs_keep_the_norm),
        TEST(a_scaled_gemm_keeps_its_norm),
        TEST(a_norm_of_an_input_stays),
        TEST(a_norm_for_training_stays),
        TEST(further_outputs_are_of_training),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
