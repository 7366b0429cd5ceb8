/* Attention of any variant: how a node's inputs become calls of the kernels of kernels/attention/attention.h, one
 * for each item of a batch. What lies in another type, in another order or in two tensors (a past and what is new)
 * is staged in scratch first, or in the node's own output of keys and values. */
#ifndef KAON_BACKENDS_OWN_ATTEND_H
#define KAON_BACKENDS_OWN_ATTEND_H

#include "backends/own/own.h"
#include "engine/base/attention.h"
#include "engine/kaon_plugin.h"

enum kaon_attend_rows { KAON_ATTEND_Q, KAON_ATTEND_K, KAON_ATTEND_V, KAON_ATTEND_ROWS };

/* ---- what runs a call ------------------------------------------------------------------------- */

struct kaon_attend_by {
    const struct kaon_kernels *kernels;
    const struct kaon_attention_plugin *plugin; /* NULL: the kernel of the call's variant */
};

const char *kaon_attend_name(const struct kaon_attend_by *by, int variant);

/* As the functions of struct kaon_attention_kernel. */
size_t kaon_attend_items(const struct kaon_attend_by *by, const struct kaon_attention_call *c);
size_t kaon_attend_scratch(const struct kaon_attend_by *by, const struct kaon_attention_call *c);
void kaon_attend_run(const struct kaon_attend_by *by, const struct kaon_attention_call *c,
                     size_t from, size_t to, float *scratch);

/* Pieces of the score pipeline for those who do it row by row. */
bool kaon_attend_visible(const struct kaon_attention_call *c, size_t head, size_t query,
                         size_t key);
float kaon_attend_scale(const struct kaon_attention_call *c);
void kaon_attend_cap(const struct kaon_kernels *kernels, float *x, size_t n, float softcap);
/* Adds the bias and makes -inf of what is not visible; false if nothing is left. */
bool kaon_attend_hide(const struct kaon_attention_call *c, size_t head, size_t query, float *x,
                      size_t *visible);

/* ---- a step ----------------------------------------------------------------------------------- */

/* Strides of what broadcasts to [batch, heads, queries, keys]; floats or bytes. */
struct kaon_attend_spread {
    size_t batch, head, row, key;
};

struct kaon_attend {
    struct kaon_attention_shape s;
    int in[KAON_ATT_INS], out[KAON_ATT_OUTS]; /* -1: not given, not wanted */
    size_t room;                              /* keys that fit */
    bool staged[KAON_ATTEND_ROWS];
    struct kaon_attend_spread mask, bias, gate, key_mask;
    size_t mask_keys, bias_keys; /* where they end */
    int variant;
    int sink; /* index of the parameter that the sinks are; -1: none */
    /* Scratch, in floats from its beginning. */
    size_t wide_at[KAON_ATT_INS]; /* float32 copies of inputs of other types */
    size_t rows_at[KAON_ATTEND_ROWS];
    size_t projected_at, key_mask_at, sink_at, y_at, scores_at, parts_at, part_floats;
    size_t items; /* of the kernel, an item of the batch */
};

/* What is asked of one item of the batch. */
struct kaon_attend_item {
    size_t first, queries; /* rows among those of the node */
    size_t fresh;          /* new keys, from the same row on */
    size_t past, keys;     /* keys before the new ones; all that count */
    int64_t offset;        /* position of the first query */
};

struct kaon_attend_item kaon_attend_item(const struct kaon_step *step, size_t b);

/* float32 data of an input: its own or a copy; NULL: it is not given. */
const float *kaon_attend_in(const struct kaon_step *step, enum kaon_attention_in what);
const struct kaon_tensor *kaon_attend_tensor(const struct kaon_step *step,
                                             enum kaon_attention_in what);
struct kaon_tensor *kaon_attend_out(const struct kaon_step *step, enum kaon_attention_out what);

/* Where keys (values) are staged: [batch, kv heads, room, size]. */
float *kaon_attend_staged(const struct kaon_step *step, enum kaon_attend_rows what);

/* Converts, projects, rotates and joins; fails for lengths and positions that are out of range. */
enum kaon_status kaon_attend_begin(const struct kaon_step *step, struct kaon_msg *msg);

/* The output of scores for one item. */
void kaon_attend_scores(const struct kaon_step *step, const struct kaon_attention_call *c, size_t b,
                        float *out);

/* Prepares a step of any attention operator. */
enum kaon_status kaon_attend_prepare(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg);

#endif
