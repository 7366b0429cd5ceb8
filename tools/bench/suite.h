/* Suites: tables of operations, shapes and kaon's forms of them.
 *
 * A form is one way in which kaon can compute a case: a line in its operation's list. A shape is a
 * line in the suite's list. A suite is a file and a line in suites.c. */
#ifndef KAON_TOOLS_BENCH_SUITE_H
#define KAON_TOOLS_BENCH_SUITE_H

#include "kernels/kernels.h"
#include "tools/bench/case.h"

/* What a form's functions get: the table of one instruction set, the case, and memory that prepare
 * may set (freed with free()). */
struct kaon_bench_call {
    const struct kaon_kernels *k;
    const struct kaon_bench_case *c;
    void *memory;
};

struct kaon_bench_form {
    const char *name; /* "": what the engine takes for this shape */
    void (*run)(const struct kaon_bench_call *call);
    /* Packs weights and the like, outside the timing; NULL: nothing to do. False: this table or
     * shape does not have the form (or there is no memory): it is left out. */
    bool (*prepare)(struct kaon_bench_call *call);
};

struct kaon_bench_op {
    const char *name; /* first part of the case's name: "softmax" */
    enum kaon_bench_kind kind;
    int which;                           /* enum kaon_unary and the like */
    const struct kaon_bench_form *forms; /* the default first; an entry without run ends */
    struct kaon_bench_node node;
    bool quiet;    /* only with --all */
    bool extended; /* has a form of its own where the CPU has an extension, such as VNNI */
};

struct kaon_bench_suite {
    const char *name, *summary;
    const char *shape_format; /* of the case's name: "M=%m,K=%k,N=%n" */
    const struct kaon_bench_op *ops;
    size_t n_ops;
    const struct kaon_bench_shape *shapes; /* measured by default */
    size_t n_shapes;
    const struct kaon_bench_shape *more; /* with --all */
    size_t n_more;
    /* Sets inputs, output and counts of a case whose name, kind, shape, which and node are set;
     * false without memory. */
    bool (*make)(struct kaon_bench_case *c);
};

#define KAON_BENCH_COUNT(a) (sizeof(a) / sizeof *(a))

extern const struct kaon_bench_suite kaon_bench_softmax, kaon_bench_gemm, kaon_bench_matmul,
    kaon_bench_quant, kaon_bench_norm, kaon_bench_activation, kaon_bench_elementwise,
    kaon_bench_reduce, kaon_bench_layout, kaon_bench_convert, kaon_bench_attention;

/* All suites, in the order they run; NULL past the last. */
const struct kaon_bench_suite *kaon_bench_suite_at(size_t index);

/* NULL if there is none of that name; *nearest then is a name that was perhaps meant, or NULL. */
const struct kaon_bench_suite *kaon_bench_suite_find(const char *name, const char **nearest);

/* Whether there is such an attention variant; *nearest then is a name that was perhaps meant, or NULL. */
bool kaon_bench_has_variant(const char *name, const char **nearest);

/* Parses "M=15,K=64,N=64" or "n=64": letters are those of the suite's shape_format, in any case, and
 * all of them. False if the text is anything else. */
bool kaon_bench_shape_parse(const struct kaon_bench_suite *suite, const char *text,
                            struct kaon_bench_shape *shape);

/* Names the case and makes its data. */
bool kaon_bench_case_make(struct kaon_bench_case *c, const struct kaon_bench_suite *suite,
                          const struct kaon_bench_op *op, struct kaon_bench_shape shape);

#endif
