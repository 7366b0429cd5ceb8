/* engine/plan/plan.c: where values lie in the arena, on real plans. */
#include "engine/plan/session.h"
#include "tests/support/support.h"

enum { ALIGN = 64 };

/* First and last step at which a placed value must keep its bytes. */
struct span {
    const struct kaon_planned *value;
    uint32_t first, last;
};

static struct kaon_planned *root(struct kaon_planned *p)
{
    return p->place == KAON_PLACE_VIEW ? p->base : p;
}

static struct span *span_of(struct span *spans, size_t *n, struct kaon_planned *p)
{
    p = root(p);
    if (p->place != KAON_PLACE_ARENA)
        return NULL;
    for (size_t i = 0; i < *n; i++)
        if (spans[i].value == p)
            return &spans[i];
    spans[*n] = (struct span){ p, UINT32_MAX, 0 };
    return &spans[(*n)++];
}

/* Lifetimes from the steps alone, not from what the planner noted: from the step that writes to the
 * last that reads. Outputs, and all that may be read by a tail, live to the end. */
static size_t find_spans(const struct kaon_plan *plan, size_t n_out, struct span *spans)
{
    size_t n = 0;
    for (uint32_t i = 0; i < plan->n_steps; i++) {
        const struct kaon_plan_step *s = &plan->steps[i];
        for (size_t k = 0; k < s->step.call.n_out; k++) {
            struct span *p = s->out[k] ? span_of(spans, &n, s->out[k]) : NULL;
            if (p)
                p->first = p->last = i;
        }
        for (size_t k = 0; k < s->step.call.n_in; k++) {
            struct span *p = s->in[k] ? span_of(spans, &n, s->in[k]) : NULL;
            if (p) {
                assert_true(p->first <= i); /* written before */
                p->last = i;
            }
        }
    }
    for (size_t k = 0; k < n_out; k++) {
        struct span *p = plan->out[k] != &kaon_deferred ? span_of(spans, &n, plan->out[k]) : NULL;
        if (p)
            p->last = UINT32_MAX;
    }
    return n;
}

static bool overlap(const struct span *a, const struct span *b)
{
    const size_t a_end = a->value->offset + a->value->tensor.bytes,
                 b_end = b->value->offset + b->value->tensor.bytes;
    return a->first <= b->last && b->first <= a->last && a->value->offset < b_end &&
           b->value->offset < a_end;
}

static void check_plan(const struct kaon_plan *plan, size_t n_out)
{
    struct span *spans = calloc(4 * plan->n_steps + 16, sizeof *spans);
    const size_t n = find_spans(plan, n_out, spans);
    size_t whole = 0;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(spans[i].value->offset % ALIGN, 0);
        assert_true(spans[i].value->offset + spans[i].value->tensor.bytes <= plan->arena_bytes);
        whole += spans[i].value->tensor.bytes;
        for (size_t k = 0; k < i; k++)
            if (spans[i].value->tensor.bytes && spans[k].value->tensor.bytes)
                assert_false(overlap(&spans[i], &spans[k]));
    }
    if (whole > 100000 && !plan->n_tail) /* memory is used again */
        assert_true(plan->arena_bytes < whole);
    free(spans);
}

static void check_model(const char *name, int64_t first, int64_t step)
{
    struct kaon_model *model = test_open(test_model_path(name), NULL);
    struct kaon_session *session = test_session(model);
    struct test_random r = { 41 };
    for (int64_t n = first; n < 70; n += step) {
        struct kaon_tensor in[TEST_PORTS];
        struct kaon_plan *plan;
        struct kaon_msg msg = { "" };
        test_inputs(in, model, n, &r);
        if (kaon_session_plan(session, in, false, &plan, &msg) != KAON_OK)
            fail_msg("%s", msg.text);
        check_plan(plan, kaon_model_output_count(model));
        test_inputs_close(in, model);
    }
    kaon_session_close(session);
    kaon_model_close(model);
}

static void values_that_live_together_do_not_overlap(void **state)
{
    (void)state;
    check_model("btag/btag_gn2/model.onnx", 1, 3);
    check_model("btag/btag_gn2_vertex/model.onnx", 1, 17);
    check_model("btag/btag_small/model.onnx", 1, 5);
    check_model("btag/btag_particle/model.onnx", 1, 23);
    check_model("cms/particlenet_ak4_chs_v00/model.onnx", 20, 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_that_live_together_do_not_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
