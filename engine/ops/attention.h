/* What the readers of the attention operators share. */
#ifndef KAON_ENGINE_OPS_ATTENTION_H
#define KAON_ENGINE_OPS_ATTENTION_H

#include "engine/base/attention.h"
#include "engine/ops/ops.h"

enum { KAON_ATT_MOST_COLUMNS = 1 << 24 }; /* of a row: a bound for what a file may say */

/* Softmax over all keys, the scale its own, heads by the shapes. */
void kaon_attention_defaults(struct kaon_attention *a, enum kaon_attention_layout layout,
                             const int8_t *in, const int8_t *out);

/* A number of heads: 1 to KAON_ATT_MOST_COLUMNS, or `otherwise` where the attribute is missing. */
int64_t kaon_attention_heads(struct kaon_attr_reader *r, const char *name, int64_t otherwise);

enum kaon_status kaon_attention_infer(const struct kaon_infer *node, struct kaon_msg *msg);

/* "variant" or "variant:name=number:name=number" into a choice; the message lists what is near. Plug-ins may be
 * meant, too. */
struct kaon_attention_plugins {
    const struct kaon_attention_plugin *const *at;
    size_t n;
};
enum kaon_status kaon_attention_choose(struct kaon_attention_choice *choice, const char *text,
                                       size_t length, const struct kaon_attention_plugins *plugins,
                                       struct kaon_msg *msg);

/* Letters to change, add or drop until two words agree, of the first 16 letters of each. */
size_t kaon_attention_distance(const char *a, size_t n_a, const char *b, size_t n_b);

/* A choice of softmax. */
struct kaon_attention_choice kaon_attention_softmax(void);

#endif
