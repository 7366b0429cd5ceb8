/* If, Loop, Scan, SequenceMap: what engine/plan runs itself. Inference of their outputs follows the nested
 * graphs (engine/graph/infer.c). */
#include "engine/ops/ops.h"

static void read_scan(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_scan *a = attr;
    a->n_scan = kaon_attr_int(r, "num_scan_inputs", 0);
    a->directions =
        kaon_attr_ints(r, r->opset < 9 ? "directions" : "scan_input_directions", &a->n_directions);
    a->in_axes = kaon_attr_ints(r, "scan_input_axes", &a->n_in_axes);
    a->out_directions = kaon_attr_ints(r, "scan_output_directions", &a->n_out_directions);
    a->out_axes = kaon_attr_ints(r, "scan_output_axes", &a->n_out_axes);
    if (r->opset < 9)
        kaon_attr_fail(r, KAON_UNSUPPORTED, "Scan of opset 8 is not supported, wanted 9 or newer");
    else if (a->n_scan < 1 || (size_t)a->n_scan > r->n_in)
        kaon_attr_fail(r, KAON_BAD_MODEL, "num_scan_inputs is %lld, wanted 1 to %zu",
                       (long long)a->n_scan, r->n_in);
}

const struct kaon_op kaon_op_if = {
    .name = "If",
    .domain = "",
    .kind = KAON_OP_if,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, -1 },
};

const struct kaon_op kaon_op_loop = {
    .name = "Loop",
    .domain = "",
    .kind = KAON_OP_loop,
    .since = 1,
    .n_in = { 2, -1 },
    .n_out = { 0, -1 },
};

const struct kaon_op kaon_op_scan = {
    .name = "Scan",
    .domain = "",
    .kind = KAON_OP_scan,
    .since = 8,
    .n_in = { 1, -1 },
    .n_out = { 1, -1 },
    .attr_size = sizeof(struct kaon_scan),
    .read = read_scan,
};

const struct kaon_op kaon_op_sequence_map = {
    .name = "SequenceMap",
    .domain = "",
    .kind = KAON_OP_sequence_map,
    .since = 17,
    .n_in = { 1, -1 },
    .n_out = { 1, -1 },
};
