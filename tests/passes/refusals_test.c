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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(boxes_must_fit_scores, graph_setup, graph_teardown),
        cmocka_unit_test_setup_teardown(states_must_fit_kernels, graph_setup, graph_teardown),
        cmocka_unit_test_setup_teardown(updates_must_fit_caches, graph_setup, graph_teardown),
        cmocka_unit_test_setup_teardown(matrices_must_be_square, graph_setup, graph_teardown),
        cmocka_unit_test_setup_teardown(draws_must_be_possible, graph_setup, graph_teardown),
        cmocka_unit_test_setup_teardown(optimizers_need_whole_groups, graph_setup, graph_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
