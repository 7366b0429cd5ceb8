/* Blocks of jets through one session: fills the inputs as the specification says, runs, keeps what
 * comes out. One per thread. */
#ifndef KAON_TOOLS_EVAL_INFER_H
#define KAON_TOOLS_EVAL_INFER_H

#include "tools/eval/digest.h"
#include "tools/eval/reader.h"
#include "tools/eval/spec.h"

/* What a block gave, by row of the block. */
struct eval_result {
    float *probability; /* rows x n_probabilities */
    int8_t *tracks;     /* n_track_outputs x rows x width, entries as they were after compaction */
    float *inner;       /* rows x n_inner; NaN: a hidden value without entries */
    float *jet_macs;    /* multiply-adds of each jet's share of its run; NULL: nothing was run */
    size_t n_track_outputs, width;
    size_t room_rows;
    struct eval_digest digest; /* of every output byte of the block's jets */
    uint64_t macs;             /* multiply-adds of the block's runs */
};

void kaon_eval_result_close(struct eval_result *result);

struct eval_infer;

/* Opens a session a model (several: block->fold says which a jet goes to) and prepares it for every shape that blocks can give. `width` has the largest
 * width of each set; `batch` is the number of jets a call where the model takes several. */
enum kaon_status kaon_eval_infer_open(struct eval_infer **infer,
                                      const struct kaon_model *const *models, size_t n_models,
                                      const struct eval_spec *spec, const size_t *width,
                                      size_t batch, struct kaon_msg *msg);
void kaon_eval_infer_close(struct eval_infer *infer);

/* The result does not depend on the batch nor on what ran before. */
enum kaon_status kaon_eval_infer_block(struct eval_infer *infer, const struct eval_block *block,
                                       struct eval_result *result, struct kaon_msg *msg);

#endif
