/* engine/passes/fuse_attention.c */
#include "tests/passes/text.h"

static const struct kaon_pass *const pass = &kaon_pass_fuse_attention;

#define SHAPE "s:int64[4]={0,0,2,4}  "
#define HEADS                                                                                      \
    "a=Reshape(x,s)  q=Transpose{perm=[0,2,1,3]}(a)  b=Reshape(z,s)  "                             \
    "k=Transpose{perm=[0,2,3,1]}(b)  c=Reshape(w,s)  v=Transpose{perm=[0,2,1,3]}(c)  "
#define ROWS "x:float[n,5,8]  z:float[n,6,8]  w:float[n,6,8]  "
#define LAST "o=MatMul(p,v)  y=Transpose{perm=[0,2,1,3]}(o)  out y"

static void projections_are_read_where_they_are(void **state)
{
    graph_check(state, pass,
                ROWS SHAPE HEADS "g=MatMul(q,k)  f:float[]={0.5}  t=Mul(g,f)  "
                                 "p=Softmax{axis=-1}(t)  " LAST,
                1,
                ROWS "y=ai.kaon::Attention{heads=2,head_size=4,scale_scores=0.500000000}(x,z,w)  "
                     "out y");
}

static void a_bias_and_a_division_by_a_power_of_two_go_along(void **state)
{
    graph_check(state, pass,
                ROWS SHAPE HEADS "m:float[n,1,1,6]  g=MatMul(q,k)  f:float[]={8}  t=Div(g,f)  "
                                 "r=Add(m,t)  p=Softmax{axis=3}(r)  " LAST,
                1,
                ROWS "m:float[n,1,1,6]  "
                     "y=ai.kaon::Attention{heads=2,head_size=4,scale_scores=0.125000000}(x,z,w,m)  "
                     "out y");
}

static void slices_of_one_projection_are_columns_of_it(void **state)
{
    graph_check(
        state, pass,
        "x:float[n,5,24]  l:int64[1]={-1}  i0:int64[1]={0}  i1:int64[1]={8}  i2:int64[1]={16}  "
        "i3:int64[1]={24}  " SHAPE "qs=Slice(x,i0,i1,l)  ks=Slice(x,i1,i2,l)  vs=Slice(x,i2,i3,l)  "
        "a=Reshape(qs,s)  aq=Transpose{perm=[0,2,1,3]}(a)  f:float[]={0.5}  q=Mul(aq,f)  "
        "b=Reshape(ks,s)  bk=Transpose{perm=[0,2,1,3]}(b)  bt=Transpose{perm=[0,1,3,2]}(bk)  "
        "k=Mul(bt,f)  c=Reshape(vs,s)  v=Transpose{perm=[0,2,1,3]}(c)  "
        "g=MatMul(q,k)  e=Softmax{axis=-1}(g)  h=IsNaN(e)  zero:float[1]={0}  p=Where(h,zero,e) "
        " " LAST,
        1,
        "x:float[n,5,24]  y=ai.kaon::Attention{heads=2,head_size=4,k_at=8,v_at=16,nan_is_zero=1,"
        "scale_q=0.500000000,scale_k=0.500000000}(x,x,x)  out y");
}

static void tokens_may_come_first(void **state)
{
    graph_check(state, pass,
                "x:float[n,6,4]  z:float[m,6,4]  w:float[m,6,4]  t:float[6,1,m]  f:float[]={2}  "
                "a=Transpose{perm=[1,0,2]}(x)  q=Div(a,f)  k=Transpose{perm=[1,2,0]}(z)  "
                "v=Transpose{perm=[1,0,2]}(w)  g=MatMul(q,k)  r=Add(g,t)  p=Softmax{axis=-1}(r)  "
                "o=MatMul(p,v)  y=Transpose{perm=[1,0,2]}(o)  out y",
                1,
                "x:float[n,6,4]  z:float[m,6,4]  w:float[m,6,4]  t:float[6,1,m]  "
                "y=ai.kaon::Attention{heads=0,head_size=4,scale_q=0.500000000}(x,z,w,t)  out y");
    graph_keeps(state, pass,
                "x:float[n,g,4]  z:float[m,h,4]  w:float[m,g,4]  q=Transpose{perm=[1,0,2]}(x)  "
                "k=Transpose{perm=[1,2,0]}(z)  v=Transpose{perm=[1,0,2]}(w)  g1=MatMul(q,k)  "
                "p=Softmax{axis=-1}(g1)  o=MatMul(p,v)  y=Transpose{perm=[1,0,2]}(o)  out y",
                "differ in heads");
}

static void what_would_change_bits_or_shapes_stays(void **state)
{
    graph_keeps(state, pass,
                ROWS SHAPE HEADS "g=MatMul(q,k)  f:float[]={3}  t=Div(g,f)  "
                                 "p=Softmax{axis=-1}(t)  " LAST,
                "neither a scale nor a bias");
    graph_keeps(state, pass, ROWS SHAPE HEADS "g=MatMul(q,k)  p=Softmax{axis=-1}(g)  " LAST " p",
                "others read the weights");
    graph_keeps(state, pass, ROWS SHAPE HEADS "g=MatMul(q,k)  p=Softmax{axis=2}(g)  " LAST,
                "another axis");
    graph_keeps(state, pass,
                ROWS SHAPE HEADS "g=MatMul(q,k)  t=Exp(g)  p=Softmax{axis=-1}(t)  " LAST,
                "neither a scale nor a bias");
    graph_keeps(state, pass,
                "x:float[n,2,5,4]  k:float[n,2,4,6]  v:float[n,2,6,4]  g=MatMul(x,k)  "
                "p=Softmax{axis=-1}(g)  " LAST,
                "not transposed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, graph_setup, graph_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(projections_are_read_where_they_are),
        TEST(a_bias_and_a_division_by_a_power_of_two_go_along),
        TEST(slices_of_one_projection_are_columns_of_it),
        TEST(tokens_may_come_first),
        TEST(what_would_change_bits_or_shapes_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
