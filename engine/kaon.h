/* kaon: runs ONNX transformers on x86 CPUs.
 *
 * The whole public interface. It includes the C standard library only and compiles as C11 and C++17.
 *
 *     struct kaon_model *model;                  immutable, shared by any number of threads
 *     struct kaon_session *session;              one caller at a time; as many as there are threads
 *     struct kaon_msg msg;
 *     kaon_model_open(&model, "tagger.onnx", NULL, &msg);
 *     kaon_session_open(&session, model, NULL, &msg);
 *     kaon_session_prepare(session, &(struct kaon_range){ "n_tracks", 0, 64 }, 1, &msg);
 *     for (each jet)
 *         kaon_session_run(session, inputs, outputs, &msg);      no allocation, no lock, no system call
 *     kaon_session_close(session);
 *     kaon_model_close(model);
 *
 * The library never prints, exits, installs handlers, starts threads, changes the locale or leaves
 * the floating-point environment changed. Every f32 result has the same bits on every instruction
 * set, thread count and batch neighbour.
 *
 * Threads: functions on different objects may run at the same time. A kaon_model may be used by any
 * number of threads; a kaon_session by one at a time, which may lend it others (kaon_parallel_fn). */
#ifndef KAON_H
#define KAON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define KAON_API __attribute__((visibility("default")))
#else
#define KAON_API
#endif

#define KAON_VERSION_MAJOR 0
#define KAON_VERSION_MINOR 1
#define KAON_VERSION_PATCH 0
#define KAON_VERSION "0.1.0"

/* The version of the library that runs, as text; compare with KAON_VERSION, the version compiled
 * against. Static storage. */
KAON_API const char *kaon_version(void);

/* ---- status and message ---------------------------------------------------------------------- */

/* What went wrong, grouped by whose fault it is. Values are stable. */
enum kaon_status {
    KAON_OK = 0,

    /* the caller */
    KAON_BAD_ARGUMENT = 10, /* a null pointer, an unknown flag, a name that is not there */
    KAON_BAD_STATE = 11,    /* a call out of order */
    KAON_BAD_INPUT = 12,    /* an input tensor whose type, shape or values the model cannot take */

    /* the model file */
    KAON_BAD_MODEL = 20,   /* not a valid ONNX model */
    KAON_UNSUPPORTED = 21, /* valid, but needs what kaon lacks */
    KAON_OVER_LIMIT = 22,  /* larger than the limits in the open options */

    /* the machine */
    KAON_NO_MEMORY = 30,
    KAON_IO = 31,
};

/* Name of a status, "KAON_OK" and so on. Static storage. */
KAON_API const char *kaon_status_name(enum kaon_status status);

/* One sentence that names the file, node or tensor, what was found and what was wanted. Filled only
 * when a call fails; the caller's own, may be NULL in every call. */
struct kaon_msg {
    char text[512];
};

/* ---- tensors --------------------------------------------------------------------------------- */

/* Element types; the numbers are those of ONNX's TensorProto.DataType. */
enum kaon_type {
    KAON_UNDEFINED = 0,
    KAON_F32 = 1,
    KAON_U8 = 2,
    KAON_I8 = 3,
    KAON_U16 = 4,
    KAON_I16 = 5,
    KAON_I32 = 6,
    KAON_I64 = 7,
    KAON_STRING = 8, /* const char * each, ending in a zero byte; NULL: an empty one. An input's
                        texts are the caller's until the outputs are done with, an output's the
                        session's until it runs again. */
    KAON_BOOL = 9,   /* one byte, 0 or 1 */
    KAON_F16 = 10,
    KAON_F64 = 11,
    KAON_U32 = 12,
    KAON_U64 = 13,
    KAON_BF16 = 16,
    KAON_F8E4M3FN = 17,
    KAON_F8E4M3FNUZ = 18,
    KAON_F8E5M2 = 19,
    KAON_F8E5M2FNUZ = 20,
    /* Narrower than a byte in a file, one byte an element here: the value itself, as int8_t or uint8_t;
     * of float4e2m1 its code 0 .. 15; of float8e8m0 the exponent's, 2^(code - 127), 255: NaN. */
    KAON_U4 = 21,
    KAON_I4 = 22,
    KAON_F4E2M1 = 23,
    KAON_F8E8M0 = 24,
    KAON_U2 = 25,
    KAON_I2 = 26,
    KAON_SEQUENCE = 100, /* data: dims[0] elements of struct kaon_tensor */
    KAON_OPTIONAL =
        101,         /* of a port: its value is a tensor or sequence of any type, or KAON_NONE */
    KAON_NONE = 102, /* of a value: an optional that holds nothing; rank 0, no data */
};

/* Bytes of one element, 0 for a type without a fixed size. */
KAON_API size_t kaon_type_bytes(enum kaon_type type);

/* Name as ONNX spells it: "float", "int64", "float16", ... Static storage. */
KAON_API const char *kaon_type_name(enum kaon_type type);

#define KAON_MAX_RANK 8

/* A view of a dense row-major tensor; owns nothing. Rank 0 (one element) and axes of length 0 are
 * ordinary. */
struct kaon_tensor {
    enum kaon_type type;
    int32_t rank;
    int64_t dims[KAON_MAX_RANK];
    void *data;   /* any alignment that the element type allows */
    size_t bytes; /* room at data; 0 for an input: exactly what the shape needs */
};

/* Number of elements: the product of dims, 1 for rank 0. */
KAON_API int64_t kaon_tensor_count(const struct kaon_tensor *tensor);

/* ---- memory and log -------------------------------------------------------------------------- */

/* Where the library gets its memory. `alloc` returns `bytes` bytes aligned to `align` (a power of
 * two, at most 64) or NULL; `free` takes what `alloc` returned, or NULL. Called from the threads
 * that call the library. */
struct kaon_allocator {
    void *(*alloc)(void *user, size_t bytes, size_t align);
    void (*free)(void *user, void *memory);
    void *user;
};

enum kaon_log_level { KAON_LOG_WARNING = 1, KAON_LOG_INFO = 2, KAON_LOG_DEBUG = 3 };

typedef void (*kaon_log_fn)(void *user, enum kaon_log_level level, const char *text);

/* Lends threads to a run. Calls task(context, i) once for each i below n, on any threads, the caller's
 * own among them or not, at the same time or one after another, and returns when all calls have. The
 * threads must have the caller's rounding and denormal modes. */
typedef void (*kaon_parallel_fn)(void *user, void (*task)(void *context, size_t i), void *context,
                                 size_t n);

/* Receives text in pieces, none of them longer than 4096 bytes; used by the print functions. */
typedef void (*kaon_write_fn)(void *user, const char *text, size_t bytes);

/* ---- model ----------------------------------------------------------------------------------- */

struct kaon_model;

/* Bounds on what a model file may ask for; 0 means the default in parentheses. Files are untrusted:
 * whatever they hold, opening neither reads out of bounds nor allocates or recurses without limit. */
struct kaon_limits {
    uint64_t file_bytes; /* model and external data together (8 GiB) */
    uint64_t nodes;      /* subgraphs included (200,000) */
    uint32_t nesting;    /* depth of subgraphs (16) */
    uint64_t elements;   /* of one tensor, and iterations of one loop (2^31) */
    uint32_t open_ms;    /* time to open or to prepare (600,000) */
};

struct kaon_attention_plugin;

struct kaon_open_options {
    size_t size;               /* sizeof in the caller's build */
    const char *backend;       /* "own" (NULL: the same), "openblas" or "xnnpack", if built in */
    const char *cpu;           /* "scalar", "avx2", "avx512": an upper bound; NULL: KAON_CPU */
    uint32_t flags;            /* KAON_OPEN_*; unknown bits are refused */
    int32_t passes_stop_after; /* apply at most this many edits; 0: all, -1: none */
    struct kaon_limits limits; /* 0: defaults */
    const struct kaon_allocator *allocator; /* NULL: malloc and free; copied */
    kaon_log_fn log;                        /* NULL: silent */
    void *log_user;
    /* Names of values within the graph (not in its subgraphs) that become outputs after its own, in
     * this order: for looking into a model. Nothing is fused across them. */
    const char *const *also;
    size_t n_also;
    /* Another attention in place of the model's own: LAYERS:VARIANT:PARAMETER=NUMBER, more of them after
     * commas; as in "softpick", "2-5:softpick,6:entmax:alpha=1.3". Layers are counted from 0 in the order of
     * the graph, over what `kaon info --why` says was recognised and what the file has as attention; no
     * layers: all. NULL: the model's own. */
    const char *attention;
    const struct kaon_attention_plugin *const
        *plugins; /* engine/kaon_plugin.h; must outlive the model */
    size_t n_plugins;
};
#define KAON_OPEN_OPTIONS_INIT                                                                     \
    {                                                                                              \
        sizeof(struct kaon_open_options), 0, 0, 0, 0, { 0, 0, 0, 0, 0 }, 0, 0, 0, 0, 0, 0, 0, 0    \
    }

/* Opens an ONNX file. The file stays mapped until the model is closed, and must not change until
 * then; external data is found beside it and nowhere else. *model is NULL on failure. `options` may
 * be NULL. */
KAON_API enum kaon_status kaon_model_open(struct kaon_model **model, const char *path,
                                          const struct kaon_open_options *options,
                                          struct kaon_msg *msg);

/* The same from memory, which must stay valid and unchanged until the model is closed. `name` stands
 * in messages for the path; external data is refused. */
KAON_API enum kaon_status kaon_model_open_memory(struct kaon_model **model, const void *data,
                                                 size_t bytes, const char *name,
                                                 const struct kaon_open_options *options,
                                                 struct kaon_msg *msg);

/* Drops the caller's reference. Sessions hold their own, so the order of closing does not matter.
 * NULL is allowed. */
KAON_API void kaon_model_close(struct kaon_model *model);

/* One input or output as the model declares it. */
struct kaon_port {
    const char *name; /* valid while the model lives */
    enum kaon_type type;
    int32_t rank;                    /* -1: not declared and not inferred */
    int64_t dims[KAON_MAX_RANK];     /* -1: symbolic or unknown */
    const char *axes[KAON_MAX_RANK]; /* name of a symbolic axis, or NULL; an input's unnamed one is
                                        called "<input>.<axis>" */
};

KAON_API size_t kaon_model_input_count(const struct kaon_model *model);
KAON_API size_t kaon_model_output_count(const struct kaon_model *model);

/* Fill *port; KAON_BAD_ARGUMENT if there is no such index. */
KAON_API enum kaon_status kaon_model_input(const struct kaon_model *model, size_t index,
                                           struct kaon_port *port);
KAON_API enum kaon_status kaon_model_output(const struct kaon_model *model, size_t index,
                                            struct kaon_port *port);

/* Metadata: ONNX metadata_props, and under the keys ":producer", ":producer_version", ":domain",
 * ":doc_string", ":graph_name", ":ir_version", ":opset" (domain:version, comma-separated) what the
 * file says of itself. NULL if there is none. Valid while the
 * model lives; not always valid UTF-8. */
KAON_API const char *kaon_model_metadata(const struct kaon_model *model, const char *key);

/* Keys of metadata_props in file order, NULL past the last. */
KAON_API const char *kaon_model_metadata_key(const struct kaon_model *model, size_t index);

/* The instruction set in use: "scalar", "avx2" or "avx512". */
KAON_API const char *kaon_model_isa(const struct kaon_model *model);

enum kaon_print {
    KAON_PRINT_GRAPH = 1, /* graph after passes, in kaon's text form */
    KAON_PRINT_WHY = 2,   /* passes applied, and what was not matched and why */
    KAON_PRINT_JSON = 3,  /* one JSON object: inputs, outputs, opset, operators, parameters */
};

/* Writes a description of the model. */
KAON_API enum kaon_status kaon_model_print(const struct kaon_model *model, enum kaon_print what,
                                           kaon_write_fn write, void *user, struct kaon_msg *msg);

/* ---- attention ------------------------------------------------------------------------------- */

/* What a variant can be combined with. */
enum kaon_attention_can {
    KAON_CAN_SOFTCAP = 1 << 0,
    KAON_CAN_BIAS = 1 << 1,
    KAON_CAN_MASK = 1 << 2,
    KAON_CAN_WINDOW = 1 << 3,
    KAON_CAN_SLOPES = 1 << 4,
    KAON_CAN_CAUSAL = 1 << 5,
    KAON_CAN_BIDIRECTIONAL = 1 << 6
};

struct kaon_attention_parameter {
    const char *name;
    double otherwise; /* NaN: chosen by the variant */
    double least, most;
    const char *
        shape; /* axes of an array: h heads, g key/value heads, q queries, k keys, d, v, m; "": a number */
    int required;
};

/* An attention variant. Text is static. */
struct kaon_attention_about {
    size_t size; /* sizeof in the caller's build, set by the caller */
    const char *name, *title, *family, *formula, *source;
    const char *state; /* kept a row (or a head) while keys are walked over */
    uint32_t can;      /* KAON_CAN_* */
    size_t n_parameters;
    struct kaon_attention_parameter parameter[8];
};

/* The built-in variants, in the order of `kaon attention list`. */
KAON_API size_t kaon_attention_count(void);

/* Fills *about; KAON_BAD_ARGUMENT if there is no such index. */
KAON_API enum kaon_status kaon_attention_describe(size_t index, struct kaon_attention_about *about);

/* Whether kaon can take the plug-in; the message says why not. */
KAON_API enum kaon_status kaon_attention_plugin_check(const struct kaon_attention_plugin *plugin,
                                                      struct kaon_msg *msg);

/* ---- session --------------------------------------------------------------------------------- */

struct kaon_session;

struct kaon_session_options {
    size_t size;               /* sizeof in the caller's build */
    uint32_t flags;            /* KAON_SESSION_*; unknown bits are refused */
    uint32_t plans;            /* plans kept for shapes outside the prepared ranges (64) */
    kaon_parallel_fn parallel; /* NULL: the caller's thread alone. Large steps are divided by shape,
                                  so that the bits do not depend on how many threads there are */
    void *parallel_user;
};
#define KAON_SESSION_OPTIONS_INIT                                                                  \
    {                                                                                              \
        sizeof(struct kaon_session_options), 0, 0, 0, 0                                            \
    }

/* Opens a session. Memory comes from the model's allocator. `options` may be NULL. */
KAON_API enum kaon_status kaon_session_open(struct kaon_session **session,
                                            const struct kaon_model *model,
                                            const struct kaon_session_options *options,
                                            struct kaon_msg *msg);

/* NULL is allowed. */
KAON_API void kaon_session_close(struct kaon_session *session);

/* The values that a symbolic axis will take, both ends included. */
struct kaon_range {
    const char *axis; /* name of the symbolic axis, as in kaon_port.axes */
    int64_t min, max;
};

/* Plans every shape within the ranges and sets memory aside for the largest: from then on a run with
 * such a shape makes no allocation, takes no lock and makes no system call, whatever shape comes
 * next. An axis that is not named is taken as 1. Models without symbolic axes take n = 0 ranges.
 * May be called again to add ranges. Where the ranges span more than 4,096 shapes, the corners are
 * planned and the rest is planned on first use inside the memory set aside. */
KAON_API enum kaon_status kaon_session_prepare(struct kaon_session *session,
                                               const struct kaon_range *ranges, size_t n,
                                               struct kaon_msg *msg);

/* Runs the model once. `inputs` and `outputs` are in the model's order. For each output: with
 * outputs[i].data set, the result is written there if outputs[i].bytes has room for it, else the
 * call fails with KAON_BAD_ARGUMENT; with data NULL, data is set to memory borrowed from the session,
 * valid until its next call. What the last run lent counts as NULL, so that an array that began as
 * zeroes serves for all runs. Type, rank, dims and bytes are always set. An input of the wrong type
 * or shape gives KAON_BAD_INPUT; a failed run leaves the session usable. */
KAON_API enum kaon_status kaon_session_run(struct kaon_session *session,
                                           const struct kaon_tensor *inputs,
                                           struct kaon_tensor *outputs, struct kaon_msg *msg);

/* Called after each step of a run with what it computed; views are valid during the call only. */
typedef void (*kaon_observe_fn)(void *user, const char *node, const char *op,
                                const char *value_name, const struct kaon_tensor *value);

/* Sets (or with NULL clears) the observer of later runs. With an observer a run is slower. */
KAON_API enum kaon_status kaon_session_observe(struct kaon_session *session,
                                               kaon_observe_fn observe, void *user);

/* One step of a run, as it was timed. Text is valid while the session lives. */
struct kaon_profile_step {
    const char *node;                   /* name of the node, "" if it has none */
    const char *op;                     /* its operator */
    const char *kernel;                 /* what ran, as in kaon_session_print_plan */
    uint64_t macs;                      /* multiply-adds */
    uint64_t bytes_read, bytes_written; /* of its tensors, each counted once */
    uint64_t ns;
};

/* Called after each step, outside its time. */
typedef void (*kaon_profile_fn)(void *user, size_t index, const struct kaon_profile_step *step);

/* Sets (or with NULL clears) a profile of later runs: each step is timed, which adds two readings of
 * the clock to it. Nodes that wait for data of the run follow the steps, as steps of kernel "later",
 * nested ones included in the outermost. Observers are not called meanwhile. */
KAON_API enum kaon_status kaon_session_profile(struct kaon_session *session,
                                               kaon_profile_fn profile, void *user);

/* What a session has planned and set aside. */
struct kaon_session_info {
    size_t plans;       /* plans held */
    size_t plan_bytes;  /* memory of the plans */
    size_t arena_bytes; /* memory for activations */
    size_t steps;       /* of the plan that ran last */
    uint64_t macs;      /* multiply-adds of the plan that ran last */
};

KAON_API void kaon_session_get_info(const struct kaon_session *session,
                                    struct kaon_session_info *info);

/* Writes the plan that ran last: one line a step, with operator, kernel, shapes and arena offsets. */
KAON_API enum kaon_status kaon_session_print_plan(const struct kaon_session *session,
                                                  kaon_write_fn write, void *user,
                                                  struct kaon_msg *msg);

/* Writes which steps of the plan that ran last the chosen backend computes, and for what reasons it
 * left the others to "own": a line a reason and operator, with the names of the first nodes. */
KAON_API enum kaon_status kaon_session_print_why(const struct kaon_session *session,
                                                 kaon_write_fn write, void *user,
                                                 struct kaon_msg *msg);

/* ---- the machine ----------------------------------------------------------------------------- */

/* Writes the CPU's features and the form of the kernels that would be chosen, as one JSON object. */
KAON_API void kaon_cpu_print(kaon_write_fn write, void *user);

/* ---- ONNX tensor files ----------------------------------------------------------------------- */

/* Decodes a serialized TensorProto, or with type KAON_SEQUENCE asked for a SequenceProto, with
 * KAON_OPTIONAL an OptionalProto, from memory. On success *tensor views one block from the allocator (NULL: malloc) that the caller hands
 * to kaon_tensor_free. */
KAON_API enum kaon_status kaon_tensor_decode(struct kaon_tensor *tensor, enum kaon_type wanted,
                                             const void *data, size_t bytes,
                                             const struct kaon_allocator *allocator,
                                             struct kaon_msg *msg);
KAON_API void kaon_tensor_free(struct kaon_tensor *tensor, const struct kaon_allocator *allocator);

#ifdef __cplusplus
}
#endif
#endif
