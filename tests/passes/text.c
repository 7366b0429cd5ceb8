#include "tests/passes/text.h"

#include "kernels/kernels.h"

int graph_setup(void **state)
{
    struct graph_test *t = calloc(1, sizeof *t);
    kaon_arena_open(&t->arena, &kaon_allocator_default, 4096);
    t->ir.arena = &t->arena;
    t->opset = (struct kaon_opset){ "", 17 };
    t->ir.opsets = &t->opset;
    t->ir.n_opsets = 1;
    t->ir.most_elements = 1 << 20;
    t->ir.fold_bytes = 1 << 20;
    *state = t;
    return 0;
}

int graph_teardown(void **state)
{
    struct graph_test *t = *state;
    kaon_arena_close(&t->arena);
    free(t);
    return 0;
}

void graph_read(struct graph_test *t, int opset, const char *text)
{
    struct kaon_msg msg;
    t->opset.version = opset;
    t->ir.top = NULL;
    if (kaon_graph_read(&t->ir, text, &msg) != KAON_OK)
        fail_msg("%s", msg.text);
}

char *graph_text(const struct kaon_ir *ir)
{
    struct test_text text = { 0 };
    struct kaon_sink sink = { .write = test_text_write, .user = &text };
    assert_int_equal(kaon_graph_write(ir, ir->top, &sink, NULL), KAON_OK);
    kaon_sink_flush(&sink);
    return text.text;
}

uint32_t graph_pass(struct graph_test *t, const struct kaon_pass *pass)
{
    struct kaon_msg msg;
    t->log = (struct kaon_pass_log){ 0 };
    if (kaon_pass_run(&t->ir, pass, kaon_kernels_select(0), &kaon_allocator_default, &t->log,
                      &msg) != KAON_OK)
        fail_msg("%s", msg.text);
    return t->log.edits;
}

/* Lines without indentation, so that tests may lay graphs out as they like. */
static char *normal(const char *text)
{
    char *out = malloc(strlen(text) + 2), *p = out;
    for (const char *s = text; *s;) {
        s += strspn(s, " \n");
        while (*s && *s != '\n' && !(s[0] == ' ' && s[1] == ' '))
            *p++ = *s++;
        *p++ = '\n';
        s += strspn(s, " \n");
    }
    *p = 0;
    return out;
}

void graph_expect(const struct graph_test *t, const char *text)
{
    char *raw = graph_text(&t->ir), *got = normal(raw), *want = normal(text);
    assert_string_equal(got, want);
    free(raw);
    free(got);
    free(want);
}

void graph_check(void **state, const struct kaon_pass *pass, const char *before, uint32_t edits,
                 const char *after)
{
    struct graph_test *t = *state;
    graph_read(t, 17, before);
    const uint32_t made = graph_pass(t, pass);
    graph_expect(t, after);
    assert_int_equal(made, edits);
}

void graph_keeps(void **state, const struct kaon_pass *pass, const char *graph, const char *why)
{
    struct graph_test *t = *state;
    bool told = !why;
    graph_check(state, pass, graph, 0, graph);
    for (const struct kaon_pass_line *l = t->log.first; l; l = l->next)
        told |= why && l->why && strstr(l->why, why);
    if (!told)
        fail_msg("the log does not say '%s'", why);
}
