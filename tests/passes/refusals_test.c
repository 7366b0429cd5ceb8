/* What the inference of operators refuses, in one sentence each. */
#include "tests/passes/text.h"

/* A graph of that domain and opset is refused with `why` in the message. */
static void refuses(void **state, const char *domain, int opset, const char *graph, const char *why)
{
    struct graph_test *t = *state;
    struct kaon_msg msg = { { 0 } };
    t->opset = (struct kaon_opset){ domain, opset };
    t->ir.top = NULL;
    assert_int_not_equal(kaon_graph_read(&t->ir, graph, &msg), KAON_OK);
    if (!strstr(msg.text, why))
        fail_msg("'%s' lacks '%s'", msg.text, why);
}

static void boxes_must_fit_scores(void **state)
{
    refuses(state, "", 11, "b:float[1,6,3]  s:float[1,1,6]  y=NonMaxSuppression(b,s)  out y",
            "boxes of [1,6,3]");
    refuses(state, "", 11, "b:float[1,5,4]  s:float[1,1,6]  y=NonMaxSuppression(b,s)  out y",
            "boxes of [1,5,4]");
    refuses(state, "", 11, "b:float[6,4]  s:float[1,1,6]  y=NonMaxSuppression(b,s)  out y", "rank");
    refuses(state, "", 11,
            "b:float[1,6,4]  s:float[1,1,6]  n:int64[2]  y=NonMaxSuppression(b,s,n)  out y",
            "input 2 is not one number");
    refuses(state, "", 11,
            "b:float[1,6,4]  s:float[1,1,6]  y=NonMaxSuppression{center_point_box=2}(b,s)  out y",
            "center_point_box is 2");
}

static void states_must_fit_kernels(void **state)
{
    refuses(state, "", 27, "x:float[2,3,4]  w:float[3,2,4]  y=CausalConvWithState(x,w)  out y",
            "input 1 of [3,2,4]");
    refuses(state, "", 27, "x:float[2,3,4]  w:float[3,1,0]  y=CausalConvWithState(x,w)  out y",
            "a kernel of length 0");
    refuses(state, "", 27,
            "x:float[2,3,4]  w:float[3,1,4]  p:float[2,3,4]  y=CausalConvWithState(x,w,,p)  out y",
            "input 3 of [2,3,4]");
}

static void updates_must_fit_caches(void **state)
{
    refuses(state, "", 24, "c:float[2,4,3]  u:float[2,5,3]  y=TensorScatter(c,u)  out y",
            "5 places for a cache of 4");
    refuses(state, "", 24, "c:float[2,4,3]  u:float[2,1,4]  y=TensorScatter(c,u)  out y",
            "input 1 of [2,1,4]");
    refuses(state, "", 24, "c:float[2,4,3]  u:float[2,4,3]  y=TensorScatter{axis=0}(c,u)  out y",
            "axis 0 is the batch");
}

static void matrices_must_be_square(void **state)
{
    refuses(state, "", 22, "x:float[2,3]  y=Det(x)  out y", "2 x 3 are not square");
    refuses(state, "", 22, "x:float[2]  y=Det(x)  out y", "rank 1");
    refuses(state, "", 28, "a:float[2]  b:float[3]  y=SwiGLU(a,b)  out y", "input 1 of [3]");
}

static void draws_must_be_possible(void **state)
{
    refuses(state, "", 22, "y=RandomUniform{shape=[2,-1]}()  out y", "a length is -1");
    refuses(state, "", 22, "y=RandomNormal()  out y", "shape");
    refuses(state, "", 22, "x:float[2,0]  y=Multinomial(x)  out y", "no classes");
    refuses(state, "", 22, "x:float[2,3]  y=Multinomial{dtype=1}(x)  out y", "dtype 1");
    refuses(state, "", 6, "x:float[2]  y=Dropout{ratio=1.0}(x)  out y", "ratio is 1");
}

static void optimizers_need_whole_groups(void **state)
{
    refuses(state, "ai.onnx.preview.training", 1,
            "r:float[]  t:int64[]  x:float[2]  g:float[2]  h:float[2]  i:float[2]  "
            "y=ai.onnx.preview.training::Adagrad(r,t,x,g,h,i)  out y",
            "do not fit");
    refuses(state, "ai.onnx.preview.training", 1,
            "r:float[]  t:int64[]  x:float[2]  g:float[3]  h:float[2]  "
            "y=ai.onnx.preview.training::Adagrad(r,t,x,g,h)  out y",
            "another shape");
    refuses(state, "ai.onnx.preview.training", 1,
            "r:float[2]  t:int64[]  x:float[2]  g:float[2]  h:float[2]  "
            "y=ai.onnx.preview.training::Adagrad(r,t,x,g,h)  out y",
            "input 0 is not one number");
}

static void pictures_must_fit(void **state)
{
    refuses(state, "", 20, "x:float[1,2,3,4]  g:float[1,5,5,3]  y=GridSample(x,g)  out y",
            "3 coordinates a point");
    refuses(state, "", 20, "x:float[2,2,3,4]  g:float[1,5,5,2]  y=GridSample(x,g)  out y",
            "2 pictures and 1 grids");
    refuses(state, "", 16, "x:float[1,2,3,4]  r:float[5,3]  b:int64[5]  y=RoiAlign(x,r,b)  out y",
            "regions of 3 numbers");
    refuses(state, "", 16, "x:float[1,2,3,4]  r:float[5,4]  b:int64[4]  y=RoiAlign(x,r,b)  out y",
            "5 regions and 4 items");
    refuses(state, "", 11, "x:float[1,2,3]  i:int64[1,2,3]  y=MaxUnpool(x,i)  out y",
            "kernel_shape is not given");
    refuses(state, "", 19,
            "x:float[1,4,5,5]  w:float[2,4,3,3]  o:float[1,18,2,2]  y=DeformConv(x,w,o)  out y",
            "do not fit");
}

static void signals_must_fit(void **state)
{
    refuses(state, "", 17, "x:float[2,8,3]  y=DFT(x)  out y", "3 parts a number");
    refuses(state, "", 17, "x:float[2,8,2]  y=DFT{axis=2}(x)  out y", "axis 2 holds");
    refuses(state, "", 17, "x:float[2,8,1]  n:int64[]  y=STFT(x,n)  out y", "neither a window");
}

static void losses_must_fit(void **state)
{
    refuses(state, "", 13, "x:float[2,3,4]  t:int64[2,5]  y=NegativeLogLikelihoodLoss(x,t)  out y",
            "classes of [2,5]");
    refuses(state, "", 13,
            "x:float[2,3]  t:int64[2]  w:float[4]  y=SoftmaxCrossEntropyLoss(x,t,w)  out y",
            "4 weights for 3 classes");
}

static void integers_must_be_bytes(void **state)
{
    refuses(state, "", 10, "a:int32[2,3]  b:uint8[3,4]  y=MatMulInteger(a,b)  out y",
            "wanted uint8 or int8");
    refuses(state, "", 10, "a:uint8[2,3]  b:uint8[4,4]  y=MatMulInteger(a,b)  out y",
            "do not multiply");
    refuses(state, "com.microsoft", 1,
            "a:float[2,64]  b:uint8[4,2,16]  s:float[4,3]  "
            "y=com.microsoft::MatMulNBits{K=64,N=4,block_size=32}(a,b,s)  out y",
            "scales of [4,3]");
    refuses(state, "com.microsoft", 1,
            "a:float[2,64]  b:uint8[4,2,16]  s:float[4,2]  "
            "y=com.microsoft::MatMulNBits{K=64,N=4,block_size=33}(a,b,s)  out y",
            "block_size is 33");
    refuses(state, "com.microsoft", 1,
            "x:uint8[4,8]  i:int64[2]  s:float[4,2]  "
            "y=com.microsoft::GatherBlockQuantized{block_size=16}(x,i,s)  out y",
            "scales of [4,2]");
}

/* Elements that are pointers reach no operator that would read them as numbers. */
static void strings_stay_among_their_own(void **state)
{
    refuses(state, "", 20, "x:string[2]  y=StringConcat(x,x)  z=Abs(y)  out z",
            "Abs: element type string");
    refuses(state, "", 20, "x:string[2]  y=Cast{to=1}(x)  out y", "from string");
    refuses(state, "", 20, "x:int64[2]  y=Cast{to=8}(x)  out y", "to element type 8");
    refuses(state, "", 26, "x:int64[2]  y=BitCast{to=8}(x)  out y", "to element type 8");
    refuses(state, "", 26, "x:string[2]  y=BitCast{to=7}(x)  out y", "string");
    refuses(state, "", 22, "x:float[2,2]  y=EyeLike{dtype=8}(x)  out y", "string");
    refuses(state, "", 22, "x:float[2]  y=StringConcat(x,x)  out y", "wanted string");
    refuses(state, "", 22, "x:string[2,3]  y=StringNormalizer(x)  out y", "wanted [C] or [1,C]");
}

/* What the fuzzer of model files has found. */
static void nodes_must_be_whole(void **state)
{
    refuses(state, "", 16, "c:bool[]  y=If(c)  out y", "0 nested graphs, wanted 2");
    refuses(state, "", 16, "x:float[2]  y=SequenceConstruct(x,,x)  out y", "input 1 is not given");
    refuses(state, "", 16,
            "x:float[1,2,3,4]  r:float[5,4]  b:int64[5]  "
            "y=RoiAlign{sampling_ratio=2147483647}(x,r,b)  out y",
            "sampling_ratio 2147483647");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(boxes_must_fit_scores, graph_setup, graph_teardown),
        cmocka_unit_test_setup_teardown(states_must_fit_kernels, graph_setup, graph_teardown),
        cmocka_unit_test_setup_teardown(updates_must_fit_caches, graph_setup, graph_teardown),
        cmocka_unit_test_setup_teardown(matrices_must_be_square, graph_setup, graph_teardown),
        cmocka_unit_test_setup_teardown(draws_must_be_possible, graph_setup, graph_teardown),
        cmocka_unit_test_setup_teardown(optimizers_need_whole_groups, graph_setup, graph_teardown),
        cmocka_unit_test_setup_teardown(pictures_must_fit, graph_setup, graph_teardown),
        cmocka_unit_test_setup_teardown(signals_must_fit, graph_setup, graph_teardown),
        cmocka_unit_test_setup_teardown(losses_must_fit, graph_setup, graph_teardown),
        cmocka_unit_test_setup_teardown(integers_must_be_bytes, graph_setup, graph_teardown),
        cmocka_unit_test_setup_teardown(strings_stay_among_their_own, graph_setup, graph_teardown),
        cmocka_unit_test_setup_teardown(nodes_must_be_whole, graph_setup, graph_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
