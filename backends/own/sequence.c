/* Sequences. Items are structs that share their data with the tensors they came from; all of it lives
 * until the run ends. SplitToSequence alone makes new data: its items are views of the input where the
 * parts lie in one piece, which is so for the first axis that is not 1, and copies in the output's own
 * room else. */
#include "backends/own/copy.h"

#include <string.h>

static struct kaon_tensor *items(const struct kaon_tensor *sequence)
{
    return sequence->data;
}

/* A position from the end if negative; fails outside 0 .. most. */
static enum kaon_status position(const struct kaon_call *call, size_t i, int64_t n, int64_t most,
                                 int64_t *at, struct kaon_msg *msg)
{
    const struct kaon_tensor *t = kaon_own_in(call, i);
    if (t && kaon_own_count(t) != 1)
        return kaon_own_fail(call, msg, KAON_BAD_INPUT, "the position is not one number");
    const int64_t given = t ? kaon_element_int(t->type, t->data, 0) : most;
    *at = given < 0 ? given + n : given;
    if (*at >= 0 && *at <= most)
        return KAON_OK;
    return kaon_own_fail(call, msg, KAON_BAD_INPUT, "position %lld in a sequence of %lld",
                         (long long)given, (long long)n);
}

static enum kaon_status run_empty(const struct kaon_step *step, struct kaon_msg *msg)
{
    (void)step;
    (void)msg;
    return KAON_OK;
}

static enum kaon_status run_construct(const struct kaon_step *step, struct kaon_msg *msg)
{
    (void)msg;
    for (size_t i = 0; i < step->call.n_in; i++)
        items(step->call.out[0])[i] = *step->call.in[i];
    return KAON_OK;
}

static enum kaon_status run_insert(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0];
    struct kaon_tensor *y = items(step->call.out[0]);
    const int64_t n = x->dims[0];
    int64_t at;
    const enum kaon_status st = position(&step->call, 2, n, n, &at, msg);
    if (st != KAON_OK)
        return st;
    for (int64_t i = 0; i < n; i++)
        y[i < at ? i : i + 1] = items(x)[i];
    y[at] = *step->call.in[1];
    return KAON_OK;
}

static enum kaon_status run_erase(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0];
    const int64_t n = x->dims[0];
    int64_t at;
    const enum kaon_status st = position(&step->call, 1, n, n - 1, &at, msg);
    if (st != KAON_OK)
        return st;
    for (int64_t i = 0; i < n; i++)
        if (i != at)
            items(step->call.out[0])[i < at ? i : i - 1] = items(x)[i];
    return KAON_OK;
}

static enum kaon_status run_at(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    int64_t at = 0;
    const enum kaon_status st = position(&step->call, 1, x->dims[0], x->dims[0] - 1, &at, msg);
    if (st != KAON_OK)
        return st;
    const size_t bytes = kaon_own_count(y) * kaon_type_bytes(y->type);
    if (bytes)
        memcpy(y->data, items(x)[at].data, bytes);
    return KAON_OK;
}

static enum kaon_status run_length(const struct kaon_step *step, struct kaon_msg *msg)
{
    (void)msg;
    *(int64_t *)step->call.out[0]->data = step->call.in[0]->dims[0];
    return KAON_OK;
}

static enum kaon_status run_concat(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_sequence_attr *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    const int32_t axis = kaon_own_axis(a->axis, y->rank);
    const size_t outer = kaon_own_product(y, 0, axis), bytes = kaon_type_bytes(y->type);
    const size_t inner = kaon_own_product(y, axis + 1, y->rank) * bytes;
    const size_t whole = (size_t)y->dims[axis] * inner;
    size_t at = 0;
    (void)msg;
    for (int64_t i = 0; i < x->dims[0]; i++) {
        const struct kaon_tensor *t = &items(x)[i];
        const size_t part = (a->new_axis ? 1 : (size_t)t->dims[axis]) * inner;
        for (size_t o = 0; part && o < outer; o++)
            memcpy((char *)y->data + o * whole + at, (const char *)t->data + o * part, part);
        at += part;
    }
    return KAON_OK;
}

/* ---- SplitToSequence ------------------------------------------------------------------------- */

/* The parts' data: views where one part is one piece, else copies in this step's arguments, which live
 * as long as the run that made the step. */
struct split {
    char *room;
};

static enum kaon_status part_length(const struct kaon_call *call, int64_t i, int64_t left,
                                    int64_t *length, struct kaon_msg *msg)
{
    const struct kaon_tensor *split = kaon_own_in(call, 1);
    *length = 1;
    if (split && split->rank == 1)
        *length = kaon_element_int(split->type, split->data, i);
    else if (split)
        *length = kaon_min_i64(left, kaon_element_int(split->type, split->data, 0));
    if (*length >= 0 && *length <= left)
        return KAON_OK;
    return kaon_own_fail(call, msg, KAON_BAD_INPUT, "part %lld is %lld long, %lld are left",
                         (long long)i, (long long)*length, (long long)left);
}

static enum kaon_status run_split(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_sequence_attr *a = step->call.attr;
    const struct split *s = step->args;
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    const int32_t axis = kaon_own_axis(a->axis, x->rank);
    const size_t outer = kaon_own_product(x, 0, axis), bytes = kaon_type_bytes(x->type);
    const size_t inner = kaon_own_product(x, axis + 1, x->rank) * bytes;
    const size_t whole = (size_t)x->dims[axis] * inner;
    const bool squeeze = !a->keep && !kaon_own_in(&step->call, 1);
    size_t at = 0, used = 0;
    int64_t left = x->dims[axis];
    for (int64_t i = 0; i < y->dims[0]; i++) {
        struct kaon_tensor *t = &items(y)[i];
        int64_t length;
        const enum kaon_status st = part_length(&step->call, i, left, &length, msg);
        if (st != KAON_OK)
            return st;
        const size_t part = (size_t)length * inner;
        *t = *x;
        t->dims[axis] = length;
        t->bytes = outer * part;
        if (s->room) {
            t->data = s->room + used;
            for (size_t o = 0; part && o < outer; o++)
                memcpy(s->room + used + o * part, (const char *)x->data + o * whole + at, part);
            used += (outer * part + 63) / 64 * 64;
        } else {
            t->data = (char *)x->data + at;
        }
        if (squeeze) {
            memmove(t->dims + axis, t->dims + axis + 1,
                    (size_t)(t->rank - axis - 1) * sizeof *t->dims);
            t->rank--;
        }
        at += part;
        left -= length;
    }
    return KAON_OK;
}

static enum kaon_status prepare_split(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    const struct kaon_sequence_attr *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    const int32_t axis = kaon_own_axis(a->axis, x->rank);
    struct split *s = kaon_own_args(step, memory, sizeof *s, msg);
    if (!s)
        return KAON_NO_MEMORY;
    if (kaon_own_product(x, 0, axis) != 1) {
        size_t room = kaon_own_count(x) * kaon_type_bytes(x->type);
        room += (size_t)y->dims[0] * 64; /* each part starts on its own line */
        s->room = kaon_arena_push(memory, room);
        if (!s->room)
            return kaon_own_fail(&step->call, msg, KAON_NO_MEMORY, "no memory for the parts");
    }
    step->run = run_split;
    return KAON_OK;
}

const struct kaon_own kaon_own_split_to_sequence = { .prepare = prepare_split };

/* ---- the others need no preparation ---------------------------------------------------------- */

static enum kaon_status prepare_sequence(struct kaon_step *step, struct kaon_arena *memory,
                                         struct kaon_msg *msg)
{
    static enum kaon_status (*const runs[KAON_OP_COUNT])(const struct kaon_step *,
                                                         struct kaon_msg *) = {
        [KAON_OP_sequence_empty] = run_empty,
        [KAON_OP_sequence_construct] = run_construct,
        [KAON_OP_sequence_insert] = run_insert,
        [KAON_OP_sequence_erase] = run_erase,
        [KAON_OP_sequence_at] = run_at,
        [KAON_OP_sequence_length] = run_length,
        [KAON_OP_concat_from_sequence] = run_concat,
    };
    (void)memory;
    (void)msg;
    step->run = runs[step->call.op->kind];
    return KAON_OK;
}

const struct kaon_own kaon_own_sequence_empty = { .prepare = prepare_sequence };
const struct kaon_own kaon_own_sequence_construct = { .prepare = prepare_sequence };
const struct kaon_own kaon_own_sequence_insert = { .prepare = prepare_sequence };
const struct kaon_own kaon_own_sequence_erase = { .prepare = prepare_sequence };
const struct kaon_own kaon_own_sequence_at = { .prepare = prepare_sequence };
const struct kaon_own kaon_own_sequence_length = { .prepare = prepare_sequence };
const struct kaon_own kaon_own_concat_from_sequence = { .prepare = prepare_sequence };

/* ---- optionals ------------------------------------------------------------------------------- */

/* The items of a sequence are shared. */
static enum kaon_status run_same(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = kaon_own_in(&step->call, 0), *y = step->call.out[0];
    (void)msg;
    if (x && y->bytes)
        memcpy(y->data, x->data, y->bytes);
    return KAON_OK;
}

static enum kaon_status run_has(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = kaon_own_in(&step->call, 0);
    (void)msg;
    *(uint8_t *)step->call.out[0]->data = x && x->type != KAON_NONE;
    return KAON_OK;
}

static enum kaon_status prepare_optional(struct kaon_step *step, struct kaon_arena *memory,
                                         struct kaon_msg *msg)
{
    (void)memory, (void)msg;
    step->run = step->call.op->kind == KAON_OP_optional_has_element ? run_has : run_same;
    return KAON_OK;
}

const struct kaon_own kaon_own_optional = { .prepare = prepare_optional };
const struct kaon_own kaon_own_optional_has_element = { .prepare = prepare_optional };
const struct kaon_own kaon_own_optional_get_element = { .prepare = prepare_optional };
