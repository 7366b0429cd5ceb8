/* What models, plans and the machine say of themselves, as text. */
#include "engine/base/cpu.h"
#include "engine/base/fact.h"
#include "engine/base/sink.h"
#include "engine/graph/text.h"
#include "engine/model.h"
#include "engine/plan/session.h"
#include "kernels/kernels.h"

#include <stdlib.h>
#include <string.h>

/* ---- model ----------------------------------------------------------------------------------- */

static void count_nodes(const struct kaon_graph *graph, uint32_t *counts, uint64_t *nodes)
{
    for (const struct kaon_node *n = graph->first; n; n = n->next) {
        counts[n->op->kind]++;
        (*nodes)++;
        for (size_t i = 0; i < n->n_sub; i++)
            count_nodes(n->sub[i], counts, nodes);
    }
}

/* Numbers in constants that nodes read. */
static uint64_t count_parameters(const struct kaon_model *m)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < m->ir.n_values; i++)
        if (m->constants[i] && m->constants[i]->tensor.type == KAON_F32)
            n += (uint64_t)kaon_tensor_count(&m->constants[i]->tensor);
    return n;
}

static void print_json(const struct kaon_model *m, struct kaon_sink *s)
{
    uint32_t counts[KAON_OP_COUNT] = { 0 };
    uint64_t nodes = 0;
    const char *comma = "";
    count_nodes(m->ir.top, counts, &nodes);
    kaon_sink_put(s, "{\"opset\":{");
    for (size_t i = 0; i < m->ir.n_opsets; i++, comma = ",") {
        kaon_sink_put(s, "%s", comma);
        kaon_sink_json(s, *m->ir.opsets[i].domain ? m->ir.opsets[i].domain : "ai.onnx");
        kaon_sink_put(s, ":%lld", (long long)m->ir.opsets[i].version);
    }
    kaon_sink_put(s, "},\"operators\":{");
    comma = "";
    for (int k = 1; k < KAON_OP_COUNT; k++) {
        const struct kaon_op *op = kaon_op_of((enum kaon_op_kind)k);
        if (!counts[k])
            continue;
        kaon_sink_put(s, "%s\"%s%s%s\":%u", comma, op->domain, *op->domain ? "." : "", op->name,
                      counts[k]);
        comma = ",";
    }
    kaon_sink_put(s,
                  "},\"nodes\":%llu,\"parameters\":%llu,\"edits\":%u,\"isa\":\"%s\","
                  "\"backend\":\"%s\"}\n",
                  (unsigned long long)nodes, (unsigned long long)count_parameters(m),
                  m->passes.edits, m->kernels->isa, m->backend->name);
}

static void print_why(const struct kaon_model *m, struct kaon_sink *s)
{
    uint32_t edit = 0;
    for (const struct kaon_pass_line *l = m->passes.first; l; l = l->next) {
        if (l->why)
            kaon_sink_put(s, "      %-16s %.200s '%.300s': not applied: %s\n", l->pass, l->op,
                          l->node, l->why);
        else
            kaon_sink_put(s, "%4u  %-16s %.200s '%.300s'\n", ++edit, l->pass, l->op, l->node);
    }
    kaon_sink_put(s, "%u edits\n", edit);
}

enum kaon_status kaon_model_print(const struct kaon_model *model, enum kaon_print what,
                                  kaon_write_fn write, void *user, struct kaon_msg *msg)
{
    struct kaon_sink s = { .write = write, .user = user };
    if (!model || !write)
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "kaon_model_print: a null pointer");
    enum kaon_status st = KAON_OK;
    switch (what) {
    case KAON_PRINT_GRAPH:
        st = kaon_graph_write(&model->ir, model->ir.top, &s, msg);
        break;
    case KAON_PRINT_WHY:
        print_why(model, &s);
        break;
    case KAON_PRINT_JSON:
        print_json(model, &s);
        break;
    default:
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "there is no print form %d", (int)what);
    }
    kaon_sink_flush(&s);
    return st;
}

/* ---- plan ------------------------------------------------------------------------------------ */

static void print_tensor(struct kaon_sink *s, const struct kaon_planned *p)
{
    kaon_sink_put(s, " %s%s", kaon_type_name(p->tensor.type),
                  kaon_shape_text(p->tensor.rank, p->tensor.dims).text);
    if (p->place == KAON_PLACE_ARENA)
        kaon_sink_put(s, "@%zu", p->offset);
    else if (p->place == KAON_PLACE_VIEW && p->base->place == KAON_PLACE_ARENA)
        kaon_sink_put(s, "@%zu", p->base->offset);
    else
        kaon_sink_put(s, p->place == KAON_PLACE_KNOWN ? "=" : "@in");
}

enum kaon_status kaon_session_print_plan(const struct kaon_session *session, kaon_write_fn write,
                                         void *user, struct kaon_msg *msg)
{
    struct kaon_sink s = { .write = write, .user = user };
    const struct kaon_plan *p = session ? session->last : NULL;
    if (!p || !write)
        return kaon_fail(msg, KAON_BAD_STATE, "no plan has run yet");
    for (size_t i = 0; i < p->n_steps; i++) {
        const struct kaon_plan_step *step = &p->steps[i];
        const struct kaon_call *c = &step->step.call;
        kaon_sink_put(&s, "%4zu %-20s %-14s", i, c->op->name,
                      step->step.kernel ? step->step.kernel : "");
        for (size_t k = 0; k < c->n_out; k++)
            if (step->out[k])
                print_tensor(&s, step->out[k]);
        kaon_sink_put(&s, " <-");
        for (size_t k = 0; k < c->n_in; k++)
            if (step->in[k])
                print_tensor(&s, step->in[k]);
        kaon_sink_put(&s, "  %.200s\n", c->node);
    }
    for (size_t i = 0; i < p->n_tail; i++)
        kaon_sink_put(&s, "tail %-20s %.300s\n", p->tail[i]->op->name, p->tail[i]->name);
    kaon_sink_put(&s, "%zu steps, %zu in the tail, arena %zu bytes, scratch %zu bytes, %llu MAC\n",
                  p->n_steps, p->n_tail, p->arena_bytes, p->scratch_bytes,
                  (unsigned long long)p->macs);
    kaon_sink_flush(&s);
    return KAON_OK;
}

/* True if two steps were refused for the same reason. */
static bool same_refusal(const struct kaon_step *a, const struct kaon_step *b)
{
    return a->refused && b->refused && a->call.op == b->call.op && !strcmp(a->refused, b->refused);
}

enum { NAMED_NODES = 3 }; /* of a line */

/* The line of step i, unless an earlier step has it. */
static void print_refusal(struct kaon_sink *s, const struct kaon_plan *p, size_t i)
{
    const struct kaon_step *step = &p->steps[i].step;
    size_t count = 0;
    for (size_t k = 0; k < i; k++)
        if (same_refusal(&p->steps[k].step, step))
            return;
    for (size_t k = i; k < p->n_steps; k++)
        count += same_refusal(&p->steps[k].step, step);
    kaon_sink_put(s, "%6zu  %-20s %s:", count, step->call.op->name, step->refused);
    count = 0;
    for (size_t k = i; k < p->n_steps && count <= NAMED_NODES; k++)
        if (same_refusal(&p->steps[k].step, step))
            count++ < NAMED_NODES ? kaon_sink_put(s, " '%.100s'", p->steps[k].step.call.node)
                                  : kaon_sink_put(s, " ...");
    kaon_sink_put(s, "\n");
}

enum kaon_status kaon_session_print_why(const struct kaon_session *session, kaon_write_fn write,
                                        void *user, struct kaon_msg *msg)
{
    struct kaon_sink s = { .write = write, .user = user };
    const struct kaon_plan *p = session ? session->last : NULL;
    size_t refused = 0;
    if (!p || !write)
        return kaon_fail(msg, KAON_BAD_STATE, "no plan has run yet");
    for (size_t i = 0; i < p->n_steps; i++)
        refused += p->steps[i].step.refused != NULL;
    kaon_sink_put(&s, "%s computes %zu of %zu steps\n", session->model->backend->name,
                  p->n_steps - refused, p->n_steps);
    for (size_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].step.refused)
            print_refusal(&s, p, i);
    if (p->n_tail)
        kaon_sink_put(&s, "%6zu  nodes whose shapes only a run tells are decided in it\n",
                      p->n_tail);
    kaon_sink_flush(&s);
    return KAON_OK;
}

/* ---- machine --------------------------------------------------------------------------------- */

void kaon_cpu_print(kaon_write_fn write, void *user)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } features[] = {
        { KAON_CPU_AVX2, "avx2" }, { KAON_CPU_AVX512, "avx512" }, { KAON_CPU_VNNI, "vnni" },
        { KAON_CPU_BF16, "bf16" }, { KAON_CPU_FP16, "fp16" },     { KAON_CPU_AMX, "amx" },
    };
    struct kaon_sink s = { .write = write, .user = user };
    uint32_t all = 0, capped = 0;
    const char *comma = "";
    kaon_cpu_bits(&all, "avx512");
    if (kaon_cpu_bits(&capped, NULL) != 0)
        capped = all;
    kaon_sink_put(&s, "{\"name\":");
    kaon_sink_json(&s, kaon_cpu_name());
    kaon_sink_put(&s, ",\"features\":[");
    for (size_t i = 0; i < sizeof features / sizeof *features; i++)
        if (all & features[i].bit) {
            kaon_sink_put(&s, "%s\"%s\"", comma, features[i].name);
            comma = ",";
        }
    kaon_sink_put(&s, "],\"kernels\":\"%s\"}\n", kaon_kernels_select(capped)->isa);
    kaon_sink_flush(&s);
}
