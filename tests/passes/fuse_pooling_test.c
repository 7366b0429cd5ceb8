/* engine/passes/fuse_pooling.c */
#include "tests/passes/text.h"

static const struct kaon_pass *const pass = &kaon_pass_fuse_pooling;

static void weights_of_tokens_are_one_node(void **state)
{
    graph_check(state, pass,
                "v:float[n,t,8]  s:float[n,t,1]  m:bool[n,t,1]  low:float[]={-inf}  "
                "h=Where(m,low,s)  e=Softmax{axis=1}(h)  zero:float[]={0}  w=Where(m,zero,e)  "
                "z1:float[1,1,1]={0}  z8:float[1,1,8]={0,0,0,0,0,0,0,0}  a=Concat{axis=1}(w,z1)  "
                "b=Concat{axis=1}(v,z8)  p=Mul(b,a)  x:int64[1]={1}  "
                "y=ReduceSum{keepdims=0}(p,x)  out y",
                1,
                "v:float[n,t,8]  s:float[n,t,1]  m:bool[n,t,1]  "
                "y=ai.kaon::AttentionPooling{mask_hides=1}(v,s,m)  out y");
    graph_check(state, pass,
                "v:float[n,t,8]  s:float[n,t,1]  e=Softmax{axis=1}(s)  p=Mul(e,v)  "
                "x:int64[1]={-2}  y=ReduceSum(p,x)  out y",
                1,
                "v:float[n,t,8]  s:float[n,t,1]  y=ai.kaon::AttentionPooling{keepdims=1}(v,s)  "
                "out y");
}

static void what_is_not_pooling_stays(void **state)
{
    graph_keeps(state, pass,
                "v:float[n,t,8]  s:float[n,t,8]  e=Softmax{axis=1}(s)  p=Mul(e,v)  "
                "x:int64[1]={1}  y=ReduceSum(p,x)  out y",
                NULL);
    graph_keeps(state, pass,
                "v:float[n,t,8]  s:float[n,u,1]  e=Softmax{axis=1}(s)  p=Mul(e,v)  "
                "x:int64[1]={1}  y=ReduceSum(p,x)  out y",
                NULL);
    graph_keeps(state, pass,
                "v:float[n,t,8]  s:float[n,t,1]  e=Softmax{axis=1}(s)  p=Mul(e,v)  "
                "x:int64[1]={0}  y=ReduceSum(p,x)  out y",
                NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, graph_setup, graph_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(weights_of_tokens_are_one_node),
        TEST(what_is_not_pooling_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
