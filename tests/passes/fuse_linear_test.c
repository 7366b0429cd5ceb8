/* engine/passes/fuse_linear.c */
#include "tests/passes/text.h"

static const struct kaon_pass *const pass = &kaon_pass_fuse_linear;

#define W "w:float[2,3]={1,2,3,4,5,6}  "
#define B "b:float[3]={7,8,9}  "

static void a_product_and_a_sum_become_linear(void **state)
{
    graph_check(state, pass, "x:float[n,2]  " W "p=MatMul(x,w)  " B "y=Add(p,b)  out y", 1,
                "x:float[n,2]  " W B "y=ai.kaon::Linear(x,w,b)  out y");
    graph_check(state, pass, "x:float[n,2]  " W "p=MatMul(x,w)  " B "y=Add(b,p)  out y", 1,
                "x:float[n,2]  " W B "y=ai.kaon::Linear(x,w,b)  out y");
}

static void a_bias_of_more_axes_is_made_flat(void **state)
{
    graph_check(state, pass,
                "x:float[k,n,2]  " W "p=MatMul(x,w)  b:float[1,1,3]={7,8,9}  y=Add(p,b)  out y", 1,
                "x:float[k,n,2]  " W B "y=ai.kaon::Linear(x,w,b)  out y");
}

static void a_gemm_becomes_linear(void **state)
{
    graph_check(state, pass, "x:float[n,2]  " W B "y=Gemm(x,w,b)  out y", 1,
                "x:float[n,2]  " W B "y=ai.kaon::Linear(x,w,b)  out y");
    graph_check(state, pass, "x:float[n,2]  " W "y=Gemm(x,w)  out y", 1,
                "x:float[n,2]  " W "y=ai.kaon::Linear(x,w)  out y");
    graph_check(
        state, pass, "x:float[n,3]  " W "b:float[2]={1,2}  y=Gemm{transB=1}(x,w,b)  out y", 1,
        "x:float[n,3]  " W "b:float[2]={1,2}  y=ai.kaon::Linear{transposed=1}(x,w,b)  out y");
}

static void a_product_with_two_readers_stays(void **state)
{
    graph_keeps(state, pass, "x:float[n,2]  " W "p=MatMul(x,w)  " B "y=Add(p,b)  out y p",
                "others read");
    graph_keeps(state, pass, "x:float[n,2]  " W "p=MatMul(x,w)  y=Add(p,p)  out y", "others read");
}

static void what_is_not_one_number_a_column_is_no_bias(void **state)
{
    graph_keeps(state, pass, "x:float[n,2]  b:float[3]  " W "p=MatMul(x,w)  y=Add(p,b)  out y",
                "not a constant");
    graph_keeps(state, pass, "x:float[n,2]  " W "p=MatMul(x,w)  b:float[1]={7}  y=Add(p,b)  out y",
                "not a constant");
    graph_keeps(state, pass,
                "x:float[3,2]  " W "p=MatMul(x,w)  b:float[3,1]={7,8,9}  y=Add(p,b)  out y",
                "not a constant");
    graph_keeps(state, pass, /* the sum has an axis more than the product */
                "x:float[n,2]  " W "p=MatMul(x,w)  b:float[1,1,3]={7,8,9}  y=Add(p,b)  out y",
                "not a constant");
}

static void weights_that_are_inputs_stay(void **state)
{
    graph_keeps(state, pass, "x:float[n,2]  w:float[2,3]  p=MatMul(x,w)  " B "y=Add(p,b)  out y",
                NULL);
    graph_keeps(state, pass, "x:float[n,2]  w:float[2,3]  " B "y=Gemm(x,w,b)  out y", "constant B");
}

static void gemms_of_another_form_stay(void **state)
{
    graph_keeps(state, pass, "x:float[n,2]  " W B "y=Gemm{alpha=2.00000000}(x,w,b)  out y",
                "factors");
    graph_keeps(state, pass, "x:float[n,2]  " W B "y=Gemm{beta=0.500000000}(x,w,b)  out y",
                "factors");
    graph_keeps(state, pass, "x:float[2,n]  " W B "y=Gemm{transA=1}(x,w,b)  out y", "");
    graph_keeps(state, pass, "x:float[n,2]  " W "b:float[1]={7}  y=Gemm(x,w,b)  out y",
                "not a constant");
}

static void other_types_stay(void **state)
{
    graph_keeps(
        state, pass,
        "x:double[n,1]  w:double[1,1]={2}  p=MatMul(x,w)  b:double[1]={7}  y=Add(p,b)  out y",
        NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, graph_setup, graph_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_product_and_a_sum_become_linear),
        TEST(a_bias_of_more_axes_is_made_flat),
        TEST(a_gemm_becomes_linear),
        TEST(a_product_with_two_readers_stays),
        TEST(what_is_not_one_number_a_column_is_no_bias),
        TEST(weights_that_are_inputs_stay),
        TEST(gemms_of_another_form_stay),
        TEST(other_types_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
