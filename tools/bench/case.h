/* One case of a suite: an operation at a shape, its data, and what it costs. */
#ifndef KAON_TOOLS_BENCH_CASE_H
#define KAON_TOOLS_BENCH_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/kaon.h"

/* What an operation computes; a peer has one entry for each kind that it knows. `m`, `n`, `k` and
 * `which` are those of struct kaon_bench_case; contracts stand in kernels/. */
enum kaon_bench_kind {
    KAON_BENCH_SOFTMAX,        /* y (m, n) = softmax of x (m, n) along rows */
    KAON_BENCH_LOG_SOFTMAX,    /* its logarithm */
    KAON_BENCH_GEMM,           /* y (m, n) = x (m, k) w (k, n) + bias (n), w and bias constant */
    KAON_BENCH_GEMM_ACT,       /* the same, then relu (which = KAON_UNARY_RELU) or gelu */
    KAON_BENCH_MATMUL,         /* y (m, n) = x (m, k) w (k, n), neither constant */
    KAON_BENCH_LAYERNORM,      /* y (m, n) = layernorm of x with w (n) and bias (n) */
    KAON_BENCH_RMSNORM,        /* y (m, n) = rmsnorm of x with w (n) */
    KAON_BENCH_UNARY,          /* y (n) = f(x), f = enum kaon_unary `which` */
    KAON_BENCH_BINARY,         /* y (n) = f(x, w), f = enum kaon_binary `which` */
    KAON_BENCH_REDUCE_ROWS,    /* y (m) = R of x (m, n), R = enum kaon_reduce `which` */
    KAON_BENCH_REDUCE_COLUMNS, /* y (n) */
    KAON_BENCH_TRANSPOSE,      /* y (n, m) = x (m, n) */
    KAON_BENCH_GATHER,         /* y (m, n) = rows index[i] of x (k, n) */
    KAON_BENCH_WIDEN,          /* y (n) float = x (n) half or bfloat16, `which` = enum kaon_type */
    KAON_BENCH_NARROW,         /* y (n) half or bfloat16 = x (n) float, `which` = enum kaon_type */
    KAON_BENCH_QUANTIZED,      /* as GEMM, with whatever the suite's forms make of w */
    KAON_BENCH_MATMUL_U8S8,    /* y (m, n) int32 = x (m, k) uint8, w (k, n) int8, constant */
    KAON_BENCH_NBITS,          /* y (m, n) = x (m, k) times weights of `which` bits in blocks of 32,
                                  w and bias hold them as MatMulNBits has them */
    KAON_BENCH_ATTENTION, /* y (1, m, h k) of queries x (1, m, h k), keys w and values b (1, n, h k) */
    KAON_BENCH_OWN,       /* what only kaon has: no peer computes it */
    KAON_BENCH_KINDS
};

struct kaon_bench_shape {
    size_t m, n, k;
    size_t h; /* heads; 0: the suite has none */
};

/* An attribute of an ONNX node: type 'i' int, 'f' float, 's' string, 'I' list of the one int. */
struct kaon_bench_attr {
    const char *name;
    char type;
    int64_t i;
    float f;
    const char *s;
};

/* The operation as a node of ONNX, for peers that read graphs. Its inputs are those of the case. */
struct kaon_bench_node {
    const char *op; /* NULL: cannot be said in ONNX */
    struct kaon_bench_attr attr[4];
    const char *then;   /* a second operator on the result, "Relu", or NULL */
    bool then_x;        /* which takes x as its second input */
    int opset;          /* of ai.onnx; 0: 20 */
    const char *domain; /* of op; NULL: ai.onnx */
};

enum { KAON_BENCH_INPUTS = 3 };

struct kaon_bench_case {
    char name[128]; /* "gemm/M=15,K=64,N=64" */
    enum kaon_bench_kind kind;
    struct kaon_bench_shape shape;
    int which;
    bool causal; /* of attention */
    struct kaon_bench_node node;

    /* x, then w and bias, the latter of no rank where the operation has none. Data is aligned to
     * 64 bytes. */
    struct kaon_tensor in[KAON_BENCH_INPUTS];
    bool constant[KAON_BENCH_INPUTS]; /* may be rearranged before the run */
    struct kaon_tensor out;
    double tolerance; /* outputs that differ by more, times the largest output, are wrong */

    double elements; /* that "ns an element" is about */
    bool bytes;      /* whose arithmetic is in bytes: the peak is that of vpdpbusd */
    double flops;    /* of a run; 0: not counted, as in a copy */
    double bytes_read, bytes_written;
    size_t footprint; /* bytes that a run touches */
};

/* Makes a tensor with random contents; false without memory. Floats are uniform in lo..hi. */
bool kaon_bench_tensor(struct kaon_tensor *t, enum kaon_type type, int32_t rank,
                       const int64_t *dims, double lo, double hi, uint64_t seed);

/* Sets footprint and bytes from inputs and output; bytes_read stays where the suite has set it. */
void kaon_bench_count_bytes(struct kaon_bench_case *c);

void kaon_bench_case_free(struct kaon_bench_case *c);

/* The largest difference between two tensors of one shape, and of the first the largest magnitude.
 * Infinite where one is NaN and the other not. */
double kaon_bench_difference(const struct kaon_tensor *a, const struct kaon_tensor *b,
                             double *largest);

#endif
