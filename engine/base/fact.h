/* Helpers for inference: facts in, facts out. All of them take facts of unknown rank and symbolic
 * lengths, and give unknown where nothing can be said. */
#ifndef KAON_BASE_FACT_H
#define KAON_BASE_FACT_H

#include "engine/base/attrs.h"
#include "engine/base/op.h"

/* Sets type and shape, contents unknown; `fact` may be NULL (an output that nobody wants). */
void kaon_fact_set(struct kaon_fact *fact, enum kaon_type type, int32_t rank, const int64_t *dims);
void kaon_fact_like(struct kaon_fact *fact, const struct kaon_fact *other);
void kaon_fact_unknown(struct kaon_fact *fact, enum kaon_type type);

/* True if the rank and every length are numbers. */
bool kaon_fact_concrete(const struct kaon_fact *fact);

/* Number of elements, or KAON_DIM_UNKNOWN. */
int64_t kaon_fact_count(const struct kaon_fact *fact);

/* The integers of a tensor of rank 0 or 1 and type int64 or int32: their number, or -1 if they are
 * not known. Entries may be symbols (kaon_dim_known tells) when inferring ahead of shapes. */
int32_t kaon_fact_ints(const struct kaon_fact *fact, int64_t *values, int32_t room);

/* Known scalar (one element of any numeric type) as a double or integer; false if not known. */
bool kaon_fact_scalar(const struct kaon_fact *fact, double *value);
bool kaon_fact_scalar_int(const struct kaon_fact *fact, int64_t *value);

/* NumPy broadcasting of n facts (NULL entries are skipped) into the shape of `out`. */
enum kaon_status kaon_fact_broadcast(struct kaon_fact *out, const struct kaon_fact *const *in,
                                     size_t n, const char *op, struct kaon_msg *msg);

/* An axis in [-rank, rank) made non-negative; fails otherwise. */
enum kaon_status kaon_fact_axis(int64_t axis, int32_t rank, const char *op, int32_t *out,
                                struct kaon_msg *msg);

/* a + b, a * b where both are known, a where b is neutral, else unknown. */
int64_t kaon_dim_add(int64_t a, int64_t b);
int64_t kaon_dim_mul(int64_t a, int64_t b);

/* Places a slice on an axis of `length`: its number of elements, and *start made an index of the first
 * (used only if there are any). step is not 0. */
int64_t kaon_slice_length(int64_t length, int64_t *start, int64_t end, int64_t step);

/* Where windows lie: fills `out` for n spatial axes of the input lengths `in` (which may be symbols: the
 * output's are unknown then). `kernel` are the kernel's lengths, n of them. With `transposed` the
 * output is that of ConvTranspose. */
enum kaon_status kaon_window_place(const struct kaon_window *a, int32_t n, const int64_t *in,
                                   const int64_t *kernel, bool transposed, const char *op,
                                   struct kaon_placed *out, struct kaon_msg *msg);

/* "[2,n,?]" into text, for messages. */
struct kaon_shape_text {
    char text[96];
};
struct kaon_shape_text kaon_shape_text(int32_t rank, const int64_t *dims);

#endif
