/* Opening models, and what they say of themselves. */
#include "engine/model.h"

#include "engine/attention.h"
#include "engine/base/clock.h"
#include "engine/base/cpu.h"
#include "engine/base/size.h"
#include "engine/call.h"
#include "engine/plan/plan.h"
#include "kernels/kernels.h"

#include <stdlib.h>
#include <string.h>

const char *kaon_version(void)
{
    return KAON_VERSION;
}

/* ---- options --------------------------------------------------------------------------------- */

static void fill_limits(struct kaon_limits *l)
{
    const struct kaon_limits defaults = {
        .file_bytes = (uint64_t)8 << 30,
        .nodes = 200000,
        .nesting = 16,
        .elements = (uint64_t)1 << 31,
        .open_ms = 600000,
    };
    l->file_bytes = l->file_bytes ? l->file_bytes : defaults.file_bytes;
    l->nodes = l->nodes ? l->nodes : defaults.nodes;
    l->nesting = l->nesting ? l->nesting : defaults.nesting;
    l->elements = l->elements ? l->elements : defaults.elements;
    l->open_ms = l->open_ms ? l->open_ms : defaults.open_ms;
}

/* The caller's options in our size: what an older caller does not have is 0. */
static enum kaon_status read_options(struct kaon_open_options *o,
                                     const struct kaon_open_options *given, struct kaon_msg *msg)
{
    *o = (struct kaon_open_options){ .size = sizeof *o };
    if (given) {
        if (given->size < sizeof given->size)
            return kaon_fail(msg, KAON_BAD_ARGUMENT, "the options' size is %zu, wanted %zu",
                             given->size, sizeof *o);
        memcpy(o, given, given->size < sizeof *o ? given->size : sizeof *o);
    }
    if (o->flags)
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "unknown flags 0x%x in the options", o->flags);
    if (o->n_also && !o->also)
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "%zu values are wanted, and none is named",
                         o->n_also);
    if (o->allocator && (!o->allocator->alloc || !o->allocator->free))
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "an allocator without alloc or free");
    fill_limits(&o->limits);
    const struct kaon_attention_plugins plugins = { o->plugins, o->n_plugins };
    return kaon_attention_check_plugins(&plugins, msg);
}

static enum kaon_status choose_kernels(struct kaon_model *m, const char *cpu, struct kaon_msg *msg)
{
    uint32_t bits;
    if (kaon_cpu_bits(&bits, cpu) != 0)
        return kaon_fail(msg, KAON_BAD_ARGUMENT,
                         "the instruction set is '%s', wanted scalar, avx2 or avx512",
                         cpu ? cpu : getenv("KAON_CPU"));
    m->kernels = kaon_kernels_select(bits);
    return KAON_OK;
}

static enum kaon_status choose_backend(struct kaon_model *m, const char *name, struct kaon_msg *msg)
{
    m->backend = kaon_backend_find(name ? name : "own");
    if (!m->backend)
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "there is no backend '%s' in this build", name);
    return m->backend->open ? m->backend->open(&m->backend_state, &m->allocator, msg) : KAON_OK;
}

/* ---- opening --------------------------------------------------------------------------------- */

static enum kaon_status pack_graph(struct kaon_model *m, struct kaon_graph *graph,
                                   struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    struct kaon_arena scratch;
    kaon_arena_open(&scratch, &m->allocator, 1 << 12);
    for (struct kaon_node *n = graph->first; n && st == KAON_OK; n = n->next) {
        struct kaon_call call;
        for (size_t i = 0; i < n->n_sub && st == KAON_OK; i++)
            st = pack_graph(m, n->sub[i], msg);
        if (n->n_sub || st != KAON_OK)
            continue;
        kaon_arena_reset(&scratch);
        st = kaon_call_ahead(&call, n, m->kernels, &scratch, msg);
        if (st == KAON_OK)
            st = kaon_backend_own.pack(&call, &m->arena, &n->packed, msg);
        if (st == KAON_OK && m->backend->pack && m->backend != &kaon_backend_own)
            st = m->backend->pack(&call, &m->arena, &n->packed_chosen, msg);
    }
    kaon_arena_close(&scratch);
    return st;
}

/* Folding may make a few times what the files hold (weights in another order, say), and a fixed amount. */
static uint64_t most_folded(const struct kaon_model *m)
{
    uint64_t bytes = m->file.bytes;
    for (const struct kaon_onnx_external *e = m->external; e; e = e->next)
        bytes += e->file.bytes;
    return 4 * bytes + ((uint64_t)256 << 20);
}

static enum kaon_status read_model(struct kaon_model *m, const struct kaon_open_options *o,
                                   const char *path, uint64_t deadline, struct kaon_msg *msg)
{
    struct kaon_onnx_source source = {
        .path = path,
        .data = m->file.data,
        .bytes = m->file.bytes,
        .limits = &m->limits,
        .arena = &m->arena,
        .log = m->log,
        .log_user = m->log_user,
        .also = o->also,
        .n_also = o->n_also,
    };
    m->ir.arena = &m->arena;
    m->ir.most_elements = m->limits.elements;
    enum kaon_status st = kaon_onnx_read(&m->ir, &m->meta, &source, &m->allocator, msg);
    m->external = source.external;
    m->ir.fold_bytes = most_folded(m);
    if (st == KAON_OK)
        st = kaon_graph_name_axes(&m->ir, msg);
    if (st == KAON_OK)
        st = kaon_graph_infer(&m->ir, m->ir.top, msg);
    if (st == KAON_OK)
        st = kaon_passes_run(&m->ir, m->kernels, o->passes_stop_after, deadline, &m->allocator,
                             &m->passes, msg);
    if (st == KAON_OK && o->attention) {
        const struct kaon_attention_plugins plugins = { o->plugins, o->n_plugins };
        st = kaon_attention_replace(&m->ir, o->attention, &plugins, msg);
    }
    if (st == KAON_OK)
        st = pack_graph(m, m->ir.top, msg);
    if (st == KAON_OK)
        st = kaon_plan_constants(m, msg);
    return st;
}

static enum kaon_status open_model(struct kaon_model **out, const char *path, const void *data,
                                   size_t bytes, const char *name,
                                   const struct kaon_open_options *given, struct kaon_msg *msg)
{
    struct kaon_open_options o;
    enum kaon_status st = read_options(&o, given, msg);
    if (st != KAON_OK)
        return st;
    const struct kaon_allocator *a = o.allocator ? o.allocator : &kaon_allocator_default;
    const uint64_t deadline = kaon_clock_ns() + (uint64_t)o.limits.open_ms * 1000000u;
    struct kaon_model *m = a->alloc(a->user, sizeof *m, 64);
    if (!m)
        return kaon_fail(msg, KAON_NO_MEMORY, "%s: no memory for the model", name);
    memset(m, 0, sizeof *m);
    atomic_init(&m->references, 1);
    m->allocator = *a;
    m->limits = o.limits;
    m->log = o.log;
    m->log_user = o.log_user;
    kaon_arena_open(&m->arena, &m->allocator, 1 << 16);

    if ((st = choose_kernels(m, o.cpu, msg)) == KAON_OK)
        st = choose_backend(m, o.backend, msg);
    if (st == KAON_OK && !(m->name = kaon_arena_push_text(&m->arena, name, strlen(name))))
        st = kaon_fail(msg, KAON_NO_MEMORY, "%s: no memory for the model", name);
    if (st == KAON_OK && path)
        st = kaon_file_map(&m->file, path, o.limits.file_bytes, msg);
    else if (st == KAON_OK)
        m->file = (struct kaon_file){ .data = data, .bytes = bytes };
    if (st == KAON_OK && (st = read_model(m, &o, path, deadline, msg)) != KAON_OK)
        kaon_msg_prefix(msg, name);
    if (st != KAON_OK) {
        kaon_model_close(m);
        return st;
    }
    *out = m;
    return KAON_OK;
}

enum kaon_status kaon_model_open(struct kaon_model **model, const char *path,
                                 const struct kaon_open_options *options, struct kaon_msg *msg)
{
    if (model)
        *model = NULL;
    if (!model || !path)
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "kaon_model_open: a null pointer");
    return open_model(model, path, NULL, 0, path, options, msg);
}

enum kaon_status kaon_model_open_memory(struct kaon_model **model, const void *data, size_t bytes,
                                        const char *name, const struct kaon_open_options *options,
                                        struct kaon_msg *msg)
{
    if (model)
        *model = NULL;
    if (!model || (!data && bytes))
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "kaon_model_open_memory: a null pointer");
    return open_model(model, NULL, data, bytes, name ? name : "model", options, msg);
}

void kaon_model_retain(struct kaon_model *model)
{
    atomic_fetch_add_explicit(&model->references, 1, memory_order_relaxed);
}

void kaon_model_close(struct kaon_model *model)
{
    if (!model || atomic_fetch_sub_explicit(&model->references, 1, memory_order_acq_rel) != 1)
        return;
    const struct kaon_allocator a = model->allocator;
    if (model->backend && model->backend->close)
        model->backend->close(model->backend_state, &a);
    kaon_onnx_external_close(model->external);
    kaon_file_unmap(&model->file);
    kaon_arena_close(&model->arena);
    a.free(a.user, model);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static enum kaon_status describe(const struct kaon_model *m, const struct kaon_fact *f,
                                 const char *name, struct kaon_port *port)
{
    *port = (struct kaon_port){ .name = name, .type = f->type, .rank = f->rank };
    for (int32_t i = 0; i < f->rank; i++) {
        port->dims[i] = kaon_dim_known(f->dims[i]) ? f->dims[i] : -1;
        if (port->dims[i] < 0 && f->dims[i] != KAON_DIM_UNKNOWN)
            port->axes[i] = m->ir.symbols[f->dims[i] - KAON_DIM_SYMBOL(0)];
    }
    return KAON_OK;
}

/* What is inferred of an output, and what the file declares where inference cannot tell. */
static struct kaon_fact output_fact(const struct kaon_graph *g, size_t i)
{
    struct kaon_fact f = g->out[i]->fact;
    const struct kaon_fact *declared = g->out_declared ? &g->out_declared[i] : NULL;
    if (!declared)
        return f;
    if (f.type == KAON_UNDEFINED || declared->type == KAON_OPTIONAL)
        f.type = declared->type;
    if (f.rank < 0) {
        f.rank = declared->rank;
        memcpy(f.dims, declared->dims, sizeof f.dims);
    }
    for (int32_t k = 0; f.rank == declared->rank && k < f.rank; k++)
        if (f.dims[k] == KAON_DIM_UNKNOWN)
            f.dims[k] = declared->dims[k];
    return f;
}

size_t kaon_model_input_count(const struct kaon_model *model)
{
    return model->ir.top->n_in;
}

size_t kaon_model_output_count(const struct kaon_model *model)
{
    return model->ir.top->n_out;
}

enum kaon_status kaon_model_input(const struct kaon_model *model, size_t index,
                                  struct kaon_port *port)
{
    const struct kaon_graph *g = model->ir.top;
    if (!port || index >= g->n_in)
        return KAON_BAD_ARGUMENT;
    return describe(model, &g->in[index]->fact, g->in_name[index], port);
}

enum kaon_status kaon_model_output(const struct kaon_model *model, size_t index,
                                   struct kaon_port *port)
{
    const struct kaon_graph *g = model->ir.top;
    if (!port || index >= g->n_out)
        return KAON_BAD_ARGUMENT;
    const struct kaon_fact f = output_fact(g, index);
    return describe(model, &f, g->out_name[index], port);
}

const char *kaon_model_metadata(const struct kaon_model *model, const char *key)
{
    for (size_t i = 0; i < model->meta.n; i++)
        if (!strcmp(model->meta.keys[i], key))
            return model->meta.values[i];
    return NULL;
}

const char *kaon_model_metadata_key(const struct kaon_model *model, size_t index)
{
    return index < model->meta.n_props ? model->meta.keys[index] : NULL;
}

const char *kaon_model_isa(const struct kaon_model *model)
{
    return model->kernels->isa;
}
