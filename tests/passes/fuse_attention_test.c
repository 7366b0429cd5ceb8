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

static void a_division_stays_one(void **state)
{
    graph_check(state, pass,
                ROWS SHAPE HEADS "g=MatMul(q,k)  f:float[]={3}  t=Div(g,f)  "
                                 "p=Softmax{axis=-1}(t)  " LAST,
                1,
                ROWS "y=ai.kaon::Attention{heads=2,head_size=4,divisor=3.00000000}(x,z,w)  out y");
}

#define SHORT "y=ai.kaon::Attention{heads=2,head_size=4"

static void masks_of_either_kind_go_along(void **state)
{
    graph_check(state, pass,
                ROWS SHAPE HEADS "m:bool[n,1,1,6]  g=MatMul(q,k)  low:float[]={-1000}  "
                                 "t=Where(m,g,low)  p=Softmax{axis=-1}(t)  " LAST,
                1, ROWS "m:bool[n,1,1,6]  " SHORT ",mask_value=-1000.00000}(x,z,w,,,m)  out y");
    graph_check(
        state, pass,
        ROWS SHAPE HEADS "m:bool[n,1,1,6]  g=MatMul(q,k)  low:float[]={-inf}  "
                         "t=Where(m,low,g)  e=Softmax{axis=-1}(t)  zero:float[]={0}  "
                         "p=Where(m,zero,e)  " LAST,
        1, ROWS "m:bool[n,1,1,6]  v.37=Not(m)  " SHORT ",mask_weights=1}(x,z,w,,,v.37)  out y");
    graph_keeps(state, pass,
                ROWS "m:bool[n,1,1,6]  " SHAPE HEADS "g=MatMul(q,k)  e=Softmax{axis=-1}(g)  "
                     "zero:float[]={0}  p=Where(m,zero,e)  " LAST,
                NULL);
}

static void a_gate_behind_the_softmax_goes_along(void **state)
{
    graph_check(state, pass,
                ROWS SHAPE HEADS "h:float[n,1,5,6]  g=MatMul(q,k)  e=Softmax{axis=-1}(g)  "
                                 "p=Mul(h,e)  " LAST,
                1, ROWS "h:float[n,1,5,6]  " SHORT "}(x,z,w,,h)  out y");
}

static void heads_may_come_first(void **state)
{
    graph_check(state, pass,
                "x:float[n,4,5,8]  z:float[n,2,6,8]  w:float[n,2,6,8]  a:int64[1]={2}  "
                "l:int64[5]={1,1,2,1,1}  s:int64[4]={0,4,-1,8}  ku=Unsqueeze(z,a)  "
                "ke=Expand(ku,l)  kr=Reshape(ke,s)  k=Transpose{perm=[0,1,3,2]}(kr)  "
                "vu=Unsqueeze(w,a)  ve=Expand(vu,l)  v=Reshape(ve,s)  g=MatMul(x,k)  "
                "p=Softmax{axis=-1}(g)  o=MatMul(p,v)  y=Relu(o)  out y",
                1,
                "x:float[n,4,5,8]  z:float[n,2,6,8]  w:float[n,2,6,8]  "
                "o=ai.kaon::Attention{heads=4,head_size=8,kv_heads=2,q_heads_first=1,"
                "k_heads_first=1,v_heads_first=1,heads_first=1}(x,z,w)  y=Relu(o)  out y");
}

static void einsums_of_keras_are_products(void **state)
{
    graph_check(state, pass,
                "x:float[n,5,2,4]  z:float[n,6,2,4]  w:float[n,6,2,4]  f:float[]={0.5}  "
                "q=Mul(x,f)  g=Einsum{equation=\"aecd,abcd->acbe\"}(z,q)  "
                "p=Softmax{axis=-1}(g)  y=Einsum{equation=\"acbe,aecd->abcd\"}(p,w)  out y",
                1,
                "x:float[n,5,2,4]  z:float[n,6,2,4]  w:float[n,6,2,4]  "
                "y=ai.kaon::Attention{heads=2,head_size=4,scale_q=0.500000000}(x,z,w)  out y");
    graph_keeps(state, pass,
                "x:float[n,5,2,4]  z:float[n,6,2,4]  w:float[n,6,2,4]  "
                "g=Einsum{equation=\"aecd,abcd->aceb\"}(z,x)  p=Softmax{axis=-1}(g)  "
                "y=Einsum{equation=\"aceb,aecd->abcd\"}(p,w)  out y",
                NULL);
}

static void other_weights_than_softmax_are_known(void **state)
{
    graph_check(state, pass,
                ROWS SHAPE HEADS "r:float[]={-2}  g=MatMul(q,k)  t=Add(g,r)  p=Sigmoid(t)  " LAST,
                1, ROWS "r:float[]={-2}  " SHORT ",variant=\"sigmoid:b=0\"}(x,z,w,r)  out y");
    graph_check(state, pass,
                ROWS SHAPE HEADS "m:float[1]  g=MatMul(q,k)  t=Relu(g)  p=Div(t,m)  " LAST, 1,
                ROWS "m:float[1]  v.33=Reciprocal(m)  " SHORT
                     ",variant=\"relu:gamma=0\"}(x,z,w,,v.33)  out y");
}

static void what_would_change_bits_or_shapes_stays(void **state)
{
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
        TEST(a_division_stays_one),
        TEST(masks_of_either_kind_go_along),
        TEST(a_gate_behind_the_softmax_goes_along),
        TEST(heads_may_come_first),
        TEST(einsums_of_keras_are_products),
        TEST(other_weights_than_softmax_are_known),
        TEST(what_would_change_bits_or_shapes_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
