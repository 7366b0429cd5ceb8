/* The vocabulary that the engine and its backends share: operators, attributes, facts about values,
 * and the call that a backend turns into a step. Plain data and small helpers, no graph. */
#ifndef KAON_BASE_OP_H
#define KAON_BASE_OP_H

#include "engine/base/arena.h"
#include "engine/base/status.h"

#include <stdbool.h>

/* Every operator that kaon knows, in the order of op.inc. */
enum kaon_op_kind {
    KAON_OP_none,
#define KAON_OP(id, name, domain) KAON_OP_##id,
#define KAON_OP_CONTROL(id, name, domain) KAON_OP_##id,
#include "engine/base/op.inc"
#undef KAON_OP
#undef KAON_OP_CONTROL
    KAON_OP_COUNT
};

/* ---- dims and facts -------------------------------------------------------------------------- */

/* A length that is not a number: unknown, or the symbol i. All are far below any real value, so that
 * a list of shape values may hold both symbols and an ordinary -1. */
#define KAON_DIM_UNKNOWN INT64_MIN
#define KAON_DIM_SYMBOL(i) (INT64_MIN + 1 + (int64_t)(i))
#define KAON_DIM_SYMBOLS 4096 /* most symbols in a model */

static inline bool kaon_dim_known(int64_t dim)
{
    return dim > INT64_MIN + KAON_DIM_SYMBOLS;
}

/* What is known of a value before it is computed. */
struct kaon_fact {
    enum kaon_type type; /* KAON_UNDEFINED: not known */
    int32_t rank;        /* -1: not known */
    int64_t dims[KAON_MAX_RANK];
    const void *value; /* its elements where they are known, else NULL */

    /* Contents of an int64 tensor of rank 0 or 1 that may hold symbols; n_symbolic -1: not known. */
    int32_t n_symbolic;
    int64_t symbolic[KAON_MAX_RANK * 2];
};

#define KAON_FACT_NONE                                                                             \
    {                                                                                              \
        .rank = -1, .n_symbolic = -1                                                               \
    }

/* ---- attributes ------------------------------------------------------------------------------ */

enum kaon_attr_type {
    KAON_ATTR_FLOAT = 1,
    KAON_ATTR_INT = 2,
    KAON_ATTR_STRING = 3,
    KAON_ATTR_TENSOR = 4,
    KAON_ATTR_GRAPH = 5,
    KAON_ATTR_FLOATS = 6,
    KAON_ATTR_INTS = 7,
    KAON_ATTR_STRINGS = 8,
    KAON_ATTR_TYPE = 13,
};

/* An attribute as the file has it. */
struct kaon_attr {
    const char *name;
    enum kaon_attr_type type;
    size_t n; /* length of a list */
    int64_t i;
    float f;
    const char *s;
    const int64_t *ints;
    const float *floats;
    const char *const *strings;
    const struct kaon_tensor *tensor;
    size_t graph; /* index among the node's subgraphs */
};

/* Gives a node's attributes to the operator's read function by name, with defaults. The first thing
 * that is wrong (a type, a range) is remembered and reported when reading ends, and so is an
 * attribute that nobody asked for: it is refused, not ignored. */
struct kaon_attr_reader {
    const struct kaon_attr *attr;
    size_t n;
    uint64_t used;            /* bit i: attr[i] was asked for; a node has at most 64 attributes */
    int opset;                /* version of the node's domain that the model imports */
    size_t n_in, n_out;       /* of the node */
    struct kaon_arena *arena; /* for what outlives the call */
    enum kaon_status status;
    struct kaon_msg *msg;
};

bool kaon_attr_has(struct kaon_attr_reader *r, const char *name);
int64_t kaon_attr_int(struct kaon_attr_reader *r, const char *name, int64_t otherwise);
bool kaon_attr_bool(struct kaon_attr_reader *r, const char *name, bool otherwise);
float kaon_attr_float(struct kaon_attr_reader *r, const char *name, float otherwise);
const char *kaon_attr_text(struct kaon_attr_reader *r, const char *name, const char *otherwise);

/* Index in `words` (n of them) of a string attribute; refuses others. */
int kaon_attr_word(struct kaon_attr_reader *r, const char *name, int otherwise,
                   const char *const *words, int n);

/* A list of integers: *n -1 if absent. Valid while the model lives. */
const int64_t *kaon_attr_ints(struct kaon_attr_reader *r, const char *name, int32_t *n);
const float *kaon_attr_floats(struct kaon_attr_reader *r, const char *name, int32_t *n);
const char *const *kaon_attr_strings(struct kaon_attr_reader *r, const char *name, int32_t *n);
const struct kaon_tensor *kaon_attr_tensor(struct kaon_attr_reader *r, const char *name);

/* Marks an attribute as read that has no meaning for inference. */
void kaon_attr_skip(struct kaon_attr_reader *r, const char *name);

/* Remembers a failure: `return`ed by nobody, reported when reading ends. */
__attribute__((format(printf, 3, 4))) void
kaon_attr_fail(struct kaon_attr_reader *r, enum kaon_status status, const char *format, ...);

/* ---- operators ------------------------------------------------------------------------------- */

struct kaon_infer {
    enum kaon_op_kind kind;
    int opset;
    const void *attr;
    size_t n_in, n_out;
    const struct kaon_fact *const *in; /* NULL: an optional input that is not given */
    struct kaon_fact *const *out;      /* set to KAON_FACT_NONE before; NULL: nobody wants it */
};

enum {
    KAON_OP_VIEW = 1u << 0,     /* the output is the first input's memory under another shape */
    KAON_OP_EAGER = 1u << 1,    /* output sizes depend on data, or the values are sequences: never a
                                 step of a plan, run when all inputs are there */
    KAON_OP_RANDOM = 1u << 2,   /* not the same twice: never folded */
    KAON_OP_OF_SHAPE = 1u << 3, /* reads its input's type and shape, not its data */
    KAON_OP_TEXT =
        1u << 4, /* takes and gives strings: others never see one, whose elements are pointers */
    KAON_OP_UNVERSIONED = 1u << 5, /* files may leave out its domain's version: 1 */
};

/* An operator: what it takes, and what follows for its outputs. One const struct each, in
 * engine/ops; how it runs is the backends' business. */
struct kaon_op {
    const char *name, *domain; /* "" stands for ai.onnx */
    enum kaon_op_kind kind;
    int since, until;      /* opset versions that mean this; until 0: still */
    int n_in[2], n_out[2]; /* least and most; -1: no most */
    uint32_t flags;
    size_t attr_size;
    void (*read)(struct kaon_attr_reader *r, void *attr); /* NULL: no attributes */
    enum kaon_status (*infer)(const struct kaon_infer *node, struct kaon_msg *msg);
};

/* NULL if kaon does not have it. */
const struct kaon_op *kaon_op_find(const char *domain, const char *name);
const struct kaon_op *kaon_op_of(enum kaon_op_kind kind);

/* ---- calls and steps ------------------------------------------------------------------------- */

struct kaon_kernels;

/* One use of an operator with concrete shapes. */
struct kaon_call {
    const struct kaon_op *op;
    const char *node; /* its name, for messages */
    int opset;
    const void *attr;
    size_t n_in, n_out;
    const struct kaon_tensor *const *in; /* NULL: not given */
    struct kaon_tensor *const *out;      /* NULL: not wanted */
    const bool *constant; /* in[i]->data is there while preparing, and never changes */
    const void *packed;   /* what the backend's pack made of this node, or NULL */
    const struct kaon_kernels *kernels;
    bool parallel;       /* parts of a step may run at the same time: dividing it is worth while */
    const void *backend; /* the chosen backend's state, from its open; own has none */
    void *session;       /* and that of the session, from its open_session */
};

/* Something to do: filled by a backend's prepare. Data pointers are read from call.in and call.out
 * when it runs, since they move between runs; everything else is decided before. */
struct kaon_step {
    struct kaon_call call;
    enum kaon_status (*run)(const struct kaon_step *step, struct kaon_msg *msg);
    const void *args;     /* the backend's own, in the plan's memory */
    void *scratch;        /* scratch_bytes of it, aligned to 64, shared with all other steps */
    size_t scratch_bytes; /* asked for by prepare */
    const char *kernel;   /* what runs, for plans and profiles; NULL: the operator's name */
    uint64_t macs;        /* multiply-adds, for reports */
    const char *refused;  /* why the chosen backend left the call to own; NULL: it did not */

    /* The same work in parts that may run at the same time and in any order: `begin` (may be NULL; what
     * data may be wrong with is found there), then `part` for each i below n_parts leave what `run`
     * leaves, to the bit. 0: not divided. Where the parts lie may depend on shapes, never on the number
     * of threads. */
    size_t n_parts;
    enum kaon_status (*begin)(const struct kaon_step *step, struct kaon_msg *msg);
    void (*part)(const struct kaon_step *step, size_t i);
};

#endif
