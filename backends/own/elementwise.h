/* Elementwise operators of one to three inputs with broadcasting: a plan of lines, and what computes
 * one line. */
#ifndef KAON_BACKENDS_OWN_ELEMENTWISE_H
#define KAON_BACKENDS_OWN_ELEMENTWISE_H

#include "backends/own/own.h"

enum { KAON_LINE_INPUTS = 3 };

struct kaon_line;

/* y[i] = f(x[0][i * step[0]], ...) for n elements; steps are 0 or 1. False: the data cannot be taken
 * (division of integers by zero). y may be an input of step 1. */
typedef bool kaon_line_fn(const struct kaon_line *l, void *y, const void *const *x,
                          const size_t *step, size_t n);

/* How lines are computed. */
struct kaon_line {
    kaon_line_fn *fn;
    const struct kaon_kernels *kernels;
    unsigned kernel;          /* enum kaon_unary or kaon_binary */
    float a, b;               /* parameters */
    double real_a, real_b;    /* for f64 */
    int64_t whole_a, whole_b; /* for integers */
    kaon_line_fn *wide;       /* narrow floats: what computes it in float32 */
    enum kaon_type type;      /* narrow floats: which */
    size_t n_in;
    bool keeps_type; /* narrow floats: the result is one too */
    bool flag, other_flag;
};

/* The output is contiguous; axes along which all inputs go on alike are joined. */
struct kaon_lines {
    int32_t rank;
    size_t n_in;
    int64_t dims[KAON_MAX_RANK];
    ptrdiff_t step[KAON_LINE_INPUTS][KAON_MAX_RANK];
    size_t in_bytes[KAON_LINE_INPUTS], out_bytes;
};

/* Shapes must broadcast to that of y. */
void kaon_lines_plan(struct kaon_lines *p, const struct kaon_tensor *y,
                     const struct kaon_tensor *const *x, size_t n_in);

bool kaon_lines_run(const struct kaon_lines *p, const struct kaon_line *l, void *y,
                    const void *const *x);

/* Part i of n of the same, n at most the length of the first axis. */
bool kaon_lines_part(const struct kaon_lines *p, const struct kaon_line *l, void *y,
                     const void *const *x, size_t i, size_t n);

/* Lines of narrow floats by way of float32, in pieces on the stack. */
kaon_line_fn kaon_line_narrow;

/* Lines through the kernel tables. */
kaon_line_fn kaon_line_unary_kernel, kaon_line_binary_kernel;

/* f(a, b) of the operators that scatters and several-input operators need, by element type; NULL: not
 * there. Fills *l for calls with two inputs. */
enum kaon_pair { KAON_PAIR_ADD, KAON_PAIR_MUL, KAON_PAIR_MIN, KAON_PAIR_MAX };
bool kaon_line_pair(struct kaon_line *l, enum kaon_pair pair, enum kaon_type type,
                    const struct kaon_kernels *kernels);

/* Lines of integers with one input, by element type. */
enum kaon_integer {
    KAON_INTEGER_ABS,
    KAON_INTEGER_NEG,
    KAON_INTEGER_NOT,
    KAON_INTEGER_SIGN,
    KAON_INTEGER_RELU,
    KAON_INTEGER_COUNT
};
extern kaon_line_fn *const *const kaon_line_integer[KAON_INTEGER_COUNT];

/* Prepares a step that computes `line` of the call's inputs, which have the shapes of `in` and broadcast
 * to the output. */
enum kaon_status kaon_lines_prepare(struct kaon_step *step, struct kaon_arena *memory,
                                    const struct kaon_line *line,
                                    const struct kaon_tensor *const *in, size_t n_in,
                                    struct kaon_msg *msg);

/* The kernel of an operator of one input that has one. */
enum kaon_unary kaon_own_unary_kernel(enum kaon_op_kind kind);

#endif
