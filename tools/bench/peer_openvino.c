/* OpenVINO, through its C interface: latency hint, one stream, one thread, arithmetic in f32 (it takes
 * bf16 by itself where the CPU has it), synchronous requests with their tensors set before.
 *
 * The part of the interface that is called, from its documentation, as of 2025 and 2026. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/onnx_graph.h"
#include "tools/bench/peer.h"
#include "tools/cli/fail.h"

typedef struct ov_core *core_handle;
typedef struct ov_model *model_handle;
typedef struct ov_compiled_model *compiled_handle;
typedef struct ov_infer_request *request_handle;
typedef struct ov_tensor *tensor_handle;

struct ov_shape {
    int64_t rank;
    int64_t *dims;
};
struct ov_partial_shape {
    int64_t least_rank, most_rank;
    void *dims;
};
struct ov_version {
    const char *build, *description;
};

struct api {
    int (*version)(struct ov_version *v);
    void (*version_free)(struct ov_version *v);
    const char *(*last_error)(void);
    void (*text_free)(const char *text);
    int (*core_create)(core_handle *core);
    void (*core_free)(core_handle core);
    int (*read_model)(core_handle core, const char *path, const char *weights, model_handle *model);
    int (*read_memory)(core_handle core, const char *model_text, size_t bytes,
                       tensor_handle weights, model_handle *model);
    void (*model_free)(model_handle model);
    int (*reshape)(model_handle model, const size_t *index, const struct ov_partial_shape *shape,
                   size_t n);
    int (*shape_static)(int64_t rank, const int64_t *dims, struct ov_partial_shape *shape);
    void (*partial_shape_free)(struct ov_partial_shape *shape);
    int (*compile)(core_handle core, model_handle model, const char *device, size_t n_words,
                   compiled_handle *compiled, ...);
    void (*compiled_free)(compiled_handle compiled);
    int (*request)(compiled_handle compiled, request_handle *request);
    void (*request_free)(request_handle request);
    int (*set_input)(request_handle request, size_t i, tensor_handle tensor);
    int (*set_output)(request_handle request, size_t i, tensor_handle tensor);
    int (*get_output)(request_handle request, size_t i, tensor_handle *tensor);
    int (*infer)(request_handle request);
    int (*tensor_of)(int type, struct ov_shape shape, void *data, tensor_handle *tensor);
    void (*tensor_free)(tensor_handle tensor);
    int (*tensor_shape)(tensor_handle tensor, struct ov_shape *shape);
    int (*tensor_type)(tensor_handle tensor, int *type);
    int (*tensor_size)(tensor_handle tensor, size_t *elements);
    int (*tensor_data)(tensor_handle tensor, void **data);
    int (*shape_free)(struct ov_shape *shape);
};

#define AT(name, member)                                                                           \
    {                                                                                              \
        "ov_" name, offsetof(struct api, member)                                                   \
    }
static const struct kaon_peer_symbol symbols[] = {
    AT("get_openvino_version", version),
    AT("version_free", version_free),
    AT("get_last_err_msg", last_error),
    AT("free", text_free),
    AT("core_create", core_create),
    AT("core_free", core_free),
    AT("core_read_model", read_model),
    AT("core_read_model_from_memory_buffer", read_memory),
    AT("model_free", model_free),
    AT("model_reshape_by_port_indexes", reshape),
    AT("partial_shape_create_static", shape_static),
    AT("partial_shape_free", partial_shape_free),
    AT("core_compile_model", compile),
    AT("compiled_model_free", compiled_free),
    AT("compiled_model_create_infer_request", request),
    AT("infer_request_free", request_free),
    AT("infer_request_set_input_tensor_by_index", set_input),
    AT("infer_request_set_output_tensor_by_index", set_output),
    AT("infer_request_get_output_tensor_by_index", get_output),
    AT("infer_request_infer", infer),
    AT("tensor_create_from_host_ptr", tensor_of),
    AT("tensor_free", tensor_free),
    AT("tensor_get_shape", tensor_shape),
    AT("tensor_get_element_type", tensor_type),
    AT("tensor_get_size", tensor_size),
    AT("tensor_data", tensor_data),
    AT("shape_free", shape_free),
    { 0 },
};

/* Its element types, by ours; 0: none that we need. */
static int type_of(enum kaon_type type)
{
    static const int types[KAON_BF16 + 1] = {
        [KAON_BOOL] = 1, [KAON_BF16] = 2, [KAON_F16] = 3, [KAON_F32] = 4,  [KAON_F64] = 5,
        [KAON_I8] = 7,   [KAON_I16] = 8,  [KAON_I32] = 9, [KAON_I64] = 10,
    };
    return type <= KAON_BF16 ? types[type] : 0;
}

static enum kaon_type kaon_type_of(int type)
{
    for (int t = 1; t <= KAON_BF16; t++)
        if (type_of((enum kaon_type)t) == type && type)
            return (enum kaon_type)t;
    return KAON_UNDEFINED;
}

struct ov {
    struct api api;
    core_handle core;
};

static bool well(const struct ov *o, int status, struct kaon_msg *msg)
{
    if (status == 0)
        return true;
    const char *text = o->api.last_error();
    char line[300];
    snprintf(line, sizeof line, "%s", text ? text : "no reason given");
    for (char *c = line; *c; c++)
        *c = *c == '\n' ? ' ' : *c;
    kaon_cli_fail(msg, KAON_UNSUPPORTED, "openvino: %s", line);
    if (text)
        o->api.text_free(text);
    return false;
}

static void close_ov(struct kaon_peer_loaded *p)
{
    struct ov *o = p->state;
    o->api.core_free(o->core);
    free(o);
}

static bool open_ov(struct kaon_peer_loaded *p, void *library)
{
    struct ov_version v;
    int year, number;
    struct ov *o = calloc(1, sizeof *o);
    if (!o || !kaon_peer_symbols(p, library, symbols, &o->api)) {
        free(o);
        return false;
    }
    if (o->api.version(&v) != 0 || sscanf(v.build, "%d.%d", &year, &number) != 2 || year < 2025) {
        free(o);
        return kaon_peer_refuse(p, "wanted version 2025 or later");
    }
    snprintf(p->impl, sizeof p->impl, "openvino %.*s", (int)strcspn(v.build, "-"), v.build);
    o->api.version_free(&v);
    if (o->api.core_create(&o->core) != 0) {
        free(o);
        return kaon_peer_refuse(p, "its core cannot be made");
    }
    p->state = o;
    return true;
}

/* ---- compiling ------------------------------------------------------------------------------- */

static bool compile(const struct ov *o, model_handle model, compiled_handle *compiled,
                    struct kaon_msg *msg)
{
    enum { WORDS = 10 };
    return well(o,
                o->api.compile(o->core, model, "CPU", WORDS, compiled, "PERFORMANCE_HINT",
                               "LATENCY", "NUM_STREAMS", "1", "INFERENCE_NUM_THREADS", "1",
                               "INFERENCE_PRECISION_HINT", "f32", "ENABLE_CPU_PINNING", "NO"),
                msg);
}

/* Sets a tensor of the request to our memory. */
static bool attach(const struct ov *o, request_handle request, const struct kaon_tensor *t,
                   size_t i, bool output, struct kaon_msg *msg)
{
    int64_t dims[KAON_MAX_RANK];
    tensor_handle tensor;
    memcpy(dims, t->dims, sizeof dims);
    if (!type_of(t->type)) {
        kaon_cli_fail(msg, KAON_UNSUPPORTED, "openvino: no tensors of %s", kaon_type_name(t->type));
        return false;
    }
    if (!well(o,
              o->api.tensor_of(type_of(t->type), (struct ov_shape){ t->rank, dims }, t->data,
                               &tensor),
              msg))
        return false;
    const bool ok = well(
        o, output ? o->api.set_output(request, i, tensor) : o->api.set_input(request, i, tensor),
        msg);
    o->api.tensor_free(tensor); /* the request holds its own reference */
    return ok;
}

/* ---- cases ----------------------------------------------------------------------------------- */

struct slot {
    const struct ov *o;
    compiled_handle compiled; /* NULL: the model's */
    request_handle request;
    tensor_handle last; /* of output, below */
};

static void close_slot(void *arg)
{
    struct slot *s = arg;
    if (s->last)
        s->o->api.tensor_free(s->last);
    if (s->request)
        s->o->api.request_free(s->request);
    if (s->compiled)
        s->o->api.compiled_free(s->compiled);
    free(s);
}

static void run_slot(void *arg)
{
    const struct slot *s = arg;
    s->o->api.infer(s->request);
}

static bool bind_case(struct slot *s, const struct kaon_bench_case *c, struct kaon_msg *msg)
{
    size_t n = 0;
    for (size_t i = 0; i < KAON_BENCH_INPUTS; i++)
        if (c->in[i].data && !c->constant[i] &&
            !attach(s->o, s->request, &c->in[i], n++, false, msg))
            return false;
    return attach(s->o, s->request, &c->out, 0, true, msg);
}

/* Takes the model, whose memory it frees. */
static void enter_graph(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                        struct kaon_buffer text, const char *form, struct kaon_bench_field *field)
{
    const struct ov *o = p->state;
    struct kaon_msg msg;
    model_handle model = NULL;
    struct slot *s = calloc(1, sizeof *s);
    if (!s) {
        free(text.at);
        return;
    }
    s->o = o;
    const bool ok = well(o, o->api.read_memory(o->core, text.at, text.bytes, NULL, &model), &msg) &&
                    compile(o, model, &s->compiled, &msg) &&
                    well(o, o->api.request(s->compiled, &s->request), &msg) &&
                    bind_case(s, c, &msg);
    free(text.at);
    if (model)
        o->api.model_free(model);
    if (ok)
        kaon_peer_enter(p, field, form, run_slot, s, close_slot);
    else
        close_slot(s);
}

static void enter(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                  struct kaon_bench_field *field)
{
    kaon_peer_enter_graphs(p, c, enter_graph, field);
}

/* ---- models ---------------------------------------------------------------------------------- */

struct network {
    const struct ov *o;
    model_handle model;
    compiled_handle compiled; /* dynamic: for all shapes; static: NULL, each slot has its own */
};

static void close_network(void *state)
{
    struct network *n = state;
    if (n->compiled)
        n->o->api.compiled_free(n->compiled);
    if (n->model)
        n->o->api.model_free(n->model);
    free(n);
}

/* Gives the model the shapes of these inputs. */
static bool reshape(struct network *net, const struct kaon_tensor *inputs, size_t n,
                    struct kaon_msg *msg)
{
    const struct api *a = &net->o->api;
    struct ov_partial_shape *shape = calloc(n + 1, sizeof *shape);
    size_t *index = calloc(n + 1, sizeof *index), made = 0;
    bool ok = shape && index;
    for (; ok && made < n; made++) {
        index[made] = made;
        ok = well(net->o, a->shape_static(inputs[made].rank, inputs[made].dims, &shape[made]), msg);
    }
    ok = ok && well(net->o, a->reshape(net->model, index, shape, n), msg);
    while (shape && made)
        a->partial_shape_free(&shape[--made]);
    free(shape);
    free(index);
    return ok;
}

/* It takes no tensors without elements. */
static bool has_elements(const struct kaon_tensor *inputs, size_t n, struct kaon_msg *msg)
{
    for (size_t i = 0; i < n; i++)
        if (kaon_tensor_count(&inputs[i]) == 0) {
            kaon_cli_fail(msg, KAON_UNSUPPORTED, "it takes no inputs of length 0");
            return false;
        }
    return true;
}

static enum kaon_status bind_model(void *state, const struct kaon_tensor *inputs, size_t n,
                                   void **out, struct kaon_msg *msg)
{
    struct network *net = state;
    struct slot *s = calloc(1, sizeof *s);
    *out = s;
    if (!s)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for openvino's request");
    s->o = net->o;
    bool ok = has_elements(inputs, n, msg);
    ok = ok && (net->compiled ||
                (reshape(net, inputs, n, msg) && compile(net->o, net->model, &s->compiled, msg)));
    ok = ok &&
         well(net->o, net->o->api.request(net->compiled ? net->compiled : s->compiled, &s->request),
              msg);
    for (size_t i = 0; ok && i < n; i++)
        ok = attach(net->o, s->request, &inputs[i], i, false, msg);
    ok = ok && well(net->o, net->o->api.infer(s->request), msg);
    if (ok)
        return KAON_OK;
    close_slot(s);
    *out = NULL;
    return KAON_UNSUPPORTED;
}

static bool run_model(void *state, void *slot)
{
    const struct network *net = state;
    const struct slot *s = slot;
    return net->o->api.infer(s->request) == 0;
}

/* It has no words for the shape of a scalar: asked for it, it fails. */
static bool read_shape(const struct api *a, tensor_handle tensor, struct kaon_tensor *t)
{
    struct ov_shape shape;
    size_t elements;
    if (a->tensor_shape(tensor, &shape) != 0) {
        t->rank = 0;
        return a->tensor_size(tensor, &elements) == 0 && elements == 1;
    }
    const bool fits = shape.rank <= KAON_MAX_RANK;
    t->rank = (int32_t)shape.rank;
    for (int64_t d = 0; fits && d < shape.rank; d++)
        t->dims[d] = shape.dims[d];
    a->shape_free(&shape);
    return fits;
}

static bool model_output(void *state, void *slot, size_t i, struct kaon_tensor *output)
{
    const struct network *net = state;
    const struct api *a = &net->o->api;
    struct slot *s = slot;
    int type;
    *output = (struct kaon_tensor){ 0 };
    if (s->last)
        a->tensor_free(s->last);
    s->last = NULL;
    if (a->get_output(s->request, i, &s->last) != 0 || a->tensor_type(s->last, &type) != 0 ||
        a->tensor_data(s->last, &output->data) != 0)
        return false;
    output->type = kaon_type_of(type);
    return output->type != KAON_UNDEFINED && read_shape(a, s->last, output);
}

static void unbind_model(void *state, void *slot)
{
    (void)state;
    close_slot(slot);
}

static enum kaon_status open_model(struct kaon_peer_loaded *p, const char *path, const char *way,
                                   struct kaon_peer_model *model, struct kaon_msg *msg)
{
    const struct ov *o = p->state;
    struct network *net = calloc(1, sizeof *net);
    if (!net)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for openvino's model");
    net->o = o;
    bool ok = well(o, o->api.read_model(o->core, path, NULL, &net->model), msg);
    if (ok && !strcmp(way, "dynamic"))
        ok = compile(o, net->model, &net->compiled, msg);
    if (!ok) {
        close_network(net);
        return KAON_UNSUPPORTED;
    }
    *model = (struct kaon_peer_model){ net,          bind_model,   run_model,
                                       model_output, unbind_model, close_network };
    return KAON_OK;
}

const struct kaon_peer kaon_peer_openvino = {
    .name = "openvino",
    .libraries = { "libopenvino_c.so" },
    .package = "PyPI's openvino",
    .open = open_ov,
    .close = close_ov,
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
               [KAON_BENCH_ATTENTION] = enter,
               [KAON_BENCH_GATHER] = enter },
    .open_model = open_model,
    .ways = { "static", "dynamic" },
};
