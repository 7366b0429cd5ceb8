/* ONNX Runtime, through its C interface: one thread, sequential, all optimisations, memory arena and
 * pattern, inputs and outputs bound before the run.
 *
 * Its interface is a table of functions to which versions only append. The members that are called
 * are taken by their places in that table (onnxruntime_c_api.h, struct OrtApi), which were fixed by
 * version 1.6, interface 6. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/onnx_graph.h"
#include "tools/bench/peer.h"
#include "tools/cli/fail.h"

typedef struct OrtStatus *status_handle; /* NULL: well */
typedef struct OrtEnv *env_handle;
typedef struct OrtSession *session_handle;
typedef struct OrtSessionOptions *options_handle;
typedef struct OrtRunOptions *run_options_handle;
typedef struct OrtValue *value_handle;
typedef struct OrtMemoryInfo *memory_info_handle;
typedef struct OrtAllocator *allocator_handle;
typedef struct OrtIoBinding *binding_handle;
typedef struct OrtTensorTypeAndShapeInfo *shape_info_handle;

enum { INTERFACE = 6 };
enum {
    LOG_ERROR = 3,
    SEQUENTIAL = 0,
    OPTIMIZE_EXTENDED = 2,
    OPTIMIZE_ALL = 99,
    ARENA_ALLOCATOR = 1,
    MEMORY_DEFAULT = 0
};

struct api_base {
    const void *const *(*get_api)(uint32_t interface);
    const char *(*version)(void);
};

struct api {
    const char *(*error_message)(status_handle s);
    status_handle (*create_env)(int level, const char *id, env_handle *env);
    status_handle (*create_session)(env_handle env, const char *path, options_handle options,
                                    session_handle *session);
    status_handle (*create_session_from_array)(env_handle env, const void *model, size_t bytes,
                                               options_handle options, session_handle *session);
    status_handle (*create_options)(options_handle *options);
    status_handle (*set_mode)(options_handle options, int mode);
    status_handle (*disable_arena)(options_handle options);
    status_handle (*set_log_level)(options_handle options, int level);
    status_handle (*set_optimization)(options_handle options, int level);
    status_handle (*set_intra_threads)(options_handle options, int n);
    status_handle (*set_inter_threads)(options_handle options, int n);
    status_handle (*output_count)(session_handle session, size_t *n);
    status_handle (*input_name)(session_handle session, size_t i, allocator_handle a, char **name);
    status_handle (*output_name)(session_handle session, size_t i, allocator_handle a, char **name);
    status_handle (*create_tensor)(memory_info_handle info, void *data, size_t bytes,
                                   const int64_t *dims, size_t rank, int type, value_handle *value);
    status_handle (*is_tensor)(value_handle value, int *is);
    status_handle (*tensor_data)(value_handle value, void **data);
    status_handle (*element_type)(shape_info_handle info, int *type);
    status_handle (*rank)(shape_info_handle info, size_t *rank);
    status_handle (*dims)(shape_info_handle info, int64_t *dims, size_t room);
    status_handle (*type_and_shape)(value_handle value, shape_info_handle *info);
    status_handle (*cpu_memory)(int allocator, int memory, memory_info_handle *info);
    status_handle (*allocator_free)(allocator_handle a, void *memory);
    status_handle (*default_allocator)(allocator_handle *a);
    status_handle (*run_with_binding)(session_handle session, run_options_handle options,
                                      binding_handle binding);
    status_handle (*create_binding)(session_handle session, binding_handle *binding);
    status_handle (*bind_input)(binding_handle binding, const char *name, value_handle value);
    status_handle (*bind_output)(binding_handle binding, const char *name, value_handle value);
    status_handle (*bind_output_to)(binding_handle binding, const char *name,
                                    memory_info_handle info);
    status_handle (*bound_outputs)(binding_handle binding, allocator_handle a,
                                   value_handle **values, size_t *n);
    void (*release_env)(env_handle env);
    void (*release_status)(status_handle s);
    void (*release_memory_info)(memory_info_handle info);
    void (*release_session)(session_handle session);
    void (*release_value)(value_handle value);
    void (*release_shape_info)(shape_info_handle info);
    void (*release_options)(options_handle options);
    void (*release_binding)(binding_handle binding);
};

static const struct {
    size_t place, offset;
} places[] = {
    { 2, offsetof(struct api, error_message) },
    { 3, offsetof(struct api, create_env) },
    { 7, offsetof(struct api, create_session) },
    { 8, offsetof(struct api, create_session_from_array) },
    { 10, offsetof(struct api, create_options) },
    { 13, offsetof(struct api, set_mode) },
    { 19, offsetof(struct api, disable_arena) },
    { 22, offsetof(struct api, set_log_level) },
    { 23, offsetof(struct api, set_optimization) },
    { 24, offsetof(struct api, set_intra_threads) },
    { 25, offsetof(struct api, set_inter_threads) },
    { 31, offsetof(struct api, output_count) },
    { 36, offsetof(struct api, input_name) },
    { 37, offsetof(struct api, output_name) },
    { 49, offsetof(struct api, create_tensor) },
    { 50, offsetof(struct api, is_tensor) },
    { 51, offsetof(struct api, tensor_data) },
    { 60, offsetof(struct api, element_type) },
    { 61, offsetof(struct api, rank) },
    { 62, offsetof(struct api, dims) },
    { 65, offsetof(struct api, type_and_shape) },
    { 69, offsetof(struct api, cpu_memory) },
    { 76, offsetof(struct api, allocator_free) },
    { 78, offsetof(struct api, default_allocator) },
    { 92, offsetof(struct api, release_env) },
    { 93, offsetof(struct api, release_status) },
    { 94, offsetof(struct api, release_memory_info) },
    { 95, offsetof(struct api, release_session) },
    { 96, offsetof(struct api, release_value) },
    { 99, offsetof(struct api, release_shape_info) },
    { 100, offsetof(struct api, release_options) },
    { 133, offsetof(struct api, run_with_binding) },
    { 134, offsetof(struct api, create_binding) },
    { 135, offsetof(struct api, release_binding) },
    { 136, offsetof(struct api, bind_input) },
    { 137, offsetof(struct api, bind_output) },
    { 138, offsetof(struct api, bind_output_to) },
    { 140, offsetof(struct api, bound_outputs) },
};

struct ort {
    struct api api;
    env_handle env;
    options_handle options, athena;
    memory_info_handle memory;
    allocator_handle allocator; /* belongs to the library */
};

/* True if it went well; otherwise its words go to msg. */
static bool well(const struct ort *o, status_handle s, struct kaon_msg *msg)
{
    if (!s)
        return true;
    kaon_cli_fail(msg, KAON_UNSUPPORTED, "onnxruntime: %.400s", o->api.error_message(s));
    o->api.release_status(s);
    return false;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void close_ort(struct kaon_peer_loaded *p)
{
    struct ort *o = p->state;
    if (o->memory)
        o->api.release_memory_info(o->memory);
    if (o->options)
        o->api.release_options(o->options);
    if (o->athena)
        o->api.release_options(o->athena);
    if (o->env)
        o->api.release_env(o->env);
    free(o);
    p->state = NULL;
}

static bool make_options(struct ort *o, options_handle *options, int optimization,
                         struct kaon_msg *msg)
{
    const struct api *a = &o->api;
    return well(o, a->create_options(options), msg) &&
           well(o, a->set_mode(*options, SEQUENTIAL), msg) &&
           well(o, a->set_log_level(*options, LOG_ERROR), msg) &&
           well(o, a->set_optimization(*options, optimization), msg) &&
           well(o, a->set_intra_threads(*options, 1), msg) &&
           well(o, a->set_inter_threads(*options, 1), msg);
}

/* Options for its best, and those that ATLAS's Athena sets. */
static bool set_up(struct ort *o, struct kaon_msg *msg)
{
    const struct api *a = &o->api;
    return well(o, a->create_env(LOG_ERROR, "kaon", &o->env), msg) &&
           make_options(o, &o->options, OPTIMIZE_ALL, msg) &&
           make_options(o, &o->athena, OPTIMIZE_EXTENDED, msg) &&
           well(o, a->disable_arena(o->athena), msg) &&
           well(o, a->cpu_memory(ARENA_ALLOCATOR, MEMORY_DEFAULT, &o->memory), msg) &&
           well(o, a->default_allocator(&o->allocator), msg);
}

static bool open_ort(struct kaon_peer_loaded *p, void *library)
{
    struct {
        const struct api_base *(*get)(void);
    } base;
    static const struct kaon_peer_symbol symbols[] = { { "OrtGetApiBase", 0 }, { 0 } };
    struct kaon_msg msg = { "" };
    struct ort *o = calloc(1, sizeof *o);
    if (!o || !kaon_peer_symbols(p, library, symbols, &base)) {
        free(o);
        return false;
    }
    snprintf(p->impl, sizeof p->impl, "onnxruntime %s", base.get()->version());
    const void *const *table = base.get()->get_api(INTERFACE);
    if (!table) {
        free(o);
        return kaon_peer_refuse(p, "it does not offer version %d of its interface", INTERFACE);
    }
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        memcpy((char *)&o->api + places[i].offset, &table[places[i].place], sizeof(void *));
    p->state = o;
    if (set_up(o, &msg))
        return true;
    close_ort(p);
    return kaon_peer_refuse(p, "%s", msg.text);
}

/* ---- a session with bound inputs ------------------------------------------------------------- */

struct bound {
    const struct ort *o;
    session_handle session;
    bool owns_session;
    binding_handle binding;
    value_handle *value; /* inputs, then outputs */
    size_t n_values, n_in;
};

static void close_bound(void *arg)
{
    struct bound *b = arg;
    if (b->binding)
        b->o->api.release_binding(b->binding);
    for (size_t i = 0; i < b->n_values; i++)
        b->o->api.release_value(b->value[i]);
    if (b->session && b->owns_session)
        b->o->api.release_session(b->session);
    free(b->value);
    free(b);
}

static void run_bound(void *arg)
{
    const struct bound *b = arg;
    const status_handle s = b->o->api.run_with_binding(b->session, NULL, b->binding);
    if (s)
        b->o->api.release_status(s); /* its output differs, which is seen */
}

/* Takes the memory of t for the value of that name, which must outlive the binding. */
static bool attach(struct bound *b, const struct kaon_tensor *t, const char *name, bool output,
                   struct kaon_msg *msg)
{
    const struct api *a = &b->o->api;
    const size_t bytes = (size_t)kaon_tensor_count(t) * kaon_type_bytes(t->type);
    value_handle v;
    if (!well(b->o,
              a->create_tensor(b->o->memory, t->data, bytes, t->dims, (size_t)t->rank, (int)t->type,
                               &v),
              msg))
        return false;
    b->value[b->n_values++] = v;
    return well(b->o,
                output ? a->bind_output(b->binding, name, v) : a->bind_input(b->binding, name, v),
                msg);
}

static struct bound *new_bound(const struct ort *o, size_t room)
{
    struct bound *b = calloc(1, sizeof *b);
    if (b) {
        b->o = o;
        b->value = calloc(room + 1, sizeof *b->value);
    }
    if (b && !b->value) {
        free(b);
        return NULL;
    }
    return b;
}

/* ---- cases ----------------------------------------------------------------------------------- */

static bool bind_case(struct bound *b, const struct kaon_bench_case *c, struct kaon_msg *msg)
{
    for (size_t i = 0; i < KAON_BENCH_INPUTS; i++)
        if (c->in[i].data && !c->constant[i] &&
            !attach(b, &c->in[i], kaon_bench_onnx_input(i), false, msg))
            return false;
    return attach(b, &c->out, "y", true, msg);
}

/* Takes the model, whose memory it frees. */
static void enter_graph(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                        struct kaon_buffer model, const char *form, struct kaon_bench_field *field)
{
    const struct ort *o = p->state;
    const struct api *a = &o->api;
    struct kaon_msg msg;
    struct bound *b = new_bound(o, KAON_BENCH_INPUTS + 1);
    if (!b) {
        free(model.at);
        return;
    }
    b->owns_session = true;
    const bool ok =
        well(o,
             a->create_session_from_array(o->env, model.at, model.bytes, o->options, &b->session),
             &msg) &&
        well(o, a->create_binding(b->session, &b->binding), &msg) && bind_case(b, c, &msg);
    free(model.at);
    if (ok)
        kaon_peer_enter(p, field, form, run_bound, b, close_bound);
    else
        close_bound(b);
}

static void enter(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                  struct kaon_bench_field *field)
{
    kaon_peer_enter_graphs(p, c, enter_graph, field);
}

/* ---- models ---------------------------------------------------------------------------------- */

struct session {
    const struct ort *o;
    session_handle session;
};

static void close_session(void *state)
{
    struct session *s = state;
    if (s->session)
        s->o->api.release_session(s->session);
    free(s);
}

/* Calls with the name of an input or output. */
static bool with_name(struct session *s, bool output, size_t i, struct bound *b,
                      const struct kaon_tensor *t, value_handle v, struct kaon_msg *msg)
{
    const struct api *a = &s->o->api;
    char *name;
    if (!well(s->o,
              output ? a->output_name(s->session, i, s->o->allocator, &name)
                     : a->input_name(s->session, i, s->o->allocator, &name),
              msg))
        return false;
    bool ok;
    if (t)
        ok = attach(b, t, name, false, msg);
    else
        ok = well(s->o,
                  v ? a->bind_output(b->binding, name, v)
                    : a->bind_output_to(b->binding, name, s->o->memory),
                  msg);
    const status_handle freed = a->allocator_free(s->o->allocator, name);
    if (freed)
        a->release_status(freed);
    return ok;
}

/* The first run lets the library choose the outputs' memory; later ones write to the same. */
static bool keep_outputs(struct session *s, struct bound *b, size_t n_out, struct kaon_msg *msg)
{
    const struct api *a = &s->o->api;
    value_handle *values = NULL;
    size_t n = 0;
    bool ok = well(s->o, a->run_with_binding(b->session, NULL, b->binding), msg) &&
              well(s->o, a->bound_outputs(b->binding, s->o->allocator, &values, &n), msg);
    for (size_t i = 0; ok && i < n && i < n_out; i++) {
        int is_tensor = 0;
        b->value[b->n_values++] = values[i];
        ok = well(s->o, a->is_tensor(values[i], &is_tensor), msg);
        if (ok && is_tensor)
            ok = with_name(s, true, i, b, NULL, values[i], msg);
    }
    if (values) {
        const status_handle freed = a->allocator_free(s->o->allocator, values);
        if (freed)
            a->release_status(freed);
    }
    return ok;
}

static enum kaon_status bind_model(void *state, const struct kaon_tensor *inputs, size_t n,
                                   void **slot, struct kaon_msg *msg)
{
    struct session *s = state;
    size_t n_out = 0;
    if (!well(s->o, s->o->api.output_count(s->session, &n_out), msg))
        return KAON_UNSUPPORTED;
    struct bound *b = new_bound(s->o, n + n_out);
    *slot = b;
    if (!b)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for onnxruntime's bindings");
    b->session = s->session;
    b->n_in = n;
    bool ok = well(s->o, s->o->api.create_binding(s->session, &b->binding), msg);
    for (size_t i = 0; ok && i < n; i++)
        ok = with_name(s, false, i, b, &inputs[i], NULL, msg);
    for (size_t i = 0; ok && i < n_out; i++)
        ok = with_name(s, true, i, b, NULL, NULL, msg);
    ok = ok && keep_outputs(s, b, n_out, msg);
    if (ok)
        return KAON_OK;
    close_bound(b);
    *slot = NULL;
    return KAON_UNSUPPORTED;
}

static bool run_model(void *state, void *slot)
{
    const struct session *s = state;
    const struct bound *b = slot;
    const status_handle status = s->o->api.run_with_binding(s->session, NULL, b->binding);
    if (status)
        s->o->api.release_status(status);
    return !status;
}

static bool read_shape(const struct api *a, shape_info_handle info, struct kaon_tensor *t)
{
    int type;
    size_t rank;
    if (a->element_type(info, &type) || a->rank(info, &rank) || rank > KAON_MAX_RANK ||
        a->dims(info, t->dims, rank))
        return false;
    t->type = (enum kaon_type)type;
    t->rank = (int32_t)rank;
    return kaon_type_bytes(t->type) > 0;
}

static bool model_output(void *state, void *slot, size_t i, struct kaon_tensor *output)
{
    const struct session *s = state;
    const struct bound *b = slot;
    const struct api *a = &s->o->api;
    shape_info_handle info;
    *output = (struct kaon_tensor){ 0 };
    if (b->n_in + i >= b->n_values)
        return false;
    const value_handle v = b->value[b->n_in + i];
    int is_tensor = 0;
    if (a->is_tensor(v, &is_tensor) || !is_tensor || a->tensor_data(v, &output->data) ||
        a->type_and_shape(v, &info))
        return false;
    const bool ok = read_shape(a, info, output);
    a->release_shape_info(info);
    return ok;
}

static void unbind_model(void *state, void *slot)
{
    (void)state;
    close_bound(slot);
}

static enum kaon_status open_model(struct kaon_peer_loaded *p, const char *path, const char *way,
                                   struct kaon_peer_model *model, struct kaon_msg *msg)
{
    const struct ort *o = p->state;
    struct session *s = calloc(1, sizeof *s);
    if (!s)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for onnxruntime's session");
    s->o = o;
    if (!well(o, o->api.create_session(o->env, path, *way ? o->athena : o->options, &s->session),
              msg)) {
        free(s);
        return KAON_UNSUPPORTED;
    }
    *model = (struct kaon_peer_model){
        s, bind_model, run_model, model_output, unbind_model, close_session
    };
    return KAON_OK;
}

const struct kaon_peer kaon_peer_onnxruntime = {
    .name = "onnxruntime",
    .libraries = { "libonnxruntime.so.1", "libonnxruntime.so" },
    .package = "PyPI's onnxruntime",
    .open = open_ort,
    .close = close_ort,
    .enter = { [KAON_BENCH_SOFTMAX] = enter,
               [KAON_BENCH_LOG_SOFTMAX] = enter,
               [KAON_BENCH_GEMM] = enter,
               [KAON_BENCH_GEMM_ACT] = enter,
               [KAON_BENCH_MATMUL] = enter,
               [KAON_BENCH_LAYERNORM] = enter,
               [KAON_BENCH_RMSNORM] = enter,
               [KAON_BENCH_UNARY] = enter,
               [KAON_BENCH_BINARY] = enter,
               [KAON_BENCH_REDUCE_ROWS] = enter,
               [KAON_BENCH_REDUCE_COLUMNS] = enter,
               [KAON_BENCH_TRANSPOSE] = enter,
               [KAON_BENCH_MATMUL_U8S8] = enter,
               [KAON_BENCH_NBITS] = enter,
               [KAON_BENCH_ATTENTION] = enter,
               [KAON_BENCH_GATHER] = enter,
               [KAON_BENCH_WIDEN] = enter,
               [KAON_BENCH_NARROW] = enter },
    .open_model = open_model,
    .ways = { "", "as in Athena" },
};
